"""A sample plan with its status file, mounted in a directory of its own, for the checks beside this one."""

import contextlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import tree

PLAN = "exec_plan_125.txt"


@contextlib.contextmanager
def directory():
    """A directory of its own with the sample's plan in plans/; gone at the end, with all that is mounted in it."""
    place = Path(tempfile.mkdtemp(prefix="statusfs-house-"))
    try:
        (place / "plans").mkdir()
        shutil.copy(tree.ROOT / "tests/data/plans" / PLAN, place / "plans")
        yield place
    finally:
        mounts = Path("/proc/self/mounts").read_text().splitlines()
        for mountpoint in reversed([line.split()[1] for line in mounts if line.split()[1].startswith(f"{place}/")]):
            subprocess.run(["fusermount3", "-uz", mountpoint], check=False)
        shutil.rmtree(place)


@contextlib.contextmanager
def mounted(statusfs):
    """The sample, mounted; gives the mountpoint."""
    with directory() as place:
        mountpoint = place / "mount"
        mountpoint.mkdir()
        for words in (["init", place / "plans" / PLAN], [place / "plans", mountpoint]):
            subprocess.run([statusfs, *words], check=True, capture_output=True)
        yield mountpoint
        subprocess.run([statusfs, "umount", mountpoint], check=True)
