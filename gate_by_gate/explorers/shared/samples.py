"""The test images that explorers show, and what trained networks do with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from attn_lib.inspection import BlockRecord, record_blocks
from gate_by_gate import results
from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.deferred import Deferred
from gate_by_gate.widgets.definition import Data, Setting
from gate_by_gate.widgets.items.encoded import round_off
from gate_by_gate.widgets.items.marks import Mark, Under
from gate_by_gate.widgets.items.number import Number
from gate_by_gate.widgets.items.picture import Picture, pixels

__all__ = [
    "EIGHT_IMAGES",
    "IMAGE_SIDE",
    "MAP_STAGE",
    "PICTURES",
    "SEVEN_IMAGES",
    "STAGE",
    "Observation",
    "describe",
    "image_control",
    "image_index",
    "inputs",
    "look",
    "observe",
    "picked_stage",
    "read_digit",
    "reading",
    "samples",
    "trained_network",
    "under",
]

IMAGES = 10
"""How many sample images there are: one of every digit, in their order."""

FRAME = "the digit to be read"
"""What the legend calls the digit's frame."""

IMAGE_SIDE = 40
"""Height and width of the sample images in pixels."""


@cache
def samples() -> results.SampleImages:
    """Return the sample images with their labels and boxes."""
    return results.sample_images()


@cache
def inputs() -> Tensor:
    """Return the images as :func:`trained_network` takes them: float64 ``(10, 1, 40, 40)`` in [0, 1]."""
    return samples().inputs().double()


def __getattr__(name: str) -> Any:
    """Return ``SAMPLES`` or ``INPUTS``, as the code that explorers offer to readers calls the images."""
    if name not in ("SAMPLES", "INPUTS"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return samples() if name == "SAMPLES" else inputs()


def _pictures() -> Iterator[Data]:
    for image in samples().images:
        yield pixels(image[0])
    for digit in samples().digits:
        yield pixels(digit)


PICTURES = Deferred(_pictures)
"""The images as a page stores them, and then the digit of each image alone."""

EIGHT_IMAGES = (0, 2, 3, 5, 6, 7, 8, 9)
"""The images of pages that all ten would make too heavy: eight, with all that the plain network misreads."""

SEVEN_IMAGES = (0, 3, 5, 6, 7, 8, 9)
"""Seven of these eight, for a page that is heavier still."""

STAGE = Control("stage", "stage", (1, 2, 3), 3, "choice")

MAP_STAGE = replace(STAGE, default=2)
"""The same control for blocks with a spatial map; it opens at the stage where most maps find the digit."""


def image_control(name: str, label: str, default: int, images: Sequence[int] = range(IMAGES)) -> Control:
    """Make a control that picks one of the images, or one of those at the given indices."""
    texts = tuple(f"digit {index}" for index in images)
    return Control(name, label, tuple(images), default, "gallery", texts)


def image_index(setting: Setting) -> int:
    """Return the index of the image that a setting picks.

    Raises:
        ValueError: there is no such image.
    """
    index = setting["image"]
    if isinstance(index, str) or not 0 <= index < IMAGES:
        raise ValueError(f"`image` must be between 0 and {IMAGES - 1}; got image={index!r}")
    return int(index)


def picked_stage(setting: Setting) -> int:
    """Return the stage that a setting picks.

    Raises:
        ValueError: there is no such stage.
    """
    stage = setting["stage"]
    if stage not in STAGE.values:
        raise ValueError(f"`stage` must be one of {STAGE.values}; got stage={stage!r}")
    return int(stage)


def describe(index: int) -> Picture:
    """Give an image with the digit's box, and its text equivalent."""
    label, (x, y, width, height) = int(samples().labels[index]), samples().boxes[index].tolist()
    alt = (
        f"An image of {IMAGE_SIDE} by {IMAGE_SIDE} pixels: a handwritten {label}, {width} pixels wide, "
        f"at column {x} and row {y}, among fragments of other digits. A frame marks it."
    )
    return Picture(index, alt, [x, y, width, height], FRAME, inset=IMAGES + index)


def under(index: int, marks: Sequence[Mark] = ()) -> Under:
    """Give an image as what lies under a map: with the digit's frame, and the digit alone in the legend."""
    box = samples().boxes[index].tolist()
    return Under(index, box, marks, FRAME, inset=IMAGES + index)


def look(setting: Setting) -> Data:
    """Give the picked image and the digit's box: the part ``look`` of every explorer that shows one."""
    return {"picture": describe(image_index(setting))}


def read_digit(probabilities: Tensor, label: int) -> Data:
    """Say which digit a network reads, whether it is right, and how sure it is.

    Shape:
        ``probabilities`` is ``(10,)``.
    """
    guess = int(probabilities.argmax())
    sure = round_off(probabilities[guess].item())
    verdict = "right" if guess == label else f"it is {'an' if label == 8 else 'a'} {label}"
    return {"prediction": Number(guess, f"{guess} ({verdict})"), "probability": Number(sure, f"{sure:.3f}")}


@cache
def trained_network(name: str) -> nn.Module:
    """Return the trained network of a run in double precision, the same one at every call.

    In single precision the last of the digits that a page shows would depend on the order in which a machine,
    or another number of threads, adds.
    """
    # The weights that a new network draws are replaced: no random number of the reader's changes.
    with torch.random.fork_rng(devices=[]):
        return results.trained_network(name).double()


class Observation(NamedTuple):
    """What a trained network does with the sample images."""

    blocks: dict[str, BlockRecord]
    """What each of its blocks received, computed and returned, by the block's full name."""
    probabilities: Tensor
    """``(images, 10)``"""


@cache
def observe(name: str) -> Observation | None:
    """Show every sample image to a network of the experiment; ``None`` if its weights are not published."""
    if name not in results.checkpoint_names():
        return None
    network = trained_network(name)
    with torch.no_grad():
        probabilities = network(inputs()).softmax(dim=1)
    return Observation(record_blocks(network, inputs()), probabilities)


def reading(name: str, probabilities: Tensor, index: int) -> Data:
    """Say what a network reads in an image, and how often it is right: three numbers.

    Args:
        name: the network's run.
        probabilities: of all sample images, ``(images, 10)``.
        index: the image.
    """
    test = results.record(name)["test"]
    share = test["correct"] / test["total"]
    return {
        **read_digit(probabilities[index], int(samples().labels[index])),
        "accuracy": Number(round_off(share), f"{100 * share:.1f} % of {test['total']:,}"),
    }
