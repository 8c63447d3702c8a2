"""Convolutional Block Attention Module (CBAM): a gate per channel, then a gate per place."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from attn_lib.blocks.arguments import (
    check_batch_statistics,
    check_flag,
    check_kernel_size,
    check_map,
    check_reduction,
)
from attn_lib.blocks.block import AttentionBlock
from attn_lib.blocks.gates import BottleneckMLP
from attn_lib.blocks.pooling import average, global_average, global_maximum, maximum

__all__ = ["CBAM"]


class CBAM(AttentionBlock):
    r"""Convolutional Block Attention Module.

    .. math::
        x' &= \sigma\bigl(\mathrm{MLP}(\mathrm{avg}_{HW}\,x) + \mathrm{MLP}(\mathrm{max}_{HW}\,x)\bigr)
            \otimes x, \\
        x'' &= \sigma\bigl(\mathrm{BN}(f^{7 \times 7}[\mathrm{max}_C\,x';\ \mathrm{avg}_C\,x'])\bigr)
            \otimes x'

    Source: Woo et al., *CBAM: Convolutional Block Attention Module*, ECCV 2018, arXiv 1807.06521, equations 1
    to 3. As in the authors' released code, the MLP has biases, the spatial gate has a batch norm (momentum
    0.01) that equation 3 does not, and the maximum comes before the mean. Their training script starts that
    norm's weight at 0, so that every place gets one half; here it starts at 1, as PyTorch does. The
    paper's ablations are :class:`~attn_lib.blocks.cbam_variants.CBAMVariant`.

    Args:
        channels: C, the channels of the input.
        reduction: r; the hidden layer of the MLP has ``C // r`` units.
        kernel_size: side of the spatial gate's convolution, odd.
        bias: whether both layers of the MLP add a bias. Without them are many ports, and the CBAM of ECA's
            Table 3.
        device: where the parameters are, as for a layer of PyTorch's.
        dtype: the type of the parameters, likewise.

    Shape:
        ``(N, C, H, W)`` to ``(N, C, H, W)``, for any H and W of at least 1.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: ``reduction`` is not in ``1 .. channels``, ``kernel_size`` is even or not positive, an
            input is not ``(N, channels, H, W)``, or a training batch has one place.

    Example:
        >>> maps = CBAM(64).attention(torch.zeros(2, 64, 7, 5))
        >>> {name: tuple(gate.shape) for name, gate in maps.items()}
        {'channel': (2, 64, 1, 1), 'spatial': (2, 1, 7, 5)}
    """

    gates = ("channel", "spatial")

    def __init__(
        self,
        channels: int,
        reduction: int = 16,
        *,
        kernel_size: int = 7,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.channels, self.reduction = check_reduction(channels, reduction)
        self.channel = ChannelScores(self.channels, self.reduction, bias=check_flag("bias", bias))
        self.spatial = SpatialScores(kernel_size)
        self.to(device=device, dtype=dtype)

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the gates: ``{"channel": (N, C, 1, 1), "spatial": (N, 1, H, W)}``, each in (0, 1)."""
        check_map(x, self.channels)
        channel = torch.sigmoid(self.channel(x))
        spatial = torch.sigmoid(self.spatial(x * channel))
        return {"channel": channel, "spatial": spatial}

    def combine(self, x: Tensor, maps: Mapping[str, Tensor]) -> Tensor:
        """Scale every channel of ``x`` by its gate, then every place of the result by its gate."""
        return x * maps["channel"] * maps["spatial"]

    def forward(self, x: Tensor) -> Tensor:
        """Compute ``combine(x, attention(x))``, without scaling the channels a second time."""
        check_map(x, self.channels)
        x = x * torch.sigmoid(self.channel(x))
        return x * torch.sigmoid(self.spatial(x))

    def spatial_map(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Return the spatial gate: ``(N, H, W)``."""
        return maps["spatial"][:, 0]

    def extra_repr(self) -> str:
        """Name the settings in ``print(block)``."""
        return f"channels={self.channels}, reduction={self.reduction}"


class ChannelScores(nn.Module):
    """A score for every channel: ``(N, C, H, W)`` to ``(N, C, 1, 1)``."""

    def __init__(self, channels: int, reduction: int, *, bias: bool = True) -> None:
        super().__init__()
        self.squeezes = {"avg": global_average, "max": global_maximum}
        self.mlp = BottleneckMLP(channels, reduction, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Give every squeezed vector to the one MLP, and add what it answers."""
        squeezed = torch.stack([squeeze(x) for squeeze in self.squeezes.values()])
        scores: Tensor = self.mlp(squeezed).sum(dim=0)
        return scores[:, :, None, None]


class SpatialScores(nn.Module):
    """A score for every place: ``(N, C, H, W)`` to ``(N, 1, H, W)``."""

    def __init__(self, kernel_size: int) -> None:
        super().__init__()
        side = check_kernel_size(kernel_size)
        self.describe: nn.Module = MaximumAndAverage()
        self.conv = nn.Conv2d(2, 1, side, padding=side // 2, bias=False)
        self.norm = nn.BatchNorm2d(1, momentum=0.01)

    def forward(self, x: Tensor) -> Tensor:
        """Describe every place, and look at its neighbourhood."""
        check_batch_statistics(self.norm, values=x.shape[0] * x.shape[2] * x.shape[3])
        scores: Tensor = self.norm(self.conv(self.describe(x)))
        return scores


class MaximumAndAverage(nn.Module):
    """The maximum and the mean over the channels of every place: ``(N, C, H, W)`` to ``(N, 2, H, W)``."""

    def forward(self, x: Tensor) -> Tensor:
        """Put the two maps into one, the maximum first."""
        return torch.cat([maximum(x, dim=1, keepdim=True), average(x, dim=1, keepdim=True)], dim=1)
