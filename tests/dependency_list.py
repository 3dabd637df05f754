#!/usr/bin/env python3
"""Says whether a Linux binary carries the list of what is compiled into it: `tests/dependency_list.py BINARY BILL`.

It reads the list as `cargo audit bin` does, from the section .dep-v0 alone. The list must name what the bill of materials
names, in the versions of Cargo.lock, and nothing of the machine that built the binary.
"""

import json
import re
import struct
import sys
import zlib

SECTION = ".dep-v0"
# What an entry may hold. A source is a word, never an address or a folder.
KEYS = {"name", "version", "source", "kind", "dependencies", "root"}
SOURCES = {"crates.io", "local"}


def section(data, wanted):
    """The content of a section of a 64-bit ELF file, least byte first; nothing where there is no such section."""
    (headers,) = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3A)

    def header(index):
        return struct.unpack_from("<IIQQQQ", data, headers + index * size)

    names_at = header(names)[4]
    for index in range(count):
        name, _, _, _, offset, length = header(index)
        start = names_at + name
        if data[start : data.index(b"\0", start)] == wanted.encode():
            return data[offset : offset + length]
    return None


def locked():
    text = open("Cargo.lock").read()
    return set(re.findall(r'\[\[package\]\]\nname = "(.*)"\nversion = "(.*)"', text))


def main(binary, bill):
    with open(binary, "rb") as file:
        content = section(file.read(), SECTION)
    if content is None:
        return f"`{binary}` has no section {SECTION}"
    packages = json.loads(zlib.decompress(content))["packages"]
    for package in packages:
        if package.keys() - KEYS or package["source"] not in SOURCES:
            return f"the list says more than it should: {package}"
    listed = {(it["name"], it["version"]) for it in packages if not it.get("root")}
    compiled = {(it["name"], it["version"]) for it in packages if it.get("kind", "runtime") == "runtime" and not it.get("root")}
    with open(bill) as file:
        billed = {(it["name"], it["version"]) for it in json.load(file)["components"]}
    # Macros stand in the bill; in the list most of them count as tools of the build.
    if not compiled <= billed <= listed:
        return f"the binary's list and the bill of materials differ: {sorted((compiled - billed) | (billed - listed))}"
    if strangers := listed - locked():
        return f"Cargo.lock does not have {sorted(strangers)}"
    if "reqwest" not in {name for name, _ in compiled}:
        return "the list does not name reqwest"
    print(f"release: `{binary}` lists {len(listed)} crates in {len(content)} bytes, those of the bill of materials among them")
    return None


sys.exit(main(*sys.argv[1:]))
