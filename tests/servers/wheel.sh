#!/usr/bin/env bash
# Installs one server of PyPI below target/tools, in a virtual environment of its own:
#
#     tests/servers/wheel.sh NAME PACKAGE VERSION [PACKAGE==VERSION ...]     prints the folder, e.g. target/tools/scim2-server-0.8.3
#
# Where NAME.txt is beside this file, it pins the packages that the server needs.
# Two tests may start a server at the same time on a fresh clone: the second waits for the first one's installation.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly name=$1 package=$2 version=$3
shift 3
readonly venv=$PWD/target/tools/$name-$version

mkdir -p target/tools
(
    flock 9
    [ ! -e "$venv/installed" ] || exit 0
    rm -rf "$venv"
    python3 -m venv "$venv"
    pins=()
    [ ! -e "tests/servers/$name.txt" ] || pins=(--constraint "tests/servers/$name.txt")
    "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "${pins[@]}" "$package==$version" "$@"
    touch "$venv/installed"
) 9>"target/tools/$name.lock" >&2
printf '%s\n' "$venv"
