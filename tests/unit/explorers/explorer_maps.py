"""Reads back what a record stores of a map, and what a trained block received, for the tests of explorers."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gate_by_gate import results
from gate_by_gate.digit_resnet import digit_resnet
from tests.numpy_blocks import Parameters, parameters_of

Array = NDArray[np.float64]
LEVELS = 16


def check_heatmap(data: dict[str, Any], expected: Array) -> None:
    """Fail unless a stored map holds ``expected``, halved until it has at most 14 rows, to its precision."""
    while expected.shape[0] > 14:
        rows, columns = expected.shape
        expected = expected.reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3))
    assert data["shape"] == list(expected.shape)
    low, high = data["low"], data["high"]
    steps = np.array([int(digit, 16) for digit in data["hex"]]).reshape(expected.shape)
    # The nearest of sixteen steps, between ends rounded by at most a twentieth of one, or to six decimals.
    step = (high - low) / (LEVELS - 1)
    tolerance = step / 2 + max(step / 20, 1e-6) if step else 5e-4
    np.testing.assert_allclose(low + steps / (LEVELS - 1) * (high - low), expected, atol=tolerance)


sample_images = cache(results.sample_images)


@cache
def shown(name: str) -> tuple[Array, dict[int, tuple[Array, Parameters]]]:
    """Show the sample images to a trained network.

    Returns:
        The probabilities ``(images, 10)``, and for each stage what its block receives, and its parameters.
    """
    network = digit_resnet(**results.record(name)["network"]).eval()
    network.load_state_dict(results.state_dict(name))
    blocks, inputs = {}, {}
    for stage in (1, 2, 3):
        unit = getattr(network, f"layer{stage}")[0]
        if getattr(unit, "attention", None) is not None:
            blocks[stage] = unit.attention
            unit.attention.register_forward_pre_hook(
                lambda module, args, stage=stage: inputs.update({stage: args[0].double().numpy()})
            )
    with torch.no_grad():
        scores = network(sample_images().inputs())
    received = {stage: (inputs[stage], parameters_of(block)) for stage, block in blocks.items()}
    return scores.softmax(dim=1).double().numpy(), received


def received(name: str, stage: int) -> tuple[Array, Parameters]:
    """Return what the block of a stage receives of the sample images, and its parameters."""
    return shown(name)[1][stage]


def probabilities(name: str) -> Array:
    """Return what a trained network makes of the sample images: ``(images, 10)``."""
    return shown(name)[0]


@cache
def counted(name: str) -> dict[str, int]:
    """Return how many test images a run reads rightly, as it was recorded."""
    return results.record(name)["test"]


def check_reading(data: dict[str, Any], name: str, image: int) -> None:
    """Fail unless three numbers say what a network reads in an image, and how often it is right."""
    expected, test = probabilities(name)[image], counted(name)
    assert data["prediction"]["value"] == expected.argmax()
    label = sample_images().labels[image].item()
    assert ("right" in data["prediction"]["text"]) == (expected.argmax() == label)
    assert abs(data["probability"]["value"] - expected.max()) < 6e-4
    assert data["accuracy"]["value"] == round(test["correct"] / test["total"], 3)


def points_at_the_digit(places: Array, image: int) -> bool:
    """Whether every pixel that a largest value of a map stands for lies in the digit's box."""
    stride = sample_images().images.shape[-1] // places.shape[0]
    x, y, width, height = sample_images().boxes[image].tolist()
    # A gate that saturates has its largest value at many places, which float32 tells apart by chance.
    return all(
        x <= stride * column < x + width and y <= stride * row < y + height
        for row, column in np.argwhere(places > places.max() - 1e-5)
    )
