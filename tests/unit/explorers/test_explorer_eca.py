"""The records of the ECA explorer, against formulas, NumPy and the plain network."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from traitlets import TraitError

from gate_by_gate import results
from gate_by_gate.digit_resnet import digit_resnet
from gate_by_gate.explorers import ECAExplorer, eca
from tests.unit.explorers.explorer_code import run_code, settings

PART = eca.DEFINITION.parts


def setting(**changes: object) -> dict[str, object]:
    return eca.DEFINITION.defaults | changes


def nearest_odd(channels: int, gamma: float, b: float) -> int:
    """Try every odd number, and take the larger of two that are as near."""
    value = abs((math.log2(channels) + b) / gamma)
    return min(range(1, 99, 2), key=lambda k: (abs(k - value), -k))


def test_every_published_size_is_the_formula():
    for published in eca.DEFINITION.settings(PART["size"]):
        c, gamma, b, by_hand = (published[name] for name in ("channels", "gamma", "b", "kernel_size"))
        k = by_hand or nearest_odd(c, gamma, b)
        data = eca.size(published)
        assert data["k"]["value"] == data["parameters"]["value"] == k
        # The middle gate's window, cut off at the first and the last channel.
        middle, reach = c // 2, k // 2
        seen = len([i for i in range(c) if abs(i - middle) <= reach])
        assert data["sees"]["value"] == pytest.approx(100 * seen / c, abs=0.01)
        assert data["sees"]["text"].startswith(f"{seen} of {c:,}: ")


def test_the_staircase_gives_k_for_every_number_of_channels():
    for gamma in eca.GAMMA.values:
        for b in eca.B.values:
            [mine, papers] = eca.staircase(setting(gamma=gamma, b=b))["staircase"]["series"]
            for series, (g, offset) in ((mine, (gamma, b)), (papers, (2, 1))):
                corners = [(p["x"], p["y"]) for p in series["points"]]
                assert corners[0][0] == 2
                assert corners[-1][0] == 4096
                for channels in range(2, 4097):
                    k = max(corner for corner in corners if corner[0] <= channels)[1]
                    assert k == nearest_odd(channels, g, offset)


def test_the_ring_of_every_position_is_on_the_block():
    for published in eca.DEFINITION.settings(PART["staircase"]):
        stairs = eca.staircase(setting(**published))["staircase"]
        costs = eca.against_se(setting(**published))["against_se"]
        for channels in eca.CHANNELS.values:
            k = eca.size(setting(**published, channels=channels))["k"]["value"]
            here = stairs["here"]["at"][str(channels)]
            assert (here["x"], here["y"]) == (channels, k)
            assert here["text"].startswith(f"C = {channels:,}: k = {k}, ")
            assert ("by hand" in here["text"]) == (published["kernel_size"] != 0)
            cost = costs["here"]["at"][str(channels)]
            assert (cost["x"], cost["y"]) == (channels, k)
        assert stairs["x"]["low"] <= min(eca.CHANNELS.values)
        assert stairs["y"]["high"] >= max(p["y"] for p in stairs["series"][0]["points"])


def test_the_costs_are_those_of_both_blocks():
    [own, other] = eca.against_se(setting(kernel_size=7))["against_se"]["series"]
    assert {p["y"] for p in own["points"]} == {7}
    assert [p["y"] for p in other["points"]] == [
        2 * p["x"] ** 2 // 16 + p["x"] // 16 + p["x"] for p in other["points"]
    ]


def test_the_shapes_are_those_of_every_step():
    rows = eca.shapes(setting(channels=32))["shapes"]["rows"]
    assert [row["shape"] for row in rows] == [
        "1 × 32 × 7 × 7",
        "1 × 1 × 32",
        "1 × 1 × 32",
        "1 × 32 × 1 × 1",
        "1 × 32 × 7 × 7",
    ]


@pytest.mark.parametrize("trained", eca.TRAINED.values)
@pytest.mark.parametrize("stage", [1, 2, 3])
def test_the_gates_are_those_of_the_trained_network(trained: int, stage: int):
    """Feed every image to the network alone; compute the gates from what its block receives, in NumPy."""
    run = results.record(f"eca_k{trained}_seed0")
    network = digit_resnet(**run["network"]).eval()
    weights = results.state_dict(f"eca_k{trained}_seed0")
    network.load_state_dict(weights)
    received = []
    block = network.get_submodule(f"layer{stage}.0.attention")
    block.register_forward_pre_hook(lambda module, args: received.append(args[0]))
    images = results.sample_images()
    with torch.no_grad():
        probabilities = network(images.inputs()).softmax(dim=1)
    [x] = received
    squeezed = x.numpy().astype(np.float64).mean(axis=(2, 3))
    kernel = weights[f"layer{stage}.0.attention.conv.weight"].numpy().astype(np.float64).ravel()
    assert len(kernel) == trained
    for image in eca.IMAGE.values:
        # np.convolve turns the kernel around; "same" pads with zeros.
        gates = 1 / (1 + np.exp(-np.convolve(squeezed[image], kernel[::-1], mode="same")))
        data = eca.gates(setting(trained=trained, stage=stage, image=image))
        np.testing.assert_allclose(data["squeeze"]["values"], squeezed[image], atol=5.1e-4)
        np.testing.assert_allclose(data["gates"]["values"], gates, atol=5.1e-4)
        np.testing.assert_allclose(data["weights"]["values"], kernel, atol=5.1e-4)
        middle = len(gates) // 2
        band = data["squeeze"]["band"]
        assert len(band) == trained
        assert sum(band) / trained == middle
        assert (data["squeeze"]["reach"], data["gates"]["band"]) == (trained // 2, [middle])
        read = eca.SHOWN.read(setting(trained=trained, image=image))
        assert read["prediction"]["value"] == int(probabilities[image].argmax())
        assert read["accuracy"]["value"] == round(run["test"]["correct"] / run["test"]["total"], 3)


@pytest.mark.slow
def test_the_code_of_every_setting_computes_what_is_shown():
    definition = eca.DEFINITION
    for published in settings(definition, "size", "gates"):
        record, names = definition.record(published), run_code(definition, published)
        assert names["parameters"] == record["size"]["parameters"]["value"]
        np.testing.assert_allclose(record["gates"]["gates"]["values"], names["gates"], atol=6e-4)


def test_an_untrained_size_says_so():
    expected = {"missing": "No network was trained with k = 11."}
    assert eca.gates(setting(trained=11)) == eca.SHOWN.read(setting(trained=11)) == expected


def test_a_live_explorer_takes_sizes_that_no_page_offers():
    explorer = ECAExplorer(channels=100)
    explorer.kernel_size = 13
    assert explorer.record["size"]["k"]["value"] == 13
    assert explorer.record["staircase"]["staircase"]["here"]["at"]["100"]["y"] == 13
    explorer.channels = 77
    assert explorer.record["staircase"]["staircase"]["here"]["at"]["77"]["x"] == 77
    with pytest.raises(TraitError, match="kernel_size"):
        explorer.kernel_size = 4
    assert explorer.kernel_size == 13
    assert "ECA(77, kernel_size=13, gamma=2, b=1)" in explorer.code
