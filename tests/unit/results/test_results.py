"""What the package carries is what was found: every checkpoint is evaluated again."""

import csv
import hashlib
import json
import shlex
import subprocess
import sys
from functools import cache, lru_cache
from pathlib import Path

import pytest
import torch

import gate_by_gate.results
from attn_lib.inspection import (
    attention_maps,
    count_macs,
    energy_inside,
    is_block,
    pointing_hits,
    share_inside,
)
from gate_by_gate import results
from gate_by_gate.digit_resnet import digit_resnet
from gate_by_gate.experiment import ClutteredDigits, evaluate, planned_runs, to_input
from gate_by_gate.experiment.__main__ import build_parser, run_of
from gate_by_gate.experiment.example_images import choose_samples
from gate_by_gate.experiment.localization import STAGES, grad_cams, spatial_maps
from gate_by_gate.experiment.model import count_parameters
from gate_by_gate.experiment.plan import EXTRA_CHECKPOINTS, SEEDS, main_networks
from gate_by_gate.experiment.tasks import task_sha256

DIRECTORY = Path(gate_by_gate.results.__file__).parent
PLANNED = {one.run.name: one for one in planned_runs()}
NAMES, CHECKPOINTS, SETTINGS = results.names(), results.checkpoint_names(), results.settings()
LOCALISED = [name for name in NAMES if results.record(name)["group"] == "main"]

# Processors and versions of torch add up in another order, and logits differ in their last bits: by 1e-5
# between memory layouts and numbers of threads. An image changes sides if its two best classes are closer
# than that; of the 2,000 images no network has more than one whose classes are closer than 1e-3.
TOLERATED_IMAGES = 1

# For the same reason maps differ by up to 2e-6 of their peak. So a hit is in doubt if the best cell inside
# the box and the best one outside are closer than twice that. Of 2,000 images these are a handful for most
# maps, and nearly all where a gate has a plateau: the last bit says which of its equal cells is the largest.
IN_DOUBT = 4e-6

# The last entry of a learning curve is from before the weights are rounded to half precision. Of 935 runs
# that moved the count of right answers by 0 in 531, by at most 4 in 934, and in one by 7 among 1,000. That
# one has learned a probe by halves: random changes of its weights by as little turn 3 to 7 of its answers
# (of seven other networks of this probe 0 to 6). A record of another network would be off by tens.
MOVED_BY_ROUNDING = 7


def run_of_record(record):
    return run_of(build_parser().parse_args(shlex.split(record["command"])[3:]))


@lru_cache(maxsize=2)  # the runs of a task stand side by side in the alphabet
def split_of(task):
    return task.make("test")


def the_test_split():
    return split_of(ClutteredDigits())


@cache
def sha256_of(task):
    return task_sha256(task)


@lru_cache(maxsize=1)
def network_of(name):
    network = digit_resnet(**results.record(name)["network"])
    network.load_state_dict(results.state_dict(name))
    return network.eval()


# What is there


def test_every_setting_of_the_main_group_is_published_with_seed_0():
    missing = {f"{setting.name}_seed0" for setting in main_networks()} - set(CHECKPOINTS)
    assert not missing


def test_the_networks_that_the_book_takes_apart_are_there():
    assert set(EXTRA_CHECKPOINTS) <= set(CHECKPOINTS)


def test_what_is_published_was_planned():
    assert sorted(set(NAMES)) == NAMES
    for name in NAMES:
        record, planned = results.record(name), PLANNED[name]
        assert record["group"] == planned.group
        assert record["task"] == planned.run.data.name
        first = planned.has_checkpoint and record["seed"] == 0
        assert (name in CHECKPOINTS) == (first or name in EXTRA_CHECKPOINTS)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_seeds_of_a_setting_share_all_but_the_seed(setting):
    seeds = results.seeds(setting)
    assert seeds == sorted(set(seeds))
    assert set(seeds) <= set(SEEDS)
    records = [results.record(f"{setting}_seed{seed}") for seed in seeds]
    assert [record["seed"] for record in records] == seeds
    for key in ("network", "setting", "parameters", "macs", "data", "data_sha256", "training", "group"):
        assert all(record[key] == records[0][key] for record in records), key


# Evaluated again


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_checkpoint_finds_its_accuracy_and_where_it_points_again(name):
    record, network = results.record(name), network_of(name)
    test = split_of(run_of_record(record).data)

    found = evaluate(network, test)

    assert found.total == record["test"]["total"] == 2_000
    assert abs(found.correct - record["test"]["correct"]) <= TOLERATED_IMAGES
    for (correct, total), (recorded_correct, recorded_total) in zip(
        found.per_class, record["test"]["per_class"], strict=True
    ):
        assert total == recorded_total
        assert abs(correct - recorded_correct) <= TOLERATED_IMAGES
    if name in LOCALISED:
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


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_checkpoint_is_the_file_that_was_recorded_and_holds_weights_alone(name):
    checkpoint = results.record(name)["checkpoint"]
    path = DIRECTORY / "checkpoints" / checkpoint["file"]

    content = path.read_bytes()

    assert hashlib.sha256(content).hexdigest() == checkpoint["sha256"]
    assert len(content) == checkpoint["bytes"] < 400_000
    weights = torch.load(path, weights_only=True)
    assert weights.keys() == digit_resnet(**results.record(name)["network"]).state_dict().keys()
    assert all(isinstance(value, torch.Tensor) and value.is_contiguous() for value in weights.values())
    assert {value.dtype for value in weights.values()} == {torch.float16, torch.int64}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_weights_are_read_as_the_numbers_that_the_network_had(name):
    """Float32, so that a reader's network computes in it, and every value one of half precision."""
    stored = torch.load(DIRECTORY / "checkpoints" / f"{name}.pt", weights_only=True)
    for key, value in results.state_dict(name).items():
        if stored[key].is_floating_point():
            assert value.dtype == torch.float32
            assert value.isfinite().all()
            assert torch.equal(value.half(), stored[key])
            assert torch.equal(value.half().float(), value)
        else:
            assert torch.equal(value, stored[key])


def test_no_checkpoint_lies_about_without_a_record():
    files = {path.name for path in (DIRECTORY / "checkpoints").iterdir()}
    assert files == {f"{name}.pt" for name in CHECKPOINTS}


# Records


@pytest.mark.parametrize("name", NAMES)
def test_a_record_says_how_to_repeat_the_run(name):
    record = results.record(name)
    run = run_of_record(record)

    assert run == PLANNED[name].run
    assert run.name == name
    assert record["seed"] == run.seed
    assert record["data"] == vars(run.data)
    assert record["training"] == vars(run.training)
    assert record["network"] == run.network.as_keywords(run.data)
    assert json.loads(json.dumps(record["setting"])) == json.loads(
        json.dumps(
            {"attention": run.network.attention, **run.network.architecture, **run.network.named_keywords}
        )
    )
    assert record["data_sha256"] == sha256_of(run.data)
    assert {"python", "torch", "numpy", "scikit-learn"} == set(record["versions"])


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_record_says_what_the_network_costs(setting):
    record = results.record(f"{setting}_seed{results.seeds(setting)[0]}")
    images = run_of_record(record).data
    height, width = getattr(images, "size", None) or (images.canvas, images.canvas)
    network = digit_resnet(**record["network"])
    assert record["parameters"] == count_parameters(network)
    assert record["macs"] == count_macs(network, torch.zeros(1, images.channels, height, width)).total


@pytest.mark.parametrize("name", NAMES)
def test_the_numbers_of_a_record_agree_with_one_another(name):
    record = results.record(name)
    curve, validation, test = record["learning_curve"], record["validation"], record["test"]

    assert len(curve["train_loss"]) == len(curve["validation_accuracy"]) == record["training"]["epochs"]
    assert validation["total"] == record["data"]["validation_images"]
    before_rounding = curve["validation_accuracy"][-1] * validation["total"]
    assert abs(validation["correct"] - before_rounding) <= MOVED_BY_ROUNDING
    assert test["total"] == record["data"]["test_images"]
    assert [sum(column) for column in zip(*test["per_class"], strict=True)] == [
        test["correct"],
        test["total"],
    ]
    # Training may fail (the experiment publishes that too), but then the answers must be guesses.
    learned = curve["train_loss"][-1] < curve["train_loss"][0]
    assert learned or validation["correct"] < 0.2 * validation["total"]


@pytest.mark.parametrize("name", NAMES)
def test_localisation_is_recorded_for_the_main_group(name):
    """The test images are the same for all, so chance depends on the resolution of the map alone."""
    record = results.record(name)
    if name not in LOCALISED:
        assert "localization" not in record
        return
    assert tuple(record["localization"]) == STAGES
    for stage, scores in record["localization"].items():
        plain = results.record("plain_seed0")["localization"][stage]["grad_cam"]
        assert scores["grad_cam"]["chance"] == plain["chance"]
        assert scores.keys() <= {"grad_cam", "attention"}
        for kind, score in scores.items():
            assert score["total"] == (500 if kind == "grad_cam" else 2_000)
            assert 0 <= score["hits"] <= score["total"]
            assert 0 < score["energy"] < 1
            # 14 x 14 of 40 x 40 pixels, give or take what a box gets of a coarse map's last row and column.
            assert score["chance"] == pytest.approx(196 / 1600, abs=0.012)


def test_the_table_says_what_the_records_say():
    with (DIRECTORY / "table.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["run"]: row for row in csv.DictReader(file)}

    assert list(rows) == NAMES
    for name, row in rows.items():
        record = results.record(name)
        expected = {
            "run": name,
            "group": record["group"],
            "setting": name.removesuffix(f"_seed{record['seed']}"),
            "attention": record["setting"]["attention"] or "none",
            **{key: str(record[key]) for key in ("seed", "parameters", "macs")},
            **{key: str(record["test"][key]) for key in ("correct", "total")},
        }
        for stage, scores in record.get("localization", {}).items():
            for kind, score in scores.items():
                expected |= {f"{stage}_{kind}_{key}": str(score[key]) for key in ("hits", "total", "energy")}
        assert {column: value for column, value in row.items() if value} == expected


def has_class_gates(name):
    record = results.record(name)
    return (
        record["group"] == "main" and record["seed"] == 0 and record["setting"]["attention"] in ("se", "eca")
    )


@pytest.mark.parametrize("name", [name for name in NAMES if has_class_gates(name)])
def test_gates_by_class_are_there_for_every_block(name):
    gates, network = results.class_gates(name), digit_resnet(**results.record(name)["network"])
    blocks = {block: module for block, module in network.named_modules() if is_block(module)}
    assert {block: tuple(rows.shape) for block, rows in gates.items()} == {
        block: (10, module.channels) for block, module in blocks.items()
    }
    if results.record(name)["setting"].get("gate", "sigmoid") == "sigmoid":
        assert all(((rows >= 0) & (rows <= 1)).all() for rows in gates.values())


@pytest.mark.parametrize("name", ["se_r4_bias_seed0", "eca_k3_seed0"])
def test_gates_by_class_are_found_again(name):
    test = the_test_split()
    found = attention_maps(network_of(name), to_input(test.images))
    for block, recorded in results.class_gates(name).items():
        gates = found[block]["channel"].flatten(1)
        expected = torch.stack([gates[test.labels == digit].mean(dim=0) for digit in range(10)])
        torch.testing.assert_close(recorded, expected, rtol=0, atol=0.00051)  # three decimals


def test_other_runs_have_no_gates_by_class():
    for name in NAMES:
        assert "class_gates" not in results.record(name)
        if not has_class_gates(name):
            with pytest.raises(ValueError, match=f"of SE or ECA with seed 0 in the main group; got '{name}'"):
                results.class_gates(name)
    with pytest.raises(KeyError, match="got 'plane'"):
        results.class_gates("plane")


def test_the_plain_network_is_neither_lost_nor_saturated():
    test = results.record("plain_seed0")["test"]
    assert 0.70 < test["correct"] / test["total"] < 0.90


def test_all_checkpoints_together_stay_small():
    assert sum(path.stat().st_size for path in (DIRECTORY / "checkpoints").iterdir()) < 15_000_000


def test_what_else_the_results_hold_stays_small():
    """Records of every run, the table, the times, and the images that are shown."""
    assert sum(path.stat().st_size for path in DIRECTORY.iterdir() if path.is_file()) < 3_000_000


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


FAKE = {
    "se_r4_bias_seed3": {"seed": 3, "group": "main"},
    "se_r4_bias_seed1": {"seed": 1, "group": "main"},
    "plain_seed0": {"seed": 0, "group": "main"},
    "plain_fragments7_data_seed5_seed2": {"seed": 2, "group": "robustness"},
}


def test_settings_and_seeds_by_hand(monkeypatch):
    monkeypatch.setattr(results, "_records", lambda: FAKE)
    assert results.settings() == ["plain", "plain_fragments7_data_seed5", "se_r4_bias"]
    assert results.settings("main") == ["plain", "se_r4_bias"]
    assert results.settings("robustness") == ["plain_fragments7_data_seed5"]
    assert results.settings("probes") == []
    assert results.seeds("se_r4_bias") == [1, 3]
    assert results.seeds("plain_fragments7_data_seed5") == [2]
    with pytest.raises(KeyError, match=r"expected a setting out of \['plain', .*\]; got 'se_r4'"):
        results.seeds("se_r4")


# Sample images


def test_sample_images_are_those_of_the_test_split():
    samples, test = results.sample_images(), the_test_split()

    assert samples.images.dtype == torch.uint8
    assert samples.images.shape == (10, 1, 40, 40)
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
        "import json, sys, gate_by_gate.results as results\n"
        "results.sample_images(), results.record('plain_seed0'), results.state_dict('plain_seed0')\n"
        "results.settings('main'), results.seeds('plain'), results.class_gates('se_r4_bias_seed0')\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert "torch" in loaded
    assert not {"sklearn", "scipy", "gate_by_gate.experiment", "matplotlib"} & loaded
