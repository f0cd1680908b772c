#!/usr/bin/env python3
"""Writes a source file with a bug in it: plant.py BUG ROOT OUT. Of a simulation alone, which must find it.

A .bug file has what is wrong, the file that it is planted in, within how many seeds it must be found (and from which
on, if not the first), and the text that is replaced by which, between lines of four dashes.
"""
import pathlib
import sys


def main():
    bug, root, out = map(pathlib.Path, sys.argv[1:])
    head, old, new, rest = bug.read_text().split("----\n")
    file = next(line.removeprefix("file: ") for line in head.splitlines() if line.startswith("file: "))
    source = (root / file).read_text()
    count = source.count(old.rstrip("\n"))
    if count != 1:
        sys.exit(f"{bug}: the text to replace is {count} times in {file}, expected once: plant the bug anew")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(source.replace(old.rstrip("\n"), new.rstrip("\n")))


main()
