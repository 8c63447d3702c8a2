"""Reruns: the same run again from weights that differ in their last bits, for the noise of one seed.

A seed fixes initial weights and data order, but not the order in which a processor adds. Another processor,
or another build of the libraries, rounds otherwise in the last bits, and training amplifies that. How far is
measured here on one machine: every weight is multiplied by a number next to 1 before training starts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gate_by_gate.experiment.evaluation import evaluate
from gate_by_gate.experiment.machine import machine, one_thread, versions
from gate_by_gate.experiment.model import build_network, round_to_half
from gate_by_gate.experiment.reference import CBAM, PLAIN
from gate_by_gate.experiment.run import Report, Run, print_line, write_json
from gate_by_gate.experiment.training import LearningCurve, train

__all__ = ["JITTER", "RERUN", "jitter", "rerun", "write_reruns"]

JITTER = 1e-7
"""The standard deviation of the factors, less 1. Single precision resolves 1.2e-7 there."""

RERUN = (Run(PLAIN), Run(CBAM))
"""The runs that are repeated: of the plain network and of one whose accuracy varies much between seeds."""


def jitter(network: nn.Module, number: int) -> None:
    """Multiply every weight of ``network`` by 1 plus a normal number of standard deviation ``JITTER``.

    Args:
        network: changed in place; its sizes and norms' statistics stay.
        number: decides the numbers; with 0 nothing is changed.
    """
    if number == 0:
        return
    generator = torch.Generator().manual_seed(number)
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(1 + JITTER * torch.randn(weight.shape, generator=generator))


def rerun(run: Run, number: int, runs_directory: Path, report: Report = print_line) -> dict[str, Any]:
    """Train and test ``run`` from jittered weights; return what came out, and where.

    It is done once: a rerun that has finished is only read, and an interrupted one goes on after its last
    whole epoch.

    Args:
        run: what is repeated, with its seed.
        number: which rerun it is; 0 starts from the weights of the run itself.
        runs_directory: the folder of runs.
        report: called with a line after every epoch.
    """
    name = f"{run.name}_rerun{number}"
    path = runs_directory / name / "rerun.json"
    if path.exists():
        done: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return done

    def after_epoch(curve: LearningCurve) -> None:
        report(f"{name}: epoch {len(curve.train_loss)}/{run.training.epochs}")

    with one_thread():
        where = machine()
        network = build_network(run.network, run.data, seed=run.seed)
        jitter(network, number)
        curve = train(
            network,
            run.data.make("train"),
            run.data.make("validation"),
            run.training,
            seed=run.seed,
            about={"rerun": number, "jitter": JITTER},
            progress_file=path.with_name("progress.pt"),
            after_epoch=after_epoch,
        )
        round_to_half(network)
        result = evaluate(network, run.data.make("test"))
    record = {
        "run": run.name,
        "number": number,
        "jitter": JITTER if number else 0.0,
        "train_loss": round(curve.train_loss[-1], 6),
        "test": {"correct": result.correct, "total": result.total},
        "versions": versions("numpy", "scikit-learn"),
        "machine": where,
        "training_seconds": round(sum(curve.seconds), 1),
    }
    write_json(record, path)
    path.with_name("progress.pt").unlink(missing_ok=True)
    return record


def write_reruns(
    numbers: Sequence[int], runs_directory: Path, path: Path, report: Report = print_line
) -> list[dict[str, Any]]:
    """Do reruns of every run in ``RERUN``, and write what came out after each of them.

    What the file holds of other numbers stays in it.

    Args:
        numbers: which reruns; 0 starts from the weights of the run itself.
        runs_directory: the folder of runs.
        path: the file, JSON: a list in the order of runs and numbers.
        report: called with a line after every epoch.
    """
    known = {_key(one): one for one in json.loads(path.read_text(encoding="utf-8"))} if path.exists() else {}
    for run, number in _in_turns(numbers):
        found = rerun(run, number, runs_directory, report)
        known[_key(found)] = found
        write_json([known[key] for key in sorted(known)], path)
    return [known[key] for key in sorted(known)]


def _key(record: dict[str, Any]) -> tuple[str, int]:
    return record["run"], record["number"]


def _in_turns(numbers: Sequence[int]) -> Iterator[tuple[Run, int]]:
    for number in numbers:
        for run in RERUN:
            yield run, number
