"""The test images that explorers show, and what trained networks do with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attn_lib.inspection import BlockRecord, record_blocks
from gate_by_gate import results
from gate_by_gate.digit_resnet import digit_resnet
from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.definition import Data, Setting
from gate_by_gate.widgets.encoding import number, picture, round_off

__all__ = [
    "EIGHT_IMAGES",
    "INPUTS",
    "MAP_STAGE",
    "PICTURES",
    "SAMPLES",
    "STAGE",
    "Observation",
    "describe",
    "image_control",
    "image_index",
    "look",
    "observe",
    "picked_stage",
    "read_digit",
    "reading",
    "trained_network",
]

SAMPLES = results.sample_images()

INPUTS = SAMPLES.inputs().double()
"""The images as :func:`trained_network` takes them: float64 ``(10, 1, 40, 40)`` in [0, 1]."""

PICTURES = tuple(picture(image[0]) for image in SAMPLES.images)
"""The images as a page stores them."""

EIGHT_IMAGES = (0, 2, 3, 5, 6, 7, 8, 9)
"""Eight of the ten, among them all that the plain network misreads, for pages that ten would make heavy."""

STAGE = Control("stage", "stage of the network", (1, 2, 3), 3, "choice")

MAP_STAGE = replace(STAGE, default=2)
"""The same for blocks that tell places apart: it opens where most of their maps find the digit."""


def image_control(
    name: str, label: str, default: int, images: Sequence[int] = range(len(PICTURES))
) -> Control:
    """Make a control that picks one of the images, or one of those at the given indices."""
    texts = tuple(f"digit {SAMPLES.labels[index]}" for index in images)
    return Control(name, label, tuple(images), default, "gallery", texts)


def image_index(setting: Setting) -> int:
    """Return the index of the image that a setting picks.

    Raises:
        ValueError: there is no such image.
    """
    index = setting["image"]
    if isinstance(index, str) or not 0 <= index < len(PICTURES):
        raise ValueError(f"`image` must be between 0 and {len(PICTURES) - 1}; got image={index!r}")
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


def describe(index: int) -> Data:
    """Give an image with the digit's box, and its text equivalent."""
    label, (x, y, width, height) = int(SAMPLES.labels[index]), SAMPLES.boxes[index].tolist()
    side = SAMPLES.images.shape[-1]
    alt = (
        f"An image of {side} by {side} pixels: a handwritten {label}, {width} pixels wide, at column {x} and "
        f"row {y}, among fragments of other digits. A frame marks it."
    )
    return {"index": index, "box": [x, y, width, height], "frame": "the digit", "alt": alt}


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
    return {"prediction": number(guess, f"{guess} ({verdict})"), "probability": number(sure, f"{sure:.3f}")}


@cache
def trained_network(name: str) -> nn.Module:
    """Rebuild a network of the experiment with its trained weights, in eval mode and in double precision.

    In single precision the last of the digits that a page shows would depend on the order in which a machine,
    or another number of threads, adds.
    """
    network = digit_resnet(**results.record(name)["network"])
    network.load_state_dict(results.state_dict(name))
    return network.double().eval()


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
        probabilities = network(INPUTS).softmax(dim=1)
    return Observation(record_blocks(network, INPUTS), probabilities)


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
        **read_digit(probabilities[index], int(SAMPLES.labels[index])),
        "accuracy": number(round_off(share), f"{100 * share:.1f} % of {test['total']:,}"),
    }
