# shellcheck shell=bash
# The library seen from outside: another implementation, programs that use it. Sourced by tests/all.

run_oracle() {
    local make_vectors=(tests/oracle/make_vectors.py --check)
    if [[ $MODE == long ]]; then
        export PROPTEST_CASES=2000
        make_vectors+=(--million)
    fi
    "$ORACLE_PYTHON" "${make_vectors[@]}"
    "$ORACLE_PYTHON" tests/oracle/check_tink.py
    "$ORACLE_PYTHON" fuzz/seeds.py --check
    FIELDSEAL_ORACLE_PYTHON=$ORACLE_PYTHON cargo test --test oracle -- --ignored
}

run_examples() {
    cargo run --quiet --example quickstart -- "$WORK/quickstart"
    cargo run --quiet --example tenants
    cargo run --quiet --example migrations > "$WORK/migrations.sql"
    "$ORACLE_PYTHON" -c 'import sqlite3, sys; sqlite3.connect(":memory:").executescript(sys.stdin.read())' \
        < "$WORK/migrations.sql"
}

# Crates that depend on fieldseal as a user's would, each with a lock file of its own.
run_consumers() {
    local manifest consumers=()
    for manifest in tests-crates/consumers/*/Cargo.toml; do
        [[ ! -e $manifest ]] || consumers+=("$manifest")
    done
    [[ ${#consumers[@]} -gt 0 ]] || fail "there is no crate in tests-crates/consumers"
    for manifest in "${consumers[@]}"; do
        echo "$manifest"
        cargo test --manifest-path "$manifest"
    done
    # Features that another crate of a workspace turns on change nothing for this one.
    cargo test --manifest-path tests-crates/consumers/plain/Cargo.toml --features neighbour
}
