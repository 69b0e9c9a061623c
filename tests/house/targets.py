#!/usr/bin/env python3
"""Every source file is compiled by a target, and every file of tests is run by ctest.

    targets.py BUILD_DIRECTORY [--without PATH]...    --without: what this machine lacks a library for
"""

import argparse
import json
import re
import subprocess
from pathlib import Path

import tree


def sources_of(unit):
    """What one call of the compiler compiles: the file itself, or those that CMake put together in it."""
    if unit.parent.name != "Unity":
        return [unit]
    return [Path(name) for name in re.findall(r'^#include "(.*)"$', unit.read_text(), re.M)]


def compiled(build):
    """Source -> the names of the targets that compile it."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        target = re.search(r"\bCMakeFiles/([^/]+)\.dir/", entry["command"])[1]
        for source in sources_of(Path(entry["file"])):
            if source.is_relative_to(tree.ROOT):
                found.setdefault(source.relative_to(tree.ROOT), set()).add(target)
    return found


def programs_of_tests(build):
    """The names of the programs that ctest runs."""
    listing = subprocess.run(
        ["ctest", "--test-dir", str(build), "--show-only=json-v1"], check=True, capture_output=True, text=True
    )
    tests = json.loads(listing.stdout)["tests"]
    return {Path(test["command"][0]).name for test in tests if "command" in test}


def check(build, without):
    findings = []
    targets = compiled(build)
    programs = programs_of_tests(build)
    sources = [path for path in tree.files(".cpp") if str(path) not in without]
    for path in sources:
        if path not in targets:
            findings.append(f"{path}: in no target")
        elif re.search(r"^(TYPED_)?TEST(_[FP])?\(", tree.text(path), re.M) and not targets[path] & programs:
            findings.append(f"{path}: ctest runs none of {', '.join(sorted(targets[path]))}")
    return findings, len(sources)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=Path)
    parser.add_argument("--without", action="append", default=[])
    arguments = parser.parse_args()
    tree.conclude(*check(arguments.build, arguments.without))
