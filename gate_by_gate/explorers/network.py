"""The network explorer: a block in every slot of a backbone, and what the whole then costs."""

from __future__ import annotations

from dataclasses import dataclass

from attn_lib.backbones.backbone import Placement
from attn_lib.blocks import BLOCKS, keyword_defaults
from attn_lib.blocks.arguments import check_choice, check_int
from gate_by_gate.explorers.shared.network_costs import (
    BACKBONES,
    Keywords,
    Slot,
    added_macs,
    added_parameters,
    bare,
    measure,
    slots_of,
)
from gate_by_gate.explorers.shared.printed_figures import PRINTED, Printed
from gate_by_gate.explorers.shared.setting_names import block_name
from gate_by_gate.widgets.controls import Control, Value
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting, some_of
from gate_by_gate.widgets.items.number import Number, count
from gate_by_gate.widgets.items.picks import Picks
from gate_by_gate.widgets.items.stacks import Stack, Stacks
from gate_by_gate.widgets.items.text import Text
from gate_by_gate.widgets.live import Explorer
from gate_by_gate.widgets.snippets import Code
from gate_by_gate.widgets.wording import amount, join

__all__ = ["DEFINITION", "NetworkExplorer"]

AS_PUBLISHED = 0
"""The value of ``reduction`` and ``kernel_size`` that leaves a block as its authors published it."""

NAMES = {
    "resnet18": "ResNet-18",
    "resnet34": "ResNet-34",
    "resnet50": "ResNet-50",
    "resnet101": "ResNet-101",
    "mobilenet_v2": "MobileNetV2",
    "mobilenext": "MobileNeXt",
    "yolov4_tiny": "YOLOv4-tiny",
    "digit_resnet": "the digits' ResNet",
}
CHOICES = {"none": "none", **{name: block_name(name) for name in BLOCKS}}
"""What the control ``block`` offers: no block, or any that is registered."""

PLACEMENTS = {
    "usual": "where its authors put it",
    "before_unit": "before a unit",
    "inside": "inside the branch",
    "residual": "at the end of the branch",
    "after_addition": "after the addition",
    "between_stages": "between stages",
    "backbone_outputs": "a detector's outputs",
    "upsample": "a detector's upsample",
}
INSIDE = {
    "resnet50": "after_3x3",
    "resnet101": "after_3x3",
    "mobilenet_v2": "hidden",
    "mobilenext": "after_first_depthwise",
}
"""The placement that ``"inside"`` the branch means; a unit of two convolutions has none."""

WHERE = {
    "residual": "at the end of every unit's branch",
    "before_unit": "before every unit",
    "after_addition": "after every unit's addition",
    "identity": "on every unit's identity branch",
    "after_3x3": "after every unit's 3 × 3 convolution",
    "hidden": "on the hidden channels of every unit that expands",
    "after_first_depthwise": "after the first depthwise convolution of every unit that has one",
    "after_last_depthwise": "after the last depthwise convolution of every unit that has one",
    "between_stages": "after a stage, before the map shrinks",
    "before_last_unit": "before the last unit of a stage",
    "neck": "at both outputs of the backbone and after the upsample",
    "backbone_outputs": "at both outputs of the backbone",
    "upsample": "after the upsample",
}
"""Every placement that some backbone has, in words."""

BACKBONE = Control(
    "backbone", "network", BACKBONES, "resnet50", "menu", tuple(NAMES[name] for name in BACKBONES)
)
BLOCK = Control("block", "block", tuple(CHOICES), "se", "menu", tuple(CHOICES.values()))
PLACEMENT = Control("placement", "place", tuple(PLACEMENTS), "usual", "menu", tuple(PLACEMENTS.values()))
REDUCTION = Control(
    "reduction",
    "reduction r",
    (AS_PUBLISHED, 4, 8, 16, 32),
    AS_PUBLISHED,
    "menu",
    ("published", "4", "8", "16", "32"),
)
KERNEL = Control(
    "kernel_size",
    "kernel k",
    (AS_PUBLISHED, 3),
    AS_PUBLISHED,
    "choice",
    ("published", "3"),
)
SIDE = Control("side", "image side", (224, 416), 224, "choice")


def keywords(block: str, setting: Setting) -> Keywords:
    """Return the keywords of a block that the setting changes from their defaults.

    Raises:
        ValueError: ``reduction`` is negative, or ``kernel_size`` even.
    """
    reduction = check_int("reduction", setting["reduction"], minimum=AS_PUBLISHED)
    kernel_size = check_int("kernel_size", setting["kernel_size"], minimum=AS_PUBLISHED)
    if kernel_size != AS_PUBLISHED and kernel_size % 2 == 0:
        raise ValueError(f"`kernel_size` must be odd; got kernel_size={kernel_size}")
    taken = keyword_defaults(attention_of(block))
    moved = {"reduction": reduction, "kernel_size": kernel_size}
    return tuple(
        (name, value)
        for name, value in moved.items()
        if name in taken and value not in (AS_PUBLISHED, taken[name])
    )


def attention_of(block: str) -> str | None:
    """Return what ``attn_lib`` takes as ``attention`` for a block: None for ``"none"``."""
    return None if block == "none" else block


def placement_of(backbone: str, block: str, placement: Value) -> Placement | None:
    """Return the backbone's own placement for a value of the control, or None if it has no such placement.

    Raises:
        ValueError: no backbone has such a placement.
    """
    check_choice("placement", placement, tuple(dict.fromkeys((*PLACEMENTS, *WHERE))))
    model = bare(backbone).model
    if placement == "usual":
        return model.default_placement(block)
    name = INSIDE.get(backbone) if placement == "inside" else str(placement)
    try:
        return None if name is None else Placement(name) if slots_of(backbone, name) else None
    except ValueError:
        return None


@dataclass(frozen=True)
class Filled:
    """A backbone with a block in its slots, as a setting names it.

    Attributes:
        backbone: the network.
        block: the block, or ``"none"``.
        placement: by the backbone's own name; ``None`` without a block.
        slots: where the blocks are.
        keywords: of the block.
    """

    backbone: str
    block: str
    placement: str | None
    slots: tuple[Slot, ...]
    keywords: Keywords


def fill(setting: Setting) -> Filled | Data:
    """Find the slots that a setting names, or say that this backbone has none there.

    Raises:
        ValueError: a value names nothing that there is.
    """
    backbone = check_choice("backbone", setting["backbone"], BACKBONES)
    block = check_choice("block", setting["block"], tuple(CHOICES))
    given = keywords(block, setting)
    placement = placement_of(backbone, block, setting["placement"])
    if block == "none":
        return Filled(backbone, block, None, (), ())
    if placement is None:
        has = [text for name, text in PLACEMENTS.items() if placement_of(backbone, block, name) is not None]
        return {"missing": f"{NAMES[backbone]} has no such place. A block can go {join(has)}."}
    slots = slots_of(backbone, placement.name, placement.stages)
    return Filled(backbone, block, placement.name, slots, given)


def parameters(setting: Setting) -> Data:
    """Count the parameters of the whole network, and what the blocks add in each of its sections."""
    filled = fill(setting)
    if not isinstance(filled, Filled):
        return filled
    network = bare(filled.backbone)
    by_section, blocks = [0] * len(network.sections), [0] * len(network.sections)
    try:
        for slot in filled.slots:
            by_section[slot.section] += added_parameters(filled.block, slot.channels, filled.keywords)
            blocks[slot.section] += 1
    except ValueError as error:
        return refused(filled, error)
    added, own = sum(by_section), sum(network.parameters)
    most = max(range(len(by_section)), key=lambda number: by_section[number])
    alt = f"{added:,} added parameters; the most, {by_section[most]:,}, in {network.sections[most]}."
    return {
        "total": count(own + added),
        "added": Number(added, f"{added:,} ({100 * added / own:.2g} % more)" if added else "0"),
        "blocks": Number(len(filled.slots), where(filled)),
        "sections": Stacks(
            [
                Stack(
                    section,
                    own_here,
                    added_here,
                    amount(own_here),
                    f"+ {amount(added_here)} in {number}" if number else "",
                )
                for section, own_here, added_here, number in zip(
                    network.sections, network.parameters, by_section, blocks, strict=True
                )
            ],
            alt if added else "No added parameters.",
        ),
        "printed": Text(compare_with_print(filled, own + added, network.statistics)),
    }


def refused(filled: Filled, error: ValueError) -> Data:
    """Say why a block cannot be built for the channels of this network, in the block's words."""
    return {"missing": f"{CHOICES[filled.block]} cannot go into {NAMES[filled.backbone]} there: {error}."}


def where(filled: Filled) -> str:
    """Say how many blocks there are and where."""
    number = len(filled.slots)
    return f"{number}, {WHERE[filled.placement]}" if filled.placement else "none"


def compare_with_print(filled: Filled, total: int, statistics: int) -> str:
    """Write what is printed for this network beside what is counted."""
    sentences = [
        f"{figure.source}: {figure.text} {figure.unit.name}; counted: {figure.written(total)}."
        + (f" {figure.remark.format(figure.written(total + statistics))}" if figure.remark else "")
        for figure in printed_for(filled)
    ]
    return " ".join(sentences) or "No printed figure for this setting is known here."


def printed_for(filled: Filled) -> list[Printed]:
    """Return the printed figures of exactly this network."""
    defaults = keyword_defaults(attention_of(filled.block))
    given = defaults | dict(filled.keywords)
    if given.get("kernel_size") != defaults.get("kernel_size"):
        return []
    key = (filled.backbone, filled.block, filled.placement, given.get("reduction"))
    return [figure for figure in PRINTED if figure[:4] == key]


def places(setting: Setting) -> Data:
    """Count the slots of every place that the backbone has, section by section."""
    backbone = check_choice("backbone", setting["backbone"], BACKBONES)
    block = check_choice("block", setting["block"], tuple(CHOICES))
    sections = bare(backbone).sections
    rows = {}
    for name in PLACEMENTS:
        placement = placement_of(backbone, block, name)
        if placement is None:
            continue
        slots = slots_of(backbone, placement.name, placement.stages)
        rows[name] = [sum(slot.section == at for slot in slots) for at in range(len(sections))]
    return {"places": Picks("placement", sections, rows, [PLACEMENTS[name] for name in rows], "blocks")}


def macs(setting: Setting) -> Data:
    """Count the multiply-accumulates for one image, and how many of them are in the blocks."""
    side = check_int("side", setting["side"])
    filled = fill(setting)
    if not isinstance(filled, Filled):
        return filled
    try:
        own, shapes = measure(filled.backbone, side)
    except ValueError as error:
        return {"missing": f"{NAMES[filled.backbone]} does not take this image: {error}."}
    try:
        added = sum(added_macs(filled.block, shapes[slot.name], filled.keywords) for slot in filled.slots)
    except ValueError as error:
        return refused(filled, error)
    return {
        "macs": Number(own + added, amount(own + added, digits=".2f")),
        "added_macs": Number(
            added, f"{amount(added, digits='.2f')} ({100 * added / own:.2g} % more)" if added else "0"
        ),
    }


def without(keyword: str) -> tuple[Value, ...]:
    """Return the blocks, as the control names them, that do not take a keyword."""
    return tuple(block for block in CHOICES if keyword not in keyword_defaults(attention_of(block)))


WHILE_IDLE: dict[str, tuple[str, tuple[Value, ...]]] = {
    "placement": ("block", ("none",)),
    "reduction": ("block", without("reduction")),
    "kernel_size": ("block", without("kernel_size")),
}
"""When a control does not matter: without a block there is no placement, and ECA has no r."""


def write_attention(block: Value) -> str:
    """Write the argument that names the block."""
    return "" if block == "none" else f'attention="{block}"'


def write_placement(backbone: Value, block: Value, placement: Value) -> str:
    """Write the argument that names the placement, unless it is the usual one."""
    if block == "none" or placement == "usual":
        return ""
    name = INSIDE.get(str(backbone), placement) if placement == "inside" else placement
    return f', placement="{name}"'


def write_keywords(block: Value, reduction: Value, kernel_size: Value) -> str:
    """Write the block's keywords that are not as published."""
    given = keywords(str(block), {"reduction": reduction, "kernel_size": kernel_size})
    return "".join(f", {name}={value}" for name, value in given)


def home_of(backbone: Value) -> str:
    """Name the module that a reader imports the backbone from."""
    return "gate_by_gate.digit_resnet" if backbone == "digit_resnet" else "attn_lib.backbones"


CODE = Code(
    """import torch
from {home} import {network}
from attn_lib.inspection import count_macs, count_parameters

with torch.device("meta"):  # shapes alone: nothing is computed
    network = {network}({attention}{placement}{keywords})
    total = count_parameters(network).total
    macs = count_macs(network, torch.zeros(1, {colours}, {side}, {side})).total
""",
    {
        "home": ("backbone", home_of),
        "network": ("backbone", str),
        "attention": ("block", write_attention),
        "placement": (("backbone", "block", "placement"), write_placement),
        "keywords": (("block", "reduction", "kernel_size"), write_keywords),
        "colours": ("backbone", lambda backbone: "1" if backbone == "digit_resnet" else "3"),
    },
)

FILLED = ("backbone", "placement", "block", "kernel_size", "reduction")

DEFINITION = Definition(
    name="network",
    question="Put a block into a network: what does it cost then?",
    controls=(BACKBONE, PLACEMENT, BLOCK, REDUCTION, KERNEL, SIDE),
    panels=(
        Panel(
            "network",
            "The network",
            (
                Part(
                    "macs",
                    (*FILLED, "side"),
                    (
                        Item("macs", Number, "multiply-accumulates"),
                        Item("added_macs", Number, "in the blocks"),
                    ),
                    macs,
                    "line",
                    irrelevant_when=WHILE_IDLE,
                ),
                Part(
                    "parameters",
                    FILLED,
                    (
                        Item("total", Number, "parameters"),
                        Item("added", Number, "in the blocks"),
                        Item("sections", Stacks, "parameters from input to output; hatched: in the blocks"),
                    ),
                    some_of(parameters, "total", "added", "sections"),
                    "line",
                    irrelevant_when=WHILE_IDLE,
                ),
                Part(
                    "places",
                    ("backbone", "block"),
                    (Item("places", Picks, "where blocks can go, and how many; pick a row"),),
                    places,
                    view_controls=("placement",),
                ),
            ),
        ),
        Panel(
            "printed",
            "In print",
            (
                Part(
                    "printed",
                    FILLED,
                    (Item("blocks", Number, "blocks"), Item("printed", Text)),
                    some_of(parameters, "blocks", "printed"),
                    irrelevant_when=WHILE_IDLE,
                ),
            ),
        ),
    ),
    code=CODE,
)


class NetworkExplorer(Explorer):
    """A block in every slot of a backbone: what the whole network then costs."""

    definition = DEFINITION
