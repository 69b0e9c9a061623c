#!/usr/bin/env python3
"""Every mutex says what it guards and where it stands in the lock order: beside it, or in the words about its class."""

import re

import tree

MUTEX = re.compile(r"^\s*(?:mutable )?std::(?:shared_|recursive_|timed_)?mutex (\w+);")
GUARDS = re.compile(r"guards|serialises|held while|only to wait", re.I)
PLACE = re.compile(
    r"innermost|no other lock|(?<!\w)lock order|taken before|before mutex_|never held (while|during)|never while|only to wait", re.I
)


def words_about(lines, number):
    """The comment beside a line and the one above it, and for the order that of the whole header."""
    above = []
    for line in reversed(lines[:number]):
        if not line.strip().startswith("//"):
            break
        above.append(line)
    return " ".join([lines[number].partition("//")[2], *above])


def check():
    findings, checked = [], 0
    for path in tree.sources():
        if path.parts[0] != "fs":
            continue
        lines = tree.text(path).splitlines()
        order = " ".join(line for line in lines if "lock order" in line.lower())
        for number, line in enumerate(lines):
            mutex = MUTEX.match(line)
            if not mutex:
                continue
            checked += 1
            words = words_about(lines, number)
            if not GUARDS.search(words):
                findings.append(f"{path}:{number + 1}: {mutex[1]} does not say what it guards")
            if not PLACE.search(words + order):
                findings.append(f"{path}:{number + 1}: {mutex[1]} does not say where it stands in the lock order")
    return findings, checked


if __name__ == "__main__":
    tree.conclude(*check())
