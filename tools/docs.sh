#!/usr/bin/env bash
# Makes pages of the declarations of every library target, with DocC: .build/docs/<target>. Needs the toolchain's `docc`.
set -euo pipefail
cd "$(dirname "$0")/.."

tools="$(dirname "$(readlink -f "$(command -v swift)")")"
docc="$tools/docc"
[ -x "$docc" ] || docc=$(command -v docc || true)
[ -n "$docc" ] || { echo "docs: this Swift toolchain has no docc, so that no pages can be made; take one from swift.org" >&2; exit 1; }

echo "docs: writing down the declarations of all targets"
# The targets share their declarations within the package, so that `package` is what a reader needs to see.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! swift package dump-symbol-graph --minimum-access-level package --skip-synthesized-members >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    exit 1
fi
graphs=$(sed -n 's/^Files written to //p' "$log" | tail -n 1)
[ -d "$graphs" ] || { echo "docs: swift package dump-symbol-graph wrote no graphs:" >&2; tail -n 5 "$log" >&2; exit 1; }

rm -rf .build/docs
for graph in "$graphs"/*.symbols.json; do
    target=$(basename "$graph" .symbols.json)
    case $target in *@* | C[A-Z]* | Kernels* | *Tests | Workbench | ArgumentParser* | *generate* | *PackageTests) continue ;; esac
    [ -d "Sources/$target" ] || [ -d "Sources/Engine/$target" ] || [ -d "Sources/Views/$target" ] || continue
    mkdir -p ".build/docs/$target.docc"
    ln -sf "$(realpath "$graph")" ".build/docs/$target.docc/"
    "$docc" convert ".build/docs/$target.docc" --fallback-display-name "$target" --fallback-bundle-identifier "workbench.$target" \
        --additional-symbol-graph-dir ".build/docs/$target.docc" --output-path ".build/docs/$target" >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        exit 1
    }
    rm -rf ".build/docs/$target.docc"
    echo "docs: .build/docs/$target"
done
