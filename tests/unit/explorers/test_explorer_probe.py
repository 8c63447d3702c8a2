"""The records of the probes' explorers, against networks that are run by hand and images made anew."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

import pytest
import torch
from traitlets import TraitError

from attn_lib.inspection import attention_maps
from attn_lib.interventions import exchanged, frozen, interventions_for, opened, without_max
from gate_by_gate import results
from gate_by_gate.digit_resnet import digit_resnet
from gate_by_gate.experiment.plan import SHOWN_PROBES, planned_runs
from gate_by_gate.experiment.predictions import EXPERIMENTS
from gate_by_gate.explorers import EXPLORERS, ColourCueExplorer
from gate_by_gate.explorers.shared.block_maps import channel_gates
from gate_by_gate.results.probe_images import probe_images
from gate_by_gate.widgets.items.picture import pixels
from tests.unit.explorers.explorer_code import run_code, settings

CUED = SHOWN_PROBES[:3]
COLOURS = ["red", "green", "blue"]


def definition(probe: str) -> Any:
    return EXPLORERS[probe].definition


def data(probe: str, part: str, **changes: object) -> dict[str, Any]:
    one = definition(probe)
    return one.parts[part].compute(one.defaults | changes)


@cache
def network_of(name: str) -> torch.nn.Module:
    network = digit_resnet(**results.record(name)["network"])
    network.load_state_dict(results.state_dict(name))
    return network.eval()


@cache
def views(probe: str) -> tuple[Any, Any]:
    """Make the shown images and their donors anew, from the task and the places in its test split."""
    indices = probe_images(probe).indices
    task = EXPERIMENTS[probe].task
    test = task.make("test")
    if probe == "matching_pair":
        return [part[indices] for part in test], [part[(indices + 1) % 2_000] for part in test]
    return [part[indices] for part in test], [part[indices] for part in task.make("test", turn=1)]


@cache
def probabilities(probe: str, name: str, intervention: str) -> torch.Tensor | None:
    """Run a network by hand, with the interventions called by their own names."""
    network, (own, donors) = (
        network_of(name),
        ([part.float() / 255 for part in view[:1]] for view in views(probe)),
    )
    x, given = own[0], donors[0]
    if intervention in ("none", "turned"):
        with torch.no_grad():
            return network(given if intervention == "turned" else x).softmax(dim=1)
    if intervention not in interventions_for(network):
        return None
    contexts = {
        "exchanged": lambda: exchanged(network, given),
        "frozen": lambda: frozen(network, x),
        "opened": lambda: opened(network),
        "without_max": lambda: without_max(network),
    }
    context = contexts.get(intervention, lambda: opened(network, only=intervention.removeprefix("without_")))
    with torch.no_grad(), context():
        return network(x).softmax(dim=1)


def test_there_is_an_explorer_for_every_shown_probe_with_all_its_networks():
    for probe in SHOWN_PROBES:
        planned = [one.run for one in planned_runs(["probes"], [0]) if one.has_checkpoint]
        names = {run.name for run in planned if run.data.name == probe}
        assert set(definition(probe).controls["network"].values) == names
        assert len(definition(probe).controls["image"].values) == 8


@pytest.mark.slow
@pytest.mark.parametrize("probe", SHOWN_PROBES)
def test_every_answer_is_that_of_the_network(probe: str):
    one, (own, donors) = definition(probe), views(probe)
    words = one.controls["intervention"]
    for name in one.controls["network"].values:
        plain = probabilities(probe, name, "none")
        for intervention in words.values:
            expected = probabilities(probe, name, intervention)
            for image in range(8):
                found = data(probe, "answer", network=name, intervention=intervention, image=image)
                if expected is None:
                    assert found["missing"].startswith("Not for ")
                    continue
                row = expected[image]
                guess, label = int(row.argmax()), int((donors if intervention == "turned" else own)[1][image])
                assert found["prediction"]["value"] == guess
                assert ("right" in found["prediction"]["text"]) == (guess == label)
                assert found["prediction"]["text"].startswith("✓" if guess == label else "✗")
                torch.testing.assert_close(
                    torch.tensor(found["probabilities"]["values"]), row, rtol=0, atol=0.0051
                )
                assert found["probability"]["value"] == pytest.approx(row[guess].item(), abs=0.0051)
                if intervention == "none":
                    assert "before" not in found["probabilities"]
                else:
                    before = torch.tensor(found["probabilities"]["before"])
                    torch.testing.assert_close(before, plain[image], rtol=0, atol=0.0051)


@pytest.mark.parametrize("probe", SHOWN_PROBES)
def test_the_pictures_and_the_words_are_those_of_the_task(probe: str):
    one, (own, donors) = definition(probe), views(probe)
    for image in range(8):
        for intervention, seen in {"none": own, "turned": donors}.items():
            if intervention not in one.controls["intervention"].values:
                continue
            look = data(probe, "look", image=image, intervention=intervention)
            stored = one.pictures[look["picture"]["index"]]
            assert stored["data"] == pixels(seen[0][image].squeeze(0))["data"]
            assert stored.get("colour", False) == (probe != "row_cue")
            assert look["picture"]["box"] == seen[2][image].tolist()
            assert [mark["at"] for mark in look["picture"]["marks"]] == [seen[3][image].tolist()]
            x, y = seen[3][image][:2].tolist()
            if probe in ("colour_cue", "frame_cue"):
                word = COLOURS[int(seen[0][image, :, y, x].argmax())]
            elif probe == "row_cue":
                word = "upper" if own[2][image][1] + donors[2][image][1] > 2 * seen[2][image][1] else "lower"
            else:
                word = COLOURS[int(seen[1][image])]
            asked = data(probe, "asked", image=image, intervention=intervention)["asked"]["text"]
            assert word in asked
            if probe in CUED:
                assert asked.endswith(f": {int(seen[1][image])}.")
            assert word in look["picture"]["alt"]


@pytest.mark.parametrize("probe", SHOWN_PROBES)
def test_counts_are_those_of_the_records(probe: str):
    one = definition(probe)
    for setting in settings(one, "count"):
        found = one.parts["count"].compute(setting)
        record = results.record(setting["network"])
        assert found["accuracy"]["value"] == round(record["test"]["correct"] / 2_000, 3)
        assert found["blind"]["value"] == round(EXPERIMENTS[probe].blind, 3)
        counts = record["interventions"].get(setting["intervention"])
        assert ("follows" in found) == (probe in CUED)
        if counts is None:
            assert found["changed"] is None
            assert found.get("follows") is None
            continue
        assert found["changed"]["value"] == round(counts["correct"] / 2_000, 3)
        if "other" in counts:
            assert found["follows"]["value"] == round(counts["other"] / 2_000, 3)
        else:
            assert found.get("follows") is None


@pytest.mark.parametrize("probe", SHOWN_PROBES)
def test_the_share_of_a_blind_network_is_that_of_the_predictions(probe: str):
    shown = import_module(f"gate_by_gate.explorers.{probe}").PROBE
    assert shown.blind == pytest.approx(EXPERIMENTS[probe].blind)


def gates_by_hand(maps: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return a gate for every channel and place, ``(8, C, H, W)`` or smaller."""
    if "combined" in maps:
        return maps["combined"]
    gates = torch.ones(1, 1, 1, 1)
    for name, value in maps.items():
        gates = gates * (1 if name == "spatial" else value)
    return gates


@pytest.mark.parametrize("probe", SHOWN_PROBES)
def test_channel_gates_are_those_of_the_blocks(probe: str):
    one, (own, donors) = definition(probe), views(probe)
    for name in one.controls["network"].values:
        maps, others = (attention_maps(network_of(name), view[0].float() / 255) for view in (own, donors))
        for stage in (1, 2):
            block = f"layer{stage}.0.attention"
            for image in range(8):
                found = data(probe, "channels", network=name, stage=stage, image=image)
                if block not in maps or "weights" in maps[block]:
                    assert "missing" in found
                    continue
                expected = gates_by_hand(maps[block])[image].mean(dim=(1, 2))
                gates = found["gates"]
                torch.testing.assert_close(torch.tensor(gates["values"]), expected, rtol=0, atol=0.0051)
                if probe in CUED:
                    other = gates_by_hand(others[block])[image].mean(dim=(1, 2))
                    torch.testing.assert_close(torch.tensor(gates["before"]), other, rtol=0, atol=0.0051)
                else:
                    assert "before" not in gates


def check_levels(stored: dict[str, Any], expected: torch.Tensor) -> None:
    """Fail unless a stored map holds ``expected`` to the nearest of sixteen steps between its ends."""
    assert stored["shape"] == list(expected.shape)
    low, high = stored["low"], stored["high"]
    steps = torch.tensor([int(digit, 16) for digit in stored["hex"]]).reshape(expected.shape)
    found = low + steps / 15 * (high - low)
    torch.testing.assert_close(found, expected, rtol=0, atol=(high - low) / 30 + 1e-3)


def halved(values: torch.Tensor) -> torch.Tensor:
    """Take the mean of every 2 x 2 places until no row has more than fifteen."""
    while values.shape[-1] > 15:
        values = sum(values[i::2, j::2] for i in (0, 1) for j in (0, 1)) / 4
    return values


@pytest.mark.parametrize("probe", SHOWN_PROBES)
def test_maps_over_the_pictures_are_those_of_the_blocks(probe: str):
    one, both = definition(probe), views(probe)
    parts = ("places", "other_places")[: 2 if probe in CUED else 1]
    drawn = set()
    for part, view in zip(parts, both, strict=False):
        size = view[0].shape[2:]
        for name in one.controls["network"].values:
            maps = attention_maps(network_of(name), view[0].float() / 255)
            for stage in (1, 2):
                block = maps.get(f"layer{stage}.0.attention")
                sides = [side // 2**stage for side in size]
                for image in range(8):
                    found = data(probe, part, network=name, stage=stage, image=image)
                    if block is None or list(block) == ["channel"]:
                        assert (found["map"], found["strips"]) == (None, None)
                        assert found["seen"]["box"] == view[2][image].tolist()
                        continue
                    assert found["seen"] is None
                    if "weights" in block:
                        x, y, across, down = view[2 if probe in CUED else 3][image].tolist()
                        row, column = (y + down // 2) // 2**stage, (x + across // 2) // 2**stage
                        looks = block["weights"][image, 0, row * sides[1] + column].reshape(sides)
                        check_levels(found["map"], looks)
                        (mark,) = found["map"]["over"]["marks"]
                        assert mark["at"] == [one * 2**stage for one in (column, row, 1, 1)]
                        drawn.add("weights")
                    elif "height" in block and "width" in block:
                        product = (block["height"] * block["width"])[image].mean(dim=0)
                        check_levels(found["strips"]["product"], halved(product))
                        for side in ("height", "width"):
                            strip = block[side][image].mean(dim=0).flatten()
                            short = max(found["strips"][side]["shape"])
                            means = strip.reshape(short, -1).mean(dim=1)
                            check_levels(found["strips"][side], means.reshape(found["strips"][side]["shape"]))
                        drawn.add("strips")
                    else:
                        names = ("combined", "spatial", "height", "width")
                        gates = next(block[one] for one in names if one in block)
                        check_levels(found["map"], halved(gates[image].mean(dim=0).expand(sides)))
                        drawn.add("map")
                    over = (found["map"] or found["strips"]["product"])["over"]
                    assert over["index"] == 2 * image + (part == "other_places")
                    assert over["box"] == view[2][image].tolist()
    assert drawn == {"map", "strips", "weights"}


@pytest.mark.slow
@pytest.mark.parametrize("probe", SHOWN_PROBES)
def test_the_code_gives_the_answer_and_the_gates(probe: str):
    one = definition(probe)
    for setting in settings(one, "count"):
        for image, stage in ((3, 1), (7, 2)):
            at = setting | {"image": image, "stage": stage}
            namespace = run_code(one, at)
            found = one.parts["answer"].compute(at)
            if "missing" not in found:
                assert namespace["answer"] == found["prediction"]["value"]
            gates = one.parts["channels"].compute(at)
            if "missing" not in gates and setting["intervention"] == "none":
                mean = channel_gates(namespace["used"], image)
                torch.testing.assert_close(
                    torch.tensor(gates["gates"]["values"], dtype=mean.dtype), mean, rtol=0, atol=0.0051
                )


def test_what_is_not_there_is_refused():
    explorer = ColourCueExplorer()
    for name, value in (("network", "plain_seed0"), ("intervention", "frost"), ("image", 8), ("stage", 3)):
        with pytest.raises(TraitError, match=f"`{name}` must be one of .*; got {value!r}"):
            setattr(explorer, name, value)
    assert explorer.setting == ColourCueExplorer.definition.defaults
