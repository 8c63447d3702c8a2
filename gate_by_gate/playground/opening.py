"""What the digits' playground shows before its networks are loaded: what they say of the first picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from gate_by_gate.playground.deliveries import SIDE, exported
from gate_by_gate.widgets.items.heatmap import quantise

__all__ = ["laid_out", "said_of"]

DECIMALS = 4
"""Of what is stored; a card shows two."""

WORD = 2**32


def random_numbers(seed: int) -> Iterator[float]:
    """Generate numbers from 0 to below 1 as ``static/scene.js`` does: mulberry32."""
    state = seed
    while True:
        state = (state + 0x6D2B79F5) % WORD
        bits = (state ^ (state >> 15)) * (1 | state) % WORD
        bits ^= (bits + (bits ^ (bits >> 7)) * (61 | bits)) % WORD
        yield (bits ^ (bits >> 14)) / WORD


def laid_out(glyph: Tensor, place: tuple[int, int], pieces: Tensor, clutter: int, seed: int) -> Tensor:
    """Lay a digit and fragments out as ``static/scene.js`` does.

    Args:
        glyph: the digit, ``(side, side)`` of 0 to 255.
        place: column and row of its upper left pixel.
        pieces: the fragments to strew, ``(count, side, side)`` of 0 to 255.
        clutter: how many are strewn.
        seed: decides which, and where.

    Returns:
        The image, ``(1, 1, SIDE, SIDE)`` of 0 to 1.
    """
    image = torch.zeros(SIDE, SIDE)

    def put(picture: Tensor, left: int, top: int) -> None:
        rows, columns = (slice(at, at + len(picture)) for at in (top, left))
        image[rows, columns] = torch.maximum(image[rows, columns], picture / 255)

    put(glyph, *place)
    numbers, span = random_numbers(seed), SIDE - pieces.shape[-1] + 1
    for _ in range(clutter):
        piece, left, top = (int(next(numbers) * below) for below in (len(pieces), span, span))
        put(pieces[piece], left, top)
    return image[None, None]


def said_of(image: Tensor, setting: str, stage: int) -> dict[str, Any]:
    """Return what a network says of an image, as ``static/jobs.js`` reads it off a run in the page.

    Args:
        image: the image.
        setting: the network.
        stage: whose block is asked.
    """
    network = exported(setting)
    ran, blocks = network.run(image), network.graph["blocks"]
    block = next((one for path, one in blocks.items() if path.startswith(f"layer{stage}.")), None)

    def rounded(values: Tensor) -> list[float]:
        return [round(value, DECIMALS) for value in values.flatten().tolist()]

    said: dict[str, Any] = {
        "chances": rounded(ran[network.graph["logits"]].softmax(dim=1)),
        "map": None,
        "gates": [],
    }
    if block is not None:
        gates = {name: ran[block["maps"][name]] for name in block["neutral"]}
        said["gates"] = [
            {"name": name, "values": rounded(gate.mean(dim=(2, 3)))}
            for name, gate in gates.items()
            if gate.shape[1] > 1
        ]
        if block["spatial_map"] is not None:
            where = ran[block["spatial_map"]]
            values = where.flatten().tolist()
            low, high = min(values), max(values)
            said["map"] = {
                "shape": list(where.shape[-2:]),
                "hex": quantise(values, low, high),
                "low": round(low, DECIMALS),
                "high": round(high, DECIMALS),
                "top": None if low == high else values.index(high),
            }
    return said
