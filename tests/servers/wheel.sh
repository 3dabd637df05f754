#!/usr/bin/env bash
# Installs one server of PyPI below target/tools, in a virtual environment of its own:
#
#     tests/servers/wheel.sh NAME PACKAGE VERSION          prints the folder, e.g. target/tools/scim2-server-0.8.3
#
# Two tests may start a server at the same time on a fresh clone: the second waits for the first one's installation.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly name=$1 package=$2 version=$3
readonly venv=$PWD/target/tools/$name-$version

mkdir -p target/tools
(
    flock 9
    [ ! -e "$venv/installed" ] || exit 0
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "$package==$version"
    touch "$venv/installed"
) 9>"target/tools/$name.lock" >&2
printf '%s\n' "$venv"
