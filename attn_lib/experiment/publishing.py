"""Publishing: from finished runs to what ``attn_lib.results`` carries.

This is the one place where the test split is used, once per run and after everything has been chosen. The
layout of the files is described in ``attn_lib.results``, which reads them with torch alone.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from attn_lib.experiment.cluttered_digits import dataset_sha256, load_split
from attn_lib.experiment.evaluation import Evaluation, evaluate
from attn_lib.experiment.model import build_network
from attn_lib.experiment.run import Report, Run, finished_record, finished_weights, print_line, write_json

__all__ = ["CHECKPOINT_SEED", "RESULTS_DIRECTORY", "choose_samples", "publish", "publish_samples"]

RESULTS_DIRECTORY = Path(__file__).parents[1] / "results"

CHECKPOINT_SEED = 0
"""Weights are published for this seed alone; the other seeds are there for their spread."""

_WRONG_SAMPLES = 3


def publish(
    runs: Sequence[Run],
    runs_directory: Path,
    results_directory: Path = RESULTS_DIRECTORY,
    report: Report = print_line,
) -> list[str]:
    """Evaluate the finished ones of ``runs`` on the test split and store their records and weights.

    Records that are already published stay as they are unless their run is among ``runs`` and finished.

    Returns:
        The names of the runs that are not finished, and so not published now.

    Raises:
        ValueError: a run was trained on other data than its settings make today.
    """
    index = results_directory / "records.json"
    records: dict[str, Any] = json.loads(index.read_text(encoding="utf-8")) if index.exists() else {}
    (results_directory / "checkpoints").mkdir(parents=True, exist_ok=True)
    unfinished = []
    for run in runs:
        record = finished_record(run, runs_directory)
        if record is None:
            unfinished.append(run.name)
            continue
        if record["data_sha256"] != dataset_sha256(run.data):
            raise ValueError(
                f"expected {run.name} to be trained on data {dataset_sha256(run.data)}; "
                f"got {record['data_sha256']}"
            )
        result = _test(run, runs_directory)
        record["test"] = {"correct": result.correct, "total": result.total, "per_class": result.per_class}
        record["checkpoint"] = None
        if run.seed == CHECKPOINT_SEED:
            record["checkpoint"] = _store_weights(run, runs_directory, results_directory / "checkpoints")
        records[run.name] = record
        report(f"{run.name}: test accuracy {result.accuracy:.4f}")
    write_json(dict(sorted(records.items())), index)
    return unfinished


def _test(run: Run, runs_directory: Path) -> Evaluation:
    """Evaluate a finished run on the test split."""
    network = build_network(run.network, seed=run.seed)
    network.load_state_dict(finished_weights(run, runs_directory))
    return evaluate(network, load_split(run.data, "test"))


def _store_weights(run: Run, runs_directory: Path, directory: Path) -> dict[str, str | int]:
    """Write the state dict of a finished run; return the file's name, size and SHA-256."""
    buffer = io.BytesIO()
    torch.save(finished_weights(run, runs_directory), buffer)
    content = buffer.getvalue()
    path = directory / f"{run.name}.pt"
    path.write_bytes(content)
    return {"file": path.name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def publish_samples(run: Run, runs_directory: Path, results_directory: Path = RESULTS_DIRECTORY) -> None:
    """Store the ten test images that :func:`choose_samples` picks by a finished ``run``."""
    test = load_split(run.data, "test")
    indices = choose_samples(_test(run, runs_directory))
    samples = {
        "images": test.images[indices],
        "labels": test.labels[indices],
        "boxes": test.boxes[indices],
        "indices": torch.tensor(indices),
    }
    torch.save(samples, results_directory / "sample_images.pt")


def choose_samples(result: Evaluation) -> list[int]:
    """Choose one test image of every class, three of them mistaken.

    The three classes with the most mistakes (the lower class first, if equal) are each shown by the first
    image that was mistaken; every other class by its first image that was read correctly.

    Returns:
        The index of the image of class 0, 1, 2 and so on.

    Raises:
        ValueError: a class has no such image.
    """
    mistakes = [total - correct for correct, total in result.per_class]
    by_mistakes = sorted(range(len(mistakes)), key=lambda digit: (-mistakes[digit], digit))
    right = result.predictions == result.labels
    chosen = []
    for digit in range(len(mistakes)):
        wanted = ~right if digit in by_mistakes[:_WRONG_SAMPLES] else right
        candidates = torch.nonzero(wanted & (result.labels == digit)).flatten()
        if len(candidates) == 0:
            raise ValueError(
                f"expected classes with right and with mistaken images; got none for class {digit}"
            )
        chosen.append(int(candidates[0]))
    return chosen
