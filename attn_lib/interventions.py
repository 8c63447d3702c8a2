"""Interventions: run a trained network with other attention than its own, and see what that changes.

A map that looks right may do nothing. So change it and count. Every intervention is a context that gives the
maps that the blocks used in the last run, by the block's name::

    with opened(network) as used:
        logits = network(x)
    used["layer1.0.attention"]["channel"]  # all ones
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import torch
from torch import Tensor, nn

from attn_lib.blocks import CBAM, CoordAtt, SelfAttention2d
from attn_lib.blocks.cbam import ChannelScores
from attn_lib.inspection import attention_maps, is_block

__all__ = [
    "Intervention",
    "Maps",
    "Used",
    "apply_maps",
    "exchanged",
    "frozen",
    "interventions_for",
    "opened",
    "with_maps",
    "without_max",
]

Maps = Mapping[str, Tensor]
ChangeMaps = Callable[[str, dict[str, Tensor]], Maps]
"""From a block's name and its own maps to the maps it is to use."""

Used = dict[str, Maps]
"""The maps that every block has used, by its name; filled while the network runs."""

Intervention = Callable[[Tensor], AbstractContextManager[Used]]
"""Given the network's input for the donors, as :func:`exchanged` takes it, the context of an intervention."""


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
def with_maps(network: nn.Module, change: ChangeMaps) -> Iterator[Used]:
    """Let every block of ``network`` use ``change(name, maps)`` in place of its own ``maps``.

    Args:
        network: any network with blocks of ``attn_lib``.
        change: from a block's name and its own maps to those it is to use, named and shaped as
            :func:`apply_maps` takes them.
    """
    used: Used = {}

    def hook(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
        def rescale(block: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
            own: dict[str, Tensor] = block.attention(inputs[0])  # type: ignore[operator]
            used[name] = change(name, own)
            return apply_maps(block, inputs[0], used[name])

        return rescale

    handles = [block.register_forward_hook(hook(name)) for name, block in _blocks(network).items()]
    try:
        yield used
    finally:
        for handle in handles:
            handle.remove()


def _blocks(network: nn.Module) -> dict[str, nn.Module]:
    """Return the blocks by name; of a block around another, as ``IdentityStart`` is, the inner one alone.

    What the outer one makes of its block, such as a gain, then stays as it is.
    """
    blocks = {name: module for name, module in network.named_modules() if is_block(module)}
    return {
        name: block
        for name, block in blocks.items()
        if not any(is_block(part) for part in block.modules() if part is not block)
    }


@contextmanager
def exchanged(network: nn.Module, donors: Tensor) -> Iterator[Used]:
    """Give every image the attention that the network has for another image.

    Args:
        network: in eval mode, so that the maps are those of the donors alone.
        donors: the network's input for the other images, as many as it will be given, in their order.
    """
    given = attention_maps(network, donors)
    with with_maps(network, lambda name, own: given[name]) as used:
        yield used


@contextmanager
def frozen(network: nn.Module) -> Iterator[Used]:
    """Let every block use the mean of its maps over the batch, so that it no longer knows its image.

    Args:
        network: in eval mode, and given all images at once, because the mean is that of the batch.
    """
    with with_maps(
        network, lambda name, own: {key: value.mean(dim=0, keepdim=True) for key, value in own.items()}
    ) as used:
        yield used


@contextmanager
def opened(network: nn.Module, *, only: str | None = None) -> Iterator[Used]:
    """Let every gate be 1; self-attention looks at all places alike.

    Args:
        network: the network.
        only: the map that is opened, such as ``"height"``, while a block's other maps stay its own.

    Raises:
        KeyError: a block, once it is called, does not scale by a map of that name.
    """

    def change(name: str, own: dict[str, Tensor]) -> Maps:
        # Where maps are combined into one, they are scores, and the block scales by the combined one alone.
        scales_by = ("combined",) if "combined" in own else tuple(own)
        if only is not None and only not in scales_by:
            raise KeyError(f"expected a map out of {list(scales_by)} for the block {name!r}; got {only!r}")
        return {**own, **{key: _open(key, own[key]) for key in (own if only is None else (only,))}}

    with with_maps(network, change) as used:
        yield used


def _open(key: str, value: Tensor) -> Tensor:
    return torch.full_like(value, 1 / value.shape[-1] if key == "weights" else 1)


@contextmanager
def without_max(network: nn.Module) -> Iterator[Used]:
    """Take the maximum out of the channel gates of every CBAM, so that they see means alone.

    Raises:
        ValueError: no CBAM of the network has both pools.
    """
    scores = _pooling_both_ways(network)
    if not scores:
        raise ValueError("expected a network with a CBAM that pools both ways; found none")
    for one in scores:
        one.pooling = "avg"
    try:
        with with_maps(network, lambda name, own: own) as used:
            yield used
    finally:
        for one in scores:
            one.pooling = "both"


def _pooling_both_ways(network: nn.Module) -> list[ChannelScores]:
    return [
        module.channel
        for module in network.modules()
        if isinstance(module, CBAM) and module.channel.pooling == "both"
    ]


def interventions_for(network: nn.Module) -> dict[str, Intervention]:
    """Return the interventions that mean something for the blocks of ``network``, by name.

    - ``"exchanged"``, ``"frozen"``, ``"opened"``: for every block;
    - ``"without_max"``: if a CBAM pools both ways;
    - ``"without_channel"`` and ``"without_spatial"``, ``"without_height"`` and ``"without_width"``: if every
      block scales by two maps one after the other, that one is opened.

    A network without a block has none.
    """
    blocks = list(_blocks(network).values())
    if not blocks:
        return {}
    found: dict[str, Intervention] = {
        "exchanged": partial(exchanged, network),
        "frozen": lambda donors: frozen(network),
        "opened": lambda donors: opened(network),
    }
    if _pooling_both_ways(network):
        found["without_max"] = lambda donors: without_max(network)
    for key in _separate_maps(blocks[0]):
        if not all(key in _separate_maps(block) for block in blocks):
            continue
        found[f"without_{key}"] = lambda donors, key=key: opened(network, only=key)  # type: ignore[misc]
    return found


def _separate_maps(block: nn.Module) -> tuple[str, ...]:
    """Name the maps of a block that scales by several, each of which may be left out."""
    if isinstance(block, CBAM) and block.order != "parallel":
        return "channel", "spatial"
    return ("height", "width") if isinstance(block, CoordAtt) else ()
