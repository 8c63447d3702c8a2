"""The records of the side-by-side explorer, against NumPy, the published networks and what was recorded."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from traitlets import TraitError

from attn_lib.inspection import count_macs, count_parameters
from gate_by_gate import results
from gate_by_gate.digit_resnet import digit_resnet
from gate_by_gate.experiment.plan import HEADLINE
from gate_by_gate.explorers import SideBySideExplorer, side_by_side
from tests import numpy_blocks
from tests.numpy_blocks import mlp, sigmoid
from tests.unit.explorers.explorer_code import run_code, settings
from tests.unit.explorers.explorer_maps import check_heatmap, points_at_the_digit, probabilities, received

EXPLORER = side_by_side.DEFINITION
NETWORKS = side_by_side.NETWORKS
IMAGES, STAGES = side_by_side.IMAGE.values, side_by_side.STAGE.values
LABELS = results.sample_images().labels.tolist()


def setting(**changes: object) -> dict[str, object]:
    return EXPLORER.defaults | changes


def cells(data, item: str) -> dict[str, dict[str, dict[str, object]]]:
    """Return the numbers of a table by row and column."""
    table = data[item]
    names = [column["name"] for column in table["columns"]]
    return {row["label"]: dict(zip(names, row["cells"], strict=True)) for row in table["rows"]}


@cache
def network_of(name: str) -> torch.nn.Module:
    network = digit_resnet(**results.record(f"{name}_seed0")["network"]).eval()
    network.load_state_dict(results.state_dict(f"{name}_seed0"))
    return network


@cache
def grad_cams(name: str, stage: int) -> np.ndarray:
    """Compute Grad-CAM from the gradient of the best score in what the stage returns."""
    network = network_of(name)
    kept: list[torch.Tensor] = []
    handle = network.get_submodule(f"layer{stage}").register_forward_hook(
        lambda m, i, output: kept.append(output)
    )
    scores = network(results.sample_images().inputs())
    handle.remove()
    best = scores.max(dim=1).values.sum()
    (gradient,) = torch.autograd.grad(best, kept[0])
    weights = gradient.double().numpy().mean(axis=(2, 3))
    features = kept[0].detach().double().numpy()
    return np.maximum(np.einsum("nc,nchw->nhw", weights, features), 0)


@cache
def own_maps(name: str, stage: int) -> np.ndarray:
    """Compute a block's own map in NumPy, in double precision: ``(images, H, W)``."""
    x, p = received(f"{name}_seed0", stage)
    if name == "cbam_r4_k7":
        scores = mlp(x.mean((2, 3)), p, "channel.mlp") + mlp(x.max((2, 3)), p, "channel.mlp")
        return (numpy_blocks.cbam(x, p) / (x * sigmoid(scores)[:, :, None, None])).mean(axis=1)
    if name == "bam_r4":
        return (numpy_blocks.bam(x, p) / x - 1).mean(axis=1)
    if name == "coord_att_r4":
        return (numpy_blocks.coord_att(x, p) / x).mean(axis=1)
    sequence = x.reshape(*x.shape[:2], -1).swapaxes(1, 2)
    query, key = (sequence @ p[f"{layer}.weight"][:, :, 0, 0].T for layer in ("query", "key"))
    weights = np.exp(query @ key.swapaxes(1, 2) / np.sqrt(query.shape[2]))
    weights /= weights.sum(axis=2, keepdims=True)
    return weights.mean(axis=1).reshape(len(x), *x.shape[2:])


def expected_maps(name: str, stage: int) -> np.ndarray:
    return (grad_cams if name in ("plain", "se_r4_bias", "eca_k3") else own_maps)(name, stage)


def test_the_networks_are_the_reference_settings():
    assert list(NETWORKS) == [one.name for one in HEADLINE]


@pytest.mark.parametrize("stage", STAGES)
def test_maps_readings_and_hits_are_those_of_the_trained_networks(stage: int):
    for image in IMAGES:
        here = setting(image=image, stage=stage)
        maps, table = side_by_side.maps(here), cells(side_by_side.one_image(here), "one")
        for name in NETWORKS:
            check_network(name, stage, image, maps[name], table[NETWORKS[name]])


def check_network(name: str, stage: int, image: int, drawn: dict[str, Any], row: dict[str, Any]) -> None:
    """Fail unless the drawn map of a network and its row of the table are those that are computed here."""
    at = f"{name}, stage {stage}, image {image}"
    expected, read = expected_maps(name, stage)[image], probabilities(f"{name}_seed0")[image]
    hit, right = points_at_the_digit(expected, image), read.argmax() == LABELS[image]

    check_heatmap(drawn, expected)
    assert drawn["over"]["index"] == image, at
    verdict = "right" if right else "wrong"
    assert drawn["caption"] == f"{NETWORKS[name]}\nreads {read.argmax()}, {verdict}", at
    (peak,) = drawn["over"]["marks"]
    stride = 40 // expected.shape[0]
    down, across = np.unravel_index(expected.argmax(), expected.shape)
    assert [stride * across + 0.5, stride * down + 0.5] in peak["at"], at
    assert peak["label"] == f"peak: {'hit' if hit else 'miss'}", at

    assert row["prediction"] == {"value": read.argmax(), "text": str(read.argmax()), "right": right}, at
    assert abs(row["probability"]["value"] - read.max()) < 6e-4, at
    assert abs(row["of_label"]["value"] - read[LABELS[image]]) < 6e-4, at
    assert row["points"] == {"value": int(hit), "text": "hit" if hit else "miss", "right": hit}, at


def test_the_heading_names_the_digit_that_is_shown():
    table = side_by_side.one_image(setting(image=4))["one"]
    assert table["columns"][2] == {"name": "of_label", "label": "prob. of 4"}


def test_it_is_said_which_maps_are_grad_cam_and_of_which_stage():
    data = side_by_side.maps(setting(stage=3))
    assert data["of_stage"]["text"].startswith("Grad-CAM of what stage 3 returns")
    assert data["of_block"]["text"].startswith("The block's own map in stage 3")
    for name in NETWORKS:
        grad_cam = data[name]["alt"].startswith(f"Grad-CAM of stage 3, {NETWORKS[name]}, for the digit ")
        assert grad_cam == (name in ("plain", "se_r4_bias", "eca_k3"))


def test_a_map_without_a_peak_misses(monkeypatch):
    monkeypatch.setattr(side_by_side, "maps_of", lambda name, stage: torch.full((10, 10, 10), 0.5))
    row = cells(side_by_side.one_image(setting()), "one")["CBAM"]["points"]
    assert row == {"value": 0, "text": "no peak", "right": False}
    (peak,) = side_by_side.maps(setting())["cbam_r4_k7"]["over"]["marks"]
    assert (peak["at"], peak["label"]) == ([], "no single peak")


@pytest.mark.parametrize("stage", STAGES)
def test_shares_of_the_test_split_are_those_recorded(stage: int):
    rows = cells(side_by_side.all_images(setting(stage=stage)), "all")
    for name, title in NETWORKS.items():
        record = results.record(f"{name}_seed0")
        score = record["localization"][f"layer{stage}"]
        own = score.get("attention", score["grad_cam"])
        assert rows[title]["accuracy"]["value"] == round(record["test"]["correct"] / 2000, 3)
        assert rows[title]["pointing"]["value"] == round(own["hits"] / own["total"], 3)
    chance = rows["by chance"]
    assert chance["accuracy"] == {"value": 0.1, "text": "10.0 %"}
    # 14 x 14 of 40 x 40 pixels.
    assert chance["pointing"]["value"] == pytest.approx(0.1225, abs=0.01)


def test_the_mean_is_that_of_all_seeds(monkeypatch):
    """Three seeds that read 1,500, 1,600 and 1,820 of the images; the network that is shown is the first."""
    record = results.record

    def with_seeds(name: str) -> dict[str, object]:
        setting_name, _, seed = name.rpartition("_seed")
        entry = record(f"{setting_name}_seed0")
        entry["test"]["correct"] = [1500, 1600, 1820][int(seed)]
        return entry

    monkeypatch.setattr(results, "record", with_seeds)
    monkeypatch.setattr(results, "seeds", lambda name: [0, 1, 2])
    row = cells(side_by_side.all_images(setting()), "all")["ECA"]
    assert row["accuracy"] == {"value": 0.75, "text": "75.0 %"}
    assert row["mean"] == {"value": 0.82, "text": "82.0 % (3)"}


def test_costs_are_counted():
    rows = cells(side_by_side.cost(setting()), "cost")
    plain = count_parameters(network_of("plain")).total
    for name, title in NETWORKS.items():
        network = network_of(name)
        parameters = count_parameters(network).total
        macs = count_macs(network, torch.zeros(1, 1, 40, 40)).total
        assert rows[title]["parameters"] == {"value": parameters, "text": f"{parameters:,}"}
        assert rows[title]["added"]["value"] == parameters - plain
        assert rows[title]["macs"] == {"value": macs, "text": f"{macs / 1e6:.2f} M"}
    assert rows["plain"]["added"]["text"] == "–"
    assert rows["ECA"]["added"]["text"] == "+9"


@pytest.mark.parametrize(("item", "batch"), [("alone", 1), ("in_batch", 50)])
def test_times_are_those_measured(item: str, batch: int):
    rows = cells(getattr(side_by_side, item)(setting()), item)
    for name, title in NETWORKS.items():
        timed, row = results.timing(name)[batch], rows[title]
        shown = [row[column]["value"] for column in ("ratio", "lower", "upper", "milliseconds")]
        np.testing.assert_allclose(shown, [timed.ratio, *timed.quartiles, timed.milliseconds], atol=5.1e-4)
        assert row["ratio"]["text"] == f"{timed.ratio:.2f}"


@pytest.mark.parametrize(
    ("load", "busy"), [([0.2, 1.1], False), ([0.2, 4.5], True), ([None, None], False), ([3.0, 1.0], True)]
)
def test_it_is_said_on_what_the_times_were_measured(monkeypatch, load: list[float | None], busy: bool):
    how = results.timing_conditions() | {"cpu": "A Core", "rounds": 17, "date": "2031-02-03", "load": load}
    monkeypatch.setattr(results, "timing_conditions", lambda: how)
    text = side_by_side.measured(setting())["machine"]["text"]
    for said in ("A Core", "17 rounds", "2031-02-03", "one thread", f"PyTorch {how['versions']['torch']}"):
        assert said in text
    assert ("that other work shared" in text) == busy


def test_the_code_of_every_setting_computes_what_is_shown():
    for published in settings(EXPLORER, "maps"):
        names = run_code(EXPLORER, published)
        shown = cells(side_by_side.one_image(published), "one")
        drawn = side_by_side.maps(published)
        cost = cells(side_by_side.cost(published), "cost")
        times = cells(side_by_side.alone(published), "alone")
        for name, title in NETWORKS.items():
            assert names["reads"][name] == shown[title]["prediction"]["value"]
            assert names["hits"][name] == shown[title]["points"]["value"]
            check_heatmap(drawn[name], names["maps"][name].double().numpy())
            assert names["added"][name] == cost[title]["added"]["value"]
            assert round(names["ratios"][name], 3) == times[title]["ratio"]["value"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stage": 4}, r"`stage` must be one of \(1, 2, 3\); got stage=4"),
        ({"image": 10}, "`image` must be between 0 and 9; got image=10"),
    ],
)
def test_a_value_that_means_nothing_is_refused(changes, message):
    with pytest.raises(TraitError, match=message):
        SideBySideExplorer(**changes)
