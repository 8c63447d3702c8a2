"""The block chooser: which blocks carry the evidence of a task, and fit what there is to spare."""

from __future__ import annotations

from collections.abc import Mapping

from gate_by_gate.explorers.shared.network_costs import (
    Slot,
    added_macs,
    added_parameters,
    bare,
    measure,
    slots_of,
)
from gate_by_gate.explorers.shared.setting_names import BLOCK_NAMES
from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.number import Number, verdict
from gate_by_gate.widgets.items.table import Table
from gate_by_gate.widgets.items.text import Text
from gate_by_gate.widgets.live import Explorer
from gate_by_gate.widgets.snippets import Code
from gate_by_gate.widgets.wording import amount, join

__all__ = ["CARRIES", "DEFINITION", "BlockChooserExplorer"]

SIDE = 224
"""Height and width of the image that the networks are counted for."""

SMALL = 7
"""Height and width of the last maps of both networks for such an image."""

CARRIES = {
    "mean": ("se", "eca", "cbam", "bam"),
    "maximum": ("cbam",),
    "strip": ("coord_att",),
    "distance": ("cbam", "bam"),
    "pair": ("self_attention",),
}
"""The blocks that carry the evidence through, by what it must survive: the table of chapter 13."""

EVIDENCE = {
    "mean": "it is large, or a matter of how much",
    "maximum": "it is small and strong, anywhere",
    "strip": "its row or its column is what counts",
    "distance": "it lies at a certain distance",
    "pair": "two places must be compared",
}
NETWORKS = {"mobilenet_v2": "MobileNetV2", "resnet50": "ResNet-50"}
WHERE = {"authors": "where its authors put it", "small": f"in every unit at {SMALL} × {SMALL}"}
BUDGETS = (1_000, 20_000, 200_000, 2_000_000, 50_000_000)

NEED = Control("need", "the evidence", tuple(EVIDENCE), "maximum", "menu", tuple(EVIDENCE.values()))
NETWORK = Control("network", "network", tuple(NETWORKS), "mobilenet_v2", "choice", tuple(NETWORKS.values()))
PLACE = Control("where", "the block", tuple(WHERE), "small", "menu", tuple(WHERE.values()))
BUDGET = Control(
    "budget", "parameters to spare", BUDGETS, 200_000, texts=[amount(budget) for budget in BUDGETS]
)


def slots(network: str, block: str, where: str) -> list[Slot]:
    """Return the slots that a block takes, at its authors' places or on all small maps."""
    if where == "authors":
        placement = bare(network).model.default_placement(block)
        return list(slots_of(network, placement.name, placement.stages))
    shapes = measure(network, SIDE).shapes
    return [slot for slot in slots_of(network, "residual") if shapes[slot.name][1] == SMALL]


def cost(network: str, block: str, where: str) -> tuple[int, int]:
    """Count the parameters and the multiply-accumulates that a block adds to a network."""
    shapes = measure(network, SIDE).shapes
    taken = slots(network, block, where)
    return (
        sum(added_parameters(block, slot.channels, ()) for slot in taken),
        sum(added_macs(block, shapes[slot.name], ()) for slot in taken),
    )


def choose(setting: Setting) -> Data:
    """Judge every block by what it carries and by what it costs."""
    need, network, where = (str(setting[name]) for name in ("need", "network", "where"))
    budget, carriers = int(setting["budget"]), CARRIES[need]
    costs = {block: cost(network, block, where) for block in BLOCK_NAMES}
    rows = {
        BLOCK_NAMES[block]: [
            verdict(int(block in carriers), "yes" if block in carriers else "no", block in carriers),
            verdict(parameters, amount(parameters), parameters <= budget),
            Number(macs, amount(macs)),
        ]
        for block, (parameters, macs) in costs.items()
    }
    return {
        "answer": Text(answer({block: costs[block][0] for block in carriers}, budget)),
        "table": Table("block", COLUMNS, rows),
    }


def answer(parameters: Mapping[str, int], budget: int) -> str:
    """Say which of the blocks that carry the evidence fit, the cheapest first."""
    cheapest = sorted(parameters, key=lambda block: parameters[block])
    fitting = [
        f"{BLOCK_NAMES[block]} ({amount(parameters[block])})"
        for block in cheapest
        if parameters[block] <= budget
    ]
    if fitting:
        return f"What is left: {join(fitting)}."
    least = f"{BLOCK_NAMES[cheapest[0]]}, with {amount(parameters[cheapest[0]])}"
    return f"Nothing fits. What would carry it for the least is {least}."


COLUMNS = {"carries": "carries it", "parameters": "parameters", "macs": "multiply-accumulates"}

PART = Part(
    "choice",
    ("need", "network", "where", "budget"),
    (Item("answer", Text), Item("table", Table, "what each block adds, for an image of 224 × 224")),
    choose,
    "wide",
    room=(0, 17.9),
)

CODE = Code(
    """\
from gate_by_gate.explorers.block_chooser import CARRIES, cost

for block in CARRIES[{need}]:
    parameters, macs = cost({network}, block, {where})
    print(block, parameters, macs, parameters <= {budget})
"""
)

DEFINITION = Definition(
    "block_chooser",
    "Say what your task needs and what there is to spare: which block is left?",
    (NEED, NETWORK, PLACE, BUDGET),
    (Panel("choice", "the choice", (PART,)),),
    code=CODE,
)


class BlockChooserExplorer(Explorer):
    """The blocks that carry the evidence of a task and fit what a network has to spare, counted."""

    definition = DEFINITION
    room = (29.8, 40.9, 39.5)
