# shellcheck shell=bash
# PostgreSQL and MariaDB for the tests: instances of their own on free ports of the loopback, with their files in temporary
# folders. Sourced by tests/all and by tests/with_databases, which give WORK, `fail` and `free_port`.

# tests/databases on both servers, and on SQLite beside them.
run_databases() {
    trap stop_databases EXIT
    start_databases
    export CARGO_TARGET_DIR=$TARGET/databases
    cargo test --manifest-path tests/databases/Cargo.toml
    # Whether it runs is asked here, not how fast.
    cargo bench --profile dev --manifest-path tests/databases/Cargo.toml --bench rows -- --quick
}

# Each library on each database with nothing else beside it, as the program of somebody who uses only that has it.
run_alone() {
    local feature
    trap stop_databases EXIT
    start_databases
    export CARGO_TARGET_DIR=$TARGET/alone
    for feature in $(sed -n '/^\[features\]/,/^\[dep/s/^\([a-z-]*\) = .*/\1/p' tests/alone/Cargo.toml); do
        echo "$feature alone"
        cargo test --manifest-path tests/alone/Cargo.toml --features "$feature" --test alone
    done
}

# Starts both and says where they are.
start_databases() {
    start_postgres
    start_mariadb
}

start_postgres() {
    local folder port bin
    bin=$(postgres_bin)
    port=$(free_port python3)
    folder=$(service_folder postgres)
    as_user postgres "$bin/initdb" -D "$folder/data" -A trust -U postgres --no-sync --no-locale -E UTF8 > "$WORK/initdb.log" \
        || { cat "$WORK/initdb.log" >&2; fail "initdb failed"; }
    as_user postgres "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/log" \
        -o "-p $port -h 127.0.0.1 -k $folder -F -c max_connections=200 -c deadlock_timeout=100ms" start > "$WORK/pg_ctl.log" 2>&1 \
        || { cat "$WORK/pg_ctl.log" "$folder/log" >&2; fail "PostgreSQL didn't start"; }
    POSTGRES_DATA=$folder/data
    export FIELDSEAL_TEST_POSTGRES=postgres://postgres@127.0.0.1:$port/postgres
    echo "PostgreSQL listens on port $port"
}

start_mariadb() {
    local folder port starting
    port=$(free_port python3)
    folder=$(service_folder mysql)
    as_user mysql mariadb-install-db --no-defaults --datadir="$folder/data" --auth-root-authentication-method=normal \
        --skip-test-db > "$WORK/mariadb-install.log" 2>&1 \
        || { cat "$WORK/mariadb-install.log" >&2; fail "mariadb-install-db failed"; }
    as_user mysql "$(mariadbd_program)" --no-defaults --datadir="$folder/data" --port="$port" --bind-address=127.0.0.1 \
        --socket="$folder/socket" --max-connections=300 --innodb-flush-log-at-trx-commit=0 \
        --pid-file="$folder/pid" > "$WORK/mariadb.log" 2>&1 &
    starting=$!
    for _ in {1..300}; do
        if mariadb-admin --no-defaults --host=127.0.0.1 --port="$port" --user=root ping > /dev/null 2>&1; then
            MARIADB=$(< "$folder/pid")
            export FIELDSEAL_TEST_MYSQL=mysql://root@127.0.0.1:$port/mysql
            echo "MariaDB listens on port $port"
            return
        fi
        kill -0 "$starting" 2> /dev/null || break
        sleep 0.1
    done
    cat "$WORK/mariadb.log" >&2
    fail "MariaDB didn't start"
}

# For whoever started them: they aren't children that end by themselves.
stop_databases() {
    if [[ ${POSTGRES_DATA:-} ]]; then
        as_user postgres "$(postgres_bin)/pg_ctl" -D "$POSTGRES_DATA" -m immediate stop > /dev/null 2>&1 || true
    fi
    if [[ ${MARIADB:-} ]]; then
        kill "$MARIADB" 2> /dev/null || true
        for _ in {1..100}; do
            kill -0 "$MARIADB" 2> /dev/null || break
            sleep 0.1
        done
    fi
    POSTGRES_DATA='' MARIADB=''
    if [[ -e $WORK/database-folders ]]; then
        xargs -d '\n' rm -rf -- < "$WORK/database-folders"
    fi
}

postgres_bin() {
    local bin
    # The newest that is installed; Debian keeps its programs off the path.
    for bin in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
        [[ ! -x $bin/initdb ]] || { echo "$bin"; return; }
    done
    dirname -- "$(command -v initdb)"
}

mariadbd_program() {
    command -v mariadbd || command -v /usr/sbin/mariadbd
}

# service_folder USER: a short path, for the socket, that USER can reach.
service_folder() {
    local folder
    folder=$(mktemp -d)
    [[ $(id -u) -ne 0 ]] || chown "$1" "$folder"
    echo "$folder" >> "$WORK/database-folders"
    echo "$folder"
}

# as_user USER COMMAND…: neither server runs as root.
# In a subshell, which becomes the command.
as_user() (
    user=$1
    shift
    if [[ $(id -u) -eq 0 ]]; then
        cd /
        exec setpriv --reuid "$user" --regid "$user" --clear-groups -- "$@"
    else
        exec "$@"
    fi
)
