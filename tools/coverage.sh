#!/usr/bin/env bash
# Runs the tests of a build with counters, and prints for each target how many of its lines they ran.
# usage: tools/coverage.sh [FILTER]
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=.build-coverage
build() { swift build -c release --enable-code-coverage --scratch-path "$scratch" "$@"; }

echo "coverage: building the program and its tests with counters in $scratch"
build --product workbench
build --build-tests
bin=$(build --show-bin-path)
# Counts of earlier runs would be added up with those of this one.
rm -rf "$bin/codecov"
status=0
WORKBENCH_BINARY="$bin/workbench" swift test -c release --skip-build --enable-code-coverage --scratch-path "$scratch" \
    ${1:+--filter "$1"} || status=$?

# Both must be the toolchain's own: formats differ between versions. Counts of processes that were killed are damaged, and left out with a warning.
tools="$(dirname "$(readlink -f "$(command -v swift)")")"
for tool in llvm-profdata llvm-cov; do
    [ -x "$tools/$tool" ] || { echo "coverage: this Swift toolchain has no $tool" >&2; exit 1; }
done
counts="$scratch/counts.profdata"
"$tools/llvm-profdata" merge -sparse -failure-mode=all -o "$counts" "$bin"/codecov/*.profraw
tests=$(find "$bin" -maxdepth 1 -name '*.xctest' | head -n 1)
echo "coverage: lines that the tests ran, by target"
"$tools/llvm-cov" report -instr-profile "$counts" "$tests" -object "$bin/workbench" \
    -ignore-filename-regex="/(Tests|$scratch)/" |
    awk '
        # Filename Regions Missed Cover Functions Missed Executed Lines Missed Cover …
        $1 ~ /\.(swift|c)$/ && $8 ~ /^[0-9]+$/ {
            n = split($1, part, "/")
            target = part[1]
            for (i = 1; i < n; i++) if (part[i] == "Sources") { target = part[i + 1]; if (target ~ /^(Engine|Views)$/) target = part[i + 2] }
            if (n > 1 && part[1] ~ /^(Engine|Views)$/) target = part[2]
            if (!(target in lines)) order[++count] = target
            lines[target] += $8; missed[target] += $9; all += $8; out += $9
        }
        END {
            if (!count) { print "coverage: the report names no file of Sources" > "/dev/stderr"; exit 1 }
            printf "%-16s %8s %8s %7s\n", "target", "lines", "run", "share"
            for (i = 1; i <= count; i++) {
                t = order[i]
                printf "%-16s %8d %8d %6.1f%%\n", t, lines[t], lines[t] - missed[t], 100 * (lines[t] - missed[t]) / lines[t]
            }
            printf "%-16s %8d %8d %6.1f%%\n", "all", all, all - out, 100 * (all - out) / all
        }'
exit "$status"
