#!/usr/bin/env bash
# Installs servers that Debian has, as packages of the machine:
#
#     tests/servers/debian.sh PACKAGE ...
#
# It needs root or sudo where one of them is missing. A package may start its daemon when it is installed: here it may not.
set -euo pipefail

missing() { [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null || true)" != installed ]; }

packages=()
for package in "$@"; do
    if missing "$package"; then packages+=("$package"); fi
done
[ "${#packages[@]}" != 0 ] || exit 0

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
readonly policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root install -m 755 /dev/stdin "$policy"
    trap 'as_root rm -f "$policy"' EXIT
fi
{
    as_root apt-get update -qq
    # Ruby of Debian's security archive brings a newer Bundler, which does not find Debian's own gems: without this Redmine can't
    # be configured.
    as_root env DEBIAN_FRONTEND=noninteractive BUNDLER_VERSION=2.3.15 apt-get install -qq -y --no-install-recommends "${packages[@]}"
} >&2
