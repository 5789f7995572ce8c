#!/usr/bin/env bash
# Makes the man page and the completions of a built program.
# usage: tools/share.sh PROGRAM FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."

program=${1:?usage: tools/share.sh PROGRAM FOLDER}
folder=${2:?usage: tools/share.sh PROGRAM FOLDER}
mkdir -p "$folder"
swiftc -o "$folder/manual" tools/manual.swift
# The page's date is that of the sources, so that the same sources give the same page.
seconds=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
version=$("$program" --version)
"$program" --experimental-dump-help | "$folder/manual" "$version" "$(date -u -d "@$seconds" +%F)" >"$folder/workbench.1"
"$program" --generate-completion-script bash >"$folder/workbench.bash"
"$program" --generate-completion-script zsh >"$folder/_workbench"
"$program" --generate-completion-script fish >"$folder/workbench.fish"
touch "$folder/made"
