"""SimAM: a gate for every value, computed from how far it lies from its channel's mean; no parameters."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from attn_lib.blocks.arguments import check_int, check_map, check_number
from attn_lib.blocks.block import AttentionBlock
from attn_lib.blocks.pooling import average

__all__ = ["SimAM"]


class SimAM(AttentionBlock):
    r"""Simple, parameter-free attention module.

    .. math::
        d_c(i, j) = \bigl(x_c(i, j) - \mu_c\bigr)^2, \qquad
        v_c = \frac{1}{HW - 1} \sum_{i, j} d_c(i, j), \qquad
        \tilde{x} = x \otimes \sigma\Bigl(\frac{d}{4\,(v + \lambda)} + \frac{1}{2}\Bigr)

    Source: Yang et al., *SimAM: A Simple, Parameter-Free Attention Module for Convolutional Neural Networks*,
    ICML 2021, as in the authors' released code. The sigmoid's argument is the inverse of the least energy
    that tells a value from the others of its channel. A channel of one place is its own mean; its gate
    is sigmoid(1/2).

    Args:
        channels: C, the channels of the input.
        regularisation: lambda, which keeps the gates of a flat channel finite. The released module has 1e-4;
            its networks for ImageNet were trained with 0.1.

    Shape:
        ``(N, C, H, W)`` to ``(N, C, H, W)``, for any H and W of at least 1.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: an argument is not positive, or an input is not ``(N, channels, H, W)``.

    Example:
        >>> SimAM(64).attention(torch.zeros(2, 64, 7, 5))["gate"].shape
        torch.Size([2, 64, 7, 5])
    """

    gates = ("gate",)

    def __init__(self, channels: int, *, regularisation: float = 1e-4) -> None:
        super().__init__()
        self.channels = check_int("channels", channels)
        self.regularisation = check_number("regularisation", regularisation, positive=True)

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the gates: ``{"gate": (N, C, H, W)}``, each in (1/2, 1)."""
        check_map(x, self.channels)
        distance = (x - average(x, dim=(2, 3), keepdim=True)).square()
        # Counted, since torch.fx and torch.jit know no size while they record a graph.
        others = (torch.ones_like(x[:1, :1]).sum(dim=(2, 3), keepdim=True) - 1).clamp(min=1)
        variance = distance.sum(dim=(2, 3), keepdim=True) / others
        return {"gate": torch.sigmoid(distance / (4 * (variance + self.regularisation)) + 0.5)}

    def combine(self, x: Tensor, maps: Mapping[str, Tensor]) -> Tensor:
        """Scale every value of ``x`` by its gate."""
        return x * maps["gate"]

    def spatial_map(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Return the mean of the gates over the channels: ``(N, H, W)``."""
        return maps["gate"].mean(dim=1)

    def extra_repr(self) -> str:
        """Name the settings in ``print(block)``."""
        return f"channels={self.channels}, regularisation={self.regularisation}"
