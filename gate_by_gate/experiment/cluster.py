"""Runs on several machines: a Dask scheduler hands them to workers, and their files come back here.

On one machine start ``dask scheduler``, and on each machine that helps, in a clone of this repository at the
same commit, as many workers as it has cores to lend::

    dask worker ADDRESS --nthreads 1 --nworkers 4

Then ``python -m gate_by_gate.experiment sweep --scheduler ADDRESS`` trains on all of them. ADDRESS is what
the scheduler prints, such as ``tcp://192.168.0.7:8786``. Whoever reaches it can run anything on the workers,
so it belongs in a network of one's own.

A run is trained in the worker's folder of runs. When it has finished, its record and weights are sent to the
folder of whoever started it. If a worker dies, its run goes to another one; where the workers share a folder
it goes on after its last whole epoch, elsewhere it begins anew. What has finished is not trained again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gate_by_gate.experiment.run import (
    Report,
    Run,
    execute,
    finished_record,
    progress_bar,
    read_files,
    write_files,
)

__all__ = ["TrainOnWorker", "execute_on_cluster", "train_on_worker"]

_TOPIC = "gate-by-gate-epochs"
"""The topic of the scheduler on which workers send their lines of progress."""

TrainOnWorker = Callable[[Run, Path], dict[str, bytes]]
"""A function that trains a run in a folder of a worker, and returns the files of the finished run."""


def train_on_worker(run: Run, runs_directory: Path) -> dict[str, bytes]:
    """Train ``run`` as a task of a Dask worker; return the files of the finished run.

    Raises:
        ValueError: the worker has several threads. Runs side by side in one process would disturb each other,
            because torch has one generator and one number of threads for all.
    """
    from distributed import get_worker

    worker = get_worker()
    threads = worker.state.nthreads
    if threads != 1:
        raise ValueError(f"expected a worker with one thread (dask worker --nthreads 1); got {threads}")
    execute(run, runs_directory, lambda line: worker.log_event(_TOPIC, line))
    return read_files(run, runs_directory)


def execute_on_cluster(
    runs: Sequence[Run],
    runs_directory: Path,
    address: str,
    *,
    report: Report | None = None,
    train: TrainOnWorker = train_on_worker,
) -> None:
    """Train several runs on the workers of a Dask scheduler, in order, and store their files.

    Args:
        runs: the runs to train; those that have finished in ``runs_directory`` are left out.
        runs_directory: the folder of runs here, and by the same name that of a worker; a relative one lies
            where the worker was started.
        address: the scheduler's.
        report: called with a line for every epoch; by default they scroll past above a bar of all epochs.
        train: what a worker does.

    Raises:
        ImportError: Dask is not installed.
        OSError: no scheduler answers.
        ValueError: a worker has several threads.
    """
    try:
        from distributed import Client, as_completed
    except ModuleNotFoundError as error:
        raise ImportError("several machines need Dask: pip install -r requirements.txt") from error
    missing = [run for run in runs if finished_record(run, runs_directory) is None]
    with (
        progress_bar(missing, runs_directory, report) as show,
        Client(address, set_as_default=False) as client,
    ):

        def show_event(event: tuple[float, Any]) -> None:
            show(event[1])

        client.subscribe_topic(_TOPIC, show_event)
        tasks = {
            # What was submitted first goes first. The key is the run, so that it is one task whoever asks.
            client.submit(train, run, runs_directory, key=f"run-{run.name}", priority=-place, pure=False): run
            for place, run in enumerate(missing)
        }
        try:
            for task, files in as_completed(tasks, loop=client.loop, with_results=True):
                write_files(tasks[task], files, runs_directory)
        except BaseException:
            client.cancel(list(tasks))  # else the workers would go on with what is in line
            raise
        finally:
            with suppress(ValueError):
                client.unsubscribe_topic(_TOPIC)
