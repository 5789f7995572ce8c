#!/usr/bin/env bash
# Draws the documentation's pictures: every screen at 120×40 (docs/NAME.png) and 80×24 (docs/NAME-80x24.png), by the program itself.
# usage: tools/pictures.sh DEMO_SESSION EXPERIMENTS [SUBJECT]
set -euo pipefail
cd "$(dirname "$0")/.."

demo=${1:?usage: tools/pictures.sh DEMO_SESSION EXPERIMENTS [SUBJECT]}
experiments=${2:?usage: tools/pictures.sh DEMO_SESSION EXPERIMENTS [SUBJECT]}
subject=${3:-phantom-010}
workbench="$(swift build -c release --show-bin-path)/workbench"

draw() { # NAME SESSION OPTION...
    local name=$1 session=$2
    shift 2
    "$workbench" export "$session" --png "docs/$name.png" --screen "$name" --size 120x40 "$@" >/dev/null
    "$workbench" export "$session" --png "docs/$name-80x24.png" --screen "$name" --size 80x24 "$@" >/dev/null
    echo "docs/$name.png, docs/$name-80x24.png"
}

draw sessions "$demo"
draw training "$demo"
draw atlas "$demo"
draw masks "$demo" --subject "$subject"
draw cohort "$demo" --subject "$subject"
draw evaluation "$experiments"
