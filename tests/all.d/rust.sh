# shellcheck shell=bash
# What cargo checks by itself. Sourced by tests/all.

# The crates outside the workspace.
other_manifests() {
    local manifest
    for manifest in fuzz/Cargo.toml tests/databases/Cargo.toml tests/alone/Cargo.toml tests/sqlx_macros/Cargo.toml \
        tests/consumers/*/Cargo.toml; do
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

# The command line by itself: it has all databases, and would switch them on for the library's own checks. Without AWS, whose SDK
# takes minutes to build.
check_lints() {
    cargo clippy --workspace --exclude fieldseal-cli --all-targets -- -D warnings
    cargo clippy --package fieldseal-cli --no-default-features --all-targets -- -D warnings
}

# As a user's build has them: one feature switches on nothing that another one needs.
check_features() {
    local feature
    check_with --no-default-features
    for feature in $(features); do
        check_with --no-default-features --features "$feature"
    done
    check_with --all-features
    check_dependencies
    # Only who asks for AWS KMS builds the AWS SDK.
    if cargo tree --workspace --exclude fieldseal-cli --edges all | grep -E 'aws-(sdk|config|smithy)'; then
        fail "another feature than aws brings the AWS SDK"
    fi
    # And nobody else a database library that no example or test of the defaults uses.
    if cargo tree --workspace --exclude fieldseal-cli --edges all | grep -E ' (sqlx|sqlx-core|pq-sys|mysqlclient-sys) v'; then
        fail "the default features bring sqlx or a client library"
    fi
    # What the ordinary lints leave out, because it builds the AWS SDK.
    cargo clippy --quiet --features aws --test aws_kms --example aws_kms -- -D warnings
    cargo clippy --quiet --package fieldseal-cli -- -D warnings
    # Or because it needs a library that belongs to a database.
    cargo clippy --quiet --features sqlx-sqlite,sqlx-postgres,sqlx/sqlite,diesel-postgres,diesel/postgres \
        --example sqlx_sqlite --example sqlx_postgres --example diesel_postgres -- -D warnings
    # The tests of the databases need the servers' client libraries.
    CARGO_TARGET_DIR=$TARGET/databases cargo clippy --quiet --manifest-path tests/databases/Cargo.toml --all-targets -- -D warnings
}

# No library or database brings another's client library, and the default features bring none.
check_dependencies() {
    brings_none_of default 'diesel|sqlx|rusqlite|libsqlite3-sys|pq-sys|mysqlclient-sys|tokio|aws-'
    brings_none_of diesel-sqlite 'sqlx|rusqlite|pq-sys|mysqlclient-sys|tokio|diesel-async'
    brings_none_of diesel-postgres 'sqlx|rusqlite|libsqlite3-sys|pq-sys|mysqlclient-sys|tokio|diesel-async'
    brings_none_of diesel-mysql 'sqlx|rusqlite|libsqlite3-sys|pq-sys|mysqlclient-sys|tokio|diesel-async'
    brings_none_of diesel-async 'sqlx|rusqlite|libsqlite3-sys|pq-sys|mysqlclient-sys|tokio-postgres|mysql_async'
    brings_none_of sqlx-sqlite 'diesel|rusqlite|sqlx-postgres|sqlx-mysql'
    brings_none_of sqlx-postgres 'diesel|rusqlite|libsqlite3-sys|sqlx-mysql|sqlx-sqlite'
    brings_none_of sqlx-mysql 'diesel|rusqlite|libsqlite3-sys|sqlx-postgres|sqlx-sqlite'
    brings_none_of rusqlite 'diesel|sqlx|pq-sys|mysqlclient-sys|tokio'
}

# brings_none_of FEATURE PATTERN
brings_none_of() {
    local tree features=(--no-default-features --features "$1")
    [[ $1 != default ]] || features=()
    tree=$(cargo tree --package fieldseal --edges normal --prefix none --format '{p}' "${features[@]}" | sort -u)
    [[ $tree == *serde* ]] || fail "cargo tree prints no dependencies"
    if grep -E "^($2)" <<< "$tree"; then
        fail "the feature $1 brings another library"
    fi
}

check_with() {
    echo "fieldseal $*"
    cargo clippy --quiet --package fieldseal --lib "$@" -- -D warnings
}

features() {
    sed -n '/^\[features\]/,/^\[dep/s/^\([a-z][a-z0-9_-]*\) = .*/\1/p' Cargo.toml | grep -vx default
}

# Afresh, so that no link is to a page that there was once.
check_documentation() {
    rm -rf -- "$TARGET"/doc
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features
    python3 tests/all.d/links.py "$TARGET/doc"
}

# With the doc tests. The ignored ones are run by steps of their own.
run_tests() {
    if [[ $MODE == long ]]; then
        export PROPTEST_CASES=2000
    fi
    cargo test --workspace --exclude fieldseal-cli
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

# Neither is published when the other is checked: cargo takes them from this workspace.
check_packages() {
    local package file
    # Cargo unpacks them for each other under the hash of a path, and takes one version for one content: what an earlier run
    # unpacked and compiled would be taken for these.
    rm -rf -- "${CARGO_HOME:-$HOME/.cargo}"/registry/src/-*/fieldseal{,-derive,-cli}-[0-9]*
    rm -rf -- "$TARGET"/debug/.fingerprint/fieldseal{,-derive,-cli}-*
    cargo package --workspace --allow-dirty
    for package in fieldseal/lib fieldseal-derive/lib fieldseal-cli/main; do
        cargo package --list --allow-dirty --package "${package%/*}" > "$WORK/packaged"
        for file in Cargo.toml "src/${package#*/}.rs" LICENSE-MIT LICENSE-APACHE; do
            grep -Fqx "$file" "$WORK/packaged" || fail "the package ${package%/*} has no $file"
        done
    done
    # Only rustdoc reads the guides: the build of the package doesn't miss them.
    cargo package --list --allow-dirty --package fieldseal > "$WORK/packaged"
    for file in README.md docs/*.md src/guide/links.md; do
        grep -Fqx "$file" "$WORK/packaged" || fail "the package fieldseal has no $file"
    done
}
