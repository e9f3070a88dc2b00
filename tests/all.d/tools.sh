# shellcheck shell=bash
# What the steps need on the machine. Sourced by tests/all.

CARGO_FUZZ_VERSION=0.13.2
ORACLE_VENV=$TARGET/oracle-venv
ORACLE_PYTHON=$ORACLE_VENV/bin/python

have() {
    command -v "$1" > /dev/null
}

check_tools() {
    have cargo || fail "Rust is missing: install it as https://rustup.rs says"
    install_packages
    add_component rustfmt cargo-fmt
    add_component clippy cargo-clippy
    cargo --version
    rustc --version
    cc --version | head -n 1
    if [[ $MODE != quick ]]; then
        python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
            || fail "$(python3 --version) is too old: the oracle needs Python 3.11"
        git --version
        python3 --version
    fi
}

# Debian's names of what is missing.
missing_packages() {
    have cc || echo gcc libc6-dev
    [[ $MODE != quick ]] || return 0
    have git || echo git
    if ! have python3; then
        echo python3 python3-venv
    elif ! python3 -c 'import ensurepip, venv' 2> /dev/null; then
        echo python3-venv
    fi
    if [[ $(nightly) ]] && ! have c++; then
        echo g++
    fi
    have pkg-config || echo pkg-config
    have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null || echo postgresql
    have pg_config || echo libpq-dev
    have mariadbd || have mariadb-install-db || echo mariadb-server
    have mariadb_config || echo libmariadb-dev
}

install_packages() {
    local packages
    mapfile -t packages < <(missing_packages | tr ' ' '\n')
    [[ ${#packages[@]} -gt 0 ]] || return 0
    if [[ $(id -u) -ne 0 ]] || ! have apt-get; then
        fail "missing on this machine: ${packages[*]} (as root, on Debian: apt-get install ${packages[*]})"
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update
    keep_services_from_starting
    apt-get install --yes --no-install-recommends "${packages[@]}"
    rm -f -- "$SERVICE_POLICY"
    [[ -z $(missing_packages) ]] || fail "still missing after apt-get: $(missing_packages | tr '\n' ' ')"
}

# Debian's packages of servers start them when they are installed; the tests have their own. (As Debian's policy-rc.d says.)
SERVICE_POLICY=

keep_services_from_starting() {
    [[ ! -e /usr/sbin/policy-rc.d ]] || return 0
    SERVICE_POLICY=/usr/sbin/policy-rc.d
    trap 'rm -f -- "$SERVICE_POLICY"' EXIT
    printf '#!/bin/sh\nexit 101\n' > "$SERVICE_POLICY"
    chmod 755 "$SERVICE_POLICY"
}

# add_component NAME PROGRAM
add_component() {
    if cargo "${2#cargo-}" --version; then
        return
    fi
    have rustup || fail "$2 is missing: install Rust's component $1"
    rustup component add "$1"
}

# The name of a nightly toolchain; empty if there is none.
nightly() {
    if have rustup; then
        rustup toolchain list | sed -n 's/^\(nightly[^ ]*\).*/\1/p' | sort | head -n 1
    fi
}

make_oracle_venv() {
    make_venv "$ORACLE_VENV" tests/oracle/requirements.txt 'import tink'
}

# make_venv FOLDER REQUIREMENTS IMPORT: again only where the requirements changed, or the Python under it is gone.
make_venv() {
    local venv=$1 requirements=$2
    if cmp -s "$requirements" "$venv/requirements.txt" && "$venv/bin/python" -c "$3"; then
        echo "unchanged: $venv"
        return
    fi
    rm -rf -- "$venv"
    python3 -m venv "$venv"
    # Wheels only: Tink's source would want Bazel.
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
        --requirement "$requirements"
    cp "$requirements" "$venv/requirements.txt"
}

# install_tool NAME VERSION OPTION…: cargo's subcommand, into target/tools if the machine has none. Unoptimised, which builds in a
# quarter of the time, and serves a run that uses it once.
install_tool() {
    local name=$1 version=$2
    shift 2
    if have "$name"; then
        return
    fi
    cargo install "$name" --version "$version" --locked --debug --root "$TARGET/tools" --target-dir "$WORK/$name" "$@"
    rm -rf -- "${WORK:?}/$name"
}
