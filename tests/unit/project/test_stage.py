"""What `make test` says at its end of its stages: their memory, and that of processes without a parent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import stage
from tests.conftest import ROOT

MEGABYTE = 1 << 20

# A shell that begins a process and ends; the process holds memory until its input ends.
ORPHAN = f"import sys; held = bytearray(64 * {MEGABYTE}); print('ready', flush=True); sys.stdin.read()"

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the memory of a process")


@on_linux
def test_the_memory_of_what_a_process_has_begun_is_added_up():
    command = ["sh", "-c", '"$0" -c "$1"; true', sys.executable, ORPHAN]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shell:
        assert shell.stdout.readline() == "ready\n"
        below = stage.descendants(shell.pid)
        assert len(below) == 1
        # What Python itself needs comes on top.
        assert 64 * MEGABYTE <= 1024 * stage.memory(below) < 96 * MEGABYTE
        assert stage.memory([shell.pid, *below]) > stage.memory(below)
        shell.stdin.close()
    assert stage.descendants(shell.pid) == []
    assert stage.memory(below) == 0


def test_a_stage_is_noted_with_its_status(tmp_path: Path):
    notes = tmp_path / "notes.tsv"
    for name, code in (("first", "pass"), ("second", "raise SystemExit(3)")):
        command = [sys.executable, "-m", "tests.stage", str(notes), name, sys.executable, "-c", code]
        status = subprocess.run(command, check=False, cwd=ROOT).returncode
        assert status == (3 if name == "second" else 0)
    heads, *rows = stage.report(notes).splitlines()
    assert heads.split() == ["stage", "seconds", "of", "the", "processor", "memory"]
    assert [row.split()[0] for row in rows] == ["first", "second"]
