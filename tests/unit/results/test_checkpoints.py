"""The published weights: those that were recorded, and each finds the recorded results again.

To evaluate one takes a second or more. So `make test` evaluates one network of each block on cluttered
digits, and one of each probe task; `make nightly` evaluates all of them.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

import pytest
import torch

from attn_lib.inspection import attention_maps, energy_inside, pointing_hits, share_inside
from attn_lib.interventions import interventions_for
from gate_by_gate import results
from gate_by_gate.digit_resnet import DigitResNet, digit_resnet
from gate_by_gate.experiment import ClutteredDigits, evaluate, planned_runs, to_input
from gate_by_gate.experiment.intervention_counts import count_interventions
from gate_by_gate.experiment.localization import grad_cams, spatial_maps
from gate_by_gate.experiment.plan import EXTRA_CHECKPOINTS, HEADLINE, main_networks
from gate_by_gate.experiment.predictions import EXPERIMENTS
from gate_by_gate.experiment.probe_tasks import PROBE_TASKS

DIRECTORY = Path(results.__file__).parent / "checkpoints"
PLANNED = {one.run.name: one for one in planned_runs()}
CHECKPOINTS = results.checkpoint_names()
OF_PROBES = [name for name in CHECKPOINTS if results.record(name)["group"] == "probes"]

# Bytes of all weights together. The bound protects those who clone the repository, where git compresses the
# 15.0 MB of 113 networks to 12.6 MB. Were the files themselves deflated, which torch reads as well, a clone
# would take 12.6 MB more and not less, since git keeps the old files, too. This leaves room for about 35
# networks of the usual size.
LARGEST_TOTAL, LARGEST = 20_000_000, 400_000

# Processors and versions of torch add up in another order, and logits differ in their last bits: by 1e-5
# between memory layouts and numbers of threads. An image changes sides if its two best classes are closer
# than that; of the 2,000 images no network has more than one whose classes are closer than 1e-3.
TOLERATED_IMAGES = 1

# For the same reason maps differ by up to 2e-6 of their peak. So a hit is in doubt if the best cell inside
# the box and the best one outside are closer than twice that. Of 2,000 images these are a handful for most
# maps, and nearly all where a gate has a plateau: the last bit says which of its equal cells is the largest.
IN_DOUBT = 4e-6


def most_interventions(task):
    """The network of a probe task that most can be done to."""
    of_task = [name for name in OF_PROBES if results.record(name)["task"] == task]
    return max(of_task, key=lambda name: len(results.record(name)["interventions"]))


OF_EVERY_BLOCK = [f"{network.name}_seed0" for network in HEADLINE]
PUBLISHED_PROBES = sorted({results.record(name)["task"] for name in results.names()} & set(PROBE_TASKS))
OF_EVERY_PROBE = [most_interventions(task) for task in PUBLISHED_PROBES]


def few_now(names, now):
    """All ``names`` as parameters of a test that takes seconds; those not in ``now`` wait for the night."""
    marks = {True: pytest.mark.slow, False: pytest.mark.nightly}
    return [pytest.param(name, marks=marks[name in now]) for name in names]


@lru_cache(maxsize=2)  # the networks of a task stand side by side in the alphabet
def split_of(task):
    return task.make("test")


def test_every_network_of_the_main_group_is_published_with_seed_0():
    missing = {f"{network.name}_seed0" for network in main_networks()} - set(CHECKPOINTS)
    assert not missing


def test_the_networks_that_the_book_takes_apart_are_there():
    assert set(EXTRA_CHECKPOINTS) <= set(CHECKPOINTS)


# The files


def test_a_checkpoint_is_the_file_that_was_recorded_and_holds_weights_alone():
    for name in CHECKPOINTS:
        checkpoint = results.record(name)["checkpoint"]
        path = DIRECTORY / checkpoint["file"]
        content = path.read_bytes()
        assert hashlib.sha256(content).hexdigest() == checkpoint["sha256"], name
        assert len(content) == checkpoint["bytes"] < LARGEST, name
        weights = torch.load(path, weights_only=True)
        network = digit_resnet(**results.record(name)["network"])
        assert weights.keys() == network.state_dict().keys(), name
        assert all(isinstance(one, torch.Tensor) and one.is_contiguous() for one in weights.values()), name
        assert {value.dtype for value in weights.values()} == {torch.float16, torch.int64}, name


def test_weights_are_read_as_the_numbers_that_the_network_had():
    """Float32, so that a reader's network computes in it, and every value one of half precision."""
    for name in CHECKPOINTS:
        stored = torch.load(DIRECTORY / f"{name}.pt", weights_only=True)
        for key, value in results.state_dict(name).items():
            if stored[key].is_floating_point():
                assert value.dtype == torch.float32, (name, key)
                assert value.isfinite().all(), (name, key)
                assert torch.equal(value.half(), stored[key]), (name, key)
                assert torch.equal(value.half().float(), value), (name, key)
            else:
                assert torch.equal(value, stored[key]), (name, key)


def test_no_checkpoint_lies_about_without_a_record():
    files = {path.name for path in DIRECTORY.iterdir()}
    assert files == {f"{name}.pt" for name in CHECKPOINTS}


def test_all_checkpoints_together_stay_small():
    assert sum(path.stat().st_size for path in DIRECTORY.iterdir()) < LARGEST_TOTAL


def test_a_trained_network_has_the_weights_and_is_the_readers_own():
    first, second = (results.trained_network("se_r4_bias_seed0") for _ in range(2))
    assert isinstance(first, DigitResNet)
    assert not any(module.training for module in first.modules())
    first.fc.bias.data += 1
    for key, value in results.state_dict("se_r4_bias_seed0").items():
        assert torch.equal(second.state_dict()[key], value), key


# Evaluated again


@pytest.mark.slow
@pytest.mark.parametrize("name", few_now(CHECKPOINTS, {*OF_EVERY_BLOCK, *OF_EVERY_PROBE}))
def test_a_checkpoint_finds_its_accuracy_and_where_it_points_again(name):
    record, network = results.record(name), results.trained_network(name)
    test = split_of(PLANNED[name].run.data)

    found = evaluate(network, test)

    assert found.total == record["test"]["total"] == 2_000
    assert abs(found.correct - record["test"]["correct"]) <= TOLERATED_IMAGES
    for (correct, total), (recorded_correct, recorded_total) in zip(
        found.per_class, record["test"]["per_class"], strict=True
    ):
        assert total == recorded_total
        assert abs(correct - recorded_correct) <= TOLERATED_IMAGES
    if "localization" in record:
        recorded = record["localization"]
        assert_maps_agree(grad_cams(network, test.images[:500]), test, recorded, "grad_cam")
        assert_maps_agree(spatial_maps(network, test.images), test, recorded, "attention")


def assert_maps_agree(maps, test, recorded, kind):
    """Compare the scores of ``maps`` by stage with those recorded, leaving the room that rounding takes."""
    assert list(maps) == [stage for stage in recorded if kind in recorded[stage]]
    for stage, found in maps.items():
        score, boxes, size = recorded[stage][kind], test.boxes[: len(found)], test.images.shape[2:]
        # An image that is taken for another class has another Grad-CAM.
        others = TOLERATED_IMAGES if kind == "grad_cam" else 0
        doubts = images_in_doubt(found, boxes, size)
        # However the doubts fall, each by itself, their sum stays within four standard deviations.
        unlucky = min(doubts, 4 * (doubts / 2) ** 0.5)
        hits, energy = pointing_hits(found, boxes, size).sum(), energy_inside(found, boxes, size).mean()
        assert score["total"] == len(found)
        assert abs(hits - score["hits"]) <= others + unlucky, (stage, kind)
        # Four decimals are recorded, of which the last may be rounded to the other side.
        assert abs(energy - score["energy"]) <= others / len(found) + 0.00011, (stage, kind)
        assert share_inside(found, boxes, size).mean().item() == pytest.approx(score["chance"], abs=0.00006)


def images_in_doubt(maps, boxes, size):
    """Count the maps whose best cells inside and outside the box are as good as equal; zeros stay zeros."""
    outside = maps.clone()
    inside = torch.zeros_like(maps)
    for n, (x, y, width, height) in enumerate(boxes.tolist()):
        step_y, step_x = size[0] // maps.shape[1], size[1] // maps.shape[2]
        rows = slice(-(-y // step_y), -(-(y + height) // step_y))
        columns = slice(-(-x // step_x), -(-(x + width) // step_x))
        inside[n, rows, columns] = maps[n, rows, columns]
        outside[n, rows, columns] = 0
    best, other = inside.amax(dim=(1, 2)), outside.amax(dim=(1, 2))
    return int(((best - other).abs() < IN_DOUBT * torch.maximum(best, other)).sum())


def test_doubts_by_hand():
    """Of the cells, 2 x 2 pixels each, the box holds the one in row 1 and column 1 alone."""
    clear = torch.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.3]])
    equal = torch.tensor([[0.1, 0.5 + 1e-7, 0.3], [0.4, 0.5, 0.3]])
    maps = torch.stack([clear, equal, torch.zeros(2, 3), clear])
    boxes = torch.tensor([[1, 2, 3, 2]]).expand(4, -1)
    assert images_in_doubt(maps, boxes, (4, 6)) == 1


def published_gates():
    names = [name for name in CHECKPOINTS if results.record(name)["group"] == "main"]
    return [name for name in names if results.record(name)["setting"]["attention"] in ("se", "eca")]


@pytest.mark.parametrize("name", few_now(published_gates(), {"se_r4_bias_seed0", "eca_k3_seed0"}))
def test_gates_by_class_are_found_again(name):
    test = split_of(ClutteredDigits())
    found = attention_maps(results.trained_network(name), to_input(test.images))
    for block, recorded in results.class_gates(name).items():
        gates = found[block]["channel"].flatten(1)
        expected = torch.stack([gates[test.labels == digit].mean(dim=0) for digit in range(10)])
        torch.testing.assert_close(recorded, expected, rtol=0, atol=0.00051)  # three decimals


# Interventions


def test_every_network_of_a_probe_with_weights_has_counts_of_its_interventions():
    """Every probe task of which anything is published has such a network; the first five are published."""
    assert {results.record(name)["task"] for name in OF_PROBES} == set(PUBLISHED_PROBES)
    assert {one.task.name for one in EXPERIMENTS.values()} <= set(PUBLISHED_PROBES)
    for name in OF_PROBES:
        record = results.record(name)
        counts = record["interventions"]
        cued = PROBE_TASKS[record["task"]].has_cue
        names = [*(["turned"] if cued else []), *interventions_for(results.trained_network(name))]
        assert list(counts) == names, name
        for intervention, count in counts.items():
            where = (name, intervention)
            assert ("other" in count) == (cued and intervention in ("turned", "exchanged")), where
            assert count["total"] == record["test"]["total"], where
            assert all(0 <= value <= count["total"] for value in count.values()), where


def test_counts_stand_beside_weights_and_nowhere_else():
    assert [name for name in results.names() if "interventions" in results.record(name)] == OF_PROBES


# One network whose donors have another cue, and one whose donors are other images.
COUNTED = {most_interventions(task) for task in ("row_cue", "matching_pair")}


@pytest.mark.slow
@pytest.mark.parametrize("name", few_now(OF_PROBES, COUNTED))
def test_counts_are_found_again(name):
    recorded, task = results.record(name)["interventions"], PLANNED[name].run.data
    found = count_interventions(results.trained_network(name), task, split_of(task))
    assert found.keys() == recorded.keys()
    for intervention, count in found.items():
        assert count.keys() == recorded[intervention].keys()
        for key, value in count.items():
            assert abs(value - recorded[intervention][key]) <= TOLERATED_IMAGES, (intervention, key)
