#!/usr/bin/env bash
# Runs every test, prints how many ran, and fails on a skipped one where the shared data are there.
set -uo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
WORKBENCH_BINARY="$(swift build -c release --show-bin-path)/workbench" \
    swift test -c release --skip-build "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}

ran=$(grep -oE 'Test run with [0-9]+ tests?' "$log" | grep -oE '[0-9]+' | awk '{n += $1} END {print n + 0}')
skipped=$(grep -cE '^(➜|↷|-)? *.*(Test|Suite) .* skipped' "$log")
failed=$(grep -cE '^✘ Test .*(failed|recorded)' "$log")
echo "tests: $ran ran, $skipped skipped"
if [ "$status" -ne 0 ]; then
    echo "$((ran - failed)) passed, $((failed > 0 ? failed : 1)) failed"
    exit 1
fi
if [ "$ran" -eq 0 ]; then
    echo "tests: not one test ran" >&2
    exit 1
fi
if [ "$skipped" -gt 0 ] && { [ -d ../shared/fixtures ] || [ -n "${DRASCLR_FIXTURES:-}" ]; }; then
    echo "tests: the shared data are there, so that no test may be skipped" >&2
    exit 1
fi
echo "$ran passed, 0 failed, $skipped skipped"
