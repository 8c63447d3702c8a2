"""The steps from SE to ECA: other ways in which the channels' means can talk before the sigmoid."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attn_lib.blocks.arguments import check_choice, check_int, check_kernel_size, check_map
from attn_lib.blocks.block import AttentionBlock
from attn_lib.blocks.pooling import global_average

__all__ = ["ECAVariant"]


class ECAVariant(AttentionBlock):
    r"""A channel gate with a matrix of a chosen pattern between the means and the sigmoid.

    .. math::
        \omega = \sigma(W z), \qquad \tilde{x}_c = \omega_c\,x_c

    Source: Wang et al., *ECA-Net*, CVPR 2020, arXiv 1910.03151, section 3.2 and Table 2. ECA itself is a band
    matrix whose rows share their k weights. No variant has a bias.

    Args:
        channels: C, the channels of the input.
        mixing: the pattern of W: ``"none"`` (W is the identity, no parameters; the paper's SE-Var1),
            ``"per_channel"`` (diagonal, C weights; SE-Var2), ``"full"`` (C x C; SE-Var3), ``"groups"``
            (block-diagonal; SE-GC) or ``"band"`` (k neighbours, each row with its own weights; ECA-NS).
        groups: number of blocks on the diagonal; read by ``"groups"`` alone.
        kernel_size: k, odd; read by ``"band"`` alone.

    Shape:
        ``(N, C, H, W)`` to ``(N, C, H, W)``, for any H and W of at least 1.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: ``mixing`` is unknown, ``groups`` does not divide ``channels``, ``kernel_size`` is even or
            not positive, or an input is not ``(N, channels, H, W)``.
    """

    gates = ("channel",)

    def __init__(self, channels: int, *, mixing: str = "band", groups: int = 1, kernel_size: int = 3) -> None:
        super().__init__()
        self.channels = check_int("channels", channels)
        self.mixing = check_choice("mixing", mixing, ("none", "per_channel", "full", "groups", "band"))
        if channels % check_int("groups", groups):
            raise ValueError(f"`groups` must divide `channels`; got groups={groups} for channels={channels}")
        check_kernel_size(kernel_size)
        if mixing == "none":
            self.mix: nn.Module = nn.Identity()
        elif mixing == "per_channel":
            self.mix = BandMatrix(channels, 1)
        elif mixing == "band":
            self.mix = BandMatrix(channels, kernel_size)
        else:
            self.mix = BlockDiagonalMatrix(channels, 1 if mixing == "full" else groups)

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the gates: ``{"channel": (N, C, 1, 1)}``, each in (0, 1)."""
        check_map(x, self.channels)
        gate = torch.sigmoid(self.mix(global_average(x)))
        return {"channel": gate[:, :, None, None]}

    def combine(self, x: Tensor, maps: Mapping[str, Tensor]) -> Tensor:
        """Scale every channel of ``x`` by its gate."""
        return x * maps["channel"]

    def extra_repr(self) -> str:
        """Name the settings in ``print(block)``."""
        return f"channels={self.channels}, mixing={self.mixing}"


class BandMatrix(nn.Module):
    """A matrix with k entries around the diagonal of every row, and zeros elsewhere: ``(N, C)`` to itself."""

    def __init__(self, channels: int, kernel_size: int) -> None:
        super().__init__()
        self.channels, self.kernel_size = channels, kernel_size
        bound = kernel_size**-0.5  # what PyTorch's own layers take for k inputs
        self.weight = nn.Parameter(torch.empty(channels, kernel_size).uniform_(-bound, bound))

    def forward(self, z: Tensor) -> Tensor:
        """Weigh every entry's neighbourhood; beyond the ends there are zeros."""
        padded = F.pad(z, (self.kernel_size // 2, self.kernel_size // 2))
        # Not Tensor.unfold, which one of the two ONNX exporters does not know.
        neighbourhoods = [padded[:, first : first + self.channels] for first in range(self.kernel_size)]
        return (torch.stack(neighbourhoods, dim=2) * self.weight).sum(dim=2)


class BlockDiagonalMatrix(nn.Module):
    """A matrix of square blocks along the diagonal, and zeros elsewhere: ``(N, C)`` to itself."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 1, groups=groups, bias=False)

    def forward(self, z: Tensor) -> Tensor:
        """Mix the entries within each block."""
        mixed: Tensor = self.conv(z[:, :, None])
        return mixed[:, :, 0]
