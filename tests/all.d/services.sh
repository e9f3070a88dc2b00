# shellcheck shell=bash
# Services that tests run against: started on free ports of the loopback by the step that needs them, and stopped with it,
# whatever happens. Sourced by tests/all.

KMS_VENV=$TARGET/kms-venv
# Always together: each by itself has the AWS SDK with other features, and builds all of it again.
readonly WITH_AWS=(--package fieldseal-kms-aws --package fieldseal-cli)

make_kms_venv() {
    make_venv "$KMS_VENV" kms/aws/tests/requirements.txt 'import moto.server, ministack'
}

run_aws_kms() {
    local moto ministack python=$KMS_VENV/bin/python
    moto=$(free_port "$python")
    start_service moto "$moto" "$KMS_VENV/bin/moto_server" -H 127.0.0.1 -p "$moto"
    ministack=$(free_port "$python")
    start_service ministack "$ministack" \
        env BIND_HOST=127.0.0.1 GATEWAY_PORT="$ministack" SERVICES=kms "$KMS_VENV/bin/ministack"

    export FIELDSEAL_TEST_MOTO=http://127.0.0.1:$moto FIELDSEAL_TEST_MINISTACK=http://127.0.0.1:$ministack
    cargo test "${WITH_AWS[@]}" --lib
    cargo test "${WITH_AWS[@]}" --test aws_kms -- --include-ignored
    cargo test "${WITH_AWS[@]}" --doc
    cargo build --quiet "${WITH_AWS[@]}" --example aws_kms --bin fieldseal

    # The example, set up by the environment as its users do it.
    unset AWS_PROFILE AWS_SESSION_TOKEN
    export AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
    export AWS_ENDPOINT_URL_KMS=$FIELDSEAL_TEST_MOTO
    "$TARGET/debug/examples/aws_kms" "$(create_kek "$python")"
    run_cli_on_aws "$(create_kek "$python")" "$(create_kek "$python")"
}

# create_kek PYTHON: the ARN of a new one.
create_kek() {
    "$1" -c 'import boto3; print(boto3.client("kms", "us-east-1").create_key()["KeyMetadata"]["Arn"])'
}

# The command line, with two KEKs of the emulator that AWS_ENDPOINT_URL_KMS names.
run_cli_on_aws() {
    local old=aws-kms:$1 new=aws-kms:$2 folder=$WORK/cli-aws denied said
    denied=$(free_port "$KMS_VENV/bin/python")
    start_service denied "$denied" "$KMS_VENV/bin/python" kms/aws/tests/denied.py "$denied"
    mkdir -p "$folder"
    : > "$folder/app.db"
    (
        cd "$folder"
        export DATABASE_URL=sqlite:app.db FIELDSEAL_KEK=$old
        fieldseal=$TARGET/debug/fieldseal
        "$fieldseal" init --scope north
        "$fieldseal" kek rotate
        "$fieldseal" kek rotate --to "$new"
        export FIELDSEAL_KEK=$new
        "$fieldseal" key rotate --all --propagation 0s
        "$fieldseal" kek list | grep -F "$new" > /dev/null
        if "$fieldseal" kek list | grep -F "$old"; then
            fail "there are copies under the old KEK"
        fi
        export AWS_ENDPOINT_URL_KMS=http://127.0.0.1:$denied
        if said=$("$fieldseal" key rotate --all --at-once 2>&1); then
            fail "keys were rotated without the KMS"
        fi
        grep -F "the KMS denied access to the KEK" <<< "$said"
    )
}

# free_port PYTHON
free_port() {
    "$1" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start_service NAME PORT COMMAND…: in the background, until it listens. It belongs to the step's process group, and is
# stopped with that.
start_service() {
    local name=$1 port=$2 pid
    shift 2
    "$@" > "$WORK/$name.log" 2>&1 &
    pid=$!
    for _ in {1..300}; do
        if ! kill -0 "$pid" 2> /dev/null; then
            cat "$WORK/$name.log" >&2
            fail "$name ended instead of starting"
        fi
        if (: > "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then
            echo "$name listens on port $port"
            return
        fi
        sleep 0.1
    done
    cat "$WORK/$name.log" >&2
    fail "$name doesn't listen on port $port after 30 seconds"
}
