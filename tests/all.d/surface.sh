# shellcheck shell=bash
# What the crates show to others: the listing of the public surface, semver, the oldest Rust, licences. Sourced by tests/all.

CARGO_DENY_VERSION=0.20.2
CARGO_SEMVER_CHECKS_VERSION=0.51.0

# Libraries that are published, each with a listing of its own in docs/public-api/.
LIBRARIES=(fieldseal fieldseal-kms-aws fieldseal-sweep)

# The oldest Rust that Cargo.toml promises.
minimum_rust() {
    sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1
}

# Licences, sources and duplicates, as deny.toml has them. Advisories need the network, and are for releases.
check_deny() {
    install_tool cargo-deny "$CARGO_DENY_VERSION" --no-default-features
    cargo deny --offline --all-features check --hide-inclusion-graph licenses bans sources
}

# Each published library's public surface, against the committed listing. Its change shows in a review.
check_public_api() {
    local library
    for library in "${LIBRARIES[@]}"; do
        public_api "$library" > "$WORK/$library.txt"
        diff -u "docs/public-api/$library.txt" "$WORK/$library.txt" \
            || fail "the public surface of $library changed: if that's meant, run \`just public-api\` and commit the listing"
    done
}

# For `just public-api`.
update_public_api() {
    local library
    mkdir -p docs/public-api
    for library in "${LIBRARIES[@]}"; do
        public_api "$library" > "docs/public-api/$library.txt"
    done
}

# public_api LIBRARY: its listing. rustdoc's JSON is unstable, and rustdoc alone is told to give it all the same: build scripts ask
# for RUSTC_BOOTSTRAP too, and in cargo's environment it would have most dependencies compiled anew, now and by the next step.
public_api() {
    RUSTDOC=$PWD/tests/all.d/unstable-rustdoc \
        cargo rustdoc --quiet --lib --package "$1" --all-features -- -Z unstable-options --output-format json
    cargo run --quiet --manifest-path tests-crates/public-api/Cargo.toml -- "$TARGET/doc/${1//-/_}.json"
}

# On the declared minimum, a program seals and opens, and core is built with all that isn't on sqlx, which wants a newer Rust. Core's
# unit tests, whose own dependencies take longer to build than all of this, are run there by --long.
check_minimum_rust() {
    local minimum features
    minimum=$(minimum_rust)
    if ! have rustup || ! rustup toolchain install "$minimum" --profile minimal; then
        skip "Rust $minimum can't be had here (rustup toolchain install $minimum)"
        return
    fi
    features=diesel-sqlite,diesel-postgres,diesel-mysql,diesel-async,rusqlite,uuid,chrono,time,decimal,testing
    export CARGO_TARGET_DIR=$TARGET/minimum-rust
    cargo "+$minimum" test --manifest-path tests-crates/consumers/plain/Cargo.toml
    cargo "+$minimum" build --package fieldseal --lib --features "$features"
    if [[ $MODE == long ]]; then
        cargo "+$minimum" test --package fieldseal --lib --features "$features"
    fi
}

# Against the last release, or before there is one against the commit that docs/public-api/BASELINE names. Every library is
# checked before it fails.
check_semver() {
    local baseline library broken=()
    baseline=$(git -c safe.directory="$ROOT" describe --tags --abbrev=0 --match 'v*' 2> /dev/null || cat docs/public-api/BASELINE)
    install_tool cargo-semver-checks "$CARGO_SEMVER_CHECKS_VERSION"
    for library in "${LIBRARIES[@]}"; do
        cargo semver-checks --package "$library" --baseline-rev "$baseline" --all-features || broken+=("$library")
    done
    [[ ${#broken[@]} -eq 0 ]] || fail "${broken[*]} can break a program that compiles with $baseline"
}
