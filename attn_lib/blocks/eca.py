"""Efficient Channel Attention (ECA): one gate per channel, from the means of a few neighbouring channels."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from attn_lib.blocks.arguments import check_int, check_kernel_size, check_map, check_number
from attn_lib.blocks.block import AttentionBlock
from attn_lib.blocks.pooling import global_average

__all__ = ["ECA", "eca_kernel_size"]


def eca_kernel_size(channels: int, gamma: float = 2.0, b: float = 1.0) -> int:
    r"""Return how many neighbouring channels ECA looks at, which grows with the number of channels.

    .. math::
        k = \left| \frac{\log_2 C}{\gamma} + \frac{b}{\gamma} \right|_{\mathrm{odd}}

    Source: Wang et al., arXiv 1910.03151, equation 12, where the bars with "odd" mean the nearest odd number.
    An even value lies halfway between two odd ones (with the defaults at C = 8, 128 and 2048); the listing in
    the paper's Figure 3 then takes the larger, and so does this function. The released code computes no k: it
    is passed by hand, 3, 5, 5 and 7 for the stages of ResNet-50, where this function gives 5, 5, 5 and 7.

    Args:
        channels: the number of channels, C.
        gamma: the slope's divisor.
        b: the offset, before the division.

    Returns:
        k, an odd number of at least 1.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: ``channels`` or ``gamma`` is not positive, or ``gamma`` or ``b`` is not finite.

    Example:
        >>> [eca_kernel_size(channels) for channels in (4, 64, 256, 2048)]
        [1, 3, 5, 7]
    """
    check_int("channels", channels)
    check_number("gamma", gamma, positive=True)
    check_number("b", b)
    value = abs((math.log2(channels) + b) / gamma)
    return 2 * math.floor(value / 2) + 1


class ECA(AttentionBlock):
    r"""Efficient Channel Attention block.

    .. math::
        z_c = \frac{1}{HW} \sum_{i=1}^{H} \sum_{j=1}^{W} x_c(i, j), \qquad
        \omega = \sigma\bigl(\mathrm{Conv1d}_k(z)\bigr), \qquad
        \tilde{x}_c = \omega_c\,x_c

    Source: Wang et al., *ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks*, CVPR
    2020, arXiv 1910.03151, equations 9 and 12. The convolution runs along the channel axis: the k weights are
    shared by all channels, there is no bias, and beyond the first and last channel it reads zeros.

    Args:
        channels: C, the channels of the input.
        kernel_size: k, odd. ``None`` computes it with :func:`eca_kernel_size`.
        gamma: the slope's divisor in :func:`eca_kernel_size`; without effect if ``kernel_size`` is given.
        b: the offset in :func:`eca_kernel_size`; without effect if ``kernel_size`` is given.
        device: where the parameters are, as for a layer of PyTorch's.
        dtype: the type of the parameters, likewise.

    Shape:
        ``(N, C, H, W)`` to ``(N, C, H, W)``, for any H and W of at least 1.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: ``kernel_size`` is even or not positive, ``gamma`` is not positive, or an input is not
            ``(N, channels, H, W)``.

    Example:
        >>> ECA(64)
        ECA(
          channels=64, kernel_size=3
          (conv): Conv1d(1, 1, kernel_size=(3,), stride=(1,), padding=(1,), bias=False)
        )
    """

    gates = ("channel",)

    def __init__(
        self,
        channels: int,
        kernel_size: int | None = None,
        *,
        gamma: float = 2.0,
        b: float = 1.0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        adaptive = eca_kernel_size(channels, gamma, b)
        self.channels = int(channels)
        self.kernel_size = adaptive if kernel_size is None else check_kernel_size(kernel_size)
        self.conv = nn.Conv1d(1, 1, self.kernel_size, padding=self.kernel_size // 2, bias=False)
        self.to(device=device, dtype=dtype)

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the gates: ``{"channel": (N, C, 1, 1)}``, each in (0, 1)."""
        check_map(x, self.channels)
        channels_as_sequence = global_average(x).unsqueeze(1)
        gate = torch.sigmoid(self.conv(channels_as_sequence))
        return {"channel": gate.transpose(1, 2).unsqueeze(3)}

    def combine(self, x: Tensor, maps: Mapping[str, Tensor]) -> Tensor:
        """Scale every channel of ``x`` by its gate."""
        return x * maps["channel"]

    def extra_repr(self) -> str:
        """Name the settings in ``print(block)``."""
        return f"channels={self.channels}, kernel_size={self.kernel_size}"
