# shellcheck shell=bash
# Steps: their headings, times and logs, and what is left of them when they end. Sourced by tests/all.

# quick, full or long
MODE=full
VERBOSE=
# The names of the steps that were asked for; empty for all of the mode.
CHOSEN=()
# Cargo's, if the caller chose one.
TARGET=${CARGO_TARGET_DIR:-target}
[[ $TARGET == /* ]] || TARGET=$ROOT/$TARGET
# Of this run, removed at its end.
WORK=

STEP=
STEP_LOG=
STEP_PID=
STEP_NUMBER=0
STEPS_DONE=()

usage() {
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' tests/all
}

read_options() {
    local option
    for option; do
        case $option in
            --quick | --long) MODE=${option#--} ;;
            --verbose) VERBOSE=1 ;;
            --list) awk 'NF { name = $1; $1 = $2 = $3 = ""; printf "%-20s%s\n", name, $0 }' <<< "$STEPS" && exit 0 ;;
            --help | -h) usage && exit 0 ;;
            -*) printf 'unknown option %s\n\n' "$option" >&2 && usage >&2 && exit 2 ;;
            *) is_step "$option" || exit 2; CHOSEN+=("$option") ;;
        esac
    done
}

is_step() {
    if ! awk -v name="$1" '$1 == name { found = 1 } END { exit !found }' <<< "$STEPS"; then
        printf 'there is no step %s; bash tests/all --list names them\n' "$1" >&2
        return 1
    fi
}

# Those of the mode, or the chosen ones. A step that is chosen brings what it needs of the steps before it.
run_steps() {
    local name modes function heading
    # Not from standard input, which the steps would read too.
    while read -r name modes function heading <&3; do
        [[ $name ]] || continue
        if is_wanted "$name" "$modes"; then
            step "$heading" "$function"
        fi
    done 3<<< "$STEPS"
}

# is_wanted NAME MODES
is_wanted() {
    local chosen
    if [[ ${#CHOSEN[@]} -eq 0 ]]; then
        [[ ,$2, == *,$MODE,* ]]
        return
    fi
    for chosen in "${CHOSEN[@]}"; do
        [[ $chosen != "$1" ]] || return 0
        case $1:$chosen in
            oracle-python:oracle | oracle-python:examples | kms-python:aws-kms) return 0 ;;
        esac
    done
    return 1
}

start() {
    exec < /dev/null
    mkdir -p "$TARGET/all"
    rm -f "$TARGET"/all/*.log
    # Not in $TARGET: a socket's path there could be too long, and tests should meet the system's temporary folder.
    WORK=$(mktemp -d)
    trap finish EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    # Each step is a process group of its own, which can be stopped as a whole.
    set -m
    export PATH=$TARGET/tools/bin:$PATH
    # For the crates outside the workspace too: what several of them depend on is built once.
    export CARGO_TARGET_DIR=$TARGET
    # What cargo keeps for the next build of a changed crate is gigabytes, and a run that builds everything once has no use for it.
    if [[ $MODE != quick ]]; then
        export CARGO_INCREMENTAL=${CARGO_INCREMENTAL:-0}
    fi
}

# step HEADING FUNCTION
step() {
    local began=$SECONDS heading=$1 function=$2
    STEP=$heading
    STEP_NUMBER=$((STEP_NUMBER + 1))
    STEP_LOG=$TARGET/all/$(printf '%02d' "$STEP_NUMBER")-$function.log
    printf '%2d  %-28s' "$STEP_NUMBER" "$heading"
    run_logged "$function"
    # Alone on its line: the errors of a step must end the script.
    wait "$STEP_PID"
    stop_step
    report_step "$((SECONDS - began))"
    STEP=
}

run_logged() {
    if [[ $VERBOSE ]]; then
        printf '\n'
        ("$1") > >(tee "$STEP_LOG") 2>&1 &
    else
        ("$1") > "$STEP_LOG" 2>&1 &
    fi
    STEP_PID=$!
}

report_step() {
    local line
    line=$(printf '%-28s %6d s  %s' "$STEP" "$1" "$(count_tests "$STEP_LOG")")
    STEPS_DONE+=("$line")
    printf '%9s  %s\n' "$(duration "$1")" "$(count_tests "$STEP_LOG")"
    if [[ -e $WORK/skipped ]]; then
        grep -F "SKIPPED: $STEP:" "$WORK/skipped" || true
    fi
}

# For a step to say what it doesn't do on this machine.
skip() {
    printf 'SKIPPED: %s: %s\n' "$STEP" "$1" | tee -a "$WORK/skipped"
}

# For a step to say why it fails, and what to do.
fail() {
    printf 'error: %s\n' "$1" >&2
    exit 1
}

finish() {
    local code=$?
    trap - EXIT HUP INT TERM
    stop_step
    if [[ $code -eq 0 ]]; then
        report_success
    elif [[ $STEP ]]; then
        report_failure "$code"
    fi
    rm -rf -- "$WORK"
    exit "$code"
}

# Whatever the step left running goes with it.
stop_step() {
    local group=$STEP_PID
    STEP_PID=
    [[ $group ]] || return 0
    # Or bash would report the end of the job between our own lines.
    disown -a
    kill -TERM -- "-$group" 2> /dev/null || return 0
    for _ in {1..50}; do
        kill -0 -- "-$group" 2> /dev/null || return 0
        sleep 0.1
    done
    kill -KILL -- "-$group" 2> /dev/null || true
}

report_failure() {
    printf '  FAILED\n\n'
    if [[ ! $VERBOSE ]]; then
        tail -n 300 "$STEP_LOG"
        printf '\n'
    fi
    summary
    printf 'FAILED: %s (exit code %s), after %s; all it printed is in %s\n' \
        "$STEP" "$1" "$(duration "$SECONDS")" "$STEP_LOG"
}

report_success() {
    printf '\n'
    summary
    [[ $MODE != quick ]] || printf '%s\n' "$NOT_QUICK"
    printf 'passed (%s) in %s\n' "${CHOSEN[*]:-$MODE}" "$(duration "$SECONDS")"
}

summary() {
    [[ ${#STEPS_DONE[@]} -eq 0 ]] || printf '  %s\n' "${STEPS_DONE[@]}"
    printf '  %-28s %6d s\n' "All of it" "$SECONDS"
    [[ ! -e $WORK/skipped ]] || cat "$WORK/skipped"
}

duration() {
    if [[ $1 -lt 60 ]]; then printf '%d s' "$1"; else printf '%d min %02d s' "$(($1 / 60))" "$(($1 % 60))"; fi
}

# What cargo's test harness said, all binaries together.
count_tests() {
    awk '/^test result: / { passed += $4; ignored += $8; any = 1 }
         END { if (any) printf "%d tests passed, %d ignored", passed, ignored }' "$1"
}
