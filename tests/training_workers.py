"""What tests of several machines let a Dask worker do: train, note every epoch, and die at a known point."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from gate_by_gate.experiment.run import Run, execute, read_files

EPOCHS, KILLED = "epochs.log", "killed"


def train_and_note(run: Run, runs_directory: Path) -> dict[str, bytes]:
    """Train a run; every epoch is a line in a log file of its folder of runs, with the process's number."""
    return _train(run, runs_directory, kill_after=None)


def train_and_be_killed_once(run: Run, runs_directory: Path) -> dict[str, bytes]:
    """Do the same, but whoever is the first to finish two epochs of a run with a block is killed there."""
    return _train(run, runs_directory, kill_after=": epoch  2/")


def _train(run: Run, runs_directory: Path, *, kill_after: str | None) -> dict[str, bytes]:
    def note(line: str) -> None:
        with (runs_directory / EPOCHS).open("a", encoding="utf-8") as file:
            file.write(f"{os.getpid()} {line}\n")
        if kill_after is not None and kill_after in line and run.network.attention is not None:
            try:
                (runs_directory / KILLED).touch(exist_ok=False)
            except FileExistsError:
                return
            os.kill(os.getpid(), signal.SIGKILL)

    runs_directory.mkdir(parents=True, exist_ok=True)
    execute(run, runs_directory, note)
    return read_files(run, runs_directory)
