"""Reruns of one run from weights that differ in their last bits."""

from __future__ import annotations

import json

import pytest
import torch

from gate_by_gate import results
from gate_by_gate.experiment import reruns as module
from gate_by_gate.experiment.model import build_network
from gate_by_gate.experiment.reruns import JITTER, jitter, rerun, write_reruns
from tests.tiny_runs import DATA, TINY, silent


def weights(number):
    network = build_network(TINY[1].network, DATA, seed=3)
    jitter(network, number)
    return torch.cat([weight.detach().flatten() for weight in network.parameters()])


def test_a_jitter_moves_many_weights_by_about_its_size_and_number_zero_moves_none():
    own = build_network(TINY[1].network, DATA, seed=3)
    before = torch.cat([weight.detach().flatten() for weight in own.parameters()])
    assert torch.equal(weights(0), before)
    first, again, second = weights(1), weights(1), weights(2)
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    apart = ((first - before) / before)[before != 0].abs()
    assert (apart > 0).double().mean() > 0.2
    assert apart.max() < 10 * JITTER


def test_a_rerun_is_done_once_and_what_is_written_is_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "RERUN", (TINY[1], TINY[0]))
    path, lines = tmp_path / "reruns.json", []
    found = write_reruns(range(2), tmp_path / "runs", path, lines.append)
    assert json.loads(path.read_text("utf-8")) == found
    assert [(one["run"], one["number"]) for one in found] == sorted(
        (run.name, number) for run in TINY for number in (0, 1)
    )
    assert [one["jitter"] for one in found] == [0, JITTER, 0, JITTER]
    assert all(one["test"]["total"] == DATA.test_images for one in found)
    assert all(one["machine"]["threads"] == 1 for one in found)
    assert len(lines) == 4 * TINY[0].training.epochs
    lines.clear()
    assert write_reruns([1], tmp_path / "runs", path, lines.append) == found
    assert not lines


def test_the_rerun_without_jitter_is_the_run_itself(tmp_path, finished):
    record = rerun(TINY[0], 0, tmp_path, silent)
    expected = json.loads((finished / TINY[0].name / "record.json").read_text("utf-8"))
    assert record["train_loss"] == expected["learning_curve"]["train_loss"][-1]


def test_published_reruns_are_of_published_runs():
    for name in ("plain_seed0", "cbam_r4_k7_seed0"):
        found = results.reruns(name)
        assert [one["number"] for one in found] == list(range(len(found)))
        assert {one["test"]["total"] for one in found} == {results.record(name)["test"]["total"]}
    with pytest.raises(
        KeyError, match=r"expected a run out of \['cbam_r4_k7_seed0', 'plain_seed0'\]; got 'se'"
    ):
        results.reruns("se")
