"""The gate-swap explorer: an image is read with gates that the network did not compute for it."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from attn_lib.interventions import exchanged, frozen, opened
from gate_by_gate.explorers.shared.samples import (
    PICTURES,
    image_control,
    image_index,
    inputs,
    look,
    observe,
    read_digit,
    samples,
    trained_network,
)
from gate_by_gate.widgets.controls import Control, Value
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.bars import Bars
from gate_by_gate.widgets.items.encoded import round_off
from gate_by_gate.widgets.items.number import Number
from gate_by_gate.widgets.items.picture import Picture
from gate_by_gate.widgets.live import Explorer
from gate_by_gate.widgets.snippets import Code

__all__ = ["DEFINITION", "DONOR", "GateSwapExplorer", "readings"]

REDUCTION = 4
"""The reduction of the network's SE blocks."""

NETWORK = f"se_r{REDUCTION}_bias_seed0"

IMAGE = image_control("image", "it looks at", 3)
DONOR = Control(
    "donor",
    "with gates of",
    (*(str(index) for index in IMAGE.values), "mean", "open"),
    "3",
    "gallery",
    (*IMAGE.texts, "mean", "all open"),
)


def check_donor(donor: Value) -> Value:
    """Return a donor.

    Raises:
        ValueError: there is no such donor.
    """
    if donor not in DONOR.values:
        raise ValueError(f"`donor` must be one of {', '.join(map(repr, DONOR.values))}; got donor={donor!r}")
    return donor


@cache
def readings(donor: Value) -> Tensor:
    """Return the class probabilities of every image with the gates of ``donor``: ``(images, 10)``.

    Raises:
        ValueError: there is no such donor.
    """
    check_donor(donor)
    network = trained_network(NETWORK)
    if donor == "mean":
        swapped = frozen(network, inputs())
    elif donor == "open":
        swapped = opened(network)
    else:
        swapped = exchanged(network, inputs()[[int(donor)] * len(inputs())])
    with torch.no_grad(), swapped:
        return network(inputs()).softmax(dim=1)


def reading(setting: Setting) -> Data:
    """Say what the network reads with these gates, and how sure it is of every digit."""
    index = image_index(setting)
    probabilities = readings(setting["donor"])[index]
    return {
        **read_digit(probabilities, int(samples().labels[index])),
        "probabilities": Bars(
            probabilities,
            0,
            1,
            "Probability of each digit: "
            + ", ".join(f"{d}: {round_off(p)}" for d, p in enumerate(probabilities.tolist())),
            what="digit",
        ),
    }


STAGES = {2: "second", 3: "third"}
"""The stages whose gates are drawn, by what their item is called. Those of the first hardly move."""


def gates_for(donor: Value) -> dict[int, Tensor]:
    """Return the gates that a donor gives to every image, by stage: ``(images, C)`` each."""
    seen = observe(NETWORK)
    assert seen is not None  # for the type checker: this network is published
    found = {}
    for stage in STAGES:
        own = seen.blocks[f"layer{stage}.0.attention"].maps["channel"].flatten(1)
        if donor == "mean":
            found[stage] = own.mean(dim=0).expand_as(own)
        elif donor == "open":
            found[stage] = torch.ones_like(own)
        else:
            found[stage] = own[int(donor)].expand_as(own)
    return found


def gates(setting: Setting) -> Data:
    """Give the gates that the network is given, with its own for the image as a line across each bar."""
    donor, index = check_donor(setting["donor"]), image_index(setting)
    given, own = gates_for(donor), gates_for(str(index))
    drawn = {}
    for stage, name in STAGES.items():
        used, before = given[stage][index], own[stage][index]
        moved = round_off((used - before).abs().mean().item())
        drawn[name] = Bars(
            used,
            0,
            1,
            f"{len(used)} gates of stage {stage}; they differ from those for this image by {moved} in the "
            f"mean, and most in channel {int((used - before).abs().argmax())}.",
            before=before,
        )
    return drawn


CODE = Code("""\
from gate_by_gate.explorers.gate_swap import readings

probabilities = readings({donor})[{image}]
prediction = int(probabilities.argmax())
""")

DEFINITION = Definition(
    name="gate_swap",
    question="Give it the gates of another image: does it still read the digit?",
    controls=(IMAGE, DONOR),
    panels=(
        Panel(
            "gates",
            "An image and its gates",
            (
                Part("look", ("image",), (Item("picture", Picture, "the network looks at"),), look, "main"),
                Part(
                    "reading",
                    ("image", "donor"),
                    (
                        Item("prediction", Number, "it reads"),
                        Item("probability", Number, "with probability"),
                        Item("probabilities", Bars, "probability of each digit"),
                    ),
                    reading,
                    "side",
                ),
                Part(
                    "gates",
                    ("image", "donor"),
                    tuple(
                        Item(name, Bars, f"gates of stage {stage}; line: its own")
                        for stage, name in STAGES.items()
                    ),
                    gates,
                    "side",
                ),
            ),
        ),
    ),
    pictures=PICTURES,
    code=CODE,
)


class GateSwapExplorer(Explorer):
    """A trained network and its gates: swap them for another image's, freeze them, open them all."""

    definition = DEFINITION
    room = (43.8, 51.8, 48.9)
