#!/usr/bin/env python3
"""Says whether files are Groovy, by the grammar of tree-sitter: `tests/groovy.py FILE ...`. What a Jenkinsfile means, it can't say."""

import sys

import tree_sitter
import tree_sitter_groovy


def mistakes(node):
    if node.is_error or node.is_missing:
        yield node.start_point
    for child in node.children:
        yield from mistakes(child)


def main(paths):
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_groovy.language()))
    found = 0
    for path in paths:
        with open(path, "rb") as file:
            for line, column in mistakes(parser.parse(file.read()).root_node):
                print(f"{path}:{line + 1}:{column + 1}: not Groovy", file=sys.stderr)
                found += 1
    return 1 if found or not paths else 0


sys.exit(main(sys.argv[1:]))
