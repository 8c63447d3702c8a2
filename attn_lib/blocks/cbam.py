"""Convolutional Block Attention Module (CBAM): a gate per channel, then a gate per place."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from attn_lib.blocks.arguments import (
    check_batch_statistics,
    check_choice,
    check_flag,
    check_kernel_size,
    check_map,
    check_reduction,
)
from attn_lib.blocks.gates import BottleneckMLP
from attn_lib.blocks.pooling import average, global_average, global_maximum, maximum

__all__ = ["CBAM"]

SQUEEZES = {
    "both": (global_average, global_maximum),
    "avg": (global_average,),
    "max": (global_maximum,),
}


class CBAM(nn.Module):
    r"""Convolutional Block Attention Module.

    .. math::
        x' &= \sigma\bigl(\mathrm{MLP}(\mathrm{avg}_{HW}\,x) + \mathrm{MLP}(\mathrm{max}_{HW}\,x)\bigr)
            \otimes x, \\
        x'' &= \sigma\bigl(\mathrm{BN}(f^{7 \times 7}[\mathrm{max}_C\,x';\ \mathrm{avg}_C\,x'])\bigr)
            \otimes x'

    Source: Woo et al., *CBAM: Convolutional Block Attention Module*, ECCV 2018, arXiv 1807.06521, equations 1
    to 3. As in the authors' released code, the MLP has biases, the spatial gate has a batch norm (momentum
    0.01) that equation 3 does not, and the maximum comes before the mean. Their training script starts that
    norm's weight at 0, so that every place gets one half; here it starts at 1, as PyTorch does.

    Args:
        channels: C, the channels of the input.
        reduction: r; the hidden layer of the MLP has ``C // r`` units.
        kernel_size: side of the spatial gate's convolution, odd.
        pooling: what the channel gate knows of a channel: its mean and its maximum (``"both"``), or one of
            them (``"avg"``, ``"max"``). The paper's Table 1.
        descriptor: what the spatial gate knows of a place: maximum and mean over the channels (``"pool"``),
            or one learnt combination of them (``"conv"``, a 1x1 convolution). The paper's Table 2.
        order: ``"channel_first"``, ``"spatial_first"``, or ``"parallel"``: both look at ``x``, and one
            sigmoid takes the sum of their scores. The paper's Table 3.
        spatial_norm: whether the spatial gate has the batch norm.

    Shape:
        ``(N, C, H, W)`` to ``(N, C, H, W)``, for any H and W of at least 1.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: ``reduction`` is not in ``1 .. channels``, ``kernel_size`` is even or not positive, a
            choice is unknown, an input is not ``(N, channels, H, W)``, or a training batch has one place.

    Example:
        >>> maps = CBAM(64).attention(torch.zeros(2, 64, 7, 5))
        >>> {name: tuple(gate.shape) for name, gate in maps.items()}
        {'channel': (2, 64, 1, 1), 'spatial': (2, 1, 7, 5)}
    """

    def __init__(
        self,
        channels: int,
        *,
        reduction: int = 16,
        kernel_size: int = 7,
        pooling: str = "both",
        descriptor: str = "pool",
        order: str = "channel_first",
        spatial_norm: bool = True,
    ) -> None:
        super().__init__()
        self.channels, self.reduction = check_reduction(channels, reduction)
        self.order = check_choice("order", order, ("channel_first", "spatial_first", "parallel"))
        self.channel = ChannelScores(channels, reduction, pooling)
        self.spatial = SpatialScores(channels, kernel_size, descriptor, spatial_norm)

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the gates: ``{"channel": (N, C, 1, 1), "spatial": (N, 1, H, W)}``, each in (0, 1).

        In parallel order these two are scores of any size, and ``"combined": (N, C, H, W)`` is the gate.
        """
        return self._refine(x)[1]

    def forward(self, x: Tensor) -> Tensor:
        """Scale every channel of ``x`` by its gate, then every place of the result by its gate."""
        return self._refine(x)[0]

    def _refine(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        check_map(x, self.channels)
        maps: dict[str, Tensor] = {}
        if self.order == "parallel":
            maps = {"channel": self.channel(x), "spatial": self.spatial(x)}
            maps["combined"] = torch.sigmoid(maps["channel"] + maps["spatial"])
            return x * maps["combined"], maps

        branches = [("channel", self.channel), ("spatial", self.spatial)]
        if self.order == "spatial_first":
            branches.reverse()
        for name, scores in branches:
            maps[name] = torch.sigmoid(scores(x))
            x = x * maps[name]
        return x, maps

    def extra_repr(self) -> str:
        """Name the settings in ``print(block)``."""
        return f"channels={self.channels}, reduction={self.reduction}, order={self.order}"


class ChannelScores(nn.Module):
    """A score for every channel: ``(N, C, H, W)`` to ``(N, C, 1, 1)``."""

    def __init__(self, channels: int, reduction: int, pooling: str) -> None:
        super().__init__()
        self.pooling = check_choice("pooling", pooling, tuple(SQUEEZES))
        self.mlp = BottleneckMLP(channels, reduction, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        """Give every pooled vector to the one MLP, and add what it answers."""
        pooled = torch.stack([squeeze(x) for squeeze in SQUEEZES[self.pooling]])
        return self.mlp(pooled).sum(dim=0)[:, :, None, None]

    def extra_repr(self) -> str:
        """Name the settings in ``print(block)``."""
        return f"pooling={self.pooling}"


class SpatialScores(nn.Module):
    """A score for every place: ``(N, C, H, W)`` to ``(N, 1, H, W)``."""

    def __init__(self, channels: int, kernel_size: int, descriptor: str, norm: bool) -> None:
        super().__init__()
        padding = check_kernel_size(kernel_size) // 2
        if check_choice("descriptor", descriptor, ("pool", "conv")) == "pool":
            self.describe: nn.Module = MaximumAndAverage()
            self.conv = nn.Conv2d(2, 1, kernel_size, padding=padding, bias=False)
        else:
            self.describe = nn.Conv2d(channels, 1, 1, bias=False)
            self.conv = nn.Conv2d(1, 1, kernel_size, padding=padding, bias=False)
        self.norm = nn.BatchNorm2d(1, momentum=0.01) if check_flag("spatial_norm", norm) else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Describe every place, and look at its neighbourhood."""
        check_batch_statistics(self.norm, values=x.shape[0] * x.shape[2] * x.shape[3])
        return self.norm(self.conv(self.describe(x)))


class MaximumAndAverage(nn.Module):
    """The maximum and the mean over the channels of every place: ``(N, C, H, W)`` to ``(N, 2, H, W)``."""

    def forward(self, x: Tensor) -> Tensor:
        """Put the two maps into one, the maximum first."""
        return torch.cat([maximum(x, dim=1, keepdim=True), average(x, dim=1, keepdim=True)], dim=1)
