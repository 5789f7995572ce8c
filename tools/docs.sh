#!/usr/bin/env bash
# Makes pages of the declarations of every library target, with DocC, from the release build's modules.
# usage: tools/docs.sh [BUILD] [FOLDER]     (.build/release, .build/docs)
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C

build=${1:-.build/release}
folder=${2:-.build/docs}
tools="$(dirname "$(readlink -f "$(command -v swift)")")"
for tool in docc swift-symbolgraph-extract; do
    [ -x "$tools/$tool" ] || { echo "docs: this Swift toolchain has no $tool, so that no pages can be made; take one from swift.org" >&2; exit 1; }
done

# The C modules that the targets import.
imports=()
for map in "$build"/C*.build/module.modulemap Sources/C*/module.modulemap; do
    [ -f "$map" ] && imports+=(-Xcc "-fmodule-map-file=$map")
done
triple=$(swift -print-target-info | sed -n 's/^ *"triple": "\(.*\)",$/\1/p' | head -n 1)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
rm -rf "$folder"
mkdir -p "$folder"
for path in Sources/KernelInterface Sources/Engine/* Sources/Views/*; do
    target=$(basename "$path")
    [ -f "$build/Modules/$target.swiftmodule" ] || { echo "docs: $build has no module $target; run make build" >&2; exit 1; }
    mkdir -p "$scratch/$target"
    # The targets share their declarations within the package: that is what a reader looks for.
    "$tools/swift-symbolgraph-extract" -module-name "$target" -I "$build/Modules" "${imports[@]}" -target "$triple" \
        -minimum-access-level package -skip-synthesized-members -output-dir "$scratch/$target" >"$scratch/log" 2>&1 &&
        "$tools/docc" convert --additional-symbol-graph-dir "$scratch/$target" --fallback-display-name "$target" \
            --fallback-bundle-identifier "workbench.$target" --transform-for-static-hosting --hosting-base-path "$target" \
            --output-path "$folder/$target" >"$scratch/log" 2>&1 || {
        tail -n 20 "$scratch/log" >&2
        echo "docs: the pages of $target could not be made" >&2
        exit 1
    }
done
echo "docs: $(find "$folder" -name '*.json' -path '*/data/documentation/*' | wc -l) pages in $folder/<target>/documentation/<target>"
echo "docs: to read them: python3 -m http.server --directory $folder, then for example http://localhost:8000/Network/documentation/network"
