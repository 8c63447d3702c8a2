"""The sweep: what is trained in which order, the rule of the choice, and what is kept of finished runs."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

import pytest

from gate_by_gate.digit_resnet import digit_resnet
from gate_by_gate.experiment import sweep as module
from gate_by_gate.experiment.__main__ import build_parser, main, run_of
from gate_by_gate.experiment.cluttered_digits import ClutteredDigits, load_split
from gate_by_gate.experiment.evaluation import evaluate
from gate_by_gate.experiment.model import NetworkConfig
from gate_by_gate.experiment.plan import SEEDS, planned_runs
from gate_by_gate.experiment.run import Run, execute_all, finished_network
from gate_by_gate.experiment.sweep import (
    CHOOSING_SEEDS,
    FRESH_SEEDS,
    NETWORKS,
    best_budgets,
    choosing_runs,
    fresh_runs,
    pending_runs,
    publish_sweep,
    published_records,
    sweep_progress,
)
from gate_by_gate.experiment.tasks import task_sha256
from gate_by_gate.experiment.training import TrainingConfig
from tests.tiny_runs import DATA, TRAINING, silent

RATES, PASSES = (0.003, 0.005, 0.01, 0.02), (6, 18)


def records_of(counts, missing=()):
    """Return records of the whole choice in which ``counts(run)`` images are right."""
    return {
        run.name: {"validation": {"correct": counts(run), "total": 2000}}
        for run in choosing_runs()
        if run.name not in missing
    }


def test_every_network_is_tried_at_every_rate_and_number_of_passes_with_every_seed():
    found = [
        (run.network.name, run.training.max_learning_rate, run.training.epochs, run.seed)
        for run in choosing_runs()
    ]
    names = [
        "plain",
        "plain_widths16x33x65",
        "plain_widths17x34x68",
        "se_r4_bias",
        "eca_k3",
        "cbam_r4_k7",
        "cbam_r4_k7_released_start",
        "bam_r4",
        "coord_att_r4",
        "self_attention_r2",
        "self_attention_num_heads4_r2",
    ]
    assert found == [
        (name, rate, passes, seed)
        for seed in CHOOSING_SEEDS
        for passes in PASSES
        for rate in RATES
        for name in names
    ]
    assert len(found) == 176
    usual = TrainingConfig()
    for run in choosing_runs():
        same = {"epochs": usual.epochs, "max_learning_rate": usual.max_learning_rate}
        assert (run.data, replace(run.training, **same)) == (ClutteredDigits(), usual)


def test_no_seed_is_used_for_two_ends():
    every = [*SEEDS, *CHOOSING_SEEDS, *FRESH_SEEDS]
    assert len(set(every)) == len(every)
    assert len(FRESH_SEEDS) == 15
    assert not {run.seed for run in choosing_runs()} & {one.run.seed for one in planned_runs()}


def test_every_command_of_the_sweep_means_its_run_and_its_network_can_be_built():
    parser = build_parser()
    budgets = best_budgets(records_of(lambda run: 1))
    for run in (*choosing_runs(), *fresh_runs(budgets)):
        assert run_of(parser.parse_args(shlex.split(run.command)[3:])) == run
    released = digit_resnet(**NETWORKS[6].as_keywords(ClutteredDigits()))
    assert {
        stage[0].attention.spatial.norm.weight.item() for stage in (released.layer1, released.layer3)
    } == {0}


def test_the_rule_adds_the_seeds_and_takes_the_best():
    """One seed alone would choose the rate 0.02, and the other 0.003."""
    best = {(100, 0.02): 1500, (101, 0.003): 1500, (100, 0.005): 1400, (101, 0.005): 1400}
    records = records_of(lambda run: best.get((run.seed, run.training.max_learning_rate), 1000))
    budgets = best_budgets(records)
    assert set(budgets) == {network.name for network in NETWORKS}
    assert set(budgets.values()) == {replace(TrainingConfig(), max_learning_rate=0.005, epochs=6)}


def test_every_network_is_chosen_for_by_its_own_runs():
    def counts(run):
        own = {"se_r4_bias": (0.02, 18), "plain": (0.003, 6)}.get(run.network.name, (0.01, 18))
        return 1700 if (run.training.max_learning_rate, run.training.epochs) == own else 1600

    budgets = best_budgets(records_of(counts))
    found = {name: (budget.max_learning_rate, budget.epochs) for name, budget in budgets.items()}
    assert (found.pop("se_r4_bias"), found.pop("plain")) == ((0.02, 18), (0.003, 6))
    assert set(found.values()) == {(0.01, 18)}


def test_of_equals_the_rule_takes_fewer_passes_and_then_the_lower_rate():
    tied = {(0.02, 6), (0.01, 6), (0.003, 18)}
    records = records_of(
        lambda run: 1800 if (run.training.max_learning_rate, run.training.epochs) in tied else 1799
    )
    assert {(one.max_learning_rate, one.epochs) for one in best_budgets(records).values()} == {(0.01, 6)}


def test_nothing_is_chosen_before_the_last_run_of_the_choice():
    last = choosing_runs()[-1].name
    assert best_budgets(records_of(lambda run: 1, missing=[last])) is None
    assert best_budgets({}) is None


@pytest.fixture
def tiny(monkeypatch):
    """A sweep of two networks, two rates, one and two passes, one seed of the choice and two fresh ones."""
    monkeypatch.setattr(module, "NETWORKS", (NetworkConfig(), NetworkConfig("se", {"reduction": 5})))
    monkeypatch.setattr(module, "RATES", (0.01, 0.02))
    monkeypatch.setattr(module, "PASSES", (1, 2))
    monkeypatch.setattr(module, "CHOOSING_SEEDS", (7,))
    monkeypatch.setattr(module, "FRESH_SEEDS", (8, 9))
    monkeypatch.setattr(module, "_TASK", DATA)
    monkeypatch.setattr(module, "_BUDGET", TRAINING)


@pytest.mark.usefixtures("tiny")
def test_a_sweep_that_goes_on_elsewhere_repeats_nothing_and_ends_with_a_test(tmp_path):
    path, here, elsewhere = tmp_path / "sweep.json", tmp_path / "here", tmp_path / "elsewhere"
    runs = pending_runs(here, path)
    assert runs == choosing_runs()
    assert len(runs) == 8

    # Three runs here; what is published of them needs no training elsewhere.
    execute_all(runs[:3], here, workers=1, report=silent)
    assert pending_runs(here, path) == runs[3:]
    publish_sweep(here, path, silent)
    assert list(published_records(path)) == sorted(run.name for run in runs[:3])
    assert pending_runs(elsewhere, path) == runs[3:]
    assert [done for _, done, _ in sweep_progress(elsewhere, path)] == [3, 0, 0]
    before = published_records(path)

    lines = []
    while missing := pending_runs(elsewhere, path):
        execute_all(missing, elsewhere, workers=1, report=lines.append)
    names = [line.partition(":")[0] for line in lines]
    budgets = best_budgets(published_records(path) | module.known_records(elsewhere, path))
    fresh = fresh_runs(budgets)
    assert set(names) == {run.name for run in (*runs[3:], *fresh)}
    assert sum(": epoch " in line for line in lines) == sum(
        run.training.epochs for run in (*runs[3:], *fresh)
    )

    publish_sweep(elsewhere, path, silent)
    assert [(done, total) for _, done, total in sweep_progress(None, path)] == [(4, 4), (4, 4), (4, 4)]
    records = published_records(path)
    assert {name: records[name] for name in before} == before
    for run in runs:
        assert "test" not in records[run.name]
    for run in fresh:
        result = evaluate(finished_network(run, elsewhere), load_split(DATA, "test"))
        assert records[run.name]["test"] == {"correct": result.correct, "total": 59}
    assert not pending_runs(elsewhere, path)


@pytest.mark.usefixtures("tiny")
def test_what_is_published_first_stays(tmp_path):
    """Two machines may have trained the same run, and rounded otherwise."""
    path, run = tmp_path / "sweep.json", choosing_runs()[0]
    execute_all([run], tmp_path / "runs", workers=1, report=silent)
    publish_sweep(tmp_path / "runs", path, silent)
    records = published_records(path)
    records[run.name]["validation"]["correct"] = -1
    path.write_text(json.dumps(records), "utf-8")
    publish_sweep(tmp_path / "runs", path, silent)
    assert published_records(path)[run.name]["validation"]["correct"] == -1


@pytest.mark.usefixtures("tiny")
def test_no_test_image_is_looked_at_before_every_network_has_its_setting(tmp_path, monkeypatch):
    """Not even of a fresh run that has finished, say by hand."""
    path, early = tmp_path / "sweep.json", Run(NetworkConfig(), DATA, replace(TRAINING, epochs=1), seed=8)
    execute_all([*choosing_runs()[:7], early], tmp_path, workers=1, report=silent)
    monkeypatch.setattr(module, "evaluate", lambda *arguments: pytest.fail("a test image was looked at"))
    publish_sweep(tmp_path, path, silent)
    assert len(published_records(path)) == 7


@pytest.mark.usefixtures("tiny")
def test_runs_on_other_images_are_not_published(tmp_path, monkeypatch):
    execute_all(choosing_runs()[:1], tmp_path, workers=1, report=silent)
    monkeypatch.setattr(module, "task_sha256", lambda task: "0123")
    with pytest.raises(
        ValueError, match=r"expected plain_.*_seed7 to be trained on data 0123; got [0-9a-f]{64}"
    ):
        publish_sweep(tmp_path, tmp_path / "sweep.json", silent)


def test_the_command_shows_how_far_the_sweep_is(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        "gate_by_gate.experiment.__main__.execute_all", lambda *a, **k: pytest.fail("trained")
    )
    assert main(["sweep", "--status", "--runs", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("choice, seed 100, 6 passes: ")
    assert lines[0].endswith(" of 44 runs finished")
    assert lines[-1].startswith("test, fresh seeds: ")
    assert lines[-1].endswith(" of 165 runs finished")


def test_published_records_are_of_the_sweep_and_of_its_images():
    records = published_records()
    budgets = best_budgets(records)
    planned = {run.name: run for run in choosing_runs()}
    if budgets is not None:
        planned |= {run.name: run for run in fresh_runs(budgets)}
    assert set(records) <= set(planned)
    digest = task_sha256(ClutteredDigits())
    for name, record in records.items():
        run = planned[name]
        assert (record["command"], record["seed"]) == (run.command, run.seed), name
        assert record["training"] == vars(run.training), name
        assert record["data_sha256"] == digest, name
        assert 0 <= record["validation"]["correct"] <= record["validation"]["total"] == 2000, name
        assert ("test" in record) == (run.seed in FRESH_SEEDS), name
        assert record["machine"]["threads"] == 1, name
        assert len(record["machine"]["commit"]) == 40, name
