"""The folder of runs, and publishing from it: nothing run twice, lost, or published by mistake."""

import dataclasses
import json
import shlex
import subprocess
import sys

import pytest
import torch

from attn_lib.backbones import digit_resnet
from attn_lib.experiment.cluttered_digits import ClutteredDigits, load_split
from attn_lib.experiment.evaluation import Evaluation, evaluate
from attn_lib.experiment.model import NetworkSetting, count_parameters
from attn_lib.experiment.publishing import choose_samples, publish, publish_samples
from attn_lib.experiment.run import (
    Run,
    execute,
    execute_all,
    finished_epochs,
    finished_record,
    finished_weights,
)
from attn_lib.experiment.training import TrainingSettings

DATA = ClutteredDigits(
    canvas=17, digit=13, fragments=1, fragment=5, train_images=211, validation_images=53, test_images=59
)
TRAINING = TrainingSettings(epochs=3, batch_size=23)
TINY = [
    Run(NetworkSetting("se", {"reduction": 5}), DATA, TRAINING, seed=0),
    Run(NetworkSetting(), DATA, TRAINING, seed=1),
]
COMMAND = [sys.executable, "-m", "attn_lib.experiment"]


def silent(line):
    pass


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of runs after both tiny ones have finished."""
    folder = tmp_path_factory.mktemp("runs")
    execute_all(TINY, folder, workers=1, report=silent)
    return folder


# The folder of runs


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

    network = digit_resnet(**record["network"])
    network.load_state_dict(finished_weights(run, finished))
    again = evaluate(network, load_split(DATA, "validation"))
    assert record["validation"] == {"correct": again.correct, "total": 53}
    assert record["parameters"] == count_parameters(network)


def test_a_finished_run_is_not_run_again(finished):
    lines = []
    before = (finished / TINY[0].name / "weights.pt").stat().st_mtime_ns
    record = execute(TINY[0], finished, lines.append)
    assert lines == [f"{TINY[0].name}: finished before"]
    assert record == finished_record(TINY[0], finished)
    assert (finished / TINY[0].name / "weights.pt").stat().st_mtime_ns == before


def test_training_leaves_the_number_of_threads_alone(tmp_path):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        run = dataclasses.replace(TINY[1], training=TrainingSettings(epochs=1, batch_size=101))
        execute(run, tmp_path, silent)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_two_workers_find_what_one_finds(tmp_path, finished):
    lines = []
    records = execute_all(TINY, tmp_path, workers=2, report=lines.append)

    assert lines == ["1 of 2 runs finished", "2 of 2 runs finished"]
    for run, record in zip(TINY, records, strict=True):
        assert record["command"] == run.command
        expected, weights = finished_weights(run, finished), finished_weights(run, tmp_path)
        for name, value in expected.items():
            torch.testing.assert_close(weights[name], value, rtol=0, atol=0, msg=f"{run.name} {name}")


def test_a_process_killed_in_the_middle_goes_on_where_it_was(tmp_path):
    """A kill that cannot be caught, at whatever it is doing; the weights are those of a run never killed."""
    run = dataclasses.replace(TINY[0], training=TrainingSettings(epochs=17, batch_size=23))
    command = [*COMMAND, *shlex.split(run.command)[3:], "--runs", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        first_line = process.stdout.readline()
        process.kill()
    assert first_line.startswith(f"{run.name}: epoch  1/17")
    assert 1 <= finished_epochs(run, tmp_path) < 17
    lines = []

    execute(run, tmp_path, lines.append)
    execute(run, tmp_path / "never killed", silent)

    assert 1 <= len(lines) < 17
    expected, weights = finished_weights(run, tmp_path / "never killed"), finished_weights(run, tmp_path)
    for name, value in expected.items():
        torch.testing.assert_close(weights[name], value, rtol=0, atol=0, msg=name)


def test_a_folder_that_holds_another_run_is_refused(tmp_path, finished):
    other = dataclasses.replace(TINY[1], seed=2)
    (tmp_path / other.name).mkdir()
    record = json.loads((finished / TINY[1].name / "record.json").read_text())
    (tmp_path / other.name / "record.json").write_text(json.dumps(record))
    with pytest.raises(ValueError, match=r"expected the run of `.*--seed 2` in .*; got that of `.*--seed 1`"):
        execute(other, tmp_path, silent)


# Publishing


def test_publishing_stores_test_counts_and_the_weights_of_seed_0(tmp_path, finished):
    unfinished = Run(NetworkSetting(), DATA, TRAINING, seed=5)

    missing = publish([*TINY, unfinished], finished, tmp_path, report=silent)

    assert missing == [unfinished.name]
    records = json.loads((tmp_path / "records.json").read_text())
    assert list(records) == sorted(run.name for run in TINY)
    se, plain = TINY
    assert records[plain.name]["checkpoint"] is None
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == [f"{se.name}.pt"]
    network = digit_resnet(**records[se.name]["network"])
    network.load_state_dict(torch.load(tmp_path / "checkpoints" / f"{se.name}.pt", weights_only=True))
    result = evaluate(network, load_split(DATA, "test"))
    expected = {
        "correct": result.correct,
        "total": 59,
        "per_class": [list(pair) for pair in result.per_class],
    }
    assert records[se.name]["test"] == expected


def test_publishing_again_keeps_what_is_published(tmp_path, finished):
    publish([TINY[0]], finished, tmp_path, report=silent)
    publish([TINY[1]], finished, tmp_path, report=silent)
    assert set(json.loads((tmp_path / "records.json").read_text())) == {run.name for run in TINY}


def test_a_run_on_other_data_is_not_published(tmp_path, finished):
    run = TINY[1]
    record = json.loads((finished / run.name / "record.json").read_text())
    (tmp_path / run.name).mkdir()
    (tmp_path / run.name / "record.json").write_text(json.dumps({**record, "data_sha256": "0123"}))
    with pytest.raises(
        ValueError, match=f"expected {run.name} to be trained on data [0-9a-f]{{64}}; got 0123"
    ):
        publish([run], tmp_path, tmp_path / "results", report=silent)


def result_of(labels, predictions, classes):
    logits = torch.nn.functional.one_hot(torch.tensor(predictions), classes).float()
    return Evaluation(logits=logits, labels=torch.tensor(labels))


def test_samples_by_hand():
    """Mistakes by class: 1, 0, 2, 1, 1. Classes 2, 0 and 3 are shown mistaken, 1 and 4 read correctly."""
    labels = [0, 0, 1, 2, 2, 2, 3, 3, 4, 4]
    predictions = [0, 1, 1, 2, 0, 1, 0, 3, 2, 4]
    assert choose_samples(result_of(labels, predictions, 5)) == [1, 2, 4, 6, 9]


def test_a_class_without_a_mistake_to_show_is_named():
    with pytest.raises(ValueError, match="got none for class 2"):
        choose_samples(result_of([0, 0, 1, 1, 2, 3], [0, 1, 0, 1, 2, 3], 4))


def test_published_samples_are_the_chosen_test_images(tmp_path, finished, monkeypatch):
    chosen = [3, 1, 4, 15, 9, 2, 6, 5, 35, 8]
    monkeypatch.setattr("attn_lib.experiment.publishing.choose_samples", lambda result: chosen)
    publish_samples(TINY[0], finished, tmp_path)
    test = load_split(DATA, "test")

    samples = torch.load(tmp_path / "sample_images.pt", weights_only=True)

    assert samples["indices"].tolist() == chosen
    assert torch.equal(samples["images"], test.images[chosen])
    assert torch.equal(samples["labels"], test.labels[chosen])
    assert torch.equal(samples["boxes"], test.boxes[chosen])
