"""The gate-swap explorer: an image is read with the gates that the network computed for another one."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor, nn

from attn_lib import results
from attn_lib.explorers.definition import Data, Definition, Item, Panel, Part, Setting
from attn_lib.explorers.encoding import bars, number, round_off
from attn_lib.explorers.records.samples import (
    PICTURES,
    SAMPLES,
    describe,
    image_control,
    image_index,
    trained_network,
)
from attn_lib.inspection import attention_maps

__all__ = ["DONOR", "EXPLORER", "IMAGE", "NETWORK"]

NETWORK = "se_r4_bias_seed0"

IMAGE = image_control("image", "the network looks at", 3)
DONOR = image_control("donor", "with the gates it computed for", 3)


def read_with_gates(network: nn.Module, images: Tensor, donors: Tensor) -> Tensor:
    """Return the class probabilities of ``images``, each read with the gates of one of ``donors``.

    Shape:
        ``images`` and ``donors`` are ``(N, 1, H, W)``; the result is ``(N, 10)``.
    """
    gates = attention_maps(network, donors)
    handles = [
        network.get_submodule(name).register_forward_hook(
            lambda module, args, output, gate=maps["channel"]: args[0] * gate
        )
        for name, maps in gates.items()
    ]
    try:
        with torch.no_grad():
            return network(images).softmax(dim=1)
    finally:
        for handle in handles:
            handle.remove()


@cache
def readings() -> Tensor:
    """Return the class probabilities of every image with the gates of every image: ``(image, donor, 10)``."""
    x = SAMPLES.inputs()
    n = len(x)
    images, donors = x.repeat_interleave(n, dim=0), x.repeat(n, 1, 1, 1)
    return read_with_gates(trained_network(NETWORK), images, donors).reshape(n, n, -1)


def look(setting: Setting) -> Data:
    """Give the image and the digit's box."""
    return {"picture": describe(image_index(setting))}


def reading(setting: Setting) -> Data:
    """Say what the network reads with these gates, and how sure it is of every digit."""
    index, donor = image_index(setting), image_index(setting, "donor")
    probabilities = readings()[index, donor]
    label, guess = int(SAMPLES.labels[index]), int(probabilities.argmax())
    sure = round_off(probabilities[guess].item())
    verdict = "right" if guess == label else f"wrong: it is a {label}"
    return {
        "prediction": number(guess, f"{guess} ({verdict})"),
        "probability": number(sure, f"{sure:.3f}"),
        "probabilities": bars(
            probabilities,
            0,
            1,
            "Probability of each digit: "
            + ", ".join(f"{d}: {round_off(p)}" for d, p in enumerate(probabilities.tolist())),
            what="digit",
        ),
    }


EXPLORER = Definition(
    name="gate_swap",
    title=f"Swap the gates of a trained network (SE, r = {results.record(NETWORK)['network']['reduction']})",
    panels=(
        Panel(
            "Two images",
            (IMAGE, DONOR),
            (
                Part(
                    "look", ("image",), (Item("picture", "picture", "the image it looks at"),), look, "beside"
                ),
                Part(
                    "reading",
                    ("image", "donor"),
                    (
                        Item("prediction", "number", "it reads"),
                        Item("probability", "number", "with probability"),
                        Item("probabilities", "bars", "probability of each digit"),
                    ),
                    reading,
                    "column",
                ),
            ),
        ),
    ),
    pictures=PICTURES,
)
