"""The sweep: every network at the learning rate and the number of passes that suit it best, with fresh seeds.

The main group trains all networks at one peak rate and for as many passes, and neither was chosen for any of
them; what learns late may stand behind for that alone. The sweep gives each network a budget of its own.

1. *Choosing.* Eleven networks, each at four peak rates and for 6 and for 18 passes, with two seeds that
   nothing else uses, judged on the validation images: 176 runs. The test images are not touched.
2. *The rule*, written down on 1 December 2026, before any run of the sweep: a network's setting is the one
   with the most validation images right over both seeds; if some are equal, the one with the fewest passes of
   these, and then the one with the lowest rate. No run is left out, whatever it reached. Nobody looks at test
   images before every network has its setting.
3. *Testing.* Each network is trained at its setting with 15 fresh seeds and tested once: 165 runs. They are
   compared by Welch's test, as elsewhere, and corrected by Holm's method in two families: each of the ten
   others against the plain network, and each of the eight with a block against the wider of the two wider
   networks.

The validation images are drawn from 250 handwritten digits, and the test images from others. Every network is
chosen among equally many settings, so the luck of the choice favours none.

Runs go from small to large: all settings of 6 passes with the first seed, then those of 18 passes, and only
then the next seed. What has finished is kept in ``gate_by_gate/results/sweep.json``, without weights, so that
whoever goes on with the sweep elsewhere does not repeat it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gate_by_gate.experiment.cluttered_digits import ClutteredDigits
from gate_by_gate.experiment.evaluation import evaluate
from gate_by_gate.experiment.machine import one_thread
from gate_by_gate.experiment.model import NetworkConfig
from gate_by_gate.experiment.publishing import RESULTS_DIRECTORY, write_records
from gate_by_gate.experiment.reference import BAM, CBAM, COORD_ATT, ECA, PLAIN, SE, SELF_ATTENTION, WIDER
from gate_by_gate.experiment.run import Report, Run, finished_network, finished_record, print_line
from gate_by_gate.experiment.tasks import task_sha256
from gate_by_gate.experiment.training import TrainingConfig

__all__ = [
    "CHOOSING_SEEDS",
    "FRESH_SEEDS",
    "NETWORKS",
    "PASSES",
    "RATES",
    "SWEEP_FILE",
    "best_budgets",
    "choosing_runs",
    "fresh_runs",
    "known_records",
    "pending_runs",
    "publish_sweep",
    "published_records",
    "sweep_progress",
]

SWEEP_FILE = RESULTS_DIRECTORY / "sweep.json"
"""The file with a record of every finished run of the sweep, one line each."""

NETWORKS: tuple[NetworkConfig, ...] = (
    PLAIN,
    *WIDER,
    SE,
    ECA,
    CBAM,
    CBAM.varied(released_start=True),
    BAM,
    COORD_ATT,
    SELF_ATTENTION,
    SELF_ATTENTION.varied(num_heads=4),
)
"""The networks of the sweep: three without a block, and the blocks.

CBAM also starts as its authors released it, and self-attention also has four heads.
"""

RATES = (0.003, 0.005, 0.01, 0.02)
"""The peak learning rates that are tried."""

PASSES = (6, 18)
"""The numbers of passes over the training images that are tried."""

CHOOSING_SEEDS = (100, 101)
"""The seeds of the choice; nothing else is trained with them."""

FRESH_SEEDS = tuple(range(200, 215))
"""The seeds of the test; nothing else is trained with them."""


_TASK, _BUDGET = ClutteredDigits(), TrainingConfig()
"""What is learnt, and what of the budget is the same for all: that of the main group."""


def _budgets() -> list[TrainingConfig]:
    """Return the budgets that are tried, in the order of the rule: fewest passes first, then lowest rate."""
    return [replace(_BUDGET, epochs=passes, max_learning_rate=rate) for passes in PASSES for rate in RATES]


def choosing_runs() -> list[Run]:
    """Return the runs by which the settings are chosen, in the order in which they are trained."""
    return [
        Run(network, _TASK, budget, seed=seed)
        for seed in CHOOSING_SEEDS
        for budget in _budgets()
        for network in NETWORKS
    ]


def best_budgets(records: Mapping[str, Mapping[str, Any]]) -> dict[str, TrainingConfig] | None:
    """Return the budget of every network, by its name, or None as long as a run of the choice is missing.

    Args:
        records: the records of runs by name; those of other runs are not looked at.
    """
    if any(run.name not in records for run in choosing_runs()):
        return None

    def right(network: NetworkConfig, budget: TrainingConfig) -> int:
        runs = [Run(network, _TASK, budget, seed=seed) for seed in CHOOSING_SEEDS]
        return sum(records[run.name]["validation"]["correct"] for run in runs)

    # The first of equals counts, and budgets come in the order in which the rule prefers them.
    chosen = {}
    for network in NETWORKS:
        counts = [right(network, budget) for budget in _budgets()]
        chosen[network.name] = _budgets()[counts.index(max(counts))]
    return chosen


def fresh_runs(budgets: Mapping[str, TrainingConfig]) -> list[Run]:
    """Return the runs that are tested, each network at its budget, in the order in which they are trained."""
    return [
        Run(network, _TASK, budgets[network.name], seed=seed) for seed in FRESH_SEEDS for network in NETWORKS
    ]


def published_records(path: Path = SWEEP_FILE) -> dict[str, Any]:
    """Return the records of the sweep's published runs by name."""
    records: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return records


def known_records(runs_directory: Path, path: Path = SWEEP_FILE) -> dict[str, Any]:
    """Return the published records, and those of the choice that have finished in a folder of runs."""
    found = {run.name: finished_record(run, runs_directory) for run in choosing_runs()}
    return {name: record for name, record in found.items() if record is not None} | published_records(path)


def pending_runs(runs_directory: Path, path: Path = SWEEP_FILE) -> list[Run]:
    """Return the runs that are to be trained now: what is missing of the choice, or else of the test.

    What is published has finished, wherever it was trained.
    """
    known = known_records(runs_directory, path)
    missing = [run for run in choosing_runs() if run.name not in known]
    if missing:
        return missing
    budgets = best_budgets(known)
    assert budgets is not None
    published = published_records(path)
    return [
        run
        for run in fresh_runs(budgets)
        if run.name not in published and finished_record(run, runs_directory) is None
    ]


def sweep_progress(runs_directory: Path | None = None, path: Path = SWEEP_FILE) -> list[tuple[str, int, int]]:
    """Return each part of the sweep with the number of its finished runs and of all its runs.

    Args:
        runs_directory: a folder of runs; without it only what is published counts.
        path: the file of what is published.
    """
    known = published_records(path) if runs_directory is None else known_records(runs_directory, path)
    parts = []
    for seed in CHOOSING_SEEDS:
        for passes in PASSES:
            runs = [run for run in choosing_runs() if (run.seed, run.training.epochs) == (seed, passes)]
            done = sum(run.name in known for run in runs)
            parts.append((f"choice, seed {seed}, {passes} passes", done, len(runs)))
    budgets, done = best_budgets(known), 0
    if budgets is not None:
        published = published_records(path)
        for run in fresh_runs(budgets):
            in_folder = runs_directory is not None and finished_record(run, runs_directory) is not None
            done += run.name in published or in_folder
    return [*parts, ("test, fresh seeds", done, len(NETWORKS) * len(FRESH_SEEDS))]


def publish_sweep(runs_directory: Path, path: Path = SWEEP_FILE, report: Report = print_line) -> None:
    """Add the finished runs of a folder to the file of the sweep; what it holds already stays as it is.

    A run of the choice is recorded with its validation images alone. A fresh one is tested here, once, and
    only if every network has its setting.

    Args:
        runs_directory: the folder of runs.
        path: the file.
        report: called with a line for every run that is added.

    Raises:
        ValueError: a run was trained on other images than its task makes today.
    """
    records = published_records(path)
    _add(choosing_runs(), records, runs_directory, report, tested=False)
    budgets = best_budgets(records)
    if budgets is not None:
        _add(fresh_runs(budgets), records, runs_directory, report, tested=True)
    write_records(records, path)


def _add(
    runs: Sequence[Run], records: dict[str, Any], runs_directory: Path, report: Report, *, tested: bool
) -> None:
    for run in runs:
        record = None if run.name in records else finished_record(run, runs_directory)
        if record is None:
            continue
        expected, found = task_sha256(run.data), record["data_sha256"]
        if found != expected:
            raise ValueError(f"expected {run.name} to be trained on data {expected}; got {found}")
        kept = _kept(run, record)
        line = (
            f"{run.name}: {kept['validation']['correct']} of {kept['validation']['total']} validation images"
        )
        if tested:
            with one_thread():
                result = evaluate(finished_network(run, runs_directory), run.data.make("test"))
            kept["test"] = {"correct": result.correct, "total": result.total}
            line += f", {result.correct} of {result.total} test images"
        records[run.name] = kept
        report(line)


def _kept(run: Run, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a run's record: of the learning curve its end."""
    same = ("setting", "parameters", "training", "seed", "command", "data_sha256")
    where = ("versions", "platform", "machine", "training_seconds", "validation")
    return {
        "network": run.network.name,
        **{name: record[name] for name in same},
        "train_loss": record["learning_curve"]["train_loss"][-1],
        **{name: record[name] for name in where},
    }
