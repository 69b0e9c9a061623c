#!/usr/bin/env python3
"""What exists is in the manual, and what the manual names exists: options, commands, files of the tree, metrics, errors.

    names.py STATUSFS
"""

import os
import re
import subprocess
import sys

import sample
import tree

README = tree.text("README.md")
MANUAL = tree.text("fs/cli/statusfs.1").replace("\\-", "-")
COMPLETION = tree.text("fs/package/bash_completion")


def section(text, begin, end):
    """The lines of a text behind the one that begins with `begin`, to the next that begins with `end`."""
    found = re.search(rf"^{re.escape(begin)}.*\n((?:(?!{end}).*\n?)*)", text, re.M)
    if not found:
        sys.exit(f"names: there is no {begin!r}")
    return found[1]


def compare(findings, what, **places):
    """A finding for every name that is in one place and not in another."""
    named = list(places.items())
    for place, names in named:
        if not names:
            findings.append(f"{what}: none found in {place}")
    for name in sorted(set().union(*places.values())):
        lacking = [place for place, names in named if name not in names]
        if lacking:
            having = [place for place, names in named if name in names]
            findings.append(f"{what} {name}: in {', '.join(having)}, but not in {', '.join(lacking)}")


# --- the command line ---------------------------------------------------------------------------------------------------


def help_of(statusfs, *command):
    return subprocess.run([statusfs, *command, "--help"], check=True, capture_output=True, text=True).stdout


def flags_of(statusfs, *command):
    """The options of a command but --help, which all have."""
    options = section(help_of(statusfs, *command), "Options:", r"$")
    return set(re.findall(r"(?:^  |,)(--?[a-z-]+)", options, re.M)) - {"-h", "--help"}


def manual_entries(name):
    """Tagged paragraphs of a section of the man page: the first word of the tag -> its text, tag included."""
    entries = {}
    for paragraph in section(MANUAL, f".SH {name}", r"\.SH").split(".TP\n")[1:]:
        entries[paragraph.split()[1].rstrip(",=")] = paragraph
    return entries


def check_mount_options(statusfs, findings):
    listed = section(help_of(statusfs), "Mount options (-o):", r"  and those")
    of_completion = re.search(r'mount_options="([^"]*)"', COMPLETION)[1]
    rows = re.findall(r"^\| (`[^|]*) \|", section(README, "| option | |", r"$"), re.M)
    compare(
        findings,
        "mount option",
        help={name for name in re.findall(r"^  ([a-z_]+=?)", listed, re.M)},
        README={re.sub("=.*", "=", name) for row in rows for name in re.findall(r"`([^`]*)`", row)},
        manual={re.match(r"\.BI? ([a-z_]+=?)", text)[1] for text in manual_entries("MOUNT OPTIONS").values()},
        completion=set(of_completion.split()),
    )


def commands_of(statusfs):
    return set(re.findall(r"^  ([a-z]+) ", section(help_of(statusfs), "Subcommands:", r"$"), re.M))


def check_commands(statusfs, findings):
    synopsis = section(README, "## Commands and options", r"\|")
    compare(
        findings,
        "command",
        help=commands_of(statusfs),
        README={name for names in re.findall(r"statusfs ([a-z|]+)", synopsis) for name in names.split("|")},
        manual=set(manual_entries("COMMANDS")),
        completion=set(re.search(r'commands="([^"]*)"', COMPLETION)[1].split()),
    )
    compare(
        findings,
        "option",
        help=flags_of(statusfs),
        manual={flag for flag in manual_entries("OPTIONS") if flag != "-h"} | {"--version"},
        README=set(re.findall(r"\[(-[a-z])\b", synopsis.replace("[-o OPT", "[-o"))) | {"--version"},
    )


def commands_of_synopsis():
    """The commands of the man page's SYNOPSIS: `.B statusfs NAME`, or `.BR "statusfs NAME" | NAME ...`."""
    lines = re.findall(r'^\.BR? "?statusfs ([a-z" |]+)$', section(MANUAL, ".SH SYNOPSIS", r"\.SH"), re.M)
    return {name for line in lines for name in re.findall(r"[a-z]+", line)}


def check_synopsis(statusfs, findings):
    compare(findings, "command", help=commands_of(statusfs), synopsis=commands_of_synopsis())


# What libsystemd reads for us.
READ_BY_LIBRARIES = {"NOTIFY_SOCKET"}


def check_environment(findings):
    """The variables that the code reads: arguments of getenv, and constants named ..._variable."""
    code = "\n".join(tree.text(path) for path in tree.sources() if path.parts[0] == "fs")
    read = re.findall(r'getenv\("([A-Z_]+)"\)|_variable = "([A-Z_]+)=?"', code)
    tags = [text.split("\n")[0] for text in manual_entries("ENVIRONMENT").values()]
    compare(
        findings,
        "environment variable",
        source={name for names in read for name in names if name} | READ_BY_LIBRARIES,
        manual={name for tag in tags for name in re.findall(r"\b[A-Z_]{4,}\b", tag)},
    )


def check_command_flags(statusfs, findings):
    """The options of each command: all in its entry of the man page, and those that README gives it exist.

    What stands before the entries is of all commands but those that are named there.
    """
    entries = manual_entries("COMMANDS")
    common = section(MANUAL, ".SH COMMANDS", r"\.TP")
    for command in sorted(commands_of(statusfs)):
        flags = flags_of(statusfs, command)
        if command in ("import", "export"):
            flags.discard("-o")  # in the synopsis: it is that of mounting
        text = entries.get(command, "") + ("" if re.search(rf"(?<!-){command}\b", common) else common)
        of_entry = set(re.findall(r"(?<![\w-])--[a-z-]+", text))
        if flags | of_entry:
            compare(findings, f"option of {command}", help=flags | {"(any)"}, manual=of_entry | {"(any)"})
        for line in re.findall(rf"statusfs {command}\b([^|`\n#]*)", README):
            for flag in re.findall(r"(?<![\w-])--[a-z-]+", line):
                if flag not in flags:
                    findings.append(f"option of {command} {flag}: in README, but not in help")


# --- the tree -----------------------------------------------------------------------------------------------------------

ONLY_WITH_ETCD = {".statusfs/hosts"}


def names_of_readme_tree():
    """The names in README's picture of the tree. A line names what stands before the words about it; words in parentheses and
    behind two blanks and a lower-case sentence are such words."""
    picture = section(README, "    <mountpoint>/", r"$")
    names = set()
    for line in picture.splitlines():
        line = re.sub(r"\([^)]*\)|^[ │├└─]*", "", line)
        for word in line.split():
            names.update(word.rstrip(",").split("/"))
    return names


def tree_of(mountpoint):
    """Every name below a status directory and of .statusfs, as paths below the mount; tasks and board columns only once."""
    paths = {f".statusfs/{name}" for name in os.listdir(mountpoint / ".statusfs")}
    top = mountpoint / "exec_status_125"
    for directory, folders, files in os.walk(top):
        below = os.path.relpath(directory, mountpoint)
        folders[:] = [name for name in folders if not (below.endswith("/tasks") and name != "task_001_scaffold")]
        if below.endswith("/by-status"):
            folders[:] = []
        paths |= {f"{below}/{name}" for name in folders + files}
    return paths


def check_tree(mountpoint, findings):
    paths = tree_of(mountpoint)
    picture = names_of_readme_tree()
    prose = README + MANUAL
    for path in sorted(paths):
        name = os.path.basename(path)
        if "/header/" not in path and name not in picture:
            findings.append(f"file of the tree {path}: not in README's tree")
    existing = {os.path.basename(path) for path in paths}
    for name in sorted(set(re.findall(r"^\S*[a-z]+_[a-z_]+$|^[a-z.]+\.[a-z]+$", "\n".join(picture), re.M))):
        if name not in existing and name not in ("os_file_header", "key_achievements_log", "g_file_created"):
            findings.append(f"file of the tree {name}: in README's tree, but not in the mount")
    for name in sorted(set(re.findall(r"\.statusfs/([a-z_.]+[a-z])", prose))):
        if f".statusfs/{name}" not in paths | ONLY_WITH_ETCD:
            findings.append(f"file of the tree .statusfs/{name}: named, but not in the mount")
    for name in (".control", ".history"):
        if not os.path.exists(mountpoint / "exec_status_125" / name) or name not in picture | set(re.findall(r"`(\.\w+)`", prose)):
            findings.append(f"file of the tree {name}: not in the mount or not in README")


# --- metrics and errors -------------------------------------------------------------------------------------------------


def check_metrics(mountpoint, findings):
    metrics = (mountpoint / ".statusfs" / "metrics").read_text()
    compare(
        findings,
        "metric",
        mount=set(re.findall(r"^# TYPE (\w+)", metrics, re.M)),
        README=set(re.findall(r"\bstatusfs_(?!version\b)[a-z_]+\b(?!\.|/)", README)) - {"statusfs_1"},
    )


def check_errors(findings):
    """The errors of the causes that anything is refused for, and the table of README with those in "Many hosts"."""
    numbers = re.findall(r"case (Cause::\w+):\s*return (E[A-Z]+);", tree.text("fs/fuse/error_number.cpp"))
    others = "\n".join(tree.text(path) for path in tree.sources() if path.parts[0] != "tests" and path.stem != "error_number")
    rows = re.findall(r"^\| ([A-Z][A-Z, ]+) \| ", README, re.M)
    error_tags = [text.split("\n")[0] for text in manual_entries("ERRORS").values()]
    compare(
        findings,
        "error",
        source={number for cause, number in numbers if re.search(rf"{cause}\b", others)},
        README={name for row in rows for name in re.findall(r"E[A-Z]+", row)},
        manual={name for tag in error_tags for name in re.findall(r"\bE[A-Z]+\b", tag)},
    )


def check_operations(findings):
    """What a journal's lines call the mutations, and the table beside the format's code."""
    rows = section(tree.text("mapping/chain/README.md"), "| op | is |", r"$")
    code = "\n".join(tree.text(path) for path in tree.sources() if path.parts[0] != "tests")
    given = re.findall(r"(?:\.op = |\brotation_op = |\bbegin_chain\()[^;]*;", code)
    compare(
        findings,
        "op",
        source={name for text in given for name in re.findall(r'"([a-z]+)"', text)} - {"op"},
        README={name for names in re.findall(r"^\| (`[^|]*)\|", rows, re.M) for name in re.findall(r"`([a-z]+)`", names)},
    )


def check(statusfs):
    findings = []
    check_operations(findings)
    check_mount_options(statusfs, findings)
    check_commands(statusfs, findings)
    check_command_flags(statusfs, findings)
    check_synopsis(statusfs, findings)
    check_environment(findings)
    check_errors(findings)
    with sample.mounted(statusfs) as mountpoint:
        check_tree(mountpoint, findings)
        check_metrics(mountpoint, findings)
    return findings


if __name__ == "__main__":
    tree.conclude(check(sys.argv[1]), True)
