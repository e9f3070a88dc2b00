# shellcheck shell=bash
# The fuzz targets, a few seconds each or ten minutes. Sourced by tests/all.

run_fuzzing() {
    local name index toolchain seconds=10 names=()
    toolchain=$(nightly)
    if [[ ! $toolchain ]]; then
        skip "there is no nightly toolchain (rustup toolchain install nightly); only the seeds were replayed"
        return
    fi
    if [[ $MODE == long ]]; then
        seconds=600
    fi
    install_tool cargo-fuzz "$CARGO_FUZZ_VERSION"
    cargo "+$toolchain" fuzz build --target-dir "$TARGET/fuzz"
    for name in fuzz/fuzz_targets/*.rs; do
        name=${name##*/}
        names+=("${name%.rs}")
    done
    # Two at a time: each keeps one core busy.
    for ((index = 0; index < ${#names[@]}; index += 2)); do
        fuzz_together "$seconds" "$toolchain" "${names[@]:index:2}"
    done
}

# fuzz_together SECONDS TOOLCHAIN TARGET…: what they print comes afterwards, one after the other.
fuzz_together() {
    local seconds=$1 toolchain=$2 name code=0
    shift 2
    declare -A pids=()
    for name; do
        fuzz "$name" "$seconds" "$toolchain" > "$WORK/fuzz-$name.log" 2>&1 &
        pids[$name]=$!
    done
    for name; do
        wait "${pids[$name]}" || code=$?
        cat "$WORK/fuzz-$name.log"
    done
    return "$code"
}

# fuzz TARGET SECONDS TOOLCHAIN: new inputs go into a temporary folder, findings are kept.
fuzz() {
    local corpus=$WORK/corpus/$1 findings=$TARGET/fuzz-findings/
    mkdir -p "$corpus" "$findings"
    echo "== $1"
    cargo "+$3" fuzz run --target-dir "$TARGET/fuzz" "$1" "$corpus" "fuzz/corpus/$1" -- \
        -max_total_time="$2" -timeout=30 -dict="fuzz/dictionaries/$1.dict" -artifact_prefix="$findings$1-" \
        || fail "$1: the input is in $findings; mend it, and copy the input to fuzz/corpus/$1/"
}
