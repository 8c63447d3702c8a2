"""MobileNeXt with slots for attention blocks.

Placements of a block in a sandglass unit, by name:

- ``"after_first_depthwise"``: after the first depthwise convolution, its norm and ReLU6, in the 15 units
  that have one. CoordAtt's authors found this the better one (README of their release);
- ``"after_last_depthwise"``: after the last depthwise convolution and its norm, in the 18 units that have
  one. This is the one that gives the 4.09 M parameters which the same README prints;
- ``"residual"``: at the end of the branch, before the addition if there is one, in all 20 units;
- ``"before_unit"`` and ``"after_addition"``: on what the unit receives and on what it returns;
- ``"between_stages"``: once, after the last unit of a stage, where the map shrinks next (BAM);
- ``"before_last_unit"``: once, before the last unit of a stage (self-attention).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from torch import Tensor, nn

from attn_lib.backbones.backbone import Backbone, Placement, put_attention
from attn_lib.backbones.slots import Attention, Slotted

__all__ = ["MobileNeXt", "Sandglass", "mobilenext"]


class Row(NamedTuple):
    """One row of the paper's table of the network: a stage of units, of which the first has the stride."""

    reduction: int
    channels: int
    units: int
    stride: int


ROWS = (
    Row(2, 96, 1, 2),
    Row(6, 144, 1, 1),
    Row(6, 192, 3, 2),
    Row(6, 288, 3, 2),
    Row(6, 384, 4, 1),
    Row(6, 576, 4, 2),
    Row(6, 960, 3, 1),
    Row(6, 1280, 1, 1),
)


class Sandglass(Slotted):
    """Sandglass unit: two 1x1 convolutions, to few channels and back, between two depthwise ones on many.

    Source: Zhou et al., *Rethinking Bottleneck Structure for Efficient Mobile Network Design*, ECCV 2020,
    arXiv 2007.02269.

    Args:
        in_channels: channels of the input.
        channels: channels of the output.
        hidden: channels between the two 1x1 convolutions.
        stride: of the last depthwise convolution.
        first_depthwise: whether there is a depthwise convolution before the 1x1 convolutions.
        last_depthwise: whether there is one after them.
        use_identity: whether the input is added to the branch.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        hidden: int,
        *,
        stride: int = 1,
        first_depthwise: bool = True,
        last_depthwise: bool = True,
        use_identity: bool = True,
    ) -> None:
        super().__init__()
        slots = {"before_unit": in_channels, "residual": channels, "after_addition": channels}
        self.first: nn.Module = nn.Identity()
        if first_depthwise:
            self.first = nn.Sequential(
                nn.Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels, bias=False),
                nn.BatchNorm2d(in_channels),
                nn.ReLU6(),
            )
            slots["after_first_depthwise"] = in_channels
        self.reduce = nn.Sequential(nn.Conv2d(in_channels, hidden, 1, bias=False), nn.BatchNorm2d(hidden))
        self.expand = nn.Sequential(
            nn.Conv2d(hidden, channels, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU6()
        )
        self.last: nn.Module = nn.Identity()
        if last_depthwise:
            self.last = nn.Sequential(
                nn.Conv2d(channels, channels, 3, stride, padding=1, groups=channels, bias=False),
                nn.BatchNorm2d(channels),
            )
            slots["after_last_depthwise"] = channels
        self.use_identity = use_identity
        self.add_slots(**slots)

    def forward(self, x: Tensor) -> Tensor:
        """Add the branch to the identity, where there is one."""
        x = self.attend("before_unit", x)
        out = self.attend("after_first_depthwise", self.first(x))
        out = self.expand(self.reduce(out))
        out = self.attend("after_last_depthwise", self.last(out))
        out = self.attend("residual", out)
        return self.attend("after_addition", x + out if self.use_identity else out)


def _sandglass(in_channels: int, row: Row, index: int) -> Sandglass:
    """Build unit number ``index`` of a row as the authors' released code does.

    A unit that changes the number of channels has no identity. It has no first depthwise convolution either,
    and at stride 1 no last one; the first row and rows of a single unit of stride 1 keep both.
    """
    stride = row.stride if index == 0 else 1
    same_width = in_channels == row.channels
    keeps_both = same_width or row.reduction == 2 or (row.units == 1 and stride == 1)
    return Sandglass(
        in_channels,
        row.channels,
        _hidden_channels(in_channels, row),
        stride=stride,
        first_depthwise=keeps_both,
        last_depthwise=keeps_both or stride == 2,
        use_identity=same_width,
    )


def _hidden_channels(in_channels: int, row: Row) -> int:
    """Reduce the input, but to no less than about a sixth of the output, then to a multiple of 16."""
    hidden = in_channels // row.reduction
    sixth = row.channels / 6
    if hidden >= sixth:
        return hidden
    return (math.ceil(sixth) + 8) // 16 * 16


class MobileNeXt(Backbone):
    """MobileNeXt: a stem, eight stages of sandglass units and a classifier.

    Source: Zhou et al. 2020, and the authors' released code (yitu-opensource/MobileNeXt, ``mnext.py``). A
    stage is a row of the paper's table of the network.

    Args:
        num_classes: width of the output.

    Shape:
        ``(N, 3, H, W)`` to ``(N, num_classes)``.
    """

    authors_placements: ClassVar = {
        "bam": Placement("between_stages"),
        "coord_att": Placement("after_first_depthwise"),
        # The counterpart of its stage in a ResNet: where the map is 14x14 for an image of 224x224.
        "self_attention": Placement("before_last_unit", stages=(5,)),
    }
    before_downsampling = (2, 3, 5)

    def __init__(self, num_classes: int = 1000) -> None:
        super().__init__()
        channels = 32
        stem = nn.Sequential(
            nn.Conv2d(3, channels, 3, 2, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU6()
        )
        layers: list[nn.Module] = [stem]
        stages = []
        for row in ROWS:
            first = len(layers)
            for index in range(row.units):
                layers.append(_sandglass(channels, row, index))
                channels = row.channels
            stages.append(tuple(f"features.{number}" for number in range(first, len(layers))))
        self.stages = tuple(stages)
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(channels, num_classes))
        self.initialise_convolutions()
        self.initialise_classifier()

    def forward(self, x: Tensor) -> Tensor:
        """Classify a batch of images."""
        logits: Tensor = self.classifier(self.features(x).mean(dim=(2, 3)))
        return logits


def mobilenext(
    num_classes: int = 1000,
    *,
    attention: Attention = None,
    placement: str | None = None,
    stages: Sequence[int] | None = None,
    **block_keywords: object,
) -> MobileNeXt:
    """Build MobileNeXt 1.0: 3,535,416 parameters without attention.

    Source: Zhou et al., *Rethinking Bottleneck Structure for Efficient Mobile Network Design*, ECCV 2020,
    arXiv 2007.02269. The README of the authors' release prints 3.5 M.

    Args:
        num_classes: width of the output.
        attention: a name out of ``attn_lib.blocks.BLOCKS`` or ``VARIANTS``, a callable
            ``channels -> block``, or None.
        placement: where in the units, by a name listed at the top of this module. By default where the
            block's authors put it: CoordAtt after the first depthwise convolution, BAM between the stages,
            self-attention once, before the last unit of the fifth stage, the others, and any callable, before
            the addition.
        stages: which of the stages 1 to 8, the rows of the paper's table, get a block; by default all, or,
            between stages, 2, 3 and 5.
        block_keywords: passed on to the named block, such as ``reduction=16``.

    Shape:
        ``(N, 3, H, W)`` to ``(N, num_classes)``.

    Raises:
        TypeError: ``attention`` has the wrong type, or ``placement``, ``stages`` or block keywords came
            without a block to use them.
        ValueError: no block, placement or stage has that name.

    Example:
        >>> mobilenext(attention="se", placement="after_last_depthwise")(torch.zeros(1, 3, 64, 64)).shape
        torch.Size([1, 1000])
    """
    model = MobileNeXt(num_classes)
    put_attention(model, attention, placement=placement, stages=stages, block_keywords=block_keywords)
    return model
