"""Interventions: run a trained network with other attention than its own, and see what that changes.

A map that looks right may do nothing. So change it and count. Every intervention is a context that gives the
maps that the blocks used in the last run, by the block's name::

    with opened(network) as used:
        logits = network(x)
    used["layer1.0.attention"]["channel"]  # all ones

Nothing here knows a particular block: it is asked what it makes of other maps, by its method
``combine(x, maps)``, and which maps prefer nothing to anything, by ``neutral(maps)``; see
:class:`attn_lib.blocks.AttentionBlock`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn

from attn_lib.inspection import attention_maps, is_innermost_block
from attn_lib.inspection.attention_maps import read_maps

__all__ = [
    "Intervention",
    "Maps",
    "Used",
    "apply_maps",
    "exchanged",
    "frozen",
    "interventions_for",
    "mean_maps",
    "opened",
    "squeezed_from",
    "with_maps",
    "without_max",
]

Maps = Mapping[str, Tensor]
ChangeMaps = Callable[[str, dict[str, Tensor]], Maps]
"""From a block's name and its own maps to the maps it is to use."""

Used = dict[str, Maps]
"""The maps that every block has used, by its name; filled while the network runs."""

Intervention = Callable[[Tensor, Tensor], AbstractContextManager[Used]]
"""The context of an intervention, given the network's input and, for :func:`exchanged`, the donors'."""


def apply_maps(block: nn.Module, x: Tensor, maps: Maps) -> Tensor:
    """Compute what ``block`` returns for ``x`` with the attention ``maps`` in place of its own.

    ``apply_maps(block, x, block.attention(x))`` is ``block(x)``. A block is asked by its method
    ``combine(x, maps)``. One without it is taken to multiply its input by each of its maps, if that gives
    what the block returns for this ``x``.

    Args:
        block: any block, in eval mode.
        x: its input.
        maps: named and shaped as ``block.attention(x)`` has them; a size of 1 stands for every image,
            channel, row or column.

    Shape:
        ``(N, C, H, W)`` to ``(N, C, H, W)``.

    Raises:
        TypeError: the block has no method ``combine``, and it is not its input times its maps.
    """
    if not hasattr(block, "combine"):
        _check_that_it_scales("", block, x, read_maps("", block, (x,), {}), block(x))
    return _combine(block, x, maps)


def _combine(block: nn.Module, x: Tensor, maps: Maps) -> Tensor:
    if hasattr(block, "combine"):
        return cast(Callable[[Tensor, Maps], Tensor], block.combine)(x, maps)
    for gate in maps.values():
        x = x * gate
    return x


def _check_that_it_scales(name: str, block: nn.Module, x: Tensor, own: Maps, output: Tensor) -> None:
    try:
        scaled = _combine(block, x, own)
    except RuntimeError:  # the shapes do not go together
        scaled = None
    tolerance = 1e-3 * output.abs().amax() if output.numel() else 0
    if scaled is None or scaled.shape != output.shape or bool(((scaled - output).abs() > tolerance).any()):
        raise TypeError(
            f"a block must have a method `combine(x, maps)`, unless it multiplies x by each of its maps; "
            f"{name!r} ({type(block).__name__}) has none, and x times its maps {list(own)} is not its output"
        )


@contextmanager
def with_maps(network: nn.Module, change: ChangeMaps) -> Iterator[Used]:
    """Let every block of ``network`` use ``change(name, maps)`` in place of its own ``maps``.

    Args:
        network: any network with blocks, in eval mode.
        change: from a block's name and its own maps to those it is to use, named and shaped as
            :func:`apply_maps` takes them.

    Raises:
        TypeError: a block, once it is called, cannot be asked; see :func:`apply_maps`.
    """
    used: Used = {}

    def hook(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
        def replace(block: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
            own = read_maps(name, block, inputs, {})
            if not hasattr(block, "combine"):
                _check_that_it_scales(name, block, inputs[0], own, output)
            used[name] = change(name, own)
            return _combine(block, inputs[0], used[name])

        return replace

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
    return {name: module for name, module in network.named_modules() if is_innermost_block(module)}


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


def mean_maps(network: nn.Module, images: Tensor) -> dict[str, dict[str, Tensor]]:
    """Return the mean of every block's maps over the images, which the network reads with nothing changed.

    This is what "gates at their mean" means everywhere: each block's maps are those of an ordinary pass, in
    which the blocks before it use their own maps too.

    Args:
        network: any network with blocks.
        images: its input.

    Returns:
        For each block, by its name, its maps by name, with a size of 1 where the images were.
    """
    return {
        name: {key: value.mean(dim=0, keepdim=True) for key, value in maps.items()}
        for name, maps in attention_maps(network, images).items()
    }


@contextmanager
def frozen(network: nn.Module, images: Tensor) -> Iterator[Used]:
    """Let every block use the mean of its maps over ``images``, so that it no longer knows its image.

    Args:
        network: in eval mode.
        images: the network's input for the images over which :func:`mean_maps` takes the means; as a rule
            those that the network will be given.
    """
    means = mean_maps(network, images)
    with with_maps(network, lambda name, own: means[name]) as used:
        yield used


@contextmanager
def opened(network: nn.Module, *, only: str | None = None) -> Iterator[Used]:
    """Let the blocks prefer nothing to anything: every gate is 1; self-attention looks everywhere alike.

    Args:
        network: the network, in eval mode.
        only: the gate that is opened, such as ``"height"``, while a block's other maps stay its own.

    Raises:
        KeyError: a block, once it is called, does not scale by a map of that name.
        TypeError: a block, once it is called, has a method ``combine`` but none called ``neutral``.
    """
    blocks = _blocks(network)

    def change(name: str, own: dict[str, Tensor]) -> Maps:
        block = blocks[name]
        if only is None:
            return _neutral(name, block, own)
        gates = _gates(block, own)
        if only not in gates:
            raise KeyError(f"expected a map out of {list(gates)} for the block {name!r}; got {only!r}")
        return {**own, only: torch.ones_like(own[only])}

    with with_maps(network, change) as used:
        yield used


def _neutral(name: str, block: nn.Module, own: dict[str, Tensor]) -> Maps:
    if hasattr(block, "neutral"):
        return cast(Callable[[Maps], Maps], block.neutral)(own)
    if hasattr(block, "combine"):
        raise TypeError(
            f"a block that combines in its own way must have a method `neutral(maps)` to be opened; "
            f"{name!r} ({type(block).__name__}) has none"
        )
    return {key: torch.ones_like(value) for key, value in own.items()}


def _gates(block: nn.Module, own: Maps | None = None) -> tuple[str, ...]:
    """Name the maps by which a block scales its input: all of its ``own``, if it has no way of its own."""
    gates: tuple[str, ...] = getattr(block, "gates", () if hasattr(block, "combine") else tuple(own or ()))
    return gates


@contextmanager
def without_max(network: nn.Module) -> Iterator[Used]:
    """Take the maximum out of every part of ``network`` that squeezes by it among others, as CBAM's gates do.

    Raises:
        ValueError: no part squeezes by a maximum and by something else.
    """
    parts = _squeezing_also("max", network)
    if not parts:
        raise ValueError("expected a network with a block that squeezes by a maximum too; found none")

    def others(part: Any) -> dict[str, Any]:
        return {name: squeeze for name, squeeze in part.squeezes.items() if name != "max"}

    with _squeezes(parts, others), with_maps(network, lambda name, own: own) as used:
        yield used


@contextmanager
def squeezed_from(network: nn.Module, name: str, donors: Tensor, *, average: bool = False) -> Iterator[Used]:
    """Let every gate that squeezes its input in several ways take one of these squeezes from other images.

    Taking a squeeze away, as :func:`without_max` does, leaves scores of a size that the network has never
    seen. Here every size stays usual, and all that changes is which image the squeeze knows.

    Args:
        network: in eval mode.
        name: the squeeze, ``"avg"`` or ``"max"`` in CBAM's channel gate.
        donors: the network's input for the other images, as many as it will be given, in their order. What
            is squeezed of them is what the network, unchanged, sees there.
        average: whether to take the mean of the squeeze over all donors instead, which knows no image.

    Raises:
        ValueError: no part squeezes in that way and in another.
    """
    parts = _squeezing_also(name, network)
    if not parts:
        raise ValueError(f"expected a network with a block that squeezes by {name!r} too; found none")
    seen: dict[Any, Tensor] = {}
    handles = [
        part.register_forward_pre_hook(lambda module, inputs: seen.update({module: inputs[0]}))
        for part in parts
    ]
    try:
        network(donors)
    finally:
        for handle in handles:
            handle.remove()

    def replaced(part: Any) -> dict[str, Callable[[Tensor], Tensor]]:
        given = part.squeezes[name](seen[part])
        if average:
            given = given.mean(dim=0, keepdim=True)
        return {**part.squeezes, name: lambda x: given.expand(len(x), -1)}

    with _squeezes(parts, replaced), with_maps(network, lambda name, own: own) as used:
        yield used


@contextmanager
def _squeezes(parts: list[Any], change: Callable[[Any], dict[str, Any]]) -> Iterator[None]:
    """Give every part other squeezes inside a ``with`` statement."""
    before = [part.squeezes for part in parts]
    try:
        for part in parts:
            part.squeezes = change(part)
        yield
    finally:
        for part, squeezes in zip(parts, before, strict=True):
            part.squeezes = squeezes


def _squeezing_also(name: str, network: nn.Module) -> list[Any]:
    """Return the modules with several ``squeezes`` by name, of which one is called so."""
    return [
        module
        for module in network.modules()
        if len(squeezes := getattr(module, "squeezes", {})) > 1 and name in squeezes
    ]


def interventions_for(network: nn.Module) -> dict[str, Intervention]:
    """Return the interventions that mean something for the blocks of ``network``, by name.

    - ``"exchanged"``, ``"frozen"``, ``"opened"``: for every block;
    - ``"without_max"``: if one squeezes by a maximum among others;
    - ``"without_channel"`` and ``"without_spatial"``, ``"without_height"`` and ``"without_width"``: if every
      block scales by two gates, that one is opened.

    Each is called with the network's input and with that of the donors, and reads what it needs of them. A
    network without a block has none.
    """
    blocks = list(_blocks(network).values())
    if not blocks:
        return {}
    found: dict[str, Intervention] = {
        "exchanged": lambda images, donors: exchanged(network, donors),
        "frozen": lambda images, donors: frozen(network, images),
        "opened": lambda images, donors: opened(network),
    }
    if _squeezing_also("max", network):
        found["without_max"] = lambda images, donors: without_max(network)
    for gate in _gates(blocks[0]):
        if all(gate in _gates(block) and len(_gates(block)) > 1 for block in blocks):
            found[f"without_{gate}"] = partial(_open_one, network, gate)
    return found


def _open_one(network: nn.Module, gate: str, images: Tensor, donors: Tensor) -> AbstractContextManager[Used]:
    return opened(network, only=gate)
