"""The segmenter with other gates than its own: those of another picture, their mean, or none."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch
from torch import Tensor

from attn_lib.inspection import attention_maps
from attn_lib.interventions import Maps, with_maps
from gate_by_gate.segmenter.network import SelfieSegmenter

__all__ = ["BLOCKS", "gates_of", "overlap", "segment_with"]

BLOCKS = (
    "unit1.attention",
    "unit4.attention",
    "unit5.attention",
    "unit6.attention",
    "unit7.attention",
    "unit8.attention",
    "head",
    "decoder3.attention",
    "decoder2.attention",
    "decoder1.attention",
)
"""The names of the segmenter's ten blocks, in the order in which a picture passes them."""


def gates_of(network: SelfieSegmenter, pictures: Tensor) -> dict[str, Tensor]:
    """Return the gates that every block computes for pictures, by the block's name.

    Args:
        network: the segmenter.
        pictures: its input, ``(N, 3, H, W)``.

    Shape:
        ``(N, C, 1, 1)`` for each block; C is its own.
    """
    return {name: maps["channel"] for name, maps in attention_maps(network, pictures).items()}


@torch.no_grad()
def segment_with(
    network: SelfieSegmenter,
    pictures: Tensor,
    gates: Mapping[str, Tensor],
    blocks: Collection[str] = BLOCKS,
) -> Tensor:
    """Return the masks of pictures when some blocks are given gates, and the others compute their own.

    A block behind one that was given other gates computes its own from what then reaches it.

    Args:
        network: the segmenter.
        pictures: its input, ``(N, 3, H, W)``.
        gates: by the block's name, ``(N, C, 1, 1)``, or ``(1, C, 1, 1)`` for all pictures; of
            :func:`gates_of`.
        blocks: which blocks are given theirs.

    Shape:
        ``(N, 1, H, W)``.

    Raises:
        ValueError: the segmenter has no block of a name.
    """
    if strangers := sorted(set(blocks) - set(BLOCKS)):
        raise ValueError(f"expected blocks out of {list(BLOCKS)}; got {strangers}")

    def change(name: str, own: dict[str, Tensor]) -> Maps:
        return {"channel": gates[name]} if name in blocks else own

    with with_maps(network, change):
        masks: Tensor = network(pictures)
    return masks


def overlap(mask: Tensor, other: Tensor) -> Tensor:
    """Return how well two masks agree: what both mark, as a share of what either marks.

    A place is marked if it belongs to a person more likely than not. Two masks that mark nothing agree.

    Shape:
        ``(N, 1, H, W)`` twice to ``(N,)``.
    """
    first, second = mask > 0.5, other > 0.5
    both = (first & second).sum(dim=(1, 2, 3))
    either = (first | second).sum(dim=(1, 2, 3))
    return torch.where(either == 0, 1.0, both / either.clamp(min=1))
