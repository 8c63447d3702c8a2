"""The CBAM paper's ablations, and one of the maximum: what the two gates look at, and in which order."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from attn_lib.blocks.arguments import check_choice, check_flag, check_kernel_size, check_map, check_reduction
from attn_lib.blocks.block import AttentionBlock
from attn_lib.blocks.cbam import ChannelScores, SpatialScores
from attn_lib.blocks.gates import BottleneckMLP
from attn_lib.blocks.pooling import global_maximum

__all__ = ["CBAMVariant"]


class CBAMVariant(AttentionBlock):
    r"""CBAM with chosen poolings, a chosen descriptor and a chosen order; with the defaults it is CBAM.

    Source: Woo et al., *CBAM: Convolutional Block Attention Module*, ECCV 2018, arXiv 1807.06521, Tables 1
    to 3 (their numbers at second hand). ``maximum`` is no ablation of the paper's: it tells a maximum that
    is in the way by its size from one that is in the way because it shares the MLP of the mean.

    Args:
        channels: C, the channels of the input.
        reduction: r; the hidden layer of the MLP has ``C // r`` units.
        kernel_size: side of the spatial gate's convolution, odd.
        pooling: what the channel gate knows of a channel: its mean and its maximum (``"both"``), or one of
            them (``"avg"``, ``"max"``). The paper's Table 1.
        descriptor: what the spatial gate knows of a place: maximum and mean over the channels
            (``"pool"``), or one learnt combination of them (``"conv"``, a 1x1 convolution). The paper's
            Table 2.
        order: ``"channel_first"``, ``"spatial_first"``, or ``"parallel"``: both look at ``x``, and one
            sigmoid takes the sum of their scores. The paper's Table 3.
        maximum: how the maximum of a channel is scored: by the MLP of the mean, as it is (``"shared"``, as
            published) or less its mean over the images (``"centred"``), or by an MLP of its own
            (``"own_mlp"``).
        spatial_norm: whether the spatial gate has the batch norm.
        released_start: whether that norm's weight starts at 0, as in the authors' training script, so that
            every spatial gate starts at one half.
        bias: whether both layers of the MLP add a bias.

    Shape:
        ``(N, C, H, W)`` to ``(N, C, H, W)``, for any H and W of at least 1.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: ``reduction`` is not in ``1 .. channels``, ``kernel_size`` is even or not positive, a
            choice is unknown, ``maximum`` is chosen where ``pooling`` has not both, ``released_start`` has no
            norm, an input is not ``(N, channels, H, W)``, or a training batch has one place.
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
        maximum: str = "shared",
        spatial_norm: bool = True,
        released_start: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.channels, self.reduction = check_reduction(channels, reduction)
        self.order = check_choice("order", order, ("channel_first", "spatial_first", "parallel"))
        self.gates = ("combined",) if order == "parallel" else ("channel", "spatial")
        scores = MAXIMA[check_choice("maximum", maximum, tuple(MAXIMA))]
        self.channel = scores(self.channels, self.reduction, bias=check_flag("bias", bias))
        if check_choice("pooling", pooling, ("both", "avg", "max")) != "both":
            if maximum != "shared":
                raise ValueError(f"`maximum` needs both poolings; got {maximum=!r}, {pooling=!r}")
            self.channel.squeezes = {pooling: self.channel.squeezes[pooling]}
        if check_choice("descriptor", descriptor, ("pool", "conv")) == "pool":
            self.spatial = SpatialScores(kernel_size)
        else:
            self.spatial = LearntDescription(channels, kernel_size)
        if not check_flag("spatial_norm", spatial_norm):
            self.spatial.add_module("norm", nn.Identity())
        if check_flag("released_start", released_start):
            if not spatial_norm:
                raise ValueError(
                    "`released_start` needs `spatial_norm`, whose weight it sets; got spatial_norm=False"
                )
            nn.init.zeros_(self.spatial.norm.weight)

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the gates: ``{"channel": (N, C, 1, 1), "spatial": (N, 1, H, W)}``, each in (0, 1).

        In parallel order these two are scores of any size, and ``"combined": (N, C, H, W)`` is the gate.
        """
        check_map(x, self.channels)
        if self.order == "parallel":
            channel, spatial = self.channel(x), self.spatial(x)
            return {"channel": channel, "spatial": spatial, "combined": torch.sigmoid(channel + spatial)}
        if self.order == "spatial_first":
            spatial = torch.sigmoid(self.spatial(x))
            return {"spatial": spatial, "channel": torch.sigmoid(self.channel(x * spatial))}
        channel = torch.sigmoid(self.channel(x))
        return {"channel": channel, "spatial": torch.sigmoid(self.spatial(x * channel))}

    def combine(self, x: Tensor, maps: Mapping[str, Tensor]) -> Tensor:
        """Scale ``x`` by the one gate of the parallel order, or by both gates in their order."""
        if self.order == "parallel":
            return x * maps["combined"]
        first, second = ("spatial", "channel") if self.order == "spatial_first" else ("channel", "spatial")
        return x * maps[first] * maps[second]

    def spatial_map(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Return the spatial gate, or in parallel order the gate's mean over the channels: ``(N, H, W)``."""
        return maps["combined"].mean(dim=1) if self.order == "parallel" else maps["spatial"][:, 0]

    def extra_repr(self) -> str:
        """Name the settings in ``print(block)``."""
        return (
            f"channels={self.channels}, reduction={self.reduction}, order={self.order}, "
            f"pooling={'+'.join(self.channel.squeezes)}"
        )


class CentredMaximum(nn.Module):
    """The maximum of every channel less its mean over images: ``(N, C, H, W)`` to ``(N, C)``.

    In training the mean is the batch's, else the running mean, as in a batch norm.
    """

    mean: Tensor

    def __init__(self, channels: int, momentum: float = 0.1) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("mean", torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Subtract what the maxima of all images have in common."""
        largest = global_maximum(x)
        if not self.training:
            return largest - self.mean
        mean = largest.mean(dim=0)
        self.mean.lerp_(mean.detach().to(self.mean.dtype), self.momentum)
        return largest - mean


class ScoresOfCentredMaximum(ChannelScores):
    """The channel scores of CBAM, whose MLP gets the centred maximum."""

    def __init__(self, channels: int, reduction: int, *, bias: bool = True) -> None:
        super().__init__(channels, reduction, bias=bias)
        self.centred = CentredMaximum(channels)
        self.squeezes["max"] = self.centred


class ScoresOfTwoMLPs(ChannelScores):
    """The channel scores of CBAM, with a second MLP for the maximum."""

    def __init__(self, channels: int, reduction: int, *, bias: bool = True) -> None:
        super().__init__(channels, reduction, bias=bias)
        self.mlp_of_maximum = BottleneckMLP(channels, reduction, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Give every squeezed vector to its MLP, and add what they answer."""
        mlps = {"avg": self.mlp, "max": self.mlp_of_maximum}
        answers = [mlps[name](squeeze(x)) for name, squeeze in self.squeezes.items()]
        scores = torch.stack(answers).sum(dim=0)
        return scores[:, :, None, None]


MAXIMA: dict[str, type[ChannelScores]] = {
    "shared": ChannelScores,
    "centred": ScoresOfCentredMaximum,
    "own_mlp": ScoresOfTwoMLPs,
}
"""What scores the channels, by the value of ``maximum``."""


class LearntDescription(SpatialScores):
    """A score for every place, from one learnt combination of its channels."""

    def __init__(self, channels: int, kernel_size: int) -> None:
        nn.Module.__init__(self)
        side = check_kernel_size(kernel_size)
        self.describe = nn.Conv2d(channels, 1, 1, bias=False)
        self.conv = nn.Conv2d(1, 1, side, padding=side // 2, bias=False)
        self.norm = nn.BatchNorm2d(1, momentum=0.01)
