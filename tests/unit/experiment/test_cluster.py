"""Runs on several machines, here on two worker processes: nothing is lost, and nothing is run twice."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

from gate_by_gate.experiment import __main__ as command_line
from gate_by_gate.experiment.__main__ import main
from gate_by_gate.experiment.cluster import execute_on_cluster, train_on_worker
from gate_by_gate.experiment.run import execute_all, finished_record, finished_weights
from tests.conftest import ROOT
from tests.patience import HANG_SECONDS
from tests.tiny_runs import TINY, silent
from tests.training_workers import EPOCHS, KILLED, train_and_be_killed_once, train_and_note

pytestmark = pytest.mark.slow  # processes that import torch

RUNS = [dataclasses.replace(run, seed=seed) for seed in (0, 1) for run in TINY]


@contextmanager
def scheduling() -> Iterator[str]:
    """Start a scheduler without workers, at ports that nobody listens to; give its address."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=0, dashboard_address=":0", host="127.0.0.1") as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def scheduler() -> Iterator[str]:
    """The address of a scheduler that no worker knows yet."""
    with scheduling() as address:
        yield address


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the same runs after one process has trained them all. No test changes it."""
    folder = tmp_path_factory.mktemp("alone")
    execute_all(RUNS, folder, workers=1, report=silent)
    return folder


@contextmanager
def workers(scheduler: str, *folders: Path, threads: int = 1) -> Iterator[list[subprocess.Popen]]:
    """Start a worker process in each folder, wait until the scheduler knows them, and end them afterwards."""
    from distributed import Client

    command = [sys.executable, "-m", "dask", "worker", scheduler, "--no-nanny", "--no-dashboard"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = []
    for folder in folders:
        folder.mkdir(exist_ok=True)
        output = (folder / "worker.log").open("w")
        processes.append(
            subprocess.Popen(
                [*command, "--nthreads", str(threads), "--local-directory", str(folder)],
                cwd=folder,
                env=environment,
                stdout=output,
                stderr=output,
            )
        )
        output.close()
    try:
        with Client(scheduler, set_as_default=False) as client:
            client.wait_for_workers(len(folders), timeout=HANG_SECONDS)
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


class Apart(NamedTuple):
    """A scheduler, and the folders of its two workers, each with a folder of runs of its own."""

    scheduler: str
    folders: tuple[Path, Path]


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    """Two workers for several tests, as people have them who train for days."""
    folder = tmp_path_factory.mktemp("apart")
    folders = folder / "one", folder / "other"
    with scheduling() as address, workers(address, *folders):
        yield Apart(address, folders)


def epochs(folder: Path) -> list[tuple[str, str]]:
    """Return process and progress of every line that workers noted in a folder of runs."""
    lines = (folder / EPOCHS).read_text("utf-8").splitlines()
    found = [line.partition("  train loss")[0].split(" ", 1) for line in lines if ": epoch " in line]
    return [(process, what) for process, what in found]


def assert_same_weights(runs, first: Path, second: Path) -> None:
    for run in runs:
        expected, found = finished_weights(run, first), finished_weights(run, second)
        for name, value in expected.items():
            torch.testing.assert_close(found[name], value, rtol=0, atol=0, msg=f"{run.name} {name}")


def test_a_worker_that_is_killed_loses_nothing_and_nothing_is_run_twice(scheduler, alone, tmp_path):
    """The two share a folder of runs. One dies right after the second of three epochs."""
    shared = tmp_path / "shared"
    with workers(scheduler, tmp_path / "one", tmp_path / "other") as processes:
        numbers = {str(process.pid) for process in processes}
        execute_on_cluster(RUNS, shared, scheduler, report=silent, train=train_and_be_killed_once)
        ended = [process.poll() for process in processes]
    assert sorted(ended, key=str) == [-9, None], "one of the two was killed"
    assert (shared / KILLED).exists()

    done = epochs(shared)
    every = {f"{run.name}: epoch {epoch:2d}/3" for run in RUNS for epoch in (1, 2, 3)}
    assert Counter(what for _, what in done) == Counter(every), "every epoch once"
    assert {process for process, _ in done} == numbers, "both have worked"
    by_run = {}
    for process, what in done:
        by_run.setdefault(what.partition(":")[0], set()).add(process)
    assert sorted(map(len, by_run.values())) == [1, 1, 1, 2], (
        "the other one went on with the killed one's run"
    )
    assert_same_weights(RUNS, alone, shared)


def test_what_workers_elsewhere_finish_comes_back_and_is_not_asked_for_again(
    apart, alone, tmp_path, monkeypatch
):
    """Each worker has a folder of runs of its own, and so has whoever started them."""
    monkeypatch.chdir(tmp_path)
    here = Path("runs")
    shutil.copytree(alone / RUNS[0].name, here / RUNS[0].name)
    execute_on_cluster(RUNS, here, apart.scheduler, report=silent, train=train_and_note)
    noted = [what for folder in apart.folders for _, what in epochs(folder / "runs")]
    assert sorted(noted) == sorted(f"{run.name}: epoch {e:2d}/3" for run in RUNS[1:] for e in (1, 2, 3))
    execute_on_cluster(RUNS, here, apart.scheduler, report=silent, train=train_and_note)
    assert noted == [what for folder in apart.folders for _, what in epochs(folder / "runs")]
    assert all(finished_record(run, here) is not None for run in RUNS)
    assert_same_weights(RUNS, alone, here)


def test_the_command_line_trains_on_the_workers_of_a_scheduler(apart, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        command_line, "pending_runs", lambda folder: [r for r in TINY if not finished(r, folder)]
    )
    monkeypatch.setattr(command_line, "sweep_progress", lambda folder: [("tiny", 2, 2)])

    def finished(run, folder):
        return finished_record(run, folder) is not None

    assert main(["sweep", "--scheduler", apart.scheduler, "--runs", "kept"]) == 0
    assert capsys.readouterr().out.endswith("tiny: 2 of 2 runs finished\n")
    assert all(finished(run, tmp_path / "kept") for run in TINY)
    assert sum(len(list(folder.glob("kept/*/record.json"))) for folder in apart.folders) == 2


def test_a_worker_with_several_threads_is_refused(scheduler, tmp_path):
    with (
        workers(scheduler, tmp_path / "one", threads=2),
        pytest.raises(ValueError, match=r"expected a worker with one thread \(.*--nthreads 1\); got 2"),
    ):
        execute_on_cluster(TINY, tmp_path / "runs", scheduler, report=silent, train=train_on_worker)
    assert not (tmp_path / "one" / "runs").exists()
