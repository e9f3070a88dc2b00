# shellcheck shell=bash
# What cargo checks by itself. Sourced by tests/all.

# The crates outside the workspace.
other_manifests() {
    local manifest
    for manifest in fuzz/Cargo.toml tests-crates/databases/Cargo.toml tests-crates/alone/Cargo.toml tests-crates/sqlx_macros/Cargo.toml \
        tests-crates/public-api/Cargo.toml \
        tests-crates/consumers/*/Cargo.toml; do
        [[ ! -e $manifest ]] || printf '%s\n' "$manifest"
    done
}

check_formatting() {
    local manifest
    cargo fmt --all --check
    for manifest in $(other_manifests); do
        cargo fmt --manifest-path "$manifest" --check
    done
}

check_lock_files() {
    local manifest
    for manifest in Cargo.toml $(other_manifests); do
        echo "$manifest"
        cargo metadata --locked --format-version 1 --manifest-path "$manifest" > /dev/null
    done
}

# What the library's own checks leave out: the command line, which has all databases and would switch them on, and the providers,
# which bring the SDKs of clouds.
readonly OTHERS=(--exclude fieldseal-cli --exclude fieldseal-kms-aws)

# What --quick checks and tests: the library, and what compiles fast of what its tests share.
readonly INNER=(--package fieldseal --package fieldseal-derive --package testkit)

# The command line without AWS, whose SDK takes minutes to build.
check_lints() {
    if [[ $MODE == quick ]]; then
        cargo clippy "${INNER[@]}" --all-targets -- -D warnings
        cargo clippy --package fieldseal-sweep --package fieldseal-cli --no-default-features -- -D warnings
        return
    fi
    cargo clippy --workspace "${OTHERS[@]}" --all-targets -- -D warnings
    cargo clippy --package fieldseal-cli --no-default-features --all-targets -- -D warnings
}

# As a user's build has them: one feature switches on nothing that another one needs.
check_features() {
    local package feature
    for package in fieldseal fieldseal-sweep; do
        check_with "$package" --no-default-features
        for feature in $(features "$package"); do
            check_with "$package" --no-default-features --features "$feature"
        done
        check_with "$package" --all-features
    done
    check_dependencies
    # Only who asks for AWS KMS builds the AWS SDK: no feature of the library, and not the command line without it.
    brings_no_aws_sdk --package fieldseal --all-features
    brings_no_aws_sdk --package fieldseal-cli --no-default-features
    # And nobody else a database library that no example or test of the defaults uses.
    if cargo tree --workspace "${OTHERS[@]}" --edges all | grep -E ' (sqlx|sqlx-core|pq-sys|mysqlclient-sys) v'; then
        fail "the default features bring sqlx or a client library"
    fi
    # What the ordinary lints leave out, because it builds the AWS SDK.
    cargo clippy --quiet --package fieldseal-kms-aws --all-targets -- -D warnings
    cargo clippy --quiet --package fieldseal-cli -- -D warnings
    # Or because it needs the servers' client libraries: the tests of the databases, and the examples that need one.
    cargo clippy --quiet --manifest-path tests-crates/databases/Cargo.toml --all-targets -- -D warnings
}

# brings_no_aws_sdk ARGUMENTS OF CARGO TREE
brings_no_aws_sdk() {
    local tree
    tree=$(cargo tree --edges all --prefix none --format '{p}' "$@" | sort -u)
    [[ $tree == *serde* ]] || fail "cargo tree prints no dependencies"
    if grep -E '^(aws-(sdk|config|smithy)|fieldseal-kms-aws)' <<< "$tree"; then
        fail "$* brings the AWS SDK"
    fi
}

# No library or database brings another's client library, and the default features bring none.
check_dependencies() {
    brings_none_of fieldseal default 'diesel|sqlx|rusqlite|libsqlite3-sys|pq-sys|mysqlclient-sys|tokio|aws-'
    brings_none_of fieldseal diesel-sqlite 'sqlx|rusqlite|pq-sys|mysqlclient-sys|tokio|diesel-async'
    brings_none_of fieldseal diesel-postgres 'sqlx|rusqlite|libsqlite3-sys|pq-sys|mysqlclient-sys|tokio|diesel-async'
    brings_none_of fieldseal diesel-mysql 'sqlx|rusqlite|libsqlite3-sys|pq-sys|mysqlclient-sys|tokio|diesel-async'
    brings_none_of fieldseal diesel-async 'sqlx|rusqlite|libsqlite3-sys|pq-sys|mysqlclient-sys|tokio-postgres|mysql_async'
    brings_none_of fieldseal sqlx-sqlite 'diesel|rusqlite|sqlx-postgres|sqlx-mysql'
    brings_none_of fieldseal sqlx-postgres 'diesel|rusqlite|libsqlite3-sys|sqlx-mysql|sqlx-sqlite'
    brings_none_of fieldseal sqlx-mysql 'diesel|rusqlite|libsqlite3-sys|sqlx-postgres|sqlx-sqlite'
    brings_none_of fieldseal rusqlite 'diesel|sqlx|pq-sys|mysqlclient-sys|tokio'
    brings_none_of fieldseal-sweep default 'diesel|sqlx|rusqlite|libsqlite3-sys|pq-sys|mysqlclient-sys|tokio|aws-'
    brings_none_of fieldseal-sweep sqlite 'diesel|sqlx|pq-sys|mysqlclient-sys|tokio'
    brings_none_of fieldseal-sweep postgres 'diesel|rusqlite|libsqlite3-sys|sqlx-mysql|sqlx-sqlite'
    brings_none_of fieldseal-sweep mysql 'diesel|rusqlite|libsqlite3-sys|sqlx-postgres|sqlx-sqlite'
    check_sweeping_program
}

# brings_none_of PACKAGE FEATURE PATTERN
brings_none_of() {
    local tree features=(--no-default-features --features "$2")
    [[ $2 != default ]] || features=()
    tree=$(cargo tree --package "$1" --edges normal --prefix none --format '{p}' "${features[@]}" | sort -u)
    [[ $tree == *serde* ]] || fail "cargo tree prints no dependencies"
    if grep -E "^($3)" <<< "$tree"; then
        fail "the feature $2 of $1 brings another library"
    fi
}

# A program on diesel that sweeps by itself has sqlx for the sweep's connections, and no models or key store on it.
check_sweeping_program() {
    local tree library
    tree=$(cargo tree --package fieldseal-sweep --no-default-features --features postgres,fieldseal/diesel-postgres \
        --edges normal --prefix none --format '{p}: {f}' | sort -u)
    library=$(grep -E '^fieldseal v' <<< "$tree")
    [[ $tree == *sqlx-postgres* && $library == *diesel-postgres* && $library == *_sweep* ]] ||
        fail "cargo tree prints no features: $library"
    if grep -E 'sqlx|rusqlite' <<< "$library"; then
        fail "a program on diesel that sweeps gets another library's models and key store"
    fi
}

check_with() {
    echo "$*"
    cargo clippy --quiet --lib --package "$@" -- -D warnings
}

# The features of one of the workspace's packages.
features() {
    local manifest
    manifest=$(cargo pkgid --package "$1")
    manifest=${manifest#*file://}
    sed -n '/^\[features\]/,/^\[dep/s/^\([a-z][a-z0-9_-]*\) = .*/\1/p' "${manifest%%#*}/Cargo.toml" | grep -vx default
}

# Afresh, so that no link is to a page that there was once. One crate at a time, those first that others link to: with the
# same features as in the checks of each feature, so that no dependency is compiled again.
check_documentation() {
    local package
    rm -rf -- "$TARGET"/doc
    for package in fieldseal-derive fieldseal fieldseal-sweep fieldseal-kms-aws; do
        RUSTDOCFLAGS="-D warnings" cargo doc --package "$package" --no-deps --all-features
    done
    python3 tests/all.d/links.py "$TARGET/doc"
}

# With the doc tests. The ignored ones are run by steps of their own.
run_tests() {
    if [[ $MODE == quick ]]; then
        cargo test "${INNER[@]}" --lib --test keys --test values --test models --test scanner
        return
    fi
    if [[ $MODE == long ]]; then
        export PROPTEST_CASES=2000
    fi
    cargo test --workspace "${OTHERS[@]}"
    cargo test --package fieldseal-cli --no-default-features
}

# Too slow in a debug build. Without the release profile's LTO, which takes longer to link than the test to run.
run_million() {
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        cargo test --release --lib digest_of_1_000_000_values -- --ignored | tee /dev/stderr | grep -F ' 1 passed' > /dev/null
}

# In the profile that the tests have built already: whether they run is asked here, not how fast.
run_benchmarks() {
    local bench
    for bench in benches/*.rs; do
        bench=${bench##*/}
        cargo bench --profile dev --bench "${bench%.rs}" -- --quick
    done
}

readonly PUBLISHED=(fieldseal-derive fieldseal fieldseal-sweep fieldseal-kms-aws fieldseal-cli)

# What would be uploaded, unpacked and compiled: that no file is missing. None is published when another is checked, so a
# workspace of their own takes each from beside the other. They are checked, not built, with the features of earlier steps,
# whose dependencies serve again.
check_packages() {
    local package unpacked=$WORK/packages
    cargo package --workspace --exclude testkit --exclude behaviours --allow-dirty --no-verify
    mkdir -p "$unpacked"
    for package in "${PUBLISHED[@]}"; do
        unpack "$package" "$unpacked"
    done
    check_packaged_files "$unpacked"
    packages_workspace > "$unpacked/Cargo.toml"
    cp Cargo.lock "$unpacked/Cargo.lock"
    for package in "${PUBLISHED[@]}"; do
        echo "$package, by itself"
        cargo check --offline --manifest-path "$unpacked/Cargo.toml" --package "$package"
    done
    for package in fieldseal fieldseal-sweep; do
        cargo check --offline --manifest-path "$unpacked/Cargo.toml" --package "$package" --all-features
    done
}

# unpack PACKAGE FOLDER
unpack() {
    local version
    version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
    mkdir "$2/$1"
    tar -xzf "$TARGET/package/$1-$version.crate" -C "$2/$1" --strip-components 1
}

# check_packaged_files FOLDER
check_packaged_files() {
    local package file
    for package in "${PUBLISHED[@]}"; do
        for file in Cargo.toml LICENSE-MIT LICENSE-APACHE; do
            [[ -s $1/$package/$file ]] || fail "the package $package has no $file"
        done
    done
    # Only rustdoc reads the guides: a check of the package doesn't miss them.
    for file in README.md docs/*.md src/guide/links.md; do
        [[ -s $1/fieldseal/$file ]] || fail "the package fieldseal has no $file"
    done
}

packages_workspace() {
    printf '[workspace]\nresolver = "3"\nmembers = ["*"]\n\n[patch.crates-io]\n'
    printf '%s\n' "${PUBLISHED[@]}" | sed 's/.*/& = { path = "&" }/'
}
