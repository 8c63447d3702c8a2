"""Publishing: finished runs are tested, and ``gate_by_gate.results`` gets their records and weights.

This is the one place where the test split is used, once per run and after everything has been chosen. The
layout of the files is described in ``gate_by_gate.results``, which reads them with torch alone.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from attn_lib.inspection import attention_maps, count_macs
from gate_by_gate.experiment.cluttered_digits import ClutteredDigits, Split, digits_alone, to_input
from gate_by_gate.experiment.evaluation import evaluate
from gate_by_gate.experiment.example_images import choose_samples, shown_images
from gate_by_gate.experiment.intervention_counts import count_interventions
from gate_by_gate.experiment.localization import localization
from gate_by_gate.experiment.machine import one_thread
from gate_by_gate.experiment.plan import EXTRA_CHECKPOINTS, SHOWN_PROBES, PlannedRun
from gate_by_gate.experiment.predictions import EXPERIMENTS
from gate_by_gate.experiment.probe_tasks import ProbeTask
from gate_by_gate.experiment.reference import PLAIN
from gate_by_gate.experiment.run import (
    Report,
    Run,
    finished_network,
    finished_record,
    finished_weights,
    print_line,
    write_text,
)
from gate_by_gate.experiment.tasks import task_sha256
from gate_by_gate.experiment.training import save_atomically, write_bytes

__all__ = [
    "CHECKPOINT_SEED",
    "RESULTS_DIRECTORY",
    "probe_references",
    "publish",
    "publish_probe_images",
    "publish_samples",
    "write_records",
]

RESULTS_DIRECTORY = Path(__file__).parents[1] / "results"

CHECKPOINT_SEED = 0
"""The seed whose weights are published; of the other seeds the accuracies are enough."""

_GATES_BY_CLASS = ("se", "eca")
"""The blocks whose mean gates for each digit are published: those with one gate for each channel."""


def publish(
    planned: Sequence[PlannedRun],
    runs_directory: Path,
    results_directory: Path = RESULTS_DIRECTORY,
    report: Report = print_line,
) -> list[str]:
    """Evaluate the finished runs of a plan on the test split; store records, weights and the table.

    A run that is already published as it is now is not evaluated again.

    Returns:
        The names of the runs that are not finished, and so not published now.

    Raises:
        ValueError: a run was trained on other images than its task makes today.
    """
    index = results_directory / "records.json"
    records: dict[str, Any] = json.loads(index.read_text(encoding="utf-8")) if index.exists() else {}
    (results_directory / "checkpoints").mkdir(parents=True, exist_ok=True)
    splits: dict[Any, Split] = {}
    unfinished = []
    for one in planned:
        run = one.run
        record = finished_record(run, runs_directory)
        if record is None:
            unfinished.append(run.name)
            continue
        if _is_published(one, record, records.get(run.name)):
            continue
        expected, found = task_sha256(run.data), record["data_sha256"]
        if found != expected:
            raise ValueError(f"expected {run.name} to be trained on data {expected}; got {found}")
        if run.data not in splits:
            splits = {run.data: run.data.make("test")}
        with one_thread():
            records[run.name] = _publish_one(one, record, splits[run.data], runs_directory, results_directory)
        test = records[run.name]["test"]
        report(f"{run.name}: test accuracy {test['correct'] / test['total']:.4f}")
        write_records(records, index)
    write_table(records, results_directory / "table.csv")
    return unfinished


def _is_published(one: PlannedRun, record: dict[str, Any], published: dict[str, Any] | None) -> bool:
    if published is None or published["group"] != one.group:
        return False
    if (published["checkpoint"] is not None) != _has_weights(one):
        return False
    return all(published.get(key) == value for key, value in record.items())


def _has_weights(one: PlannedRun) -> bool:
    return (one.has_checkpoint and one.run.seed == CHECKPOINT_SEED) or one.run.name in EXTRA_CHECKPOINTS


def _publish_one(
    one: PlannedRun, record: dict[str, Any], test: Split, runs_directory: Path, results_directory: Path
) -> dict[str, Any]:
    """Evaluate a finished run on its test split; return its record, and store its weights if planned."""
    run = one.run
    network = finished_network(run, runs_directory)
    result = evaluate(network, test)
    height, width = test.images.shape[2:]
    record["task"], record["group"] = run.data.name, one.group
    record["macs"] = count_macs(network, torch.zeros(1, run.data.channels, height, width)).total
    record["test"] = {"correct": result.correct, "total": result.total, "per_class": result.per_class}
    if one.group == "main":
        record["localization"] = localization(network, test)
        if run.seed == CHECKPOINT_SEED and run.network.attention in _GATES_BY_CLASS:
            record["class_gates"] = _gates_by_class(network, test)
    record["checkpoint"] = None
    if _has_weights(one):
        record["checkpoint"] = _store_weights(run, runs_directory, results_directory / "checkpoints")
        if isinstance(run.data, ProbeTask):
            record["interventions"] = count_interventions(network, run.data, test)
    return record


def _gates_by_class(network: nn.Module, test: Split) -> dict[str, list[list[float]]]:
    """Return the mean gate of every channel over the test images of each class, by block."""
    gates: dict[str, list[Tensor]] = {}
    for images in test.images.split(250):
        for name, maps in attention_maps(network, to_input(images)).items():
            gates.setdefault(name, []).append(maps["channel"].flatten(1))
    means = {}
    for name, batches in gates.items():
        gate = torch.cat(batches)
        rows = [gate[test.labels == digit].mean(dim=0) for digit in range(10)]
        means[name] = [[round(value, 3) for value in row.tolist()] for row in rows]
    return means


def _store_weights(run: Run, runs_directory: Path, directory: Path) -> dict[str, str | int]:
    """Write the state dict of a finished run; return the file's name, size and SHA-256."""
    buffer = io.BytesIO()
    torch.save(_packed(finished_weights(run, runs_directory)), buffer)
    content = buffer.getvalue()
    path = directory / f"{run.name}.pt"
    write_bytes(content, path)
    return {"file": path.name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _packed(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights with one storage for all tensors of a type, which saves 200 bytes a tensor."""
    packed = dict(weights)  # keeps the order
    for dtype in {value.dtype for value in weights.values()}:
        names = [name for name, value in weights.items() if value.dtype == dtype]
        storage = torch.cat([weights[name].flatten() for name in names])
        pieces = storage.split([weights[name].numel() for name in names])
        packed |= {name: piece.view_as(weights[name]) for name, piece in zip(names, pieces, strict=True)}
    return packed


def write_records(records: dict[str, Any], path: Path) -> None:
    """Write the records as JSON, one line for each run in the order of their names.

    So a new run is one more line in a diff, and hundreds of runs load in a few hundredths of a second.
    """
    lines = [
        f"{json.dumps(name)}: {json.dumps(record, separators=(',', ':'))}"
        for name, record in sorted(records.items())
    ]
    write_text("{\n" + ",\n".join(lines) + "\n}\n", path)


def write_table(records: dict[str, Any], path: Path) -> None:
    """Write the table: a row for each run with its cost, its accuracy and its localisation."""
    rows = []
    for name, record in sorted(records.items()):
        row = {
            "run": name,
            "group": record["group"],
            "setting": name.rpartition("_seed")[0],
            "attention": record["setting"]["attention"] or "none",
            "seed": record["seed"],
            "parameters": record["parameters"],
            "macs": record["macs"],
            "correct": record["test"]["correct"],
            "total": record["test"]["total"],
        }
        for stage, scores in record.get("localization", {}).items():
            for kind, score in scores.items():
                row[f"{stage}_{kind}_hits"] = score["hits"]
                row[f"{stage}_{kind}_total"] = score["total"]
                row[f"{stage}_{kind}_energy"] = score["energy"]
        rows.append(row)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(text.getvalue(), path)


def publish_samples(run: Run, runs_directory: Path, results_directory: Path = RESULTS_DIRECTORY) -> None:
    """Store one test image of every digit, chosen by the answers of a finished ``run``."""
    if not isinstance(run.data, ClutteredDigits):
        raise TypeError(f"`run` must be of cluttered digits; got one of {run.data.name}")
    test = run.data.make("test")
    with one_thread():
        indices = choose_samples(evaluate(finished_network(run, runs_directory), test))
    samples = {
        "images": test.images[indices],
        "labels": test.labels[indices],
        "boxes": test.boxes[indices],
        "digits": digits_alone(run.data, "test")[indices],
        "indices": torch.tensor(indices),
    }
    save_atomically(samples, results_directory / "sample_images.pt")


def probe_references() -> dict[str, Run]:
    """Return for each shown probe task the run of the plain network, by which its images are chosen."""
    return {
        name: Run(PLAIN, EXPERIMENTS[name].task, EXPERIMENTS[name].training, seed=CHECKPOINT_SEED)
        for name in SHOWN_PROBES
    }


def publish_probe_images(
    references: Mapping[str, Run], runs_directory: Path, results_directory: Path = RESULTS_DIRECTORY
) -> None:
    """Store test images of probe tasks, with their donors; those of other tasks stay in the file.

    Args:
        references: by the task's name the finished run by which
            :func:`~gate_by_gate.experiment.example_images.choose_shown` chooses.
        runs_directory: the folder of runs.
        results_directory: the folder with the file of all probe tasks.
    """
    path = results_directory / "probe_images.pt"
    shown = torch.load(path, weights_only=True) if path.exists() else {}
    for name, run in references.items():
        if not isinstance(run.data, ProbeTask):
            raise TypeError(f"`references` must be runs on probe tasks; got that of {run.name}")
        test = run.data.make("test")
        with one_thread():
            shown[name] = shown_images(run.data, test, evaluate(finished_network(run, runs_directory), test))
    save_atomically(shown, path)
