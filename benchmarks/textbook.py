"""The blocks as tutorials write them: adaptive pools, ``view``, ``expand_as``, one module per step.

Each computes what the block of ``attn_lib`` does, with as many parameters in the same order, so that the two
can be given the same weights and compared. They are here to be measured, not to be used.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from attn_lib import eca_kernel_size

__all__ = ["TEXTBOOK"]


class TextbookSE(nn.Module):
    """Squeeze-and-Excitation with pooling and gate as modules."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Sequential(
            nn.Linear(channels, channels // 16),
            nn.ReLU(inplace=True),
            nn.Linear(channels // 16, channels),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Scale the channels."""
        n, c, _, _ = x.size()
        gate = self.fc(self.pool(x).view(n, c)).view(n, c, 1, 1)
        return x * gate.expand_as(x)


class TextbookECA(nn.Module):
    """Efficient Channel Attention with pooling and gate as modules."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        k = eca_kernel_size(channels)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.conv = nn.Conv1d(1, 1, k, padding=k // 2, bias=False)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Scale the channels."""
        pooled = self.pool(x).squeeze(-1).transpose(-1, -2)
        gate = self.sigmoid(self.conv(pooled).transpose(-1, -2).unsqueeze(-1))
        return x * gate.expand_as(x)


class TextbookCBAM(nn.Module):
    """CBAM with 1x1 convolutions for the MLP, and the two pools one after the other."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.average = nn.AdaptiveAvgPool2d(1)
        self.maximum = nn.AdaptiveMaxPool2d(1)
        self.mlp = nn.Sequential(
            nn.Conv2d(channels, channels // 16, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels // 16, channels, 1),
        )
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.norm = nn.BatchNorm2d(1, momentum=0.01)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Scale the channels, then the places."""
        x = x * self.sigmoid(self.mlp(self.average(x)) + self.mlp(self.maximum(x)))
        maximum, _ = torch.max(x, dim=1, keepdim=True)
        average = torch.mean(x, dim=1, keepdim=True)
        return x * self.sigmoid(self.norm(self.conv(torch.cat([maximum, average], dim=1))))


class TextbookBAM(nn.Module):
    """BAM with both branches blown up to the size of the map before they meet."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = channels // 16
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.channel = nn.Sequential(
            nn.Linear(channels, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, channels),
        )
        self.spatial = nn.Sequential(
            nn.Conv2d(channels, hidden, 1),
            nn.BatchNorm2d(hidden),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, hidden, 3, padding=4, dilation=4),
            nn.BatchNorm2d(hidden),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, hidden, 3, padding=4, dilation=4),
            nn.BatchNorm2d(hidden),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, 1, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Scale every value by one plus its gate."""
        n, c, _, _ = x.size()
        channel = self.channel(self.pool(x).view(n, c)).view(n, c, 1, 1).expand_as(x)
        spatial = self.spatial(x).expand_as(x)
        return (1 + torch.sigmoid(channel + spatial)) * x


class TextbookCoordAtt(nn.Module):
    """Coordinate attention with adaptive pools and a hard swish put together from a ReLU6."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(8, channels // 32)
        self.pool_rows = nn.AdaptiveAvgPool2d((None, 1))
        self.pool_columns = nn.AdaptiveAvgPool2d((1, None))
        self.conv = nn.Conv2d(channels, hidden, 1)
        self.norm = nn.BatchNorm2d(hidden)
        self.relu6 = nn.ReLU6(inplace=True)
        self.conv_rows = nn.Conv2d(hidden, channels, 1)
        self.conv_columns = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Scale every value by the gates of its row and column."""
        _, _, h, w = x.size()
        strips = torch.cat([self.pool_rows(x), self.pool_columns(x).permute(0, 1, 3, 2)], dim=2)
        hidden = self.norm(self.conv(strips))
        hidden = hidden * (self.relu6(hidden + 3) / 6)
        rows, columns = torch.split(hidden, [h, w], dim=2)
        rows = self.conv_rows(rows).sigmoid()
        columns = self.conv_columns(columns.permute(0, 1, 3, 2)).sigmoid()
        return x * columns * rows


class TextbookSelfAttention2d(nn.Module):
    """Self-attention on a map with 1x1 convolutions and all L x L weights in memory."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.key = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.value = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.project = nn.Conv2d(channels // 2, channels, 1, bias=False)
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, x: Tensor) -> Tensor:
        """Add to every place what it gathers from all places."""
        n, _, h, w = x.size()
        query = self.query(x).view(n, -1, h * w).permute(0, 2, 1)
        key = self.key(x).view(n, -1, h * w)
        weights = self.softmax(torch.bmm(query, key) / math.sqrt(query.size(2)))
        value = self.value(x).view(n, -1, h * w)
        gathered = torch.bmm(value, weights.permute(0, 2, 1)).view(n, -1, h, w)
        return self.project(gathered) + x


TEXTBOOK = {
    "se": TextbookSE,
    "eca": TextbookECA,
    "cbam": TextbookCBAM,
    "bam": TextbookBAM,
    "coord_att": TextbookCoordAtt,
    "self_attention": TextbookSelfAttention2d,
}
"""Each by the name of the block in ``attn_lib.blocks.BLOCKS`` that it is compared with."""
