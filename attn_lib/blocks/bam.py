"""Bottleneck Attention Module (BAM): a score per channel and one per place make one gate per value."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attn_lib.blocks.arguments import (
    check_batch_statistics,
    check_choice,
    check_int,
    check_map,
    check_reduction,
)
from attn_lib.blocks.block import AttentionBlock
from attn_lib.blocks.pooling import global_average

__all__ = ["BAM"]

COMBINATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "sum": torch.add,
    "product": torch.mul,
    "max": torch.maximum,
}


class BAM(AttentionBlock):
    r"""Bottleneck Attention Module.

    .. math::
        M = \sigma\bigl(a(x) + b(x)\bigr), \qquad \tilde{x} = x + x \otimes M

    with a score for each channel, a, and one for each place, b.

    Source: Park et al., *BAM: Bottleneck Attention Module*, BMVC 2018, arXiv 1807.06514, equations 1 and 2.
    The branches are added as in the paper; the authors' released code multiplies them (``"product"``). The
    layers are those of the released code, which normalises inside each branch, before every ReLU, where the
    paper's equations normalise at its end; every layer has a bias. "Bottleneck" means between two stages of a
    network, where its authors put the block, not the bottleneck unit of a ResNet. One branch alone is
    :class:`~attn_lib.blocks.bam_variants.BAMBranch`.

    Args:
        channels: C, the channels of the input.
        reduction: r; both branches work on ``C // r`` channels.
        dilation: distance of the taps of the spatial branch's two 3x3 convolutions; with d it sees
            ``(4 d + 1)`` by ``(4 d + 1)`` places.
        combine: how the two scores become one: ``"sum"``, ``"product"`` or ``"max"``.
        device: where the parameters are, as for a layer of PyTorch's.
        dtype: the type of the parameters, likewise.

    Shape:
        ``(N, C, H, W)`` to ``(N, C, H, W)``, for any H and W of at least 1. In training mode the channel
        branch's batch norm needs N of at least 2.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: ``reduction`` is not in ``1 .. channels``, ``dilation`` is not positive, ``combine`` is
            unknown, an input is not ``(N, channels, H, W)``, or a training batch is too small.

    Example:
        >>> maps = BAM(64).attention(torch.zeros(2, 64, 7, 5))
        >>> {name: tuple(value.shape) for name, value in maps.items()}
        {'channel': (2, 64, 1, 1), 'spatial': (2, 1, 7, 5), 'combined': (2, 64, 7, 5)}
    """

    gates = ("combined",)

    def __init__(
        self,
        channels: int,
        reduction: int = 16,
        *,
        dilation: int = 4,
        combine: str = "sum",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.channels, self.reduction = check_reduction(channels, reduction)
        self.dilation = check_int("dilation", dilation)
        self.combination = check_choice("combine", combine, tuple(COMBINATIONS))
        self.channel = ChannelScores(self.channels, self.reduction)
        self.spatial = SpatialScores(self.channels, self.reduction, self.dilation)
        self.to(device=device, dtype=dtype)

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the scores of the two branches and the gate that they make.

        ``{"channel": (N, C, 1, 1), "spatial": (N, 1, H, W), "combined": (N, C, H, W)}``: ``combined`` is the
        sigmoid of the other two together, in (0, 1).
        """
        check_map(x, self.channels)
        channel, spatial = self.channel(x), self.spatial(x)
        combined = torch.sigmoid(COMBINATIONS[self.combination](channel, spatial))
        return {"channel": channel, "spatial": spatial, "combined": combined}

    def combine(self, x: Tensor, maps: Mapping[str, Tensor]) -> Tensor:
        """Add to every value its gated self: ``x + x * M``."""
        return x * (1 + maps["combined"])

    def spatial_map(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Return the mean of the gate over the channels: ``(N, H, W)``."""
        return maps["combined"].mean(dim=1)

    def extra_repr(self) -> str:
        """Name the settings in ``print(block)``."""
        return (
            f"channels={self.channels}, reduction={self.reduction}, dilation={self.dilation}, "
            f"combine={self.combination}"
        )


class ChannelScores(nn.Module):
    """A score for every channel: ``(N, C, H, W)`` to ``(N, C, 1, 1)``."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        hidden = channels // reduction
        self.fc1 = nn.Linear(channels, hidden)
        self.norm = nn.BatchNorm1d(hidden)
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Send the channels' means through the bottleneck."""
        check_batch_statistics(self.norm, values=x.shape[0])
        hidden = F.relu(self.norm(self.fc1(global_average(x))))
        scores: Tensor = self.fc2(hidden)
        return scores[:, :, None, None]


class SpatialScores(nn.Module):
    """A score for every place: ``(N, C, H, W)`` to ``(N, 1, H, W)``."""

    def __init__(self, channels: int, reduction: int, dilation: int) -> None:
        super().__init__()
        hidden = channels // reduction
        self.reduce = nn.Conv2d(channels, hidden, 1)
        self.norm1 = nn.BatchNorm2d(hidden)
        self.context1 = nn.Conv2d(hidden, hidden, 3, padding=dilation, dilation=dilation)
        self.norm2 = nn.BatchNorm2d(hidden)
        self.context2 = nn.Conv2d(hidden, hidden, 3, padding=dilation, dilation=dilation)
        self.norm3 = nn.BatchNorm2d(hidden)
        self.score = nn.Conv2d(hidden, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Squeeze the channels, look around twice, and keep one number per place."""
        check_batch_statistics(self.norm1, values=x.shape[0] * x.shape[2] * x.shape[3])
        hidden = F.relu(self.norm1(self.reduce(x)))
        hidden = F.relu(self.norm2(self.context1(hidden)))
        hidden = F.relu(self.norm3(self.context2(hidden)))
        scores: Tensor = self.score(hidden)
        return scores
