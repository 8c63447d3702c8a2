"""Coordinate Attention (CoordAtt): a gate per channel and row, times a gate per channel and column."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attn_lib.blocks.arguments import check_batch_statistics, check_int, check_map
from attn_lib.blocks.block import AttentionBlock
from attn_lib.blocks.pooling import average

__all__ = ["CoordAtt"]


class CoordAtt(AttentionBlock):
    r"""Coordinate Attention block.

    .. math::
        z^h_c(i) &= \frac{1}{W} \sum_{j=1}^{W} x_c(i, j), \qquad
        z^w_c(j) = \frac{1}{H} \sum_{i=1}^{H} x_c(i, j), \\
        [f^h;\ f^w] &= \delta\bigl(\mathrm{BN}(F_1[z^h;\ z^w])\bigr), \\
        g^h &= \sigma(F_h f^h), \qquad g^w = \sigma(F_w f^w), \qquad
        \tilde{x}_c(i, j) = x_c(i, j)\,g^h_c(i)\,g^w_c(j)

    Source: Hou et al., *Coordinate Attention for Efficient Mobile Network Design*, CVPR 2021, arXiv
    2103.02907, equations 4 to 9. The three 1x1 convolutions F have biases, the hidden width has a minimum,
    and :math:`\delta` is the hard swish, as in the authors' released code.

    Args:
        channels: C, the channels of the input.
        reduction: r; both strips pass through ``C // r`` hidden channels.
        min_channels: the smallest hidden width, used where ``C // r`` is less.
        device: where the parameters are, as for a layer of PyTorch's.
        dtype: the type of the parameters, likewise.

    Shape:
        ``(N, C, H, W)`` to ``(N, C, H, W)``, for any H and W of at least 1.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: an argument is not positive, or an input is not ``(N, channels, H, W)``.

    Example:
        >>> gates = CoordAtt(64).attention(torch.zeros(2, 64, 7, 5))
        >>> {name: tuple(gate.shape) for name, gate in gates.items()}
        {'height': (2, 64, 7, 1), 'width': (2, 64, 1, 5)}
    """

    gates = ("height", "width")

    def __init__(
        self,
        channels: int,
        *,
        reduction: int = 32,
        min_channels: int = 8,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.channels = check_int("channels", channels)
        self.reduction = check_int("reduction", reduction)
        hidden = max(check_int("min_channels", min_channels), self.channels // self.reduction)
        self.reduce = nn.Conv2d(self.channels, hidden, 1)
        self.norm = nn.BatchNorm2d(hidden)
        self.height = nn.Conv2d(hidden, self.channels, 1)
        self.width = nn.Conv2d(hidden, self.channels, 1)
        self.to(device=device, dtype=dtype)

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the gates: ``{"height": (N, C, H, 1), "width": (N, C, 1, W)}``, each in (0, 1)."""
        check_map(x, self.channels)
        rows, columns = average(x, dim=3, keepdim=True), average(x, dim=2, keepdim=True)
        # Columns are laid out as more rows, so that both strips are one sequence of H + W places.
        places = torch.cat([rows, columns.transpose(2, 3)], dim=2)
        check_batch_statistics(self.norm, values=places.shape[0] * places.shape[2])
        hidden = F.hardswish(self.norm(self.reduce(places)))
        rows, columns = hidden.split([x.shape[2], x.shape[3]], dim=2)
        return {
            "height": torch.sigmoid(self.height(rows)),
            "width": torch.sigmoid(self.width(columns.transpose(2, 3))),
        }

    def combine(self, x: Tensor, maps: Mapping[str, Tensor]) -> Tensor:
        """Scale every value of ``x`` by the gates of its row and of its column."""
        return x * maps["height"] * maps["width"]

    def spatial_map(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Return the product of a place's two gates, averaged over the channels: ``(N, H, W)``."""
        return (maps["height"] * maps["width"]).mean(dim=1)

    def extra_repr(self) -> str:
        """Name the settings in ``print(block)``."""
        return f"channels={self.channels}, reduction={self.reduction}"
