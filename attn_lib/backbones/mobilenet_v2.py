"""MobileNetV2 with slots for attention blocks.

Placements of a block in an inverted residual unit, by name:

- ``"residual"``: after the projection and its norm, before the addition if there is one, in all 17 units
  (ECA);
- ``"hidden"``: on the hidden channels, after the depthwise convolution, its norm and ReLU6, before the
  projection, in the 16 units that expand (CoordAtt);
- ``"before_unit"`` and ``"after_addition"``: on what the unit receives and on what it returns;
- ``"between_stages"``: once, after the last unit of a stage, where the map shrinks next (BAM);
- ``"before_last_unit"``: once, before the last unit of a stage (self-attention).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from torch import Tensor, nn

from attn_lib.backbones.backbone import Backbone, Placement, put_attention
from attn_lib.backbones.slots import Attention, Slotted

__all__ = ["InvertedResidual", "MobileNetV2", "mobilenet_v2"]


class Row(NamedTuple):
    """One row of table 2 of the paper: a stage of equal units, of which the first has the stride."""

    expansion: int
    channels: int
    units: int
    stride: int


ROWS = (
    Row(1, 16, 1, 1),
    Row(6, 24, 2, 2),
    Row(6, 32, 3, 2),
    Row(6, 64, 4, 2),
    Row(6, 96, 3, 1),
    Row(6, 160, 3, 2),
    Row(6, 320, 1, 1),
)


class InvertedResidual(Slotted):
    """Inverted residual unit: a 1x1 expansion, a 3x3 depthwise convolution and a linear 1x1 projection.

    Source: Sandler et al., *MobileNetV2: Inverted Residuals and Linear Bottlenecks*, CVPR 2018, arXiv
    1801.04381, table 1. With an expansion of 1 there is no expanding convolution.
    """

    def __init__(self, in_channels: int, channels: int, *, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = in_channels * expansion
        expand = [] if expansion == 1 else [convolution(in_channels, hidden, 1)]
        self.conv = nn.Sequential(
            *expand,
            convolution(hidden, hidden, 3, stride, groups=hidden),
            nn.Conv2d(hidden, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.depthwise = len(expand)
        self.use_identity = stride == 1 and in_channels == channels
        slots = {
            "before_unit": in_channels,
            "hidden": hidden,
            "residual": channels,
            "after_addition": channels,
        }
        if expansion == 1:
            del slots["hidden"]
        self.add_slots(**slots)

    def forward(self, x: Tensor) -> Tensor:
        """Add the branch to the identity, where their shapes agree."""
        x = self.attend("before_unit", x)
        out = x
        for number, layer in enumerate(self.conv):
            out = layer(out)
            if number == self.depthwise:
                out = self.attend("hidden", out)
        out = self.attend("residual", out)
        return self.attend("after_addition", x + out if self.use_identity else out)


def convolution(
    in_channels: int, channels: int, kernel: int, stride: int = 1, *, groups: int = 1
) -> nn.Sequential:
    """Build a convolution with its norm and ReLU6."""
    return nn.Sequential(
        nn.Conv2d(in_channels, channels, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU6(),
    )


class MobileNetV2(Backbone):
    """MobileNetV2: a stem, seven stages of inverted residual units, a wide 1x1 convolution and a classifier.

    Source: Sandler et al. 2018, table 2; a stage is a row of it. Parameter names are torchvision's.

    Args:
        num_classes: width of the output.

    Shape:
        ``(N, 3, H, W)`` to ``(N, num_classes)``.
    """

    authors_placements: ClassVar = {
        "bam": Placement("between_stages"),
        "coord_att": Placement("hidden"),
        # The counterpart of its stage in a ResNet: where the map is 14x14 for an image of 224x224.
        "self_attention": Placement("before_last_unit", stages=(5,)),
    }
    # As in a ResNet, not yet at half the side of the image: after the stages with maps of 56, 28 and 14.
    before_downsampling = (2, 3, 5)

    def __init__(self, num_classes: int = 1000) -> None:
        super().__init__()
        channels = 32
        layers: list[nn.Module] = [convolution(3, channels, 3, stride=2)]
        stages = []
        for row in ROWS:
            first = len(layers)
            for index in range(row.units):
                stride = row.stride if index == 0 else 1
                layers.append(
                    InvertedResidual(channels, row.channels, stride=stride, expansion=row.expansion)
                )
                channels = row.channels
            stages.append(tuple(f"features.{number}" for number in range(first, len(layers))))
        layers.append(convolution(channels, 1280, 1))
        self.stages = tuple(stages)
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, num_classes))
        self.initialise_convolutions()
        self.initialise_classifier()

    def forward(self, x: Tensor) -> Tensor:
        """Classify a batch of images."""
        logits: Tensor = self.classifier(self.features(x).mean(dim=(2, 3)))
        return logits


def mobilenet_v2(
    num_classes: int = 1000,
    *,
    attention: Attention = None,
    placement: str | None = None,
    stages: Sequence[int] | None = None,
    **block_keywords: object,
) -> MobileNetV2:
    """Build MobileNetV2: 3,504,872 parameters without attention.

    Source: Sandler et al., *MobileNetV2: Inverted Residuals and Linear Bottlenecks*, CVPR 2018, arXiv
    1801.04381. Parameter names and shapes are torchvision's, so its weights load.

    Args:
        num_classes: width of the output.
        attention: a name out of ``attn_lib.blocks.BLOCKS`` or ``VARIANTS``, a callable
            ``channels -> block``, or None.
        placement: where in the units, by a name listed at the top of this module. By default where the
            block's authors put it: CoordAtt on the hidden channels, BAM between the stages, self-attention
            once, before the last unit of the fifth stage, the others, and any callable, after the projection.
        stages: which of the stages 1 to 7, the rows of the paper's table, get a block; by default all, or,
            between stages, 2, 3 and 5.
        block_keywords: passed on to the named block, such as ``reduction=16``.

    Shape:
        ``(N, 3, H, W)`` to ``(N, num_classes)``.

    Raises:
        TypeError: ``attention`` has the wrong type, or ``placement``, ``stages`` or block keywords came
            without a block to use them.
        ValueError: no block, placement or stage has that name.

    Example:
        >>> mobilenet_v2(attention="eca")(torch.zeros(1, 3, 64, 64)).shape
        torch.Size([1, 1000])
    """
    model = MobileNetV2(num_classes)
    put_attention(model, attention, placement=placement, stages=stages, block_keywords=block_keywords)
    return model
