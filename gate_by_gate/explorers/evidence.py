"""The evidence explorer: where a map says that an answer comes from, and what is left of it without that."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from attn_lib.inspection import enlarge, grad_cam
from gate_by_gate.explorers.shared.classified import (
    before_unit,
    begin_at,
    inputs,
    network,
    probabilities,
    random_classifier,
    top_shares,
)
from gate_by_gate.explorers.shared.kept import kept
from gate_by_gate.explorers.shared.photographs import COUNT, PHOTOGRAPHS, photograph_control, photograph_index
from gate_by_gate.imagenet import SIDE, class_names
from gate_by_gate.photographs import SIDE as PICTURE_SIDE
from gate_by_gate.photographs import names
from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.encoded import round_off
from gate_by_gate.widgets.items.heatmap import Heatmap
from gate_by_gate.widgets.items.marks import Rectangle, Under
from gate_by_gate.widgets.items.number import Number
from gate_by_gate.widgets.items.ranking import Ranking, Share
from gate_by_gate.widgets.items.table import Table
from gate_by_gate.widgets.live import Explorer
from gate_by_gate.widgets.snippets import Code

__all__ = ["DEFINITION", "EvidenceExplorer", "covered", "framed", "maps"]

GUESSES = 3
"""How many answers of the network can be asked for."""

LAYERS = {"_blocks.4": "stage 3", "_blocks.10": "stage 5", "_blocks.15": "stage 7"}
"""The units whose maps are drawn, the last ones of their stages, by name."""

CELLS = {"_blocks.4": 28, "_blocks.10": 14, "_blocks.15": 7}
"""Rows and columns of their maps."""

SQUARE = 96
"""Rows and columns of what is covered, of the 224 that the network sees: 18 % of the photograph."""

STEP = 32
"""From one place of the square to the next: as far as the cells of the last stage are apart."""

ALONG = (SIDE - SQUARE) // STEP + 1
"""Places of the square along each side."""

PLACES = ALONG**2

DRAWN = 28
"""Rows and columns of a map as it is drawn."""

PHOTOGRAPH = photograph_control("photograph", "photograph", 2)
GUESS = Control("guess", "guess", (1, 2, 3), 1, "choice", ("1st", "2nd", "3rd"))
LAYER = Control(
    "layer",
    "stage",
    tuple(LAYERS),
    "_blocks.15",
    "choice",
    [name.removeprefix("stage ") for name in LAYERS.values()],
)
DRAWN_BY = {"trained": "the trained network", "random": "it with a random classifier"}
"""The networks that are asked for a map, by their names in a setting."""
BY = Control("by", "by", tuple(DRAWN_BY), "trained", "choice", ("the network", "random classifier"))


@cache
def guesses() -> Tensor:
    """Return the numbers of the surest classes of every photograph: ``(9, 3)``."""
    return probabilities().topk(GUESSES, dim=1).indices


@kept
def maps(layer: str, guess: int, by: str = "trained") -> Tensor:
    """Return Grad-CAM for one answer to each photograph, at the size of the input: ``(9, 224, 224)``.

    Args:
        layer: the name of the unit whose map it is.
        guess: which answer of the trained network is asked for, 1 for the surest.
        by: ``"trained"``, or ``"random"`` for the same network with a classifier that is drawn at random.

    Raises:
        ValueError: there is no such layer, no such guess or no such network.
    """
    if layer not in LAYERS:
        raise ValueError(f"`layer` must be one of {tuple(LAYERS)}; got layer={layer!r}")
    if not 1 <= guess <= GUESSES:
        raise ValueError(f"`guess` must be between 1 and {GUESSES}; got guess={guess!r}")
    if by not in DRAWN_BY:
        raise ValueError(f"`by` must be one of {tuple(DRAWN_BY)}; got by={by!r}")
    asked = deepcopy(random_classifier() if by == "random" else network())
    # What comes before the layer's unit is the same for every answer: it is computed once.
    unit = int(layer.rpartition(".")[2])
    seen = before_unit(unit)
    found = grad_cam(begin_at(asked, unit), seen, "_blocks.0", classes=guesses()[:, guess - 1]).maps
    # This network pads at the right and below, where others pad on both sides: its cells lie at the far ends
    # of their squares. Seen from there, `enlarge` puts them right.
    return enlarge(found.flip(1, 2), SIDE).flip(1, 2)


def corner(place: int) -> tuple[int, int]:
    """Return the row and the column at which the square of a place begins, in what the network sees."""
    return place // ALONG * STEP, place % ALONG * STEP


def framed(layer: str, guess: int, by: str = "trained") -> Tensor:
    """Return for each photograph the place whose square holds most of the map: ``(9,)``."""
    return avg_pool2d(maps(layer, guess, by)[:, None], SQUARE, stride=STEP).flatten(1).argmax(dim=1)


@kept
def covered() -> Tensor:
    """Return the probabilities of all classes with a grey square at each place: ``(9, 25, 1000)``.

    In single precision, a third of the time: 225 photographs are read. The probabilities differ by 1e-6.
    """
    found = []
    single = deepcopy(network()).float()
    with torch.no_grad():
        for image in inputs().float():
            copies = image.repeat(PLACES, 1, 1, 1)
            for place, copy in enumerate(copies):
                row, column = corner(place)
                copy[:, row : row + SQUARE, column : column + SQUARE] = 0  # the middle of the input's range
            found.append(single(copies).double().softmax(dim=1))
    return torch.stack(found)


def asked(setting: Setting) -> tuple[int, str, int, str]:
    """Return the photograph, the layer, the guess and the network that a setting asks for."""
    return photograph_index(setting), str(setting["layer"]), int(setting["guess"]), str(setting["by"])


def heatmap(setting: Setting) -> Data:
    """Draw the map over the photograph, with the square that holds most of it."""
    index, layer, guess, by = asked(setting)
    values = avg_pool2d(maps(layer, guess, by)[index][None], SIDE // DRAWN)[0]
    row, column = corner(int(framed(layer, guess, by)[index]))
    name = class_names()[int(guesses()[index, guess - 1])]
    x, y, side = (round_off(number * PICTURE_SIDE / SIDE) for number in (column, row, SQUARE))
    square = Rectangle(x, y, side, side, "holds most of the map", "spot")
    return {
        "map": Heatmap(
            values,
            f"evidence for “{name}” in {LAYERS[layer]}: {CELLS[layer]} × {CELLS[layer]}",
            f"Grad-CAM for {name} over the photograph “{names()[index]}”, from {LAYERS[layer]}, by "
            f"{DRAWN_BY[by]}. The square that holds most of it begins {100 * row / SIDE:.0f} % down "
            f"and {100 * column / SIDE:.0f} % to the right.",
            over=Under(index, marks=(square,)),
        )
    }


def says(setting: Setting) -> Data:
    """Say what the network answers to the whole photograph."""
    index, guess = photograph_index(setting), int(setting["guess"])
    number = int(guesses()[index, guess - 1])
    return {"says": Ranking(top_shares(probabilities()[index], GUESSES, number))}


def left(index: int, layer: str, guess: int, by: str) -> tuple[float, float, float, float, int]:
    """Return what is left of an answer, and how many other places cost less than the framed one.

    Returns:
        The probability of the answer: with nothing covered, with the framed square covered, the mean over
        all places of the square, the least of them; and how many places cost less than the framed one.
    """
    number = int(guesses()[index, guess - 1])
    everywhere = covered()[index, :, number]
    here = everywhere[framed(layer, guess, by)[index]]
    whole = probabilities()[index, number]
    return (
        whole.item(),
        here.item(),
        everywhere.mean().item(),
        everywhere.min().item(),
        int((everywhere > here).sum()),
    )


def cover(setting: Setting) -> Data:
    """Say what is left of the answer without the square that the map points at, and without others."""
    whole, here, mean, least, cheaper = left(*asked(setting))
    return {
        "left": Ranking(
            [
                Share("nothing", whole),
                Share("the framed square", here, marked=True),
                Share("any square, on average", mean),
                Share("the square that costs most", least),
            ]
        ),
        "cheaper": Number(cheaper, f"{cheaper} of the {PLACES - 1} others"),
    }


def table(setting: Setting) -> Data:
    """Give the same numbers for every photograph."""
    rows = {}
    for index, name in enumerate(names()):
        whole, here, mean, _, cheaper = left(*asked({**setting, "photograph": index}))
        answer = class_names()[int(guesses()[index, int(setting["guess"]) - 1])]
        rows[f"{name}: {answer}"] = [
            Number(round_off(whole), f"{100 * whole:.0f} %"),
            Number(round_off(here), f"{100 * here:.0f} %", here < mean),
            Number(round_off(mean), f"{100 * mean:.0f} %"),
            Number(cheaper, str(cheaper)),
        ]
    below = sum(cells[1].right is True for cells in rows.values())
    return {
        "table": Table(
            "photograph, answer",
            {
                "whole": "nothing covered",
                "here": "framed square covered",
                "mean": "any square, on average",
                "cheaper": "squares that cost less",
            },
            rows,
        ),
        "below": Number(below, f"{below} of {COUNT} photographs"),
    }


CODE = Code("""\
from gate_by_gate.explorers.evidence import covered, framed, guesses, maps
from gate_by_gate.explorers.shared.classified import probabilities

photograph, guess, layer, by = {photograph}, {guess}, {layer}, {by}
answer = guesses()[photograph, guess - 1]
evidence = maps(layer, guess, by)[photograph]  # Grad-CAM, 224 x 224
before = probabilities()[photograph, answer]
after = covered()[photograph, framed(layer, guess, by)[photograph], answer]
""")

DEFINITION = Definition(
    name="evidence",
    question="Where is the evidence? Cover what the map points at: what is left of the answer?",
    controls=(PHOTOGRAPH, GUESS, LAYER, BY),
    panels=(
        Panel(
            "cover",
            "One photograph",
            (
                Part(
                    "map",
                    ("photograph", "guess", "layer", "by"),
                    (Item("map", Heatmap),),
                    heatmap,
                    "main",
                    room=(24.5, 26),
                ),
                Part(
                    "says",
                    ("photograph", "guess"),
                    (Item("says", Ranking, "the network says"),),
                    says,
                    "side",
                ),
                Part(
                    "left",
                    ("photograph", "guess", "layer", "by"),
                    (
                        Item("left", Ranking, "probability of that answer, with this covered in grey"),
                        Item("cheaper", Number, "squares that cost less"),
                    ),
                    cover,
                    "side",
                ),
            ),
        ),
        Panel(
            "all",
            "All nine",
            (
                Part(
                    "all",
                    ("guess", "layer", "by"),
                    (
                        Item("table", Table, "probability of the answer"),
                        Item("below", Number, "the framed square costs more than any on average, in"),
                    ),
                    table,
                    "full",
                    room=(25.6, 33.75),
                ),
            ),
        ),
    ),
    pictures=PHOTOGRAPHS,
    code=CODE,
)


class EvidenceExplorer(Explorer):
    """Grad-CAM on photographs, put to the test: cover what it points at, and ask the network again."""

    definition = DEFINITION
    room = (44.1, 71.8, 70.5)
