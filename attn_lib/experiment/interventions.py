"""Interventions: run a trained network with other attention than its own, and see what that changes.

A map that looks right may do nothing. So change it and count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from attn_lib.blocks import CBAM, SelfAttention2d
from attn_lib.inspection import attention_maps, is_block

__all__ = ["apply_maps", "exchanged", "frozen", "opened", "with_maps", "without_max"]

Maps = Mapping[str, Tensor]
ChangeMaps = Callable[[str, dict[str, Tensor]], Maps]
"""From a block's name and its own maps to the maps it is to use."""


def apply_maps(block: nn.Module, x: Tensor, maps: Maps) -> Tensor:
    """Compute what ``block`` returns for ``x`` with the attention ``maps`` in place of its own.

    ``apply_maps(block, x, block.attention(x))`` is ``block(x)``.

    Args:
        block: any block of ``attn_lib.blocks`` for maps.
        x: its input.
        maps: named and shaped as ``block.attention(x)`` has them; a size of 1 stands for every image, channel
            or place.

    Shape:
        ``(N, C, H, W)`` to ``(N, C, H, W)``.
    """
    if isinstance(block, SelfAttention2d):
        value = block.value(x).flatten(2).unflatten(1, (block.num_heads, -1)).transpose(2, 3)
        gathered = (maps["weights"] @ value).transpose(2, 3).flatten(1, 2).unflatten(2, x.shape[2:])
        refined: Tensor = x + block.project(gathered)
        return refined
    if "combined" in maps:
        # BAM adds the gated map to its input; CBAM's parallel order scales by it.
        return x * maps["combined"] if isinstance(block, CBAM) else x * (1 + maps["combined"])
    for gate in maps.values():
        x = x * gate
    return x


@contextmanager
def with_maps(network: nn.Module, change: ChangeMaps) -> Iterator[None]:
    """Let every block of ``network`` use ``change(name, maps)`` in place of its own ``maps``."""

    def hook(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
        def rescale(block: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
            own: dict[str, Tensor] = block.attention(inputs[0])  # type: ignore[operator]
            return apply_maps(block, inputs[0], change(name, own))

        return rescale

    blocks = [(name, module) for name, module in network.named_modules() if is_block(module)]
    handles = [block.register_forward_hook(hook(name)) for name, block in blocks]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def exchanged(network: nn.Module, donors: Tensor) -> Iterator[None]:
    """Give every image the attention that the network has for another image.

    Args:
        network: in eval mode, so that the maps are those of the donors alone.
        donors: the network's input for the other images, as many as it will be given, in their order.
    """
    given = attention_maps(network, donors)
    with with_maps(network, lambda name, own: given[name]):
        yield


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Let every block use the mean of its maps over the batch, so that it no longer knows its image."""
    with with_maps(
        network, lambda name, own: {key: value.mean(dim=0, keepdim=True) for key, value in own.items()}
    ):
        yield


@contextmanager
def opened(network: nn.Module) -> Iterator[None]:
    """Let every gate be 1; self-attention looks at all places alike."""
    with with_maps(network, lambda name, own: {key: _open(key, value) for key, value in own.items()}):
        yield


def _open(key: str, value: Tensor) -> Tensor:
    return torch.full_like(value, 1 / value.shape[-1] if key == "weights" else 1)


@contextmanager
def without_max(network: nn.Module) -> Iterator[None]:
    """Take the maximum out of the channel gates of every CBAM, so that they see means alone.

    Raises:
        ValueError: no CBAM of the network has both pools.
    """
    scores = [
        module.channel
        for module in network.modules()
        if isinstance(module, CBAM) and module.channel.pooling == "both"
    ]
    if not scores:
        raise ValueError("expected a network with a CBAM that pools both ways; found none")
    for one in scores:
        one.pooling = "avg"
    try:
        yield
    finally:
        for one in scores:
            one.pooling = "both"
