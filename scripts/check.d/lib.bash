# What the steps of ./check share; each sources it first and is then in the tree's root.
# SPDX-License-Identifier: MPL-2.0
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
JOBS=${MESH_CHECK_JOBS:-$(nproc)}

# tree_files PATTERN...: the tree's own files, committed or not yet, separated by NUL.
tree_files() {
    local file
    git ls-files -z --cached --others --exclude-standard -- "$@" | while IFS= read -r -d '' file; do
        if [[ -e $file ]]; then
            printf '%s\0' "$file"
        fi
    done
}

# configure PRESET: once; it speaks only when it fails.
configure() {
    local said
    if [[ ! -e build/$1/build.ninja ]] && ! said=$(cmake --preset "$1" 2>&1); then
        printf '%s\n' "$said"
        return 1
    fi
}

# build PRESET [TARGET...]: configures if need be, and builds.
build() {
    local preset=$1
    shift
    configure "$preset"
    cmake --build "build/$preset" --parallel "$JOBS" ${1:+--target "$@"}
}

# tests PRESET LABEL: runs the tests of one label in a build and counts them; no test is a failure.
tests() {
    local preset=$1 label=$2 log status=0 failed total
    log=$(mktemp)
    ctest --test-dir "build/$preset" --label-regex "^$label\$" --no-tests=error --output-on-failure \
        --parallel "$JOBS" 2>&1 | tee "$log" || status=$?
    read -r failed total <<<"$(sed -n 's/.* tests passed, \([0-9]*\) tests failed out of \([0-9]*\)$/\1 \2/p' "$log")"
    rm "$log"
    if [[ -n $total ]]; then
        printf '%d passed, %d failed\n' $((total - failed)) "$failed"
    fi
    return "$status"
}

# program PATH: fails, and says so, when a program that the step runs is not there.
program() {
    if [[ ! -x $1 ]]; then
        printf '%s is missing or cannot be executed\n' "$1" >&2
        return 1
    fi
}
