"""Coordinate attention with one of its two strips: what a row or a column alone can say."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attn_lib.blocks.arguments import check_batch_statistics, check_choice, check_int, check_map
from attn_lib.blocks.block import AttentionBlock
from attn_lib.blocks.pooling import average

__all__ = ["CoordAttStrip"]

POOLED_AXIS = {"height": 3, "width": 2}


class CoordAttStrip(AttentionBlock):
    r"""One strip of :class:`~attn_lib.blocks.coord_att.CoordAtt`: a gate per channel and row, or column.

    .. math::
        f^h = \delta\bigl(\mathrm{BN}(F_1 z^h)\bigr), \qquad
        \tilde{x}_c(i, j) = x_c(i, j)\,\sigma(F_h f^h)_c(i)

    Source: Hou et al., *Coordinate Attention for Efficient Mobile Network Design*, CVPR 2021, arXiv
    2103.02907, Table 1 ("X Attention" and "Y Attention").

    Args:
        channels: C, the channels of the input.
        strip: ``"height"`` (a mean over every row, a gate for each) or ``"width"`` (the same for columns).
        reduction: r; the strip passes through ``C // r`` hidden channels.
        min_channels: the smallest hidden width, used where ``C // r`` is less.

    Shape:
        ``(N, C, H, W)`` to ``(N, C, H, W)``, for any H and W of at least 1.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: a number is not positive, ``strip`` is unknown, an input is not ``(N, channels, H, W)``,
            or a training batch has one row (or column) in all.
    """

    def __init__(
        self, channels: int, *, strip: str = "height", reduction: int = 32, min_channels: int = 8
    ) -> None:
        super().__init__()
        self.channels = check_int("channels", channels)
        self.strip = check_choice("strip", strip, tuple(POOLED_AXIS))
        self.gates = (strip,)
        self.reduction = check_int("reduction", reduction)
        hidden = max(check_int("min_channels", min_channels), channels // reduction)
        self.reduce = nn.Conv2d(channels, hidden, 1)
        self.norm = nn.BatchNorm2d(hidden)
        self.expand = nn.Conv2d(hidden, channels, 1)

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the gates: ``{"height": (N, C, H, 1)}`` or ``{"width": (N, C, 1, W)}``, each in (0, 1)."""
        check_map(x, self.channels)
        places = average(x, dim=POOLED_AXIS[self.strip], keepdim=True)
        check_batch_statistics(self.norm, values=places.shape[0] * places.shape[2] * places.shape[3])
        hidden = F.hardswish(self.norm(self.reduce(places)))
        return {self.strip: torch.sigmoid(self.expand(hidden))}

    def combine(self, x: Tensor, maps: Mapping[str, Tensor]) -> Tensor:
        """Scale every value of ``x`` by the gate of its row (or column)."""
        return x * maps[self.strip]

    def spatial_map(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Return the mean of the gates over the channels: ``(N, H, 1)`` or ``(N, 1, W)``."""
        return maps[self.strip].mean(dim=1)

    def extra_repr(self) -> str:
        """Name the settings in ``print(block)``."""
        return f"channels={self.channels}, reduction={self.reduction}, strip={self.strip}"
