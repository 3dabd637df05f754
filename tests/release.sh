#!/usr/bin/env bash
# Makes the bundle of a release twice from this folder's binaries, up to the upload, and looks at it:
#
#     tests/release.sh PYTHON      a Python with cyclonedx-python-lib
#
# It works on a copy whose changelog names the version, since that of the repository says so only when it is released.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly python=$1 copy=$PWD/target/release-try
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
readonly version
export TZ=UTC GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@example.com GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@example.com

fresh() {
    rm -rf "$copy"
    mkdir -p "$copy"
    git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
        [ ! -f "$file" ] || cp --parents "$file" "$copy/"
    done
    cp dist/standin-* "$copy/dist/"
    sed -i "s/^## Unreleased$/## $version/" "$copy/CHANGELOG.md"
    git -C "$copy" init --quiet --initial-branch=main
    git -C "$copy" add --all
    GIT_AUTHOR_DATE=@1700000000 GIT_COMMITTER_DATE=@1700000000 git -C "$copy" -c commit.gpgsign=false commit --quiet --message=test
}

sums() {
    fresh
    "$copy/scripts/release" bundle "$version"
    (cd "$copy/target/release-$version" && sha256sum --check --quiet SHA256SUMS)
    cat "$copy/target/release-$version/SHA256SUMS"
}

first=$(sums)
second=$(sums)
[ "$first" = "$second" ] || {
    diff <(echo "$first") <(echo "$second") || true
    echo "release: the same commit made two different bundles" >&2
    exit 1
}
echo "$first"

# What is in the archive works as an action's folder does, and the bill of materials is one.
mkdir "$copy/unpacked"
tar -xzf "$copy/target/release-$version/standin-$version.tar.gz" -C "$copy/unpacked"
for file in action.yml action/main.js action/post.js LICENSE-MIT LICENSE-APACHE; do [ -f "$copy/unpacked/standin-$version/$file" ]; done
[ "$("$copy/unpacked/standin-$version/$("$copy/scripts/release" path)" --version)" = "standin $version" ]
"$python" - "$copy/target/release-$version/standin-$version.cdx.json" <<'PYTHON'
import json
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

text = open(sys.argv[1]).read()
mistake = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
if mistake:
    sys.exit(f"release: the bill of materials is none: {mistake!r}")
names = {part["name"] for part in json.loads(text)["components"]}
if not {"rustls", "tokio", "minijinja"} <= names or names & {"proptest", "tempfile"}:
    sys.exit("release: the bill of materials does not list what is compiled in")
print(f"release: a bill of materials of {len(names)} crates")
PYTHON
# The bill of materials is of Linux on x64, and so is the binary whose own list it must agree with.
"$python" tests/dependency_list.py dist/standin-linux-x64 "$copy/target/release-$version/standin-$version.cdx.json"
