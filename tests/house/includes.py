#!/usr/bin/env python3
"""Who may include what: mapping/ is pure, fs/fuse alone knows libfuse, and no folder reaches above what its target links."""

import re

import tree

# mapping/ computes. Of the standard library it takes values, containers and algorithms; whoever adds to this list asks first
# whether the header brings threads, clocks, files, locales or the operating system.
PURE = set(
    "algorithm array bit bitset cctype charconv cmath compare concepts cstddef cstdint cstring functional initializer_list "
    "iterator limits map memory new numeric optional set span sstream stdexcept string string_view tuple type_traits "
    "unordered_map unordered_set utility variant vector".split()
)

# And what single folders of mapping/ take besides: hashing, parsing, and a document's count of those who share it.
PURE_IN = {
    "mapping/document": {"atomic", "nlohmann/json.hpp", "openssl/evp.h", "simdjson.h"},
    "mapping/schema": {"yaml-cpp/depthguard.h", "yaml-cpp/eventhandler.h", "yaml-cpp/exceptions.h", "yaml-cpp/parser.h"},
    "mapping/render": {"openssl/evp.h", "openssl/sha.h"},
}

# libfuse: fs/fuse, and the benchmark's peer, which is a file system of its own and links nothing of statusfs.
KNOWS_LIBFUSE = ("fs/fuse/", "tests/bench/bare_fuse.cpp")

# The headers of libraries, and what a folder's target must link in CMake, itself and not through others, to include them.
LIBRARIES = {
    r"nlohmann/": "nlohmann_json::nlohmann_json",
    r"simdjson\.h": "simdjson::simdjson",
    r"yaml-cpp/": "yaml-cpp",
    r"openssl/": "OpenSSL::Crypto",
    r"curl/": "CURL::libcurl",
    r"libdeflate\.h": "PkgConfig::DEFLATE",
    r"CLI/": "CLI11::CLI11",
    r"systemd/": "PkgConfig::SYSTEMD",
    r"fuse": "PkgConfig::FUSE3",
}


def folder_targets():
    """Folder -> target, and target -> what it links, as mapping/ and fs/ write it in their CMakeLists.txt."""
    folders, links = {}, {}
    for part in ("mapping", "fs"):
        text = tree.text(f"{part}/CMakeLists.txt")
        for name, folder, libraries in re.findall(r"^statusfs_library\((\S+) (\S+)([^)]*)\)", text, re.M):
            folders[folder] = name
            links[name] = libraries.split()
        for name, libraries in re.findall(r"^target_link_libraries\((\S+) PRIVATE ([^)]*)\)", text, re.M):
            links[name] = libraries.split()
    folders["fs/cli"] = "statusfs"
    return folders, links


def reachable(target, links):
    """The target and all that it links, directly or through others."""
    seen, waiting = set(), [target]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += links.get(name, [])
    return seen


def impure(path, name, in_quotes):
    if in_quotes:
        return not name.startswith("mapping/")
    return name not in PURE and name not in PURE_IN.get(str(path.parent), set())


def beyond_links(path, name, in_quotes, folders, links):
    """Why a folder of mapping/ or fs/ may not include this, or nothing."""
    folder = str(path.parent)
    if folder in ("fs", "mapping"):
        # What stands directly in fs/ or mapping/ is for every folder below: it needs nothing but the standard library and its like.
        return "is shared by all folders, so it includes none of them" if in_quotes and name.count("/") > 1 else None
    if folder not in folders:
        return "no target is made of this folder"
    allowed = reachable(folders[folder], links)
    if in_quotes:
        other = name.rsplit("/", 1)[0]
        if other in ("fs", "mapping") or other in folders and folders[other] in allowed:
            return None
        return f"{folders[folder]} does not link the target of {other}"
    for pattern, library in LIBRARIES.items():
        if re.match(pattern, name) and library not in links[folders[folder]]:
            return f"{folders[folder]} does not link {library}"
    return None


def reaches_libfuse(path, seen):
    """Whether a file includes libfuse, itself or through headers of ours."""
    for _, name, in_quotes in tree.includes(path):
        if not in_quotes and name.startswith("fuse"):
            return True
        if in_quotes and (tree.ROOT / name).is_file() and name not in seen:
            seen.add(name)
            if reaches_libfuse(name, seen):
                return True
    return False


def own_header_not_first(path):
    """A source file that does not begin with its own header would hide that the header does not stand alone."""
    header = path.with_suffix(".hpp")
    if path.suffix != ".cpp" or not (tree.ROOT / header).is_file():
        return False
    return [str(header), header.name].count(tree.includes(path)[0][1]) == 0


def check():
    findings = []
    folders, links = folder_targets()
    checked = 0
    for path in tree.sources():
        if not str(path).startswith(KNOWS_LIBFUSE) and reaches_libfuse(path, set()):
            findings.append(f"{path}: includes libfuse, itself or through others; only fs/fuse does that")
        if own_header_not_first(path):
            findings.append(f"{path}: does not include its own header first")
        for line, name, in_quotes in tree.includes(path):
            checked += 1
            here = f"{path}:{line}: {name}"
            if path.parts[0] == "mapping" and impure(path, name, in_quotes):
                findings.append(f"{here}: mapping/ is pure; this is not on its list")
            if path.parts[0] in ("mapping", "fs"):
                reason = beyond_links(path, name, in_quotes, folders, links)
                if reason:
                    findings.append(f"{here}: {reason}")
    return findings, checked if len(folders) > 10 else 0


if __name__ == "__main__":
    tree.conclude(*check())
