"""YOLOv4-tiny with slots for attention blocks: CSPDarknet53-tiny, a neck of one upsample, and two heads.

Placements of a block, by name:

- ``"neck"``: at both outputs of the CSPDarknet and after the upsample, so with 256, 512 and 128 channels;
- ``"backbone_outputs"``: only at the two outputs;
- ``"upsample"``: only after the upsample.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from attn_lib.backbones.backbone import Backbone, Placement, put_attention
from attn_lib.backbones.slots import Attention, Slotted, slot_name
from attn_lib.blocks.arguments import check_choice, check_int, check_sides

__all__ = ["CSPUnit", "YOLOv4Tiny", "yolov4_tiny"]


def convolution(in_channels: int, channels: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Build a convolution with its norm and leaky ReLU."""
    return nn.Sequential(
        nn.Conv2d(in_channels, channels, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(channels),
        nn.LeakyReLU(0.1),
    )


class CSPUnit(nn.Module):
    """Cross-stage partial unit: half of the channels go through two convolutions, all of them go around.

    Source: Wang et al., *Scaled-YOLOv4: Scaling Cross Stage Partial Network*, CVPR 2021, arXiv 2011.08036,
    and the layers of ``yolov4-tiny.cfg`` in the authors' release.

    Shape:
        ``(N, C, H, W)`` to the pair ``(N, 2C, H // 2, W // 2)`` and ``(N, C, H, W)``: what the next unit
        receives, and the features before the halves are joined and pooled.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.conv1 = convolution(channels, channels, 3)
        self.conv2 = convolution(half, half, 3)
        self.conv3 = convolution(half, half, 3)
        self.conv4 = convolution(channels, channels, 1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the pooled output and the features."""
        whole = self.conv1(x)
        half = whole.chunk(2, dim=1)[1]
        first = self.conv2(half)
        second = self.conv3(first)
        features = self.conv4(torch.cat([second, first], dim=1))
        return self.pool(torch.cat([whole, features], dim=1)), features


class YOLOv4Tiny(Slotted, Backbone):
    """YOLOv4-tiny up to the raw maps of its two heads; boxes are not decoded.

    Source: Wang et al., *Scaled-YOLOv4*, CVPR 2021, arXiv 2011.08036, and ``yolov4-tiny.cfg`` of the authors'
    release. The three slots are those of the PyTorch port that many articles teach
    (bubbliiiing/yolov4-tiny-pytorch).

    Args:
        num_classes: classes of the detector.
        num_anchors: anchor boxes of each head.

    Shape:
        ``(N, 3, H, W)``, H and W multiples of 32, to the pair ``(N, A, H / 32, W / 32)`` and
        ``(N, A, H / 16, W / 16)`` with ``A = num_anchors * (5 + num_classes)``: four numbers for the box, one
        for an object, one for each class. For 416x416 and the 80 classes of COCO: ``(N, 255, 13, 13)`` and
        ``(N, 255, 26, 26)``.

    Raises:
        TypeError: an argument is not an int.
        ValueError: an argument is less than 1, or an input's side is not a multiple of 32.
    """

    usual_placement: ClassVar = Placement("neck")

    _PLACEMENTS: ClassVar = {
        "neck": ("fine", "coarse", "upsample"),
        "backbone_outputs": ("fine", "coarse"),
        "upsample": ("upsample",),
    }

    def __init__(self, num_classes: int = 80, *, num_anchors: int = 3) -> None:
        super().__init__()
        predictions = check_int("num_anchors", num_anchors) * (5 + check_int("num_classes", num_classes))
        self.stem = nn.Sequential(convolution(3, 32, 3, stride=2), convolution(32, 64, 3, stride=2))
        self.csp1 = CSPUnit(64)
        self.csp2 = CSPUnit(128)
        self.csp3 = CSPUnit(256)
        self.last = convolution(512, 512, 3)

        self.reduce = convolution(512, 256, 1)
        self.lateral = convolution(256, 128, 1)
        self.upsample = nn.Upsample(scale_factor=2, mode="nearest")

        self.coarse_head = nn.Sequential(convolution(256, 512, 3), nn.Conv2d(512, predictions, 1))
        self.fine_head = nn.Sequential(convolution(384, 256, 3), nn.Conv2d(256, predictions, 1))
        self.initialise_convolutions()
        self.add_slots(fine=256, coarse=512, upsample=128)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the raw maps of the coarse and of the fine head."""
        check_sides(x, divisor=32)
        x, _ = self.csp1(self.stem(x))
        x, _ = self.csp2(x)
        x, fine = self.csp3(x)
        coarse = self.attend("coarse", self.last(x))
        fine = self.attend("fine", fine)

        coarse = self.reduce(coarse)
        upsampled = self.attend("upsample", self.upsample(self.lateral(coarse)))
        return self.coarse_head(coarse), self.fine_head(torch.cat([upsampled, fine], dim=1))

    def places(self, placement: str, stages: Sequence[int] | None = None) -> dict[str, int]:
        """Name the slots of a placement and the channels that a block there sees.

        Args:
            placement: ``"neck"``, ``"backbone_outputs"`` or ``"upsample"``.
            stages: must be None; this network has no stages to choose from.

        Raises:
            TypeError: ``placement`` is not a string.
            ValueError: there is no such placement, or ``stages`` is given.
        """
        check_choice("placement", placement, tuple(self._PLACEMENTS))
        if stages is not None:
            raise ValueError(f"`stages` must be None for YOLOv4-tiny; got {stages!r}")
        return {slot_name(slot): self.slots[slot] for slot in self._PLACEMENTS[placement]}


def yolov4_tiny(
    num_classes: int = 80,
    *,
    num_anchors: int = 3,
    attention: Attention = None,
    placement: str | None = None,
    **block_keywords: object,
) -> YOLOv4Tiny:
    """Build YOLOv4-tiny: 6,056,606 parameters for the 80 classes of COCO, without attention.

    Source: Wang et al., *Scaled-YOLOv4: Scaling Cross Stage Partial Network*, CVPR 2021, arXiv 2011.08036.

    Args:
        num_classes: classes of the detector.
        num_anchors: anchor boxes of each head.
        attention: a name out of ``attn_lib.blocks.BLOCKS`` or ``VARIANTS``, a callable
            ``channels -> block``, or None.
        placement: a name listed at the top of this module; by default ``"neck"``, all three slots.
        block_keywords: passed on to the named block, such as ``reduction=16``.

    Shape:
        ``(N, 3, H, W)``, H and W multiples of 32, to the pair ``(N, A, H / 32, W / 32)`` and
        ``(N, A, H / 16, W / 16)`` with ``A = num_anchors * (5 + num_classes)``.

    Raises:
        TypeError: ``attention`` has the wrong type, or ``placement`` or block keywords came without a block
            to use them.
        ValueError: no block or placement has that name.

    Example:
        >>> coarse, fine = yolov4_tiny(attention="eca")(torch.zeros(1, 3, 64, 96))
        >>> coarse.shape, fine.shape
        (torch.Size([1, 255, 2, 3]), torch.Size([1, 255, 4, 6]))
    """
    model = YOLOv4Tiny(num_classes, num_anchors=num_anchors)
    put_attention(model, attention, placement=placement, block_keywords=block_keywords)
    return model
