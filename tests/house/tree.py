"""The files of the repository and what they include, for the checks beside this one."""

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def files(*suffixes):
    """The files of the repository with one of these endings (all, without any), as paths below its root.

    Walks the directory and asks no git: an unpacked archive is checked, too, and so is what is not committed yet.
    """
    found = []
    for directory, folders, names in os.walk(ROOT):
        if Path(directory) == ROOT:
            folders[:] = [name for name in folders if not name.startswith("build") and name not in (".git", ".cache")]
            names = [name for name in names if name != ".git"]  # a file in a further working tree
        folders[:] = [name for name in folders if name != "__pycache__"]
        found += [(Path(directory) / name).relative_to(ROOT) for name in names if not suffixes or name.endswith(suffixes)]
    return sorted(found)


def sources():
    """Every C++ source and header."""
    return files(".cpp", ".hpp")


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def includes(path):
    """(line number, name, whether it stands in quotes) for every include of a file."""
    found = []
    for number, line in enumerate(text(path).splitlines(), 1):
        include = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if include:
            found.append((number, include[2], include[1] == '"'))
    return found


def conclude(findings, checked):
    """Ends the check: one line a finding, and a failure where there is one or where nothing was looked at."""
    name = Path(sys.argv[0]).stem
    for finding in findings:
        print(f"{name}: {finding}")
    if not checked:
        print(f"{name}: there was nothing to check")
    sys.exit(1 if findings or not checked else 0)
