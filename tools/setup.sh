#!/usr/bin/env bash
# Installs what the build needs, and the packages that are named, and says what it does. Used by the Makefile; safe to run again. Asks first where
# somebody is there to answer: standard input is a terminal, and $CI is not set.
set -euo pipefail

if ! command -v swift >/dev/null 2>&1; then
    if apt-cache show swiftlang >/dev/null 2>&1; then
        how="apt-get install swiftlang"
    else
        how="see https://www.swift.org/install/linux (Swift 6.3 or later), and put its usr/bin on the PATH"
    fi
    echo "setup: no Swift toolchain found; get one: $how" >&2
    exit 1
fi

packages="build-essential git pkg-config libncursesw5-dev libnifti-dev libopenblas-dev libssl-dev zlib1g-dev libzip-dev libsixel-dev libfreetype-dev dcm2niix dcmtk $*"
missing=""
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: missing:$missing; this system has no apt-get, please install them by its own means" >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || { echo "setup: not root and no sudo; run as root: apt-get install$missing" >&2; exit 1; }
    as_root="sudo"
fi
if [ -t 0 ] && [ -z "${CI:-}" ]; then
    read -r -p "setup: missing:$missing. Install with ${as_root:+$as_root }apt-get? [Y/n] " answer || answer=n
    case $answer in
        "" | [Yy]*) ;;
        *) echo "setup: nothing was installed; install$missing and try again" >&2; exit 1 ;;
    esac
fi
echo "setup: installing$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
