"""Global context (GC): every place gains the same vector, transformed from a weighted mean of all."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attn_lib.blocks.arguments import check_map, check_reduction
from attn_lib.blocks.block import AttentionBlock

__all__ = ["GlobalContext"]


class GlobalContext(AttentionBlock):
    r"""Global context block, the block of GCNet.

    .. math::
        a = \mathrm{softmax}_{HW}(W_k x), \qquad
        \tilde{x}(i, j) = x(i, j) + W_2\,\mathrm{ReLU}\Bigl(\mathrm{LN}\bigl(W_1
        \textstyle\sum_{i', j'} a(i', j')\,x(i', j')\bigr)\Bigr)

    Source: Cao et al., *GCNet: Non-local Networks Meet Squeeze-Excitation Networks and Beyond*, ICCV
    Workshops 2019, arXiv 1904.11492. As in the authors' released code, :math:`W_1` and :math:`W_2` have
    biases, and the latter starts at zero, so that a new block is the identity. That code has a bias behind
    :math:`W_k` too, which the softmax cancels; here there is none.

    Args:
        channels: C, the channels of the input.
        reduction: r; the transform has ``C // r`` hidden units.

    Shape:
        ``(N, C, H, W)`` to ``(N, C, H, W)``, for any H and W of at least 1.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: ``reduction`` is not in ``1 .. channels``, or an input is not ``(N, channels, H, W)``.

    Example:
        >>> x = torch.rand(2, 64, 7, 5)
        >>> torch.equal(GlobalContext(64)(x), x)
        True
    """

    def __init__(self, channels: int, *, reduction: int = 16) -> None:
        super().__init__()
        self.channels, self.reduction = check_reduction(channels, reduction)
        hidden = self.channels // self.reduction
        self.key = nn.Conv2d(self.channels, 1, 1, bias=False)
        self.fc1 = nn.Linear(self.channels, hidden)
        self.norm = nn.LayerNorm(hidden)
        self.fc2 = nn.Linear(hidden, self.channels)
        nn.init.zeros_(self.fc2.weight)
        nn.init.zeros_(self.fc2.bias)

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the weights: ``{"spatial": (N, 1, H, W)}``, which sum to 1 over the places."""
        check_map(x, self.channels)
        scores: Tensor = self.key(x)
        return {"spatial": torch.softmax(scores.flatten(2), dim=2).view_as(scores)}

    def combine(self, x: Tensor, maps: Mapping[str, Tensor]) -> Tensor:
        """Add to every place what the transform makes of the weighted mean of all."""
        context = (x * maps["spatial"]).sum(dim=(2, 3))
        change: Tensor = self.fc2(F.relu(self.norm(self.fc1(context))))
        return x + change[:, :, None, None]

    def spatial_map(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Return the weights: ``(N, H, W)``."""
        return maps["spatial"][:, 0]

    def neutral(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the weights of a plain mean."""
        weights = maps["spatial"]
        return {"spatial": torch.full_like(weights, 1 / (weights.shape[2] * weights.shape[3]))}

    def extra_repr(self) -> str:
        """Name the settings in ``print(block)``."""
        return f"channels={self.channels}, reduction={self.reduction}"
