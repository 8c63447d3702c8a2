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

IMAGE = image_control("image", "the network looks at", 3)
DONOR = Control(
    "donor",
    "with the gates computed for",
    (*(str(index) for index in IMAGE.values), "mean", "open"),
    "3",
    "gallery",
    (*IMAGE.texts, "their mean", "none: all open"),
)


@cache
def readings(donor: Value) -> Tensor:
    """Return the class probabilities of every image with the gates of ``donor``: ``(images, 10)``.

    Raises:
        ValueError: there is no such donor.
    """
    if donor not in DONOR.values:
        raise ValueError(f"`donor` must be one of {', '.join(map(repr, DONOR.values))}; got donor={donor!r}")
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


CODE = Code("""\
from gate_by_gate.explorers.gate_swap import readings

probabilities = readings({donor})[{image}]
prediction = int(probabilities.argmax())
""")

DEFINITION = Definition(
    name="gate_swap",
    question="Give the network the gates of another image: does it still read the digit?",
    controls=(IMAGE, DONOR),
    panels=(
        Panel(
            "gates",
            "An image and its gates",
            (
                Part("look", ("image",), (Item("picture", Picture, "the image it looks at"),), look, "main"),
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
            ),
        ),
    ),
    pictures=PICTURES,
    code=CODE,
)


class GateSwapExplorer(Explorer):
    """A trained network and its gates: swap them for another image's, freeze them, open them all."""

    definition = DEFINITION
