"""Bottleneck Attention Module (BAM): a score per channel and a score per place make one gate per value."""

from __future__ import annotations

from collections.abc import Callable

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
from attn_lib.blocks.pooling import global_average

__all__ = ["BAM"]

COMBINATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "sum": torch.add,
    "product": torch.mul,
    "max": torch.maximum,
}


class BAM(nn.Module):
    r"""Bottleneck Attention Module.

    .. math::
        M = \sigma\bigl(M_c(x) + M_s(x)\bigr), \qquad \tilde{x} = x + x \otimes M

    Source: Park et al., *BAM: Bottleneck Attention Module*, BMVC 2018, arXiv 1807.06514, equations 1 and 2.
    The branches are added as in the paper; the authors' released code multiplies them (``"product"``). The
    layers are those of the released code, which normalises inside each branch, before every ReLU, where the
    paper's equations normalise at its end; every layer has a bias. "Bottleneck" means the place between two
    stages of a network, where its authors put the block, not the bottleneck unit of a ResNet.

    Args:
        channels: C, the channels of the input.
        reduction: r; both branches work on ``C // r`` channels.
        dilation: distance of the taps of the spatial branch's two 3x3 convolutions; with d it sees
            ``(4 d + 1)`` by ``(4 d + 1)`` places.
        combine: how the two scores become one: ``"sum"``, ``"product"`` or ``"max"``; or one branch alone,
            ``"channel"`` or ``"spatial"``. The paper's ablations.

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

    def __init__(
        self, channels: int, *, reduction: int = 16, dilation: int = 4, combine: str = "sum"
    ) -> None:
        super().__init__()
        self.channels, self.reduction = check_reduction(channels, reduction)
        self.dilation = check_int("dilation", dilation)
        self.combine = check_choice("combine", combine, (*COMBINATIONS, "channel", "spatial"))
        if combine != "spatial":
            self.channel = ChannelScores(channels, reduction)
        if combine != "channel":
            self.spatial = SpatialScores(channels, reduction, dilation)

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the scores of the branches and the gate that they make.

        ``{"channel": (N, C, 1, 1), "spatial": (N, 1, H, W), "combined": (N, C, H, W)}``: ``combined`` is the
        sigmoid of the other two together, in (0, 1). With one branch alone, the other is missing.
        """
        check_map(x, self.channels)
        scores: dict[str, Tensor] = {}
        if self.combine != "spatial":
            scores["channel"] = self.channel(x)
        if self.combine != "channel":
            scores["spatial"] = self.spatial(x)
        if self.combine in scores:
            combined = scores[self.combine]
        else:
            combined = COMBINATIONS[self.combine](scores["channel"], scores["spatial"])
        return {**scores, "combined": torch.sigmoid(combined).expand_as(x)}

    def forward(self, x: Tensor) -> Tensor:
        """Add to every value its gated self: ``x + x * M``."""
        return x * (1 + self.attention(x)["combined"])

    def extra_repr(self) -> str:
        """Name the settings in ``print(block)``."""
        return (
            f"channels={self.channels}, reduction={self.reduction}, dilation={self.dilation}, "
            f"combine={self.combine}"
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
        return self.fc2(hidden)[:, :, None, None]


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
        return self.score(hidden)
