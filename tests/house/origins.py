#!/usr/bin/env python3
"""No file names the machine on which it was written: no path of a home or a build, no host of a package registry or mirror."""

import re

import tree

# Directories that exist on some machines only. /usr/local and /etc are every machine's, and /home/ada is README's.
MACHINE_PATH = re.compile(r"(?<![\w./$}-])/(home(?!/ada/|/\{)|root|work|workspace|Users|mnt/c|nix|opt|build|builds|tmp/bash\w*)/\w")

# The hosts that may stand in an address: name spaces, standards, and who Debian is. Every other one is asked about here.
HOSTS = {"www.w3.org", "www.debian.org", "one"}
HOST = re.compile(r"\b(?:https?|ftp|git|ssh)://([\w.-]+\.?[\w-]+)")

# What must not stand in a file at all: registries and mirrors, with or without a scheme in front.
REGISTRY = re.compile(
    r"\b(pypi\.org|registry\.npmjs|crates\.io|proxy\.golang|artifactory|nexus\.|deb\.debian\.org|archive\.ubuntu\.com|"
    r"conda\.anaconda|repo1?\.maven|ghcr\.io|quay\.io|docker\.io)",
    re.I,
)


def is_local(host):
    return re.fullmatch(r"127(\.\d+){3}|10(\.\d+){3}|localhost", host) is not None


def check():
    findings, checked = [], 0
    for path in tree.files():
        if path == tree.ROOT.joinpath("tests/house/origins.py").relative_to(tree.ROOT):
            continue  # the patterns themselves
        content = (tree.ROOT / path).read_bytes()
        if b"\0" in content:
            content = b"\n".join(re.findall(rb"[ -~]{6,}", content))  # the words in pictures and such
        checked += 1
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            here = f"{path}:{number}"
            findings += [f"{here}: path of one machine: {found[0]}" for found in MACHINE_PATH.finditer(line)]
            findings += [f"{here}: package registry: {found[0]}" for found in REGISTRY.finditer(line)]
            for found in HOST.finditer(line):
                if found[1] not in HOSTS and not is_local(found[1]):
                    findings.append(f"{here}: host that is not on the list: {found[1]}")
    return findings, checked


if __name__ == "__main__":
    tree.conclude(*check())
