"""What the package carries is what was found: every checkpoint is evaluated again."""

import hashlib
import json
import shlex
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest
import torch

import attn_lib.results
from attn_lib import results
from attn_lib.backbones import digit_resnet
from attn_lib.experiment import ClutteredDigits, evaluate, load_split, published_runs, to_input
from attn_lib.experiment.__main__ import build_parser, run_of
from attn_lib.experiment.cluttered_digits import dataset_sha256
from attn_lib.experiment.model import count_parameters
from attn_lib.experiment.publishing import choose_samples

DIRECTORY = Path(attn_lib.results.__file__).parent

# Processors and versions of torch add up in another order, and logits differ in their last bits: by 1e-5
# between memory layouts and numbers of threads. An image changes sides if its two best classes are closer
# than that; of the 2,000 images no network has more than one whose classes are closer than 1e-3.
TOLERATED_IMAGES = 1


@lru_cache(maxsize=1)
def the_test_split():
    return load_split(ClutteredDigits(), "test")


@lru_cache(maxsize=1)
def network_of(name):
    network = digit_resnet(**results.record(name)["network"])
    network.load_state_dict(results.state_dict(name))
    return network.eval()


def test_every_published_run_has_a_record():
    assert set(results.names()) == {run.name for run in published_runs()}
    assert set(results.checkpoint_names()) == {name for name in results.names() if name.endswith("_seed0")}
    assert results.names() == sorted(results.names())


@pytest.mark.parametrize("name", results.checkpoint_names())
def test_a_checkpoint_finds_its_recorded_accuracy_again(name):
    recorded = results.record(name)["test"]

    found = evaluate(network_of(name), the_test_split())

    assert found.total == recorded["total"] == 2_000
    assert abs(found.correct - recorded["correct"]) <= TOLERATED_IMAGES
    for (correct, total), (recorded_correct, recorded_total) in zip(
        found.per_class, recorded["per_class"], strict=True
    ):
        assert total == recorded_total
        assert abs(correct - recorded_correct) <= TOLERATED_IMAGES


@pytest.mark.parametrize("name", results.checkpoint_names())
def test_a_checkpoint_is_the_file_that_was_recorded_and_holds_weights_alone(name):
    checkpoint = results.record(name)["checkpoint"]
    path = DIRECTORY / "checkpoints" / checkpoint["file"]

    content = path.read_bytes()

    assert hashlib.sha256(content).hexdigest() == checkpoint["sha256"]
    assert len(content) == checkpoint["bytes"] < 400_000
    weights = torch.load(path, weights_only=True)
    assert weights.keys() == digit_resnet(**results.record(name)["network"]).state_dict().keys()
    assert all(isinstance(value, torch.Tensor) and value.is_contiguous() for value in weights.values())


def test_no_checkpoint_lies_about_without_a_record():
    files = {path.name for path in (DIRECTORY / "checkpoints").iterdir()}
    assert files == {f"{name}.pt" for name in results.checkpoint_names()}


@pytest.mark.parametrize("name", results.names())
def test_a_record_says_how_to_repeat_the_run(name):
    record = results.record(name)
    run = run_of(build_parser().parse_args(shlex.split(record["command"])[3:]))

    assert run.name == name
    assert record["seed"] == run.seed
    assert record["data"] == vars(run.data)
    assert record["training"] == vars(run.training)
    assert record["network"] == run.network.as_keywords()
    assert record["setting"] == {"attention": run.network.attention, **run.network.named_keywords}
    assert record["data_sha256"] == dataset_sha256(run.data)
    assert record["parameters"] == count_parameters(digit_resnet(**record["network"]))
    assert {"python", "torch", "numpy", "scikit-learn"} == set(record["versions"])


@pytest.mark.parametrize("name", results.names())
def test_the_numbers_of_a_record_agree_with_one_another(name):
    record = results.record(name)
    curve, validation, test = record["learning_curve"], record["validation"], record["test"]

    assert len(curve["train_loss"]) == len(curve["validation_accuracy"]) == record["training"]["epochs"]
    assert curve["validation_accuracy"][-1] == pytest.approx(
        validation["correct"] / validation["total"], abs=TOLERATED_IMAGES / validation["total"]
    )
    assert [sum(column) for column in zip(*test["per_class"], strict=True)] == [
        test["correct"],
        test["total"],
    ]
    assert curve["train_loss"][-1] < curve["train_loss"][0]


def test_the_plain_network_is_neither_lost_nor_saturated():
    test = results.record("plain_seed0")["test"]
    assert 0.70 < test["correct"] / test["total"] < 0.90


def test_all_results_together_stay_small():
    assert sum(path.stat().st_size for path in DIRECTORY.rglob("*") if path.is_file()) < 15_000_000


def test_a_record_is_the_readers_own_copy():
    results.record("plain_seed0")["test"]["correct"] = -1
    assert results.record("plain_seed0")["test"]["correct"] > 0


def test_unknown_names_and_missing_weights_are_refused(monkeypatch):
    with pytest.raises(KeyError, match=r"expected a run out of .*plain_seed0.*; got 'plain'"):
        results.record("plain")
    with pytest.raises(KeyError, match="got 'plain'"):
        results.state_dict("plain")
    records = {"with": {"checkpoint": {"file": "with.pt"}}, "without": {"checkpoint": None}}
    monkeypatch.setattr(results, "_records", lambda: records)
    assert results.checkpoint_names() == ["with"]
    with pytest.raises(ValueError, match=r"expected a run out of \['with'\], .* published; got 'without'"):
        results.state_dict("without")


def test_sample_images_are_those_of_the_the_test_split():
    samples, test = results.sample_images(), the_test_split()

    assert samples.images.dtype == torch.uint8
    assert samples.images.shape == (10, 1, 56, 56)
    assert samples.labels.tolist() == list(range(10))
    assert torch.equal(samples.images, test.images[samples.indices])
    assert torch.equal(samples.labels, test.labels[samples.indices])
    assert torch.equal(samples.boxes, test.boxes[samples.indices])
    torch.testing.assert_close(samples.inputs(), to_input(samples.images), rtol=0, atol=0)


def test_sample_images_follow_the_written_rule():
    samples = results.sample_images()
    network = network_of("plain_seed0")
    with torch.no_grad():
        predictions = network(samples.inputs()).argmax(dim=1)

    assert (predictions != samples.labels).sum() == 3
    assert samples.indices.tolist() == choose_samples(evaluate(network, the_test_split()))


def test_results_are_read_with_torch_alone():
    program = (
        "import json, sys, attn_lib.results as results\n"
        "results.sample_images(), results.record('plain_seed0'), results.state_dict('plain_seed0')\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert "torch" in loaded
    assert not {"sklearn", "attn_lib.experiment", "matplotlib"} & loaded
