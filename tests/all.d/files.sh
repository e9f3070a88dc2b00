# shellcheck shell=bash
# What is in the repository, and what mustn't be. Sourced by tests/all.

MAX_BYTES=102400

check_files() {
    project_files > "$WORK/files"
    check_licences
    check_sizes
    check_no_machine_paths
    check_comments
    check_links
}

# Ended by NUL. Files that aren't committed yet count too; ones that were deleted don't.
# shellcheck disable=SC2016  # the inner shell expands it
project_files() {
    git -c safe.directory="$ROOT" ls-files -z --cached --others --exclude-standard \
        | xargs -0 sh -c 'for file; do [ ! -f "$file" ] || printf "%s\0" "$file"; done' sh
}

check_licences() {
    local file
    for file in LICENSE-MIT LICENSE-APACHE; do
        [[ -s $file ]] || fail "$file is missing"
    done
}

check_sizes() {
    local bytes file
    xargs -0 stat -c '%s %n' < "$WORK/files" | while read -r bytes file; do
        case $file in
            examples/quickstart/customers.csv | tests/vectors/*.json | docs/public-api/*.txt | Cargo.lock) continue ;;
        esac
        [[ $bytes -le $MAX_BYTES ]] || fail "$file is larger than 100 KB"
    done
}

# Folders of whoever wrote a file are nobody else's.
check_no_machine_paths() {
    local machine='(^|[^[:alnum:]_./~-])/(work|root|home|Users)/'
    if xargs -0 grep -nIE "$machine" < "$WORK/files"; then
        fail "files name folders of one machine"
    fi
}

# rustfmt breaks code, and leaves comments as they are.
check_comments() {
    grep -z '\.rs$' < "$WORK/files" | xargs -0 python3 tests/all.d/comments.py
}

# Those between pages, to headings, and to this repository's own files on GitHub. Nothing is fetched.
check_links() {
    python3 tests/all.d/links.py
}
