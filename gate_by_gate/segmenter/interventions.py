"""The segmenter with other gates than its own: those of another picture, their mean, or none."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from itertools import takewhile

import torch
from torch import Tensor

from attn_lib.inspection import attention_maps
from attn_lib.inspection.hooks import watching
from attn_lib.interventions import Maps, with_maps
from gate_by_gate.segmenter.network import SelfieSegmenter

__all__ = ["BLOCKS", "gates_of", "outputs_of", "overlap", "segment_with"]

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


def outputs_of(network: SelfieSegmenter, pictures: Tensor) -> dict[str, Tensor]:
    """Return what the segmenter's stages return for pictures, by their names and in their order.

    Args:
        network: the segmenter.
        pictures: its input, ``(N, 3, H, W)``.
    """
    stages = list(network.children())
    with watching(
        network,
        select=lambda module: module in stages,
        before=lambda name, module, args, kwargs: None,
        after=lambda module, output: output,
    ) as watch:
        network(pictures)
    return {call.name: call.after for call in watch.calls}


@contextmanager
def remembering(network: SelfieSegmenter, outputs: Mapping[str, Tensor], block: str) -> Iterator[None]:
    """Let the stages before a block return what is known of them, instead of computing it.

    Args:
        network: the segmenter.
        outputs: what its stages return, by their names.
        block: the name of the block.
    """
    own = block.partition(".")[0]
    before = list(takewhile(lambda stage: stage[0] != own, network.named_children()))
    for name, stage in before:
        vars(stage)["forward"] = lambda *inputs, output=outputs[name]: output
    try:
        yield
    finally:
        for _, stage in before:
            del vars(stage)["forward"]


@torch.no_grad()
def segment_with(
    network: SelfieSegmenter,
    pictures: Tensor,
    gates: Mapping[str, Tensor],
    blocks: Collection[str] = BLOCKS,
    outputs: Mapping[str, Tensor] | None = None,
) -> Tensor:
    """Return the masks of pictures when some blocks are given gates, and the others compute their own.

    A block behind one that was given other gates computes its own from what then reaches it.

    Args:
        network: the segmenter.
        pictures: its input, ``(N, 3, H, W)``.
        gates: by the block's name, ``(N, C, 1, 1)``, or ``(1, C, 1, 1)`` for all pictures; of
            :func:`gates_of`.
        blocks: which blocks are given theirs.
        outputs: :func:`outputs_of` the network for these pictures, if they are known: what comes before the
            first of ``blocks`` is then not computed again.

    Shape:
        ``(N, 1, H, W)``.

    Raises:
        ValueError: the segmenter has no block of a name.
    """
    if strangers := sorted(set(blocks) - set(BLOCKS)):
        raise ValueError(f"expected blocks out of {list(BLOCKS)}; got {strangers}")

    def change(name: str, own: dict[str, Tensor]) -> Maps:
        return {"channel": gates[name]} if name in blocks else own

    first = next((name for name in BLOCKS if name in blocks), None)
    known = nullcontext() if outputs is None or first is None else remembering(network, outputs, first)
    with with_maps(network, change), known:
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
