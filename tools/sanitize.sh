#!/usr/bin/env bash
# Runs the tests under the sanitizers that the toolchain has: $SANITIZERS of address and thread.
# usage: tools/sanitize.sh [FILTER]
set -euo pipefail
cd "$(dirname "$0")/.."

trial=$(mktemp -d)
trap 'rm -rf "$trial"' EXIT
echo 'print("works")' >"$trial/trial.swift"
failed=""
ran=0
for kind in ${SANITIZERS:-address thread}; do
    if ! swiftc -sanitize="$kind" -o "$trial/trial" "$trial/trial.swift" >"$trial/log" 2>&1 || ! "$trial/trial" >>"$trial/log" 2>&1; then
        echo "sanitize: the $kind sanitizer does not work with this toolchain on this machine:" >&2
        head -n 3 "$trial/log" >&2
        continue
    fi
    scratch=.build-$kind
    build() { swift build -c release --sanitize "$kind" --scratch-path "$scratch" "$@"; }
    echo "sanitize: $kind: building the program and its tests in $scratch"
    build --product workbench
    build --build-tests
    WORKBENCH_BINARY="$(build --show-bin-path)/workbench" swift test -c release --skip-build --sanitize "$kind" \
        --scratch-path "$scratch" ${1:+--filter "$1"} || failed="$failed $kind"
    ran=$((ran + 1))
done
[ "$ran" -gt 0 ] || { echo "sanitize: not one sanitizer could be run" >&2; exit 1; }
[ -z "$failed" ] || { echo "sanitize: failed under$failed" >&2; exit 1; }
