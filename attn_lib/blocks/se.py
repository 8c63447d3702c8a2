"""Squeeze-and-Excitation (SE): one gate per channel, computed from the mean of every channel."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from attn_lib.blocks.arguments import check_flag, check_map, check_reduction
from attn_lib.blocks.block import AttentionBlock
from attn_lib.blocks.gates import BottleneckMLP
from attn_lib.blocks.pooling import global_average

__all__ = ["SE"]


class SE(AttentionBlock):
    r"""Squeeze-and-Excitation block.

    .. math::
        z_c = \frac{1}{HW} \sum_{i=1}^{H} \sum_{j=1}^{W} x_c(i, j), \qquad
        s = \sigma\bigl(W_2\,\mathrm{ReLU}(W_1 z)\bigr), \qquad
        \tilde{x}_c = s_c\,x_c

    Source: Hu et al., *Squeeze-and-Excitation Networks*, CVPR 2018, arXiv 1709.01507, equations 2 to 4.
    The paper's equation 3 has no bias; the authors' released models have one in both layers, which is the
    default here. ``bias=False`` is the equation. The ablations of the journal version are
    :class:`~attn_lib.blocks.se_variants.SEVariant` and
    :class:`~attn_lib.blocks.se_variants.SEWithoutSqueeze`.

    Args:
        channels: C, the channels of the input.
        reduction: r; the hidden layer has ``C // r`` units.
        bias: whether both fully connected layers add a bias.
        device: where the parameters are, as for a layer of PyTorch's.
        dtype: the type of the parameters, likewise.

    Shape:
        ``(N, C, H, W)`` to ``(N, C, H, W)``, for any H and W of at least 1.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: ``reduction`` is not in ``1 .. channels``, or an input is not ``(N, channels, H, W)``.

    Example:
        >>> SE(64, reduction=16)(torch.zeros(2, 64, 7, 5)).shape
        torch.Size([2, 64, 7, 5])
    """

    gates = ("channel",)

    def __init__(
        self,
        channels: int,
        reduction: int = 16,
        *,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.channels, self.reduction = check_reduction(channels, reduction)
        self.mlp = BottleneckMLP(self.channels, self.reduction, bias=check_flag("bias", bias))
        self.to(device=device, dtype=dtype)

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the gates: ``{"channel": (N, C, 1, 1)}``, each in (0, 1)."""
        check_map(x, self.channels)
        gate = torch.sigmoid(self.mlp(global_average(x)))
        return {"channel": gate[:, :, None, None]}

    def combine(self, x: Tensor, maps: Mapping[str, Tensor]) -> Tensor:
        """Scale every channel of ``x`` by its gate."""
        return x * maps["channel"]

    def extra_repr(self) -> str:
        """Name the settings in ``print(block)``."""
        return f"channels={self.channels}, reduction={self.reduction}"
