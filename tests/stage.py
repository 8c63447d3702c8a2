"""Runs one stage of the tests and notes what it took, or prints the notes.

python -m tests.stage NOTES NAME COMMAND ...   # the command's own status is returned
python -m tests.stage NOTES                    # of every stage so far: seconds, processor, memory

Memory is what all processes of a stage hold at one time, at most; what several share counts once. Only Linux
tells it. There, too, a process whose parent ends before it, as some of a browser's do, stays the stage's.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PROCESSES = Path("/proc")
ADOPT_ORPHANS = 36
"""``PR_SET_CHILD_SUBREAPER`` of Linux."""

EVERY_SECONDS = 5.0
"""How often memory is looked at: to look takes the system some hundredths of a second."""


def descendants(process: int) -> list[int]:
    """Return the numbers of all processes that a process has begun, and that these have begun in turn."""
    children = defaultdict(list)
    for file in PROCESSES.glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            # Behind the program's name, which stands in brackets: the state, and the parent.
            parent = int(file.read_text().rpartition(")")[2].split()[1])
            children[parent].append(int(file.parent.name))
    found = list(children[process])
    for one in found:
        found += children[one]
    return found


def memory(processes: list[int]) -> int:
    """Return how many kB of memory some processes hold; of what they share with others, their part."""
    held = 0
    for process in processes:
        with suppress(OSError):
            lines = (PROCESSES / str(process) / "smaps_rollup").read_text().splitlines()
            held += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return held


@contextmanager
def watched_memory() -> Iterator[list[int]]:
    """Look at the memory of all descendants of this process, and note it, until the block ends."""
    seen = [0]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(EVERY_SECONDS):
            seen.append(memory(descendants(os.getpid())))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, where the system knows such a thing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(ADOPT_ORPHANS, 1, 0, 0, 0)


def bury_orphans() -> None:
    """Take note of adopted processes that have ended, so that what they took of the processor counts."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def run(notes: Path, name: str, command: list[str]) -> int:
    """Run a command; note its seconds, those of the processor that it and its children took, and memory."""
    adopt_orphans()
    start, before = time.monotonic(), os.times()
    with watched_memory() as kilobytes:
        # A make that is run finds the one that runs this by the files that are open.
        status = subprocess.run(command, check=False, close_fds=False).returncode
    seconds = time.monotonic() - start
    bury_orphans()
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    held = f"{max(kilobytes) / 1e6:.1f} GB" if any(kilobytes) else ""
    # A short line that is appended at once: two stages may run side by side.
    with notes.open("a", encoding="utf-8") as file:
        file.write(f"{name}\t{seconds:.0f}\t{processor:.0f}\t{held}\n")
    return status


def report(notes: Path) -> str:
    """Return the notes as a table."""
    rows = [line.split("\t") for line in notes.read_text(encoding="utf-8").splitlines()]
    heads = ["stage", "seconds", "of the processor", "memory"]
    return "\n".join(
        f"{name:<44}{seconds:>8}{cpu:>18}{held:>10}" for name, seconds, cpu, held in [heads, *rows]
    )


if __name__ == "__main__":
    if len(sys.argv) == 2:
        print(report(Path(sys.argv[1])))
    else:
        sys.exit(run(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
