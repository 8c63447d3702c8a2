"""The contract of a block: the maps of a feature map, and the feature map that they refine."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

__all__ = ["AttentionBlock"]


class AttentionBlock(nn.Module):
    """What every attention block can be asked: for its maps, and for what it makes of other maps.

    A block defines :meth:`attention` and :meth:`combine`; ``forward`` is the one after the other. Nothing
    outside a block knows how its maps refine its input, or which of them tell places apart: it asks.

    A block of your own need not inherit from this class; what it is asked for, it must have.
    """

    gates: tuple[str, ...] = ()
    """The maps that scale the input; where all of them are 1, everything is let through alike."""

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the block's maps of ``x`` by name."""
        raise NotImplementedError(f"{type(self).__name__} must define attention(x)")

    def combine(self, x: Tensor, maps: Mapping[str, Tensor]) -> Tensor:
        """Return what the block makes of ``x`` with these maps, its own or any others.

        Args:
            x: the block's input.
            maps: named and shaped as :meth:`attention` returns them. A size of 1 stands for every image,
                channel, row or column.
        """
        raise NotImplementedError(f"{type(self).__name__} must define combine(x, maps)")

    def forward(self, x: Tensor) -> Tensor:
        """Refine ``x`` by the block's own maps of it."""
        return self.combine(x, self.attention(x))

    def spatial_map(self, maps: Mapping[str, Tensor]) -> Tensor | None:
        """Reduce maps to one number for every place, or return None if they tell no places apart.

        Shape:
            ``(N, H, W)``, where a side of 1 stands for every row or column. Maps that do not tell H from W
            give ``(N, H * W)``, row by row.
        """
        return None

    def neutral(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return maps that prefer nothing to anything: here, gates of 1. Maps that are no gates stay."""
        return {**maps, **{name: torch.ones_like(maps[name]) for name in self.gates}}
