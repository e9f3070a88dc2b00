# shellcheck shell=bash
# What needs PostgreSQL and MariaDB: instances of its own, which tests/with_databases starts and stops. Sourced by tests/all.

run_databases() {
    # For the benchmark of sweeps; built already where the tests ran before this.
    cargo test --package fieldseal-cli --no-default-features --test servers --no-run
    export FIELDSEAL_CLI=$TARGET/debug/fieldseal
    # In this profile they say whether they run, not how fast.
    # shellcheck disable=SC2016  # the shell that has the servers expands it
    bash tests/with_databases bash -euc '
        cargo test --manifest-path tests-crates/databases/Cargo.toml
        cargo bench --profile dev --manifest-path tests-crates/databases/Cargo.toml --bench rows -- --quick
        cargo bench --profile dev --manifest-path tests-crates/databases/Cargo.toml --bench sweep -- 2000
    '
}

# Each library on each database with nothing else beside it, as the program of somebody who uses only that has it.
run_alone() {
    local features
    features=$(sed -n '/^\[features\]/,/^\[dep/s/^\([a-z-]*\) = .*/\1/p' tests-crates/alone/Cargo.toml)
    [[ $features ]] || fail "tests-crates/alone/Cargo.toml has no features"
    # shellcheck disable=SC2016
    bash tests/with_databases bash -euc '
        for feature; do
            echo "$feature alone"
            cargo test --manifest-path tests-crates/alone/Cargo.toml --features "$feature" --test alone
        done
    ' alone $features
}

# The command line on the servers.
run_cli_on_servers() {
    bash tests/with_databases cargo test --package fieldseal-cli --no-default-features --test servers -- --ignored
}

# Those that need a database library beside the defaults, and a server. As examples of tests-crates/databases, which has
# these libraries already; by themselves they are built in a --long run.
run_database_examples() {
    # shellcheck disable=SC2016
    bash tests/with_databases bash -euc '
        export DATABASE_URL=$FIELDSEAL_TEST_POSTGRES
        for example in sqlx_sqlite sqlx_postgres diesel_postgres; do
            cargo run --quiet --manifest-path tests-crates/databases/Cargo.toml --example "$example"
        done
    '
}

# By the commands that they name.
build_database_examples() {
    cargo build --features sqlx-sqlite,sqlx/sqlite --example sqlx_sqlite
    cargo build --features sqlx-postgres --example sqlx_postgres
    cargo build --features diesel-postgres,diesel/postgres --example diesel_postgres
}

# sqlx's macros, and its guide, against databases that have the tables while they are compiled.
run_sqlx_macros() {
    bash tests/with_databases bash tests-crates/sqlx_macros/run
}
