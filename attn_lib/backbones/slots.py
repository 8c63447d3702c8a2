"""Slots: named attributes of a network's units that can hold an attention block, empty until one is put in.

A backbone is built and initialised bare; blocks go into its slots afterwards. So it never knows which block
it holds, its own parameters have the same names with and without blocks, and, for the same seed, the same
values: two networks that differ only in the block start from the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from torch import Tensor, nn

from attn_lib.blocks import AttentionFactory, block_class

__all__ = ["Attention", "Slotted", "block_factory", "fill", "slot_name"]

Attention = str | AttentionFactory | None
"""A name out of ``attn_lib.blocks.BLOCKS`` or ``VARIANTS``, a callable ``channels -> block``, or None."""


def slot_name(placement: str) -> str:
    """Return the attribute that holds the block of a placement.

    That of the usual placement, at the end of the residual branch, is plainly ``attention``.
    """
    return "attention" if placement == "residual" else f"attention_{placement}"


class Slotted(nn.Module):
    """A module with slots for attention blocks, each of them empty at first.

    ``slots`` names the placements and how many channels a block there will see. An empty slot is ``None``: it
    adds no parameter and no name to the state dict.
    """

    slots: dict[str, int]

    def add_slots(self, **channels: int) -> None:
        """Add an empty slot for every ``placement=channels``."""
        self.slots = channels
        for placement in channels:
            self.register_module(slot_name(placement), None)

    def attend(self, placement: str, x: Tensor) -> Tensor:
        """Pass ``x`` through the block of ``placement``, or return it as it is if there is none."""
        block: Callable[[Tensor], Tensor] | None = self._modules.get(slot_name(placement))
        return x if block is None else block(x)


def block_factory(attention: Attention, block_keywords: Mapping[str, object]) -> AttentionFactory | None:
    """Turn what a user named into a callable ``channels -> block``, or None for no attention.

    Raises:
        TypeError: ``attention`` is of another type, or keywords came without a named block to take them. What
            is returned raises it too, if what it builds is not a module.
        ValueError: no block has that name.
    """
    if isinstance(attention, str):
        return partial(block_class(attention, block_keywords), **block_keywords)
    if isinstance(attention, nn.Module):
        kind = type(attention).__name__
        raise TypeError(
            "`attention` must be a name or a callable that builds a block, since every slot gets its own; "
            f"got a {kind}. Pass the class, or lambda channels: {kind}(channels, ...)"
        )
    if attention is not None and not callable(attention):
        kind = type(attention).__name__
        raise TypeError(f"`attention` must be a name, a callable or None; got {attention!r} of type {kind}")
    if block_keywords:
        keywords = ", ".join(block_keywords)
        raise TypeError(f"block keywords need `attention` to be a name; got {keywords} with {attention!r}")
    return None if attention is None else partial(_build, attention)


def _build(factory: AttentionFactory, channels: int) -> nn.Module:
    block = factory(channels)
    if not isinstance(block, nn.Module):
        kind = type(block).__name__
        raise TypeError(f"`attention` must build an nn.Module; got {kind} for {channels} channels")
    return block


def fill(model: nn.Module, slots: Mapping[str, int], factory: AttentionFactory) -> None:
    """Build a block for every slot and put it in.

    Args:
        model: the network, changed in place; left as it was if a block cannot be built.
        slots: the full name of each, such as ``layer3.0.attention``, and the channels its block will see.
        factory: builds a block for a number of channels.

    Raises:
        ValueError: a slot is taken, or a block says that it was built for other channels.
    """
    blocks = {name: factory(channels) for name, channels in slots.items()}
    for name, block in blocks.items():
        built_for = getattr(block, "channels", slots[name])
        if built_for != slots[name]:
            raise ValueError(
                "`attention` must build a block for the channels that it is given; "
                f"got a {type(block).__name__} for {built_for} where {name} has {slots[name]}"
            )
    for name in slots:
        owner, _, slot = name.rpartition(".")
        if getattr(model.get_submodule(owner), slot) is not None:
            raise ValueError(f"every slot must be empty before a block goes in; {name} holds one")
    for name, block in blocks.items():
        owner, _, slot = name.rpartition(".")
        setattr(model.get_submodule(owner), slot, block)
