"""Runs one stage of the tests and notes what it took, or prints the notes.

python -m tests.stage NOTES NAME COMMAND ...   # the command's own status is returned
python -m tests.stage NOTES                    # seconds of every stage so far, and of the processor

What a browser computes is not all counted: some of its processes are nobody's children when they end.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path


def run(notes: Path, name: str, command: list[str]) -> int:
    """Run a command; note its seconds, and those of the processor that it and its children took."""
    start, before = time.monotonic(), os.times()
    # A make that is run finds the one that runs this by the files that are open.
    status = subprocess.run(command, check=False, close_fds=False).returncode
    seconds, after = time.monotonic() - start, os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    # A short line that is appended at once: two stages may run side by side.
    with notes.open("a", encoding="utf-8") as file:
        file.write(f"{name}\t{seconds:.0f}\t{processor:.0f}\n")
    return status


def report(notes: Path) -> str:
    """Return the notes as a table."""
    rows = [line.split("\t") for line in notes.read_text(encoding="utf-8").splitlines()]
    lines = [f"{'stage':<44}{'seconds':>8}{'of the processor':>18}"]
    lines += [f"{name:<44}{seconds:>8}{processor:>18}" for name, seconds, processor in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        print(report(Path(sys.argv[1])))
    else:
        sys.exit(run(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
