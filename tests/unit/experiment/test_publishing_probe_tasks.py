"""Publishing runs on probe tasks: counts under interventions, packed weights, and images."""

import json

import pytest
import torch
from torch import nn

from attn_lib.interventions import without_max
from gate_by_gate.experiment.__main__ import main
from gate_by_gate.experiment.evaluation import Evaluation, evaluate
from gate_by_gate.experiment.example_images import shown_images
from gate_by_gate.experiment.intervention_counts import count_interventions
from gate_by_gate.experiment.model import NetworkConfig, build_network
from gate_by_gate.experiment.plan import SHOWN_PROBES, PlannedRun, planned_runs
from gate_by_gate.experiment.probe_tasks import (
    ColourCue,
)
from gate_by_gate.experiment.publishing import probe_references, publish, publish_probe_images
from gate_by_gate.experiment.run import Run, execute_all, finished_weights
from gate_by_gate.experiment.training import TrainingConfig
from tests.tiny_runs import silent


def result_of(labels, predictions, classes):
    logits = nn.functional.one_hot(torch.tensor(predictions), classes).float()
    return Evaluation(logits=logits, labels=torch.tensor(labels))


TASK = ColourCue(train_images=211, validation_images=53, test_images=257)
TRAINING = TrainingConfig(epochs=1, batch_size=23)
TINY = [Run(NetworkConfig("cbam", {"reduction": 3}), TASK, TRAINING, seed=seed) for seed in (0, 1)]
REFERENCE = Run(NetworkConfig(), TASK, TRAINING)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    execute_all([*TINY, REFERENCE], folder, workers=1, report=silent)
    return folder


def trained(run, finished):
    network = build_network(run.network, run.data, seed=run.seed)
    network.load_state_dict(finished_weights(run, finished))
    return network.eval()


@pytest.mark.parametrize("has_checkpoint", [True, False])
def test_interventions_are_published_with_the_weights(tmp_path, finished, has_checkpoint):
    planned = [PlannedRun(run, "probes", has_checkpoint) for run in TINY]
    publish(planned, finished, tmp_path, report=silent)
    records = json.loads((tmp_path / "records.json").read_text())

    assert "interventions" not in records[TINY[1].name]
    assert ("interventions" in records[TINY[0].name]) == has_checkpoint
    if has_checkpoint:
        network, test = trained(TINY[0], finished), TASK.make("test")
        found = records[TINY[0].name]["interventions"]
        assert list(found) == [
            "turned",
            *("exchanged", "frozen", "opened", "without_max", "without_channel", "without_spatial"),
        ]
        assert found == count_interventions(network, TASK, test)
        with without_max(network):
            assert found["without_max"] == {"correct": evaluate(network, test).correct, "total": 257}


def test_the_published_weights_share_one_storage_for_each_type(tmp_path, finished):
    run = TINY[0]
    publish([PlannedRun(run, "probes", has_checkpoint=True)], finished, tmp_path, report=silent)
    path = tmp_path / "checkpoints" / f"{run.name}.pt"

    weights, trained_ones = torch.load(path, weights_only=True), finished_weights(run, finished)

    assert list(weights) == list(trained_ones)
    for name, value in trained_ones.items():
        assert torch.equal(weights[name], value)
        assert weights[name].dtype == value.dtype
        assert weights[name].is_contiguous()
    assert len({value.untyped_storage().data_ptr() for value in weights.values()}) == 2
    assert path.stat().st_size < (finished / run.name / "weights.pt").stat().st_size - 5_000


def test_the_images_of_probes_are_published_beside_each_other(tmp_path, finished, monkeypatch):
    asked = []

    def half_right(network, split):
        asked.append(network.state_dict())
        guesses = (split.labels + torch.arange(len(split.labels)) % 2) % 10
        return result_of(split.labels.tolist(), guesses.tolist(), 10)

    monkeypatch.setattr("gate_by_gate.experiment.publishing.evaluate", half_right)
    publish_probe_images({"first": REFERENCE}, finished, tmp_path)
    publish_probe_images({"second": REFERENCE}, finished, tmp_path)
    images = torch.load(tmp_path / "probe_images.pt", weights_only=True)

    test, plain = TASK.make("test"), trained(REFERENCE, finished)
    expected = shown_images(TASK, test, half_right(plain, test))
    assert all(torch.equal(asked[0][name], value) for name, value in plain.state_dict().items())
    assert list(images) == ["first", "second"]
    for shown in images.values():
        assert shown.keys() == expected.keys()
        assert all(torch.equal(shown[name], value) for name, value in expected.items())


def test_images_of_another_task_are_refused(tmp_path, finished):
    with pytest.raises(TypeError, match="must be runs on probe tasks; got that of plain_seed3"):
        publish_probe_images({"digits": Run(seed=3)}, finished, tmp_path)


def test_the_images_are_chosen_by_plain_runs_of_the_plan():
    planned = {one.run.name: one for one in planned_runs(["probes"], [0])}
    references = probe_references()
    assert tuple(references) == SHOWN_PROBES
    for probe, run in references.items():
        assert planned[run.name].run == run
        assert planned[run.name].has_checkpoint
        assert run.network == NetworkConfig()
        assert run.data.name == probe


@pytest.mark.parametrize("unfinished", [[], [probe_references()["frame_cue"].name]])
def test_the_command_publishes_the_images_of_probes_whose_plain_run_is_published(
    tmp_path, monkeypatch, unfinished
):
    given = []
    monkeypatch.setattr("gate_by_gate.experiment.__main__.publish", lambda planned, runs: unfinished)
    monkeypatch.setattr(
        "gate_by_gate.experiment.__main__.publish_probe_images",
        lambda references, runs: given.append((list(references), runs)),
    )
    status = main(["publish", "--runs", str(tmp_path), "--seeds", "0", "--groups", "probes"])
    assert status == len(unfinished)
    finished = [name for name in SHOWN_PROBES if not (unfinished and name == "frame_cue")]
    assert given == [(finished, tmp_path)]


def test_without_probes_the_command_leaves_their_images_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("gate_by_gate.experiment.__main__.publish", lambda planned, runs: [])
    monkeypatch.setattr("gate_by_gate.experiment.__main__.publish_samples", lambda run, runs: None)
    monkeypatch.setattr(
        "gate_by_gate.experiment.__main__.publish_probe_images",
        lambda references, runs: pytest.fail("called without a probe"),
    )
    assert main(["publish", "--runs", str(tmp_path), "--seeds", "0", "--groups", "main"]) == 0
