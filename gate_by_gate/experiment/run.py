"""Runs: the name and command of each, its training, and the folder where its weights and record are kept."""

from __future__ import annotations

import json
import os
import shlex
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from multiprocessing import get_context, parent_process
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from torch import Tensor, nn
from tqdm import tqdm

from gate_by_gate.experiment.cluttered_digits import ClutteredDigits
from gate_by_gate.experiment.evaluation import evaluate
from gate_by_gate.experiment.machine import machine, one_thread, platform_name, versions
from gate_by_gate.experiment.model import NetworkConfig, build_network, count_parameters, round_to_half
from gate_by_gate.experiment.tasks import Task, task_sha256
from gate_by_gate.experiment.training import (
    LearningCurve,
    TrainingConfig,
    save_atomically,
    train,
    write_bytes,
)

__all__ = [
    "Report",
    "Run",
    "execute",
    "execute_all",
    "finished_epochs",
    "finished_network",
    "finished_record",
    "finished_weights",
    "option",
    "print_line",
    "progress_bar",
    "read_files",
    "write_files",
    "write_json",
    "write_text",
]

Report = Callable[[str], None]
"""A function that is called with one line of progress at a time."""


def print_line(line: str) -> None:
    """Print a line without delay, also into a pipe or a log file."""
    print(line, flush=True)


_PROGRESS, _WEIGHTS, _RECORD = "progress.pt", "weights.pt", "record.json"


@dataclass(frozen=True)
class Run:
    """Everything that decides the outcome of one training run.

    A run without its seed is called a setting; runs of one setting differ in their seed alone.

    Args:
        network: the network.
        data: the task.
        training: the hyperparameters.
        seed: decides the initial weights and the data order.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    data: Task = field(default_factory=ClutteredDigits)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    seed: int = 0

    @property
    def name(self) -> str:
        """The run's name, such as ``se_r4_bias_seed0``: that of its setting, and the seed."""
        return f"{self.setting}_seed{self.seed}"

    @property
    def setting(self) -> str:
        """The name of the run without its seed: ``se_r4_bias``, or ``plain_epochs5`` for unusual values."""
        changes = [f"{name}{value}" for name, value in self._changes()]
        task = [] if isinstance(self.data, ClutteredDigits) else [self.data.name]
        return "_".join([*task, self.network.name, *changes])

    @property
    def command(self) -> str:
        """The command that repeats this run, exactly on one machine; another rounds and ends otherwise."""
        words = ["python", "-m", "gate_by_gate.experiment", "run"]
        if not isinstance(self.data, ClutteredDigits):
            words += ["--task", self.data.name]
        if self.network.attention is not None:
            words += ["--attention", self.network.attention]
        network = {**self.network.architecture, **self.network.named_keywords}
        for name, value in [*network.items(), *self._changes()]:
            if value is None:
                continue  # a default that the block works out for itself
            if isinstance(value, bool):
                words.append(option(name) if value else option(f"no_{name}"))
            elif isinstance(value, tuple):
                words += [option(name), *(str(one) for one in value)]
            else:
                words += [option(name), str(value)]
        return shlex.join([*words, "--seed", str(self.seed)])

    def _changes(self) -> Iterator[tuple[str, Any]]:
        """Give name and value of every field of task and training that is not at its default."""
        for part, prefix in ((self.data, "data_"), (self.training, "")):
            for one in fields(part):
                value = getattr(part, one.name)
                if value != one.default:
                    # Two seeds must not share one name.
                    yield (prefix + one.name if one.name == "seed" else one.name), value


def option(name: str) -> str:
    """Return the command-line option of a keyword or field: ``batch_size`` is ``--batch-size``."""
    return "--" + name.replace("_", "-")


def execute(run: Run, runs_directory: Path, report: Report = print_line) -> dict[str, Any]:
    """Train ``run`` to its end in ``runs_directory / run.name`` and return its record.

    What has been done before is not done again: a finished run is only read, an interrupted one goes on after
    its last whole epoch. The test split is not touched here, so that nothing can be chosen by it.

    Raises:
        RuntimeError: another process is training it.
        ValueError: the folder holds another run.
    """
    folder = runs_directory / run.name
    folder.mkdir(parents=True, exist_ok=True)
    try:
        # The system frees it when the process ends, however it ends.
        with FileLock(folder.with_name(f".{run.name}.lock"), timeout=0):
            return _execute(run, runs_directory, report)
    except Timeout:
        raise RuntimeError(f"another process is training {run.name} in {runs_directory}") from None


def _execute(run: Run, runs_directory: Path, report: Report) -> dict[str, Any]:
    folder = runs_directory / run.name
    record = finished_record(run, runs_directory)
    if record is not None:
        (folder / _PROGRESS).unlink(missing_ok=True)  # of a process that was killed between the two
        report(f"{run.name}: finished before")
        return record

    def after_epoch(curve: LearningCurve) -> None:
        done, total, seconds = len(curve.train_loss), run.training.epochs, curve.seconds[-1]
        report(
            f"{run.name}: epoch {done:2d}/{total}  train loss {curve.train_loss[-1]:.4f}  "
            f"validation accuracy {curve.validation_accuracy[-1]:.4f}  "
            f"{seconds:.1f} s, about {seconds * (total - done):.0f} s to go"
        )

    # A progress file goes on only with the same images and the same block, defaults included.
    data_sha256 = task_sha256(run.data)
    about = {"data": asdict(run.data), "data_sha256": data_sha256, "keywords": dict(run.network.keywords)}
    with one_thread():
        where = machine()
        validation = run.data.make("validation")
        network = build_network(run.network, run.data, seed=run.seed)
        curve = train(
            network,
            run.data.make("train"),
            validation,
            run.training,
            seed=run.seed,
            about=about,
            progress_file=folder / _PROGRESS,
            after_epoch=after_epoch,
        )
        round_to_half(network)
        result = evaluate(network, validation)

    weights = {
        name: value.half().contiguous() if value.is_floating_point() else value
        for name, value in network.state_dict().items()
    }
    save_atomically(weights, folder / _WEIGHTS)
    record = {
        "setting": {
            "attention": run.network.attention,
            **run.network.architecture,
            **run.network.named_keywords,
        },
        "network": run.network.as_keywords(run.data),
        "parameters": count_parameters(network),
        "data": asdict(run.data),
        "data_sha256": data_sha256,
        "training": asdict(run.training),
        "seed": run.seed,
        "command": run.command,
        "versions": versions("numpy", "scikit-learn"),
        "platform": platform_name(),
        "machine": where,
        "learning_curve": {
            "train_loss": [round(loss, 6) for loss in curve.train_loss],
            "validation_accuracy": curve.validation_accuracy,
        },
        "training_seconds": round(sum(curve.seconds), 1),
        "validation": {"correct": result.correct, "total": result.total},
    }
    # The record comes last: a folder that has one is finished.
    write_json(record, folder / _RECORD)
    (folder / _PROGRESS).unlink(missing_ok=True)
    return record


@contextmanager
def progress_bar(runs: Sequence[Run], runs_directory: Path, report: Report | None = None) -> Iterator[Report]:
    """Give a function that takes lines of progress, and draw a bar of the epochs that ``runs`` have left.

    Args:
        runs: the runs that will be trained.
        runs_directory: the folder of runs, which knows how far they are.
        report: gets the lines; by default they scroll past above the bar, and without it no bar is drawn.
    """
    epochs = sum(run.training.epochs - finished_epochs(run, runs_directory) for run in runs)
    with tqdm(total=epochs, unit="epoch", disable=report is not None, smoothing=0.05) as bar:

        def show(line: str) -> None:
            (report or bar.write)(line)
            if ": epoch " in line:
                bar.update()

        yield show


def execute_all(
    runs: Sequence[Run], runs_directory: Path, *, workers: int, report: Report | None = None
) -> list[dict[str, Any]]:
    """Train several runs, some at a time side by side, and return their records in order.

    Args:
        runs: the runs to train; those that have finished are only read.
        runs_directory: the folder of runs.
        workers: processes side by side.
        report: called with a line for every epoch; by default they scroll past above a bar of all epochs.
    """
    with progress_bar(runs, runs_directory, report) as show:
        if workers == 1:
            return [execute(run, runs_directory, show) for run in runs]
        # Workers send their lines here, because a bar that several processes draw comes out torn. This queue
        # sends at once, without a thread of its own, so that a run has sent all its lines before it ends.
        lines: SimpleQueue[str] = get_context("spawn").SimpleQueue()
        with _pool(workers, lines) as pool:
            futures = [pool.submit(_execute_in_worker, run, runs_directory) for run in runs]
            try:
                waiting = set(futures)
                while waiting:
                    finished, waiting = wait(waiting, timeout=0.5)
                    while not lines.empty():
                        show(lines.get())
                    for future in finished:
                        future.result()
            except BaseException:
                # Leaving the pool waits for what it holds: without this, for all that are still in line.
                pool.shutdown(cancel_futures=True)
                raise
            return [future.result() for future in futures]


def _pool(workers: int, lines: SimpleQueue[str]) -> Executor:
    return ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_begin_worker, initargs=(lines,)
    )


_report_of_worker: Report = print_line
"""Where this process sends its lines, if it is a worker."""


def _begin_worker(lines: SimpleQueue[str]) -> None:
    global _report_of_worker
    _report_of_worker = lines.put
    # Ctrl-C reaches every process of a terminal. As an exception it would end one run, and begin the next.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _end_with_parent()


def _execute_in_worker(run: Run, runs_directory: Path) -> dict[str, Any]:
    return execute(run, runs_directory, _report_of_worker)


def _end_with_parent() -> None:
    """End this process when the one that started it ends.

    A killed parent cannot say goodbye; its workers would train on, beside those of whoever starts it again.
    """

    def wait_for_the_end() -> None:
        parent = parent_process()
        assert parent is not None
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_for_the_end, daemon=True).start()


def finished_record(run: Run, runs_directory: Path) -> dict[str, Any] | None:
    """Return the record of ``run``, or None if it has not finished.

    Raises:
        ValueError: the record is that of another run.
    """
    path = runs_directory / run.name / _RECORD
    if not path.exists():
        return None
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    expected = {"command": run.command, "data": asdict(run.data), "training": asdict(run.training)}
    for name, value in expected.items():
        if record[name] != value:
            raise ValueError(f"expected a run with the {name} {value} in {path}; got {record[name]}")
    return record


def finished_weights(run: Run, runs_directory: Path) -> dict[str, Tensor]:
    """Return the state dict of a finished run."""
    weights: dict[str, Tensor] = torch.load(runs_directory / run.name / _WEIGHTS, weights_only=True)
    return weights


def finished_network(run: Run, runs_directory: Path) -> nn.Module:
    """Build the network of a finished run with its trained weights, in eval mode."""
    network = build_network(run.network, run.data, seed=run.seed)
    network.load_state_dict(finished_weights(run, runs_directory))
    return network.eval()


def read_files(run: Run, runs_directory: Path) -> dict[str, bytes]:
    """Return what the folder of a finished run holds, by the names of its files."""
    return {name: (runs_directory / run.name / name).read_bytes() for name in (_WEIGHTS, _RECORD)}


def write_files(run: Run, files: Mapping[str, bytes], runs_directory: Path) -> None:
    """Store what :func:`read_files` returned elsewhere; the record comes last, as in :func:`execute`."""
    for name in (_WEIGHTS, _RECORD):
        write_bytes(files[name], runs_directory / run.name / name)


def finished_epochs(run: Run, runs_directory: Path) -> int:
    """Return the number of epochs of ``run`` that are safe on disk."""
    if finished_record(run, runs_directory) is not None:
        return run.training.epochs
    path = runs_directory / run.name / _PROGRESS
    return len(torch.load(path, weights_only=True)["curve"]["train_loss"]) if path.exists() else 0


def write_json(content: object, path: Path) -> None:
    """Write ``content`` as JSON; at any moment ``path`` holds a whole file, the old or the new one."""
    write_text(json.dumps(content, indent=1) + "\n", path)


def write_text(text: str, path: Path) -> None:
    """Write ``text`` in UTF-8; at any moment ``path`` holds a whole file, the old or the new one."""
    write_bytes(text.encode(), path)
