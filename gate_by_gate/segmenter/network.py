"""The network that finds the person in a picture: an encoder with SE, and a decoder that gates its skips."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attn_lib.blocks import SE
from attn_lib.blocks.block import AttentionBlock
from attn_lib.blocks.pooling import global_average

__all__ = ["PooledGate", "SelfieSegmenter", "SkipGate"]


class SameConv2d(nn.Conv2d):
    """A convolution whose output has one place for every ``stride`` of the input, TensorFlow's ``SAME``.

    The zeros that this takes go to both sides; of an odd number, the right and the lower side get the last.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Pad ``input``, then convolve it."""
        pads: list[int] = []
        for size, kernel, stride in zip(
            input.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1], strict=True
        ):
            zeros = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [zeros // 2, zeros - zeros // 2]
        return super().forward(F.pad(input, pads))


class InvertedResidual(nn.Module):
    """An inverted residual unit of MobileNetV3, its batch normalisation merged into its convolutions.

    Source: Howard et al., *Searching for MobileNetV3*, ICCV 2019, figure 4. The gate is SE's own sigmoid,
        where the paper has a hard one.

    Args:
        channels: at the input.
        hidden: channels between the first and the last convolution; those of the block.
        out_channels: at the output.
        kernel: side of the depthwise convolution.
        stride: of the depthwise convolution.
        activation: after the first two convolutions.
        reduction: r of the SE block before the last convolution; None for no block.
        residual: whether the input is added to the output.

    Shape:
        ``(N, channels, H, W)`` to ``(N, out_channels, H / stride, W / stride)``.
    """

    def __init__(
        self,
        channels: int,
        hidden: int,
        out_channels: int,
        *,
        kernel: int = 3,
        stride: int = 1,
        activation: type[nn.Module] = nn.ReLU,
        reduction: int | None = None,
        residual: bool = False,
    ) -> None:
        super().__init__()
        self.expand = nn.Conv2d(channels, hidden, 1)
        self.depthwise = SameConv2d(hidden, hidden, kernel, stride, groups=hidden)
        self.activation = activation()
        self.attention = nn.Identity() if reduction is None else SE(hidden, reduction=reduction)
        self.project = nn.Conv2d(hidden, out_channels, 1)
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """Widen, look around, weigh the channels, narrow."""
        y = self.activation(self.expand(x))
        y = self.activation(self.depthwise(y))
        y = self.project(self.attention(y))
        return x + y if self.residual else y


class PooledGate(AttentionBlock):
    """A convolution whose channels are gated by one layer on the mean of its input.

    This is the head that MobileNetV3's authors call Lite R-ASPP (Howard et al., *Searching for MobileNetV3*,
    ICCV 2019, figure 10), with a mean over the whole input. Unlike SE's, its gate has no hidden layer, and
    is computed before the convolution that it gates.

    Args:
        channels: at the input.
        out_channels: at the output; there is a gate for each.

    Shape:
        ``(N, channels, H, W)`` to ``(N, out_channels, H, W)``.
    """

    gates = ("channel",)

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.features = nn.Conv2d(channels, out_channels, 1)
        self.gate = nn.Linear(channels, out_channels)

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the gates: ``{"channel": (N, out_channels, 1, 1)}``, each in (0, 1)."""
        return {"channel": torch.sigmoid(self.gate(global_average(x)))[:, :, None, None]}

    def combine(self, x: Tensor, maps: Mapping[str, Tensor]) -> Tensor:
        """Convolve ``x`` and scale every channel of the result by its gate."""
        return F.relu(self.features(x)) * maps["channel"]


class SkipGate(AttentionBlock):
    """A gate for every channel of a skip connection, before what comes from below is added to it.

    It is computed as SE's, without a narrower layer in between, from the mean of the sum of both. So that
    it has one input, as every block has, the two come one after the other along the channels: first the
    skip connection.

    Args:
        channels: C, of the skip connection and of what comes from below.

    Shape:
        ``(N, 2 * C, H, W)`` to ``(N, C, H, W)``.
    """

    gates = ("channel",)

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.fc1 = nn.Linear(channels, channels)
        self.fc2 = nn.Linear(channels, channels)

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the gates: ``{"channel": (N, C, 1, 1)}``, each in (0, 1)."""
        skip, below = x.split(self.channels, dim=1)
        hidden = F.relu(self.fc1(global_average(skip + below)))
        return {"channel": torch.sigmoid(self.fc2(hidden))[:, :, None, None]}

    def combine(self, x: Tensor, maps: Mapping[str, Tensor]) -> Tensor:
        """Scale every channel of the skip connection by its gate and add what comes from below."""
        skip, below = x.split(self.channels, dim=1)
        return skip * maps["channel"] + below


class DecoderStage(nn.Module):
    """A step of the decoder: twice the places, joined with the encoder's features of that size.

    Args:
        channels: of what comes from below.
        skip_channels: of the encoder's features, and at the output.

    Shape:
        ``(N, channels, H, W)`` and ``(N, skip_channels, 2 H, 2 W)`` to ``(N, skip_channels, 2 H, 2 W)``.
    """

    def __init__(self, channels: int, skip_channels: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, skip_channels, 1)
        self.attention = SkipGate(skip_channels)
        self.mix = nn.Conv2d(skip_channels, skip_channels, 1)
        self.depthwise = SameConv2d(skip_channels, skip_channels, 3, groups=skip_channels)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Enlarge ``x``, join it with ``skip``, and refine the sum."""
        x = self.reduce(F.interpolate(x, scale_factor=2, mode="bilinear"))
        x = F.relu(self.mix(self.attention(torch.cat([skip, x], dim=1))))
        return x + F.relu(self.depthwise(x))


class SelfieSegmenter(nn.Module):
    """MediaPipe's selfie segmentation: how much every place of a picture belongs to a person.

    A narrow MobileNetV3-like encoder of eight units, six of them with SE, a head whose channels are gated
    by the mean of its input, and three decoder stages that gate the encoder's features before they are
    added. Its ten blocks, in their
    order: ``unit1``, ``unit4`` to ``unit8``, ``head``, ``decoder3``, ``decoder2`` and ``decoder1``.

    Its layers were read from MediaPipe's file; no paper describes it. The published weights were made for
    pictures of 256 x 256; :func:`gate_by_gate.segmenter.selfie_segmenter` loads them.

    Shape:
        ``(N, 3, H, W)``, red, green and blue from 0 to 1, to ``(N, 1, H, W)`` in (0, 1). H and W are
        multiples of 16.

    Raises:
        ValueError: an input has another shape.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv2d(3, 16, 3, 2)
        self.unit1 = InvertedResidual(16, 16, 16, stride=2, reduction=2)
        self.unit2 = InvertedResidual(16, 72, 24, stride=2)
        self.unit3 = InvertedResidual(24, 88, 24, residual=True)
        self.unit4 = InvertedResidual(24, 96, 32, kernel=5, stride=2, activation=nn.Hardswish, reduction=4)
        self.unit5 = self._deep_unit(128)
        self.unit6 = self._deep_unit(128)
        self.unit7 = self._deep_unit(96)
        self.unit8 = self._deep_unit(96)
        self.head = PooledGate(32, 128)
        self.decoder3 = DecoderStage(128, 24)
        self.decoder2 = DecoderStage(24, 16)
        self.decoder1 = DecoderStage(16, 16)
        self.segment = nn.ConvTranspose2d(16, 1, 2, 2)

    @staticmethod
    def _deep_unit(hidden: int) -> InvertedResidual:
        return InvertedResidual(32, hidden, 32, kernel=5, activation=nn.Hardswish, reduction=4, residual=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return the mask of ``x``."""
        if x.dim() != 4 or x.shape[1] != 3 or x.shape[2] % 16 or x.shape[3] % 16 or 0 in x.shape[2:]:
            raise ValueError(f"expected (N, 3, H, W) with H and W multiples of 16; got {tuple(x.shape)}")
        half = F.hardswish(self.stem(x))
        quarter = self.unit1(half)
        eighth = self.unit3(self.unit2(quarter))
        y = self.unit8(self.unit7(self.unit6(self.unit5(self.unit4(eighth)))))
        y = self.decoder3(self.head(y), eighth)
        y = self.decoder2(y, quarter)
        y = self.decoder1(y, half)
        return torch.sigmoid(self.segment(y))
