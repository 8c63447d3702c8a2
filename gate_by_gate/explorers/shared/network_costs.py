"""What a backbone costs with a block in its slots: counted once per block and shape, and added up.

To build and run a whole network for every value of a control would take a tenth of a second and more. A
block costs the same wherever it sees the same shape, so the bare backbone is run once for an image size, and
every block once for a shape; all on the ``meta`` device, which computes shapes and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn

from attn_lib import backbones
from attn_lib.backbones import Backbone, YOLOv4Tiny
from attn_lib.backbones.slots import Slotted, slot_name
from attn_lib.blocks import BLOCKS
from attn_lib.blocks.arguments import check_choice
from attn_lib.inspection import count_macs, count_parameters
from attn_lib.inspection.hooks import watching
from gate_by_gate.digit_resnet import digit_resnet

__all__ = [
    "BACKBONES",
    "Keywords",
    "Run",
    "Shape",
    "Slot",
    "added_macs",
    "added_parameters",
    "bare",
    "builder",
    "measure",
    "slots_of",
]

BACKBONES = (
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "mobilenet_v2",
    "mobilenext",
    "yolov4_tiny",
    "digit_resnet",
)
"""The backbones by the names of their builders; the last one is the network of the digits."""

YOLO_SECTIONS = {
    "stem": ("stem",),
    "CSP 1": ("csp1",),
    "CSP 2": ("csp2",),
    "CSP 3": ("csp3", "attention_fine"),
    "last convolution": ("last", "attention_coarse"),
    "neck": ("reduce", "lateral", "attention_upsample"),
    "heads": ("coarse_head", "fine_head"),
}
"""The sections of the detector, which has no numbered stages, and the modules in each."""

Shape = tuple[int, int, int]
"""Channels, height and width."""

Keywords = tuple[tuple[str, object], ...]
"""Keywords of a block in a form that can be a key: ``(("reduction", 16),)``."""


@dataclass(frozen=True)
class Bare:
    """A backbone without attention, on the ``meta`` device.

    Attributes:
        model: the network, with a :class:`ShapeRecorder` in every slot.
        sections: the parts of the network from input to output, such as ``("stem", "stage 1", ...)``.
        parameters: how many parameters each section has.
    """

    model: Backbone
    sections: tuple[str, ...]
    parameters: tuple[int, ...]

    @property
    def statistics(self) -> int:
        """How many running means and variances its norms have."""
        norms = [module for module in self.model.modules() if isinstance(module, nn.BatchNorm2d)]
        return sum(2 * norm.num_features for norm in norms)

    def section(self, name: str) -> int:
        """Return the number of the section that the module or parameter ``name`` belongs to."""
        if isinstance(self.model, YOLOv4Tiny):
            first = name.partition(".")[0]
            return next(i for i, names in enumerate(YOLO_SECTIONS.values()) if first in names)
        for number, stage in enumerate(self.model.stages, start=1):
            if any(name.startswith(f"{unit}.") for unit in stage):
                return number
        stem = {"conv1", "bn1", "features.0"}
        return 0 if any(name.startswith(f"{part}.") for part in stem) else len(self.sections) - 1


@dataclass(frozen=True)
class Slot:
    """A slot for a block: its name, the section it lies in, and the channels that a block there sees."""

    name: str
    section: int
    channels: int


class ShapeRecorder(nn.Module):
    """A module for a slot that returns what it receives, and remembers its shape."""

    shape: Shape

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` as it is."""
        _, channels, height, width = x.shape
        self.shape = (channels, height, width)
        return x


def builder(backbone: str) -> Callable[..., Backbone]:
    """Return the function that builds a backbone.

    Raises:
        TypeError: ``backbone`` is not a string.
        ValueError: there is no such backbone.
    """
    check_choice("backbone", backbone, BACKBONES)
    found: Callable[..., Backbone] = getattr(backbones, backbone, digit_resnet)
    return found


@cache
def bare(backbone: str) -> Bare:
    """Build a backbone with a recorder of shapes in every slot.

    Raises:
        TypeError: ``backbone`` is not a string.
        ValueError: there is no such backbone.
    """
    with torch.device("meta"):
        model = builder(backbone)()
    for module in list(model.modules()):
        if isinstance(module, Slotted):
            for slot in module.slots:
                setattr(module, slot_name(slot), ShapeRecorder())
    if isinstance(model, YOLOv4Tiny):
        sections = tuple(YOLO_SECTIONS)
    else:
        sections = ("stem", *(f"stage {number + 1}" for number in range(len(model.stages))), "classifier")
    empty = Bare(model, sections, ())
    parameters = [0] * len(sections)
    for parameter in count_parameters(model).parameters:
        parameters[empty.section(parameter.name)] += parameter.count
    return Bare(model, sections, tuple(parameters))


@cache
def slots_of(backbone: str, placement: str, stages: tuple[int, ...] | None = None) -> tuple[Slot, ...]:
    """Return the slots of a placement, in the order of the network.

    Raises:
        ValueError: the backbone has no such placement.
    """
    network = bare(backbone)
    slots = network.model.places(placement, stages)
    return tuple(Slot(name, network.section(name), channels) for name, channels in slots.items())


@dataclass(frozen=True)
class Run:
    """What a run of a bare backbone on one image shows.

    Attributes:
        macs: the multiply-accumulates of every section.
        outputs: what leaves every section; height and width are 1 where it is a vector.
        shapes: what every slot sees, by the slot's name.
    """

    macs: tuple[int, ...]
    outputs: tuple[Shape, ...]
    shapes: dict[str, Shape]


@cache
def measure(backbone: str, side: int) -> Run:
    """Run a bare backbone on one square image.

    Raises:
        ValueError: the network cannot take an image of that size.
    """
    network = bare(backbone)
    model = network.model
    in_channels = next(module.in_channels for module in model.modules() if isinstance(module, nn.Conv2d))
    image = torch.empty(1, in_channels, side, side, device="meta")
    macs = [0] * len(network.sections)
    outputs: list[Shape] = [(1, 1, 1)] * len(network.sections)
    with watching(
        model,
        select=lambda module: bool(module._parameters),
        before=lambda *_: None,
        after=lambda _, output: output.shape,
    ) as watch:
        for name, of_module in count_macs(model, image).by_module.items():
            if of_module.total:
                macs[network.section(f"{name}.")] += of_module.total
    for call in watch.calls:  # what the last layer of a section returns
        _, channels, height, width = (*call.after, 1, 1)[:4]
        outputs[network.section(f"{call.name}.")] = channels, height, width
    shapes = {
        name: module.shape for name, module in model.named_modules() if isinstance(module, ShapeRecorder)
    }
    return Run(tuple(macs), tuple(outputs), shapes)


@cache
def added_parameters(block: str, channels: int, keywords: Keywords) -> int:
    """Count the parameters of one block.

    Raises:
        ValueError: the block refuses a keyword for this number of channels.
    """
    return count_parameters(_build(block, channels, keywords)).total


@cache
def added_macs(block: str, shape: Shape, keywords: Keywords) -> int:
    """Count the multiply-accumulates of one block on one map of ``shape``, all kinds of them.

    Raises:
        ValueError: the block refuses a keyword for this number of channels.
    """
    return count_macs(_build(block, shape[0], keywords), torch.empty(1, *shape, device="meta")).total


@cache
def _build(block: str, channels: int, keywords: Keywords) -> nn.Module:
    with torch.device("meta"):
        return BLOCKS[block](channels, **dict(keywords))
