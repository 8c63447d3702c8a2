"""The folder of runs: no run is trained twice, lost, or mistaken for another, by one process or several."""

import dataclasses
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import torch
from filelock import FileLock

from gate_by_gate.digit_resnet import digit_resnet
from gate_by_gate.experiment import run as module
from gate_by_gate.experiment.cluttered_digits import load_split
from gate_by_gate.experiment.evaluation import evaluate
from gate_by_gate.experiment.model import count_parameters
from gate_by_gate.experiment.run import (
    execute,
    execute_all,
    finished_epochs,
    finished_record,
    finished_weights,
)
from gate_by_gate.experiment.tasks import task_sha256
from gate_by_gate.experiment.training import TrainingConfig
from tests.conftest import ROOT
from tests.patience import HANG_SECONDS
from tests.tiny_runs import DATA, TINY, TRAINING, silent

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def test_a_finished_run_leaves_a_record_and_weights_and_nothing_else(finished):
    run = TINY[0]
    record = finished_record(run, finished)

    assert sorted(path.name for path in (finished / run.name).iterdir()) == ["record.json", "weights.pt"]
    assert record["setting"] == {"attention": "se", "reduction": 5, "bias": True}
    assert record["command"] == run.command
    assert (record["seed"], record["data"], record["training"]) == (0, vars(DATA), vars(TRAINING))
    assert {"python", "torch", "numpy", "scikit-learn"} == set(record["versions"])
    curve = record["learning_curve"]
    assert len(curve["train_loss"]) == len(curve["validation_accuracy"]) == 3
    assert record["training_seconds"] > 0
    assert "test" not in record

    weights = finished_weights(run, finished)
    assert {value.dtype for value in weights.values()} == {torch.float16, torch.int64}
    network = digit_resnet(**record["network"])
    network.load_state_dict(weights)
    # What was counted is the network with rounded weights, which is the one that can be published.
    again = evaluate(network, load_split(DATA, "validation"))
    assert record["validation"] == {"correct": again.correct, "total": 53}
    assert record["parameters"] == count_parameters(network)
    assert record["data_sha256"] == task_sha256(DATA)


def test_a_finished_run_is_not_run_again(finished):
    lines = []
    before = (finished / TINY[0].name / "weights.pt").stat().st_mtime_ns
    record = execute(TINY[0], finished, lines.append)
    assert lines == [f"{TINY[0].name}: finished before"]
    assert record == finished_record(TINY[0], finished)
    assert (finished / TINY[0].name / "weights.pt").stat().st_mtime_ns == before


def test_what_is_counted_is_the_network_after_rounding(tmp_path, monkeypatch):
    """As if rounding made every answer a 3."""

    def to_threes(network):
        network.fc.bias.data[3] = 1e4

    monkeypatch.setattr(module, "round_to_half", to_threes)
    run = dataclasses.replace(TINY[1], training=TrainingConfig(epochs=1, batch_size=101))
    threes = int((load_split(DATA, "validation").labels == 3).sum())
    assert execute(run, tmp_path, silent)["validation"] == {"correct": threes, "total": 53}
    assert threes > 0


def test_training_leaves_the_number_of_threads_alone(tmp_path):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        run = dataclasses.replace(TINY[1], training=TrainingConfig(epochs=1, batch_size=101))
        execute(run, tmp_path, silent)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.slow  # processes that import torch
def test_two_workers_find_what_one_finds(tmp_path, finished):
    lines = []
    records = execute_all(TINY, tmp_path, workers=2, report=lines.append)

    seen = sorted(line.split("  train loss")[0] for line in lines)
    assert seen == sorted(f"{run.name}: epoch {epoch:2d}/3" for run in TINY for epoch in (1, 2, 3))
    for run, record in zip(TINY, records, strict=True):
        assert record["command"] == run.command
        expected, weights = finished_weights(run, finished), finished_weights(run, tmp_path)
        for name, value in expected.items():
            torch.testing.assert_close(weights[name], value, rtol=0, atol=0, msg=f"{run.name} {name}")


def test_without_a_report_a_bar_counts_the_epochs_that_are_left(tmp_path, finished, capsys):
    """One of the two runs has finished before: its three epochs are not counted again."""
    shutil.copytree(finished / TINY[0].name, tmp_path / TINY[0].name)
    execute_all(TINY, tmp_path, workers=1)
    out, err = capsys.readouterr()
    assert "3/3" in err
    assert "6/6" not in err
    lines = out.splitlines()
    assert lines[0] == f"{TINY[0].name}: finished before"
    assert [line.split("  train loss")[0] for line in lines[1:]] == [
        f"{TINY[1].name}: epoch {epoch:2d}/3" for epoch in (1, 2, 3)
    ]


@pytest.mark.slow  # processes that import torch
def test_a_killed_process_goes_on_where_it_was(tmp_path, finished):
    """A kill that cannot be caught, after the second epoch; the weights are those of a run never killed."""
    run = TINY[0]
    script = tmp_path / "killed.py"
    script.write_text(
        "import builtins, os, runpy, signal\n"
        "def end_with_epoch_2(line, **options):\n"
        "    if 'epoch  2/3' in line:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "builtins.print = end_with_epoch_2\n"
        "runpy.run_module('gate_by_gate.experiment', run_name='__main__')\n"
    )
    arguments = [*shlex.split(run.command)[3:], "--runs", str(tmp_path)]
    done = subprocess.run([sys.executable, script, *arguments], env=ENVIRONMENT, timeout=HANG_SECONDS)
    assert done.returncode == -signal.SIGKILL
    assert finished_epochs(run, tmp_path) == 2
    lines = []

    execute(run, tmp_path, lines.append)

    assert [line.split("  train loss")[0] for line in lines] == [f"{run.name}: epoch  3/3"]
    expected, weights = finished_weights(run, finished), finished_weights(run, tmp_path)
    for name, value in expected.items():
        torch.testing.assert_close(weights[name], value, rtol=0, atol=0, msg=name)


@pytest.mark.slow  # processes that import torch
def test_the_workers_of_a_killed_process_do_not_train_on(tmp_path):
    """They would, beside those of the next start, in the same folders: each run twice, and both writing."""
    script = tmp_path / "with_a_worker.py"
    script.write_text(
        "from dataclasses import replace\n"
        "from pathlib import Path\n"
        "from gate_by_gate.experiment.run import execute_all, print_line\n"
        "from gate_by_gate.experiment.training import TrainingConfig\n"
        "from tests.tiny_runs import TINY\n"
        "if __name__ == '__main__':\n"
        "    endless = replace(TINY[0], training=TrainingConfig(epochs=1_000_000, batch_size=23))\n"
        f"    execute_all([endless], Path({str(tmp_path)!r}), workers=2, report=print_line)\n"
    )
    process = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        start_new_session=True,
    )
    with ThreadPoolExecutor(1) as reader:
        try:
            first_line = process.stdout.readline()
            process.kill()
            # The worker holds the other end of this pipe: it ends when the worker is gone.
            reader.submit(process.stdout.read).result(timeout=HANG_SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()
    assert "epoch  1/1000000" in first_line


def test_a_folder_that_holds_another_run_is_refused(tmp_path, finished):
    other = dataclasses.replace(TINY[1], seed=2)
    (tmp_path / other.name).mkdir()
    record = json.loads((finished / TINY[1].name / "record.json").read_text())
    (tmp_path / other.name / "record.json").write_text(json.dumps(record))
    with pytest.raises(
        ValueError, match=r"expected a run with the command .*--seed 2 in .*; got .*--seed 1$"
    ):
        execute(other, tmp_path, silent)


def test_a_record_of_another_budget_is_refused_and_the_budget_named(tmp_path, finished):
    record = json.loads((finished / TINY[1].name / "record.json").read_text())
    record["training"]["weight_decay"] = 0.5
    (tmp_path / TINY[1].name).mkdir()
    (tmp_path / TINY[1].name / "record.json").write_text(json.dumps(record))
    with pytest.raises(
        ValueError, match=r"expected a run with the training \{.*; got \{.*'weight_decay': 0.5"
    ):
        execute(TINY[1], tmp_path, silent)


def test_progress_on_other_images_is_not_gone_on_with(tmp_path, monkeypatch):
    """As if the code that draws the images had changed between a kill and the next start."""

    class KilledError(Exception):
        pass

    def kill(line):
        raise KilledError

    run = TINY[1]
    with pytest.raises(KilledError):
        execute(run, tmp_path, kill)
    monkeypatch.setattr("gate_by_gate.experiment.run.task_sha256", lambda task: "0123")
    with pytest.raises(ValueError, match=r"expected a run with \{.*'data_sha256': '0123'.*; got \{"):
        execute(run, tmp_path, silent)
    monkeypatch.undo()
    assert execute(run, tmp_path, silent)["data_sha256"] == task_sha256(DATA)


def test_a_run_that_another_process_is_training_is_refused(tmp_path):
    with (
        FileLock(tmp_path / f".{TINY[1].name}.lock"),
        ThreadPoolExecutor(1) as other,
        pytest.raises(RuntimeError, match=f"another process is training {TINY[1].name} in "),
    ):
        other.submit(execute, TINY[1], tmp_path, silent).result()


def test_a_run_that_fails_ends_the_others_that_have_not_begun(tmp_path, monkeypatch):
    """The workers are threads here, of which one trains until the end while the other one's run fails."""
    begun, shut = [], threading.Event()

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait=True, *, cancel_futures=False):
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            shut.set()
            super().shutdown(wait=wait)

    def fail_or_wait(run, runs_directory):
        begun.append(run.seed)
        if run.seed == 1:
            raise ValueError("expected a run that can be trained; got seed 1")
        assert shut.wait(HANG_SECONDS)
        return {}

    monkeypatch.setattr(module, "_execute_in_worker", fail_or_wait)
    monkeypatch.setattr(module, "_pool", lambda workers, lines: Pool(workers))
    runs = [dataclasses.replace(TINY[1], seed=seed) for seed in range(9)]
    with pytest.raises(ValueError, match="expected a run that can be trained; got seed 1"):
        execute_all(runs, tmp_path, workers=2, report=silent)
    assert set(begun) in ({0, 1}, {0, 1, 2})  # the worker of run 1 may have begun another at once


def test_what_a_kill_between_the_record_and_its_end_left_is_cleared_away(tmp_path, finished):
    folder = shutil.copytree(finished / TINY[1].name, tmp_path / TINY[1].name)
    (folder / "progress.pt").write_bytes(b"left")
    execute(TINY[1], tmp_path, silent)
    assert not (folder / "progress.pt").exists()
