#!/usr/bin/env python3
"""Every source and header is as clang-format writes it."""

import subprocess
import sys

import tree

paths = [str(path) for path in tree.sources()]
sys.exit(subprocess.run(["clang-format", "--dry-run", "--Werror", *paths], cwd=tree.ROOT).returncode if paths else 1)
