"""The records of the SE and gate-swap explorers, against formulas, NumPy and the plain network."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from traitlets import TraitError

from gate_by_gate import results
from gate_by_gate.digit_resnet import digit_resnet
from gate_by_gate.explorers import SEExplorer, gate_swap, se
from gate_by_gate.explorers.shared import samples
from tests.unit.explorers.explorer_code import run_code, settings

PART = se.DEFINITION.parts


def setting(**changes: object) -> dict[str, object]:
    return se.DEFINITION.defaults | changes


def test_every_published_cost_is_the_formula():
    for published in se.DEFINITION.settings(PART["cost"]):
        c, r, bias = published["channels"], published["reduction"], published["bias"]
        data = se.cost(published)
        assert data["parameters"]["total"]["value"] == 2 * c * c // r + bias * (c // r + c)
        for row in data["parameters"]["rows"]:
            symbolic = eval(row["formula"].replace("×", "*"), {"C": c, "r": r})
            assert row["value"] == (symbolic if bias or row["label"].startswith("W") else 0)
        share = data["parameters"]["total"]["value"] / (9 * c * c)
        assert data["share"] == {
            "value": round(100 * share, 2),
            "text": f"{100 * share:.2f} % of {9 * c * c:,}",
        }


def test_the_shapes_are_those_of_every_step():
    rows = se.cost(setting(channels=64, reduction=8))["shapes"]["rows"]
    assert [row["shape"] for row in rows] == [
        "1 × 64 × 14 × 14",
        "1 × 64",
        "1 × 8",
        "1 × 64",
        "1 × 64 × 1 × 1",
        "1 × 64 × 14 × 14",
    ]


@pytest.mark.parametrize("reduction", [2, 16])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("stage", [1, 2, 3])
def test_the_gates_are_those_of_the_trained_network(reduction: int, bias: bool, stage: int):
    """Feed every image to the network alone; compute the gates from what its block receives, in NumPy."""
    name = f"se_r{reduction}_{'bias' if bias else 'nobias'}_seed0"
    network = digit_resnet(**results.record(name)["network"]).eval()
    weights = results.state_dict(name)
    network.load_state_dict(weights)
    received = []
    block = network.get_submodule(f"layer{stage}.0.attention")
    block.register_forward_pre_hook(lambda module, args: received.append(args[0]))
    with torch.no_grad():
        network(results.sample_images().inputs())
    [x] = received
    squeezed = x.numpy().astype(np.float64).mean(axis=(2, 3))

    def layer(index: int, z: np.ndarray) -> np.ndarray:
        key = f"layer{stage}.0.attention.mlp.fc{index}"
        out = z @ weights[f"{key}.weight"].numpy().astype(np.float64).T
        return out + weights[f"{key}.bias"].numpy() if bias else out

    gates = 1 / (1 + np.exp(-layer(2, np.maximum(layer(1, squeezed), 0))))
    for image in se.IMAGE.values:
        data = se.gates(setting(reduction=reduction, bias=bias, stage=stage, image=image))
        # Stored to three decimals: half a unit of the third, and float32's rounding.
        np.testing.assert_allclose(data["squeeze"]["values"], squeezed[image], atol=5.1e-4)
        np.testing.assert_allclose(data["gates"]["values"], gates[image], atol=5.1e-4)
        # Several channels may share the extreme value, so the value is compared and not the channel.
        for which, extreme in (("open", gates[image].max()), ("closed", gates[image].min())):
            here = setting(reduction=reduction, bias=bias, stage=stage, image=image, extreme=which)
            shown = se.extreme(here)["map"]
            channel = int(re.search(r"channel (\d+)", shown["caption"])[1])
            assert gates[image][channel] == pytest.approx(extreme, abs=1e-6)
            values = x[image, channel]
            drawn = values if values.shape[0] <= 10 else torch.nn.functional.avg_pool2d(values[None], 2)[0]
            steps = np.array([int(digit, 16) for digit in shown["hex"]]).reshape(drawn.shape)
            low, high = shown["low"], shown["high"]
            np.testing.assert_allclose(low + steps / 15 * (high - low), drawn, atol=(high - low) / 29)
        assert data["squeeze"]["low"] <= min(data["squeeze"]["values"])
        assert data["squeeze"]["high"] >= max(data["squeeze"]["values"])


def test_the_reading_is_the_networks_and_its_accuracy_the_recorded_one():
    run = results.record("se_r16_bias_seed0")
    network = digit_resnet(**run["network"]).eval()
    network.load_state_dict(results.state_dict("se_r16_bias_seed0"))
    images = results.sample_images()
    with torch.no_grad():
        probabilities = network(images.inputs()).softmax(dim=1)
    for image, label in enumerate(images.labels.tolist()):
        data = se.SHOWN.read(setting(image=image))
        guess = int(probabilities[image].argmax())
        assert data["prediction"]["value"] == guess
        assert ("right" in data["prediction"]["text"]) == (guess == label)
        assert data["probability"]["value"] == pytest.approx(probabilities[image].max().item(), abs=5.1e-4)
        assert data["accuracy"]["value"] == round(run["test"]["correct"] / run["test"]["total"], 3)


@pytest.mark.slow
def test_the_code_of_every_setting_computes_what_is_shown():
    definition = se.DEFINITION
    for published in settings(definition, "cost", "gates"):
        record, names = definition.record(published), run_code(definition, published)
        assert names["parameters"] == record["cost"]["parameters"]["total"]["value"]
        # The record runs all images at once, which adds up in another order.
        np.testing.assert_allclose(record["gates"]["gates"]["values"], names["gates"], atol=6e-4)
        stored = [int(digit, 16) / 15 for digit in record["classes"]["classes"]["hex"]]
        np.testing.assert_allclose(stored, names["classes"].flatten(), atol=0.5 / 15 + 1e-6)


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_the_gates_of_a_class_are_the_published_means(stage: int):
    data = se.by_class(setting(reduction=4, stage=stage))
    means = results.class_gates("se_r4_bias_seed0")[f"layer{stage}.0.attention"].numpy().astype(np.float64)
    assert data["classes"]["shape"] == [10, (16, 32, 64)[stage - 1]] == list(means.shape)
    assert data["classes"]["axes"] == ["digit", "channel"]
    steps = [int(digit, 16) for digit in data["classes"]["hex"]]
    np.testing.assert_allclose(np.array(steps) / 15, means.ravel(), atol=0.5 / 15 + 1e-6)
    assert data["between"]["value"] == pytest.approx(means.std(axis=0).mean(), abs=5.1e-4)


def test_the_code_with_swapped_gates_computes_what_is_shown():
    definition = gate_swap.DEFINITION
    for published in settings(definition, "reading"):
        record, names = definition.record(published)["reading"], run_code(definition, published)
        assert names["prediction"] == record["prediction"]["value"]
        np.testing.assert_allclose(record["probabilities"]["values"], names["probabilities"], atol=5.1e-4)


def test_an_untrained_setting_says_so():
    assert se.gates(setting(reduction=3)) == {
        "missing": "No network was trained with r = 3; one was for each r = 2, 4, 8 and 16."
    }
    assert (
        se.SHOWN.read(setting(reduction=3))
        == se.gates(setting(reduction=3))
        == se.by_class(setting(reduction=3))
        == se.extreme(setting(reduction=3))
    )


@pytest.mark.parametrize("image", [-1, 10, "0"])
def test_an_image_that_does_not_exist_is_refused(image: object):
    with pytest.raises(ValueError, match=r"`image` must be between 0 and 9; got image="):
        se.gates(setting(image=image))


def test_a_stage_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match=r"`stage` must be one of \(1, 2, 3\); got stage=4"):
        se.gates(setting(stage=4))


def test_some_sample_is_misread_so_that_the_page_shows_failures():
    readings = [se.SHOWN.read(setting(image=image))["prediction"]["text"] for image in se.IMAGE.values]
    assert 0 < sum("right" not in text for text in readings) < len(readings)


def test_an_image_with_its_own_gates_is_read_as_the_network_reads_it():
    network = samples.trained_network(gate_swap.NETWORK)
    with torch.no_grad():
        own = network(samples.INPUTS).softmax(dim=1)
    swapped = torch.stack([gate_swap.readings(str(image))[image] for image in range(len(own))])
    torch.testing.assert_close(swapped, own, atol=1e-9, rtol=0)


@torch.no_grad()
def walk(x: torch.Tensor, gates: list[torch.Tensor] | None) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Walk through the network stage by stage, with its own gates or given ones; return what it used."""
    network = samples.trained_network(gate_swap.NETWORK)
    used = []
    h = network.relu(network.bn1(network.conv1(x)))
    for index, stage in enumerate((network.layer1, network.layer2, network.layer3)):
        unit = stage[0]
        branch = unit.bn2(unit.conv2(unit.relu(unit.bn1(unit.conv1(h)))))
        own = torch.sigmoid(unit.attention.mlp(branch.mean(dim=(2, 3))))[:, :, None, None]
        used.append(own if gates is None else gates[index])
        identity = h if unit.downsample is None else unit.downsample(h)
        h = unit.relu(branch * used[-1] + identity)
    return network.fc(h.mean(dim=(2, 3))).softmax(dim=1), used


def test_swapped_gates_are_those_of_the_donor():
    x = samples.INPUTS
    _, own = walk(x, None)
    cases = {
        "7": [gate[7:8] for gate in own],
        "mean": [gate.mean(dim=0, keepdim=True) for gate in own],
        "open": [torch.ones_like(gate) for gate in own],
    }
    for donor, gates in cases.items():
        torch.testing.assert_close(gate_swap.readings(donor), walk(x, gates)[0], atol=1e-9, rtol=0)


def test_a_donor_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match=r"`donor` must be one of '0', .*, 'mean', 'open'; got donor='10'"):
        gate_swap.readings("10")


def test_reading_with_swapped_gates_leaves_no_hook_behind():
    gate_swap.readings.cache_clear()
    gate_swap.readings("open")
    network = samples.trained_network(gate_swap.NETWORK)
    assert not any(module._forward_hooks for module in network.modules())


def test_a_live_explorer_recomputes_and_refuses():
    explorer = SEExplorer(channels=64)
    assert explorer.record["cost"]["parameters"]["total"]["value"] == 64 * 4 * 2 + 4 + 64
    explorer.reduction = 8
    assert explorer.record["cost"]["parameters"]["total"]["value"] == 64 * 8 * 2 + 8 + 64
    with pytest.raises(TraitError, match="`reduction` must be between 1 and `channels`; got reduction=65"):
        explorer.reduction = 65
    assert explorer.reduction == 8
    with pytest.raises(TraitError, match="`reduction` must be between 1 and `channels`; got reduction=512"):
        SEExplorer(reduction=512)
    with pytest.raises(TypeError, match=r"expected controls out of \[.*\]; got \['kernel_size'\]"):
        SEExplorer(kernel_size=3)


def test_a_move_of_the_front_end_that_a_block_refuses_is_put_back():
    explorer = SEExplorer(channels=64)
    explorer.set_state({"reduction": 65})
    assert (explorer.reduction, explorer.record["cost"]["parameters"]["total"]["value"]) == (16, 580)
    assert (
        explorer.refusal == "`reduction` must be between 1 and `channels`; got reduction=65 for channels=64"
    )
    explorer.set_state({"reduction": 4})
    assert (explorer.reduction, explorer.refusal) == (4, "")


def test_the_text_of_an_explorer_is_its_setting():
    assert repr(SEExplorer()) == (
        "SEExplorer(reduction=16, bias=True, channels=256, stage=2, extreme='closed', order='sorted', "
        "image=5)"
    )
