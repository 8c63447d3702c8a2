"""The network explorer: a block in every slot of a backbone, and what the whole then costs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from attn_lib.backbones.backbone import Placement
from attn_lib.blocks import BLOCKS, keyword_defaults
from attn_lib.blocks.arguments import check_choice, check_int
from gate_by_gate.explorers.shared.network_costs import (
    BACKBONES,
    Keywords,
    Shape,
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
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.chain import Chain, Column, Costs, Place, Stage
from gate_by_gate.widgets.items.text import Text
from gate_by_gate.widgets.live import Explorer
from gate_by_gate.widgets.snippets import Code
from gate_by_gate.widgets.wording import join

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
    "after_3x3": "after every unit's 3 × 3 convolution",
    "hidden": "on the hidden channels of every unit that expands",
    "after_first_depthwise": "after the first depthwise convolution of every unit that has one",
    "between_stages": "after a stage, before the map shrinks",
    "before_last_unit": "before the last unit of a stage",
    "neck": "at both outputs of the backbone and after the upsample",
    "backbone_outputs": "at both outputs of the backbone",
    "upsample": "after the upsample",
}
"""Every placement that the control leads to, by the backbones' own names, in words."""

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
    "choice",
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
SIDE = Control("side", "image", (224, 416), 224, "choice")


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
        ValueError: the control offers no such placement.
    """
    check_choice("placement", placement, tuple(PLACEMENTS))
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
        placement: by the backbone's own name; ``None`` if no slot is filled.
        slots: where the blocks are.
        keywords: of the block.
        why: why no slot is filled, although a block was picked.
    """

    backbone: str
    block: str
    placement: str | None = None
    slots: tuple[Slot, ...] = ()
    keywords: Keywords = ()
    why: str = ""


def fill(setting: Setting) -> Filled:
    """Find the slots that a setting names; none, if this backbone has no such place or the block refuses it.

    Raises:
        ValueError: a value names nothing that there is.
    """
    backbone = check_choice("backbone", setting["backbone"], BACKBONES)
    block = check_choice("block", setting["block"], tuple(CHOICES))
    return filled_with(backbone, block, setting["placement"], keywords(block, setting))


@cache
def filled_with(backbone: str, block: str, at: Value, given: Keywords) -> Filled:
    """Find the slots that the control's value ``at`` names; see :func:`fill`."""
    placement = placement_of(backbone, block, at)
    if block == "none":
        return Filled(backbone, block)
    if placement is None:
        has = [text for name, text in PLACEMENTS.items() if placement_of(backbone, block, name) is not None]
        why = f"{NAMES[backbone]} has no such place. A block can go {join(has)}."
        return Filled(backbone, block, why=why)
    filled = Filled(
        backbone, block, placement.name, slots_of(backbone, placement.name, placement.stages), given
    )
    try:
        added_parameters_of(filled)
    except ValueError as error:
        why = f"{CHOICES[block]} cannot go into {NAMES[backbone]} there: {error}."
        return Filled(backbone, block, why=why)
    return filled


def added_by_section(filled: Filled, cost: Callable[[Slot], int]) -> list[int]:
    """Add up what the blocks cost in each section of the network.

    Raises:
        ValueError: the block refuses the channels of a slot.
    """
    added = [0] * len(bare(filled.backbone).sections)
    for slot in filled.slots:
        added[slot.section] += cost(slot)
    return added


def added_parameters_of(filled: Filled) -> list[int]:
    """Count the parameters that the blocks add to each section."""
    return added_by_section(
        filled, lambda slot: added_parameters(filled.block, slot.channels, filled.keywords)
    )


def added_macs_of(filled: Filled, shapes: Mapping[str, Shape]) -> list[int]:
    """Count the multiply-accumulates that the blocks add to each section."""
    return added_by_section(filled, lambda slot: added_macs(filled.block, shapes[slot.name], filled.keywords))


def draw(setting: Setting) -> Data:
    """Draw the network section by section, with the blocks in their slots and what both cost."""
    filled = fill(setting)
    # An image size that no page offers is counted beside those that pages do.
    sides = sorted({*(int(side) for side in SIDE.values), check_int("side", setting["side"])})
    try:
        runs = {side: measure(filled.backbone, side) for side in sides}
    except ValueError as error:
        return {"missing": f"{NAMES[filled.backbone]} does not take this image: {error}."}
    parameters = Costs(bare(filled.backbone).parameters, added_parameters_of(filled))
    macs = {side: Costs(run.macs, added_macs_of(filled, run.shapes)) for side, run in runs.items()}
    return {
        "chain": Chain(
            stages_of(filled, runs[DRAWN_SIDE].outputs),
            PLACES,
            [
                Column("parameters", "parameters", parameters),
                Column("macs", "multiply-accumulates", macs),
            ],
            in_words(filled),
            tuple(CHOICES).index(filled.block) % HUES,
            sets="placement",
            pick="side",
        )
    }


DRAWN_SIDE = 224
"""The size of the image whose maps are drawn as boxes."""

HUES = 7
"""So many colours tell the blocks apart."""

ON_PATH = 0.42
"""How high the way through a stage is drawn, as a share of its height."""

PLACES = {
    "before_unit": Place((0.05, ON_PATH), "before a unit", "before_unit"),
    "inside": Place((0.32, ON_PATH), "inside the branch", "inside"),
    "residual": Place((0.58, ON_PATH), "at the end of the branch", "residual"),
    "after_addition": Place((0.76, ON_PATH), "after the addition", "after_addition"),
    "between_stages": Place((0.94, ON_PATH), "between stages", "between_stages"),
    "before_last_unit": Place((0.05, ON_PATH), "before the last unit of the stage"),
    "backbone_outputs": Place((0.76, ON_PATH), "an output of the detector's backbone", "backbone_outputs"),
    "upsample": Place((0.76, ON_PATH), "after the detector's upsample", "upsample"),
}
"""Every place that is drawn; what the control offers can be picked by a click."""


@cache
def slots_by_section(backbone: str) -> tuple[tuple[str, ...], ...]:
    """Name the places that each section offers to the control."""
    offered: list[list[str]] = [[] for _ in bare(backbone).sections]
    for name in PLACEMENTS:
        placement = None if name == "usual" else placement_of(backbone, "none", name)
        if placement is not None:
            for section in {slot.section for slot in slots_of(backbone, placement.name, placement.stages)}:
                offered[section].append(name)
    return tuple(map(tuple, offered))


def drawn_place(filled: Filled, section: int) -> str:
    """Name the place at which the blocks of a section are drawn; empty if it has none."""
    if not any(slot.section == section for slot in filled.slots):
        return ""
    if filled.placement == INSIDE.get(filled.backbone):
        return "inside"
    if filled.placement in PLACES:
        return filled.placement
    # A detector's neck: both outputs of the backbone, and the upsample.
    return next(
        name
        for name in ("backbone_outputs", "upsample")
        if name in slots_by_section(filled.backbone)[section]
    )


def stages_of(filled: Filled, outputs: Sequence[Shape]) -> list[Stage]:
    """Draw every section as the map that leaves it: as wide as its channels and as high as its side.

    Both by their square roots, or the smallest would be lines: they differ by two powers of ten.
    """
    network, slots = bare(filled.backbone), slots_by_section(filled.backbone)
    most, highest = max(shape[0] for shape in outputs), max(shape[1] for shape in outputs)
    in_units = any("residual" in names for names in slots)
    units = Counter(slot.section for slot in slots_of(filled.backbone, "residual")) if in_units else Counter()
    return [
        Stage(
            name,
            math.sqrt(channels / most),
            math.sqrt(height / highest),
            repeats=units[at] or 1,
            skips=units[at] > 0,
            slots=slots[at],
            filled=drawn_place(filled, at),
        )
        for at, (name, (channels, height, _)) in enumerate(zip(network.sections, outputs, strict=True))
    ]


def printed(setting: Setting) -> Data:
    """Write what is printed for this network beside what is counted."""
    filled = fill(setting)
    network = bare(filled.backbone)
    total = sum(network.parameters) + sum(added_parameters_of(filled))
    return {"printed": Text(filled.why or compare_with_print(filled, total, network.statistics))}


def in_words(filled: Filled) -> str:
    """Say how many blocks there are and where, or why there are none."""
    if not filled.placement:
        return filled.why or "no block"
    return f"{len(filled.slots)} × {CHOICES[filled.block]}, {WHERE[filled.placement]}"


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
"""The controls that say what stands in which slots."""

DEFINITION = Definition(
    name="network",
    question="Put a block into a slot: what does the whole network cost then?",
    controls=(BACKBONE, BLOCK, PLACEMENT, REDUCTION, KERNEL, SIDE),
    panels=(
        Panel(
            "network",
            "The network",
            (
                Part(
                    "drawn",
                    FILLED,
                    (Item("chain", Chain),),
                    draw,
                    view_controls=("side",),
                    irrelevant_when=WHILE_IDLE,
                    room=(29.1, 39.6),
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
                    (Item("printed", Text),),
                    printed,
                    irrelevant_when=WHILE_IDLE,
                    room=(4.1, 8.1),
                ),
            ),
        ),
    ),
    code=CODE,
)


class NetworkExplorer(Explorer):
    """A block in every slot of a backbone: what the whole network then costs."""

    definition = DEFINITION
    room = (45.8, 65.4, 62.6)
