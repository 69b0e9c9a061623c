#!/usr/bin/env python3
"""Runs the shell sessions of README as they are printed, and compares what they print.

    sessions.py STATUSFS

A session is all ```console blocks of one chapter (## ...), run in order in a place of its own where /mnt, /srv, /etc/passwd and the
like are only the session's. `$ ` before a command is typed by ada in her home, which holds the plan; `lead$ ` by lead, `root# ` by root.
$README is the README.
Commands in a comment <!-- console ... --> are run, too; their output is nobody's business. In what is printed, times, ids of processes,
trace ids and hashes stand for any, a hash always for the same one; `...` and `<...>` stand for anything.
"""

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import tree

# Where the sessions' own name space of mounts has the repository, which may lie below a home that they may not enter.
REPOSITORY = Path("/media")
USERS = {"root": 0, "ada": 1000, "agent-7": 1001, "agent-b": 1002, "agent-a": 1003, "lead": 1004}
PROMPT = re.compile(r"(?:([a-z][\w-]*)?[$#]) (.*)")
PATIENCE = 60  # seconds for one command

# Sessions that are printed and not run, by how they begin, and why.
NOT_RUN = {
    "./scripts/cluster": "would build; what follows it runs with the program under test",
}

# What stands for something else in what README prints, and what may be there in its place.
TOKEN = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)|(?P<pid>(?<=pid[ =])\d+)|(?P<trace>\b[0-9a-f]{32}\b)|(?P<hash>\b[0-9a-f]{64}\b)|"
    r"(?P<cut>\b[0-9a-f]{8}\.\.\.)|(?P<any>\.\.\.|<[^<>]+>)"
)
MEANS = {
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z",
    "pid": r"\d+",
    "trace": r"[0-9a-f]{32}",
    "hash": r"[0-9a-f]{64}",
    "cut": r"[0-9a-f]{64}",
    "any": r".+",
}


class Session:
    """The commands of one chapter: (line number, user, command, expected lines or None where they do not matter)."""

    def __init__(self, title):
        self.title = title
        self.steps = []


def sessions_in(text):
    found, session, block = [], None, None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            session = Session(line[3:])
            found.append(session)
        elif line.strip() == "```console":
            block = "shown"
        elif line.strip() == "<!-- console":
            block = "hidden"
        elif line.strip() in ("```", "-->"):
            block = None
        elif block and line:
            prompt = PROMPT.fullmatch(line)
            if prompt:
                session.steps.append((number, prompt[1] or "ada", prompt[2], [] if block == "shown" else None))
            elif block == "shown":
                session.steps[-1][3].append(line)
            else:
                session.steps[-1] = session.steps[-1][:2] + (session.steps[-1][2] + "\n" + line, None)
    return [session for session in found if session.steps]


def sessions_not_run(text):
    """Printed sessions that are no ```console block: nobody would notice if they were wrong."""
    findings, is_fenced, before = [], False, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            if not is_fenced and line != "```console":
                findings.append(f"README.md:{number}: only sessions are fenced")
            is_fenced = not is_fenced
        prompt = re.fullmatch(r"    \$ (\S+).*", line)
        if prompt and not before.startswith("    ") and prompt[1] not in NOT_RUN:
            findings.append(f"README.md:{number}: a session that is not run: {prompt[1]}")
        before = line
    return findings


class Hangs(Exception):
    """A command that does not end; what it printed so far."""

    def __init__(self, printed):
        super().__init__(f"no end after {PATIENCE} s")
        self.printed = printed


class Shell:
    """One user's bash, which goes on from command to command."""

    def __init__(self, name, home, path):
        identity = ["setpriv", f"--reuid={USERS[name]}", f"--regid={USERS[name]}", "--clear-groups"]
        environment = {"HOME": home, "PATH": path, "USER": name, "COLUMNS": "100", "LC_ALL": "C.UTF-8", "TMPDIR": "/tmp"}
        environment["README"] = str(REPOSITORY / "README.md")
        self.process = subprocess.Popen(
            [*identity, "bash", "--norc"],
            cwd=home,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()
        self.run("ls() { command ls -C -T 0 \"$@\"; }")  # as on a terminal

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def run(self, command):
        """What the command prints, as lines. Raises Hangs, and everything that it began is killed, where it does not end."""
        self.process.stdin.write(f"{command}\necho; echo '-- end --'\n")
        self.process.stdin.flush()
        printed = []
        while True:
            try:
                line = self.lines.get(timeout=PATIENCE)
            except queue.Empty:
                self.kill()
                raise Hangs(printed) from None
            if line == "-- end --":
                break
            printed.append(re.sub(r"^bash: line \d+: ", "bash: ", line))
        return [line for line in printed if line]

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self):
        if self.process.poll() is not None:
            return
        try:
            self.process.stdin.close()
            self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


class Comparison:
    """Compares printed with expected lines. A hash that README prints stands for one hash throughout a session."""

    def __init__(self):
        self.real_of, self.shown_of = {}, {}

    def is_same_hash(self, shown, real):
        shown = shown[:8]  # it may be cut there
        return self.real_of.setdefault(shown, real) == real and self.shown_of.setdefault(real, shown) == shown

    def same(self, expected, printed):
        pattern, shown, end = "", [], 0
        for token in TOKEN.finditer(expected):
            pattern += re.escape(expected[end : token.start()]) + f"({MEANS[token.lastgroup]})"
            shown.append(token[0] if token.lastgroup in ("hash", "cut") else None)
            end = token.end()
        found = re.fullmatch(pattern + re.escape(expected[end:]), printed)
        return found is not None and all(self.is_same_hash(name, real) for name, real in zip(shown, found.groups()) if name)


def add_lines(file, lines):
    file.write_text("".join(f"{line}\n" for line in lines) + file.read_text())


def own_root(work, statusfs):
    """Makes places of this mount name space's own of those that a session uses. Returns the PATH of the session."""
    subprocess.run(["mount", "--bind", tree.ROOT, REPOSITORY], check=True)
    binaries = work / "bin"
    binaries.mkdir()
    shutil.copy(statusfs, binaries)
    # What goes to another machine is only kept in another directory.
    elsewhere = work / "elsewhere"
    elsewhere.mkdir(mode=0o777)
    elsewhere.chmod(0o777)
    (binaries / "ssh").write_text(f'#!/bin/sh\ncd {elsewhere} && shift && exec sh -c "$*"\n')
    (binaries / "ssh").chmod(0o755)
    for place in ("/mnt", "/srv", "/home"):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777", "none", place], check=True)
    etc = work / "etc"
    shutil.copytree("/etc", etc, symlinks=True)
    # Ours come first, so that their numbers bear their names whoever else has them.
    add_lines(etc / "passwd", [f"{name}:x:{uid}:{uid}::/home/{name}:/bin/bash" for name, uid in USERS.items()])
    add_lines(etc / "group", [*(f"{name}:x:{uid}:" for name, uid in USERS.items()), "planners:x:1020:"])
    (etc / "fuse.conf").write_text("user_allow_other\n")
    (etc / "statusfs.yaml").unlink(missing_ok=True)
    subprocess.run(["mount", "--bind", etc, "/etc"], check=True)
    return f"{binaries}:{os.environ['PATH']}"


def make_homes():
    for name, uid in USERS.items():
        home = Path("/home") / name
        home.mkdir()
        shutil.copy(REPOSITORY / "tests/data/plans/exec_plan_125.txt", home)
        for place in (home, home / "exec_plan_125.txt"):
            os.chown(place, uid, uid)


def run_session(session, path):
    make_homes()
    shells, comparison, findings = {}, Comparison(), []
    for number, user, command, expected in session.steps:
        if user not in shells:
            shells[user] = Shell(user, f"/home/{user}", path)
        try:
            printed = shells[user].run(command)
        except Hangs as hang:
            findings.append("\n".join([f"README.md:{number}: {command}", *(f"    printed:  {line}" for line in hang.printed),
                                       f"    {hang}; the rest of the session is not run"]))
            break
        if expected is None:
            if printed:
                findings.append(f"README.md:{number}: the preparation says: {printed}")
            continue
        if len(printed) != len(expected) or not all(map(comparison.same, expected, printed)):
            findings.append("\n".join([f"README.md:{number}: {command}", *(f"    expected: {line}" for line in expected),
                                       *(f"    printed:  {line}" for line in printed)]))
    for shell in shells.values():
        shell.close()
    return findings


def end_session(work):
    for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
        kind, mountpoint = line.split()[2], line.split()[1]
        if kind == "fuse.statusfs" and mountpoint.startswith(("/mnt/", "/srv/", "/home/")):
            subprocess.run(["umount", "-l", mountpoint], check=False)
    Path("/etc/statusfs.yaml").unlink(missing_ok=True)
    for name in os.listdir(work / "elsewhere"):
        os.unlink(work / "elsewhere" / name)
    for place in ("/mnt", "/srv", "/home"):
        for name in os.listdir(place):
            shutil.rmtree(f"{place}/{name}")


def check(statusfs):
    text = tree.text("README.md")
    findings, steps = sessions_not_run(text), 0
    work = Path(tempfile.mkdtemp(prefix="statusfs-sessions-"))
    work.chmod(0o755)
    try:
        path = own_root(work, statusfs)
        for session in sessions_in(text):
            try:
                findings += run_session(session, path)
                steps += len(session.steps)
            finally:
                end_session(work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return findings, steps


if __name__ == "__main__":
    if len(sys.argv) == 2:
        private_mounts = str(tree.ROOT / "tests/mount/private_mounts")
        os.execv(private_mounts, [private_mounts, sys.executable, "-B", *sys.argv, "--unshared"])
    tree.conclude(*check(sys.argv[1]))
