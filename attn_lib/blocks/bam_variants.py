"""The BAM paper's ablation: one of its two branches alone."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from attn_lib.blocks.arguments import check_choice, check_int, check_map, check_reduction
from attn_lib.blocks.bam import ChannelScores, SpatialScores
from attn_lib.blocks.block import AttentionBlock

__all__ = ["BAMBranch"]


class BAMBranch(AttentionBlock):
    r"""BAM with one branch alone: a gate per channel, or a gate per place.

    Source: Park et al., *BAM: Bottleneck Attention Module*, BMVC 2018, arXiv 1807.06514, section 4.1
    (its number at second hand).

    Args:
        channels: C, the channels of the input.
        reduction: r; the branch works on ``C // r`` channels.
        dilation: as in :class:`~attn_lib.blocks.bam.BAM`; read by the spatial branch alone.
        combine: the branch, ``"channel"`` or ``"spatial"``.

    Shape:
        ``(N, C, H, W)`` to ``(N, C, H, W)``, for any H and W of at least 1. In training mode the channel
        branch's batch norm needs N of at least 2.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: ``reduction`` is not in ``1 .. channels``, ``dilation`` is not positive, there is no such
            branch, an input is not ``(N, channels, H, W)``, or a training batch is too small.
    """

    gates = ("combined",)

    def __init__(
        self, channels: int, *, reduction: int = 16, dilation: int = 4, combine: str = "channel"
    ) -> None:
        super().__init__()
        self.channels, self.reduction = check_reduction(channels, reduction)
        self.dilation = check_int("dilation", dilation)
        self.branch = check_choice("combine", combine, ("channel", "spatial"))
        if combine == "channel":
            self.channel = ChannelScores(channels, reduction)
        else:
            self.spatial = SpatialScores(channels, reduction, dilation)

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the scores of the branch and the gate, their sigmoid, for every value.

        ``{"channel": (N, C, 1, 1), "combined": (N, C, H, W)}``, or with ``"spatial": (N, 1, H, W)`` in place
        of ``"channel"``.
        """
        check_map(x, self.channels)
        scores: Tensor = self.get_submodule(self.branch)(x)
        return {self.branch: scores, "combined": torch.sigmoid(scores).expand_as(x)}

    def combine(self, x: Tensor, maps: Mapping[str, Tensor]) -> Tensor:
        """Add to every value its gated self: ``x + x * M``."""
        return x * (1 + maps["combined"])

    def spatial_map(self, maps: Mapping[str, Tensor]) -> Tensor | None:
        """Return the gate of every place, ``(N, H, W)``; None if the branch is that of the channels."""
        return maps["combined"].mean(dim=1) if self.branch == "spatial" else None

    def extra_repr(self) -> str:
        """Name the settings in ``print(block)``."""
        return (
            f"channels={self.channels}, reduction={self.reduction}, dilation={self.dilation}, "
            f"branch={self.branch}"
        )
