"""The into-trained explorer: a new block goes into a trained network, and what becomes of its answers."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from attn_lib.insertion import insert_attention
from gate_by_gate.explorers.shared.classified import (
    before_unit,
    begin_at,
    network,
    probabilities,
    top_shares,
)
from gate_by_gate.explorers.shared.kept import kept
from gate_by_gate.explorers.shared.photographs import COUNT, PHOTOGRAPHS, photograph_control, photograph_index
from gate_by_gate.imagenet import class_names
from gate_by_gate.photographs import names, photograph
from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.number import Number
from gate_by_gate.widgets.items.picture import Picture
from gate_by_gate.widgets.items.ranking import Ranking
from gate_by_gate.widgets.live import Explorer
from gate_by_gate.widgets.snippets import Code

__all__ = ["DEFINITION", "STAGES", "IntoTrainedExplorer", "with_block"]

SEED = 0
"""The new weights are drawn from it."""

STAGES = {1: (7,), 8: (5, 6, 7), 16: (1, 2, 3, 4, 5, 6, 7)}
"""For a number of units, counted from the end, the stages that hold them."""

BLOCKS = {
    "se": "SE",
    "eca": "ECA",
    "cbam": "CBAM",
    "bam": "BAM",
    "coord_att": "CoordAtt",
    "self_attention": "self-attention",
}

PHOTOGRAPH = photograph_control("photograph", "photograph", 5)
BLOCK = Control("block", "block", tuple(BLOCKS), "se", "menu", tuple(BLOCKS.values()))
PLACEMENT = Control(
    "placement",
    "where",
    ("residual", "hidden"),
    "hidden",
    "menu",
    ("end of the branch", "hidden channels"),
)
UNITS = Control("units", "units", (1, 16), 16, "choice", ("last", "all 16"))
START = Control("start", "start", ("built", "identity"), "built", "choice", ("as built", "identity"))


@kept
def with_block(block: str, placement: str, units: int, start: str) -> Tensor:
    """Return the scores of all classes for all photographs, with new blocks in the trained network.

    Args:
        block: the name of a block of ``attn_lib``.
        placement: where in a unit, by a name that the network's ``places`` takes.
        units: how many of the last units get one: 1, 8 or 16.
        start: ``"built"``, or ``"identity"`` for blocks that change nothing at first.

    Shape:
        ``(9, 1000)``.

    Raises:
        ValueError: there is no such block, placement, number of units or start.
    """
    if units not in STAGES:
        raise ValueError(f"`units` must be one of {tuple(STAGES)}; got units={units!r}")
    if start not in START.values:
        raise ValueError(f"`start` must be one of {START.values}; got start={start!r}")
    if (block, start) == ("self_attention", "identity"):  # it is the identity as built, and left as it is
        return with_block(block, placement, units, "built")
    changed = copy.deepcopy(network())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        insert_attention(
            changed, block, placement=placement, stages=STAGES[units], as_identity=start == "identity"
        )
    # What comes before the first new block is as it was: it is computed once.
    first = len(changed._blocks) - units
    with torch.no_grad():
        scores: Tensor = begin_at(changed, first)(before_unit(first))
    return scores


def now(setting: Setting) -> Tensor:
    """Return the probabilities of all photographs at a setting."""
    scores = with_block(
        str(setting["block"]), str(setting["placement"]), int(setting["units"]), str(setting["start"])
    )
    return scores.softmax(dim=1)


def look(setting: Setting) -> Data:
    """Show the photograph."""
    index = photograph_index(setting)
    known = photograph(names()[index])
    return {"picture": Picture(index, f"A photograph: {known.shows}.")}


def answers(setting: Setting) -> Data:
    """Say what the network answers with new blocks and as trained; its first answer as trained is marked."""
    index = photograph_index(setting)
    own = probabilities()[index]
    first = int(own.argmax())
    return {
        "after": Ranking(top_shares(now(setting)[index], 5, first)),
        "before": Ranking(top_shares(own, 3, first)),
    }


def all_nine(setting: Setting) -> Data:
    """Say of all photographs how many answers are the same as before, and whether it tells them apart."""
    answers, own = now(setting).argmax(dim=1), probabilities().argmax(dim=1)
    kept, different = int((answers == own).sum()), len(set(answers.tolist()))
    one = f"1: {class_names()[int(answers[0])]}" if different == 1 else str(different)
    return {
        "kept": Number(kept, f"{kept} of {COUNT}"),
        "different": Number(different, one),
    }


CODE = Code(
    """\
import copy

import torch
from attn_lib.insertion import insert_attention
from gate_by_gate import imagenet
from gate_by_gate.explorers.into_trained import STAGES
from gate_by_gate.photographs import photographs

network = imagenet.classifier().double()
torch.manual_seed(0)
insert_attention(network, {block}, placement={placement}, stages=STAGES[{units}], as_identity={identity})
with torch.no_grad():
    scores = network(imagenet.to_input(photographs(side=imagenet.SIDE)).double())
answers = imagenet.top(scores)[{photograph}]
""",
    {"identity": ("start", lambda start: str(start == "identity"))},
)

MOVED = ("block", "placement", "units", "start")
SAME_AS_BEFORE = dict.fromkeys(("block", "placement", "units"), ("start", ("identity",)))

DEFINITION = Definition(
    name="into_trained",
    question="Put a new block into a trained network: what becomes of its answers?",
    controls=(PHOTOGRAPH, BLOCK, PLACEMENT, UNITS, START),
    panels=(
        Panel(
            "answers",
            "Answers",
            (
                Part(
                    "answers",
                    ("photograph", *MOVED),
                    (
                        Item("after", Ranking, "with the new blocks it says"),
                        Item("before", Ranking, "as trained it said"),
                    ),
                    answers,
                    "main",
                    irrelevant_when=SAME_AS_BEFORE,
                    room=(15.6, 15.6),
                ),
                Part("look", ("photograph",), (Item("picture", Picture),), look, "side"),
                Part(
                    "nine",
                    MOVED,
                    (
                        Item("kept", Number, "answers kept"),
                        Item("different", Number, "different answers"),
                    ),
                    all_nine,
                    "side",
                    irrelevant_when=SAME_AS_BEFORE,
                ),
            ),
        ),
    ),
    pictures=PHOTOGRAPHS,
    code=CODE,
)


class IntoTrainedExplorer(Explorer):
    """New blocks in a trained classifier of photographs, as they are built or started as the identity."""

    definition = DEFINITION
    room = (35.1, 54.1, 52.7)
