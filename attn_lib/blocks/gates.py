"""The small networks that two or more blocks use to turn a summary into a gate."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["BottleneckMLP"]


class BottleneckMLP(nn.Module):
    r"""The bottleneck of two fully connected layers in SE and CBAM: :math:`W_2\,\mathrm{ReLU}(W_1 z)`.

    Args:
        channels: C, the width at both ends.
        reduction: r; the hidden layer has ``C // r`` units.
        bias: whether both layers add a bias.

    Shape:
        ``(..., C)`` to ``(..., C)``.
    """

    def __init__(self, channels: int, reduction: int, *, bias: bool) -> None:
        super().__init__()
        hidden = channels // reduction
        self.fc1 = nn.Linear(channels, hidden, bias=bias)
        self.fc2 = nn.Linear(hidden, channels, bias=bias)

    def forward(self, z: Tensor) -> Tensor:
        """Mix the C entries of ``z`` through ``C // r`` hidden units."""
        scores: Tensor = self.fc2(F.relu(self.fc1(z)))
        return scores
