"""ResNet-18, -34, -50 and -101 with slots for attention blocks.

Placements of a block in a residual unit, by name:

- ``"residual"``: on the residual branch, after its last norm, before the addition (SE, ECA, CBAM);
- ``"before_unit"``, ``"after_addition"`` and ``"identity"``: the SE paper's SE-PRE, SE-POST and SE-Identity;
- ``"after_3x3"``: after a bottleneck's 3x3 convolution, its norm and ReLU (the SE paper's SE_3x3);
- ``"between_stages"``: once, after the last unit of a stage (BAM);
- ``"before_last_unit"``: once, before the last unit of a stage (self-attention).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn

from attn_lib.backbones.backbone import Backbone, Placement, put_attention
from attn_lib.backbones.slots import Attention, Slotted

__all__ = [
    "BasicBlock",
    "Bottleneck",
    "ResNet",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
]


class BasicBlock(Slotted):
    """Residual unit of two 3x3 convolutions (ResNet-18 and -34).

    Source: He et al., *Deep Residual Learning for Image Recognition*, CVPR 2016, arXiv 1512.03385, figure 5,
    left.

    Args:
        in_channels: C, of the input.
        width: channels of the convolutions; the unit returns ``width * expansion``.
        stride: of the first convolution; both sides of the map are divided by it, rounded up.

    Shape:
        ``(N, C, H, W)`` to ``(N, width * expansion, H / stride, W / stride)``.
    """

    expansion = 1

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        # Nothing here works in place: a hook that reads a layer's output must find it unchanged later.
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _projection(in_channels, width, stride)
        self.add_slots(before_unit=in_channels, residual=width, identity=width, after_addition=width)

    def forward(self, x: Tensor) -> Tensor:
        """Add the residual branch to the identity."""
        x = self.attend("before_unit", x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.attend("residual", self.bn2(self.conv2(out)))
        identity = self.attend("identity", x if self.downsample is None else self.downsample(x))
        return self.attend("after_addition", self.relu(out + identity))


class Bottleneck(Slotted):
    """Residual unit of a 1x1, a 3x3 and a 1x1 convolution (ResNet-50 and deeper).

    Source: He et al. 2016, figure 5, right. The stride is on the 3x3 convolution, as in torchvision, and not
    on the first 1x1 as in the paper: the parameters are the same, ResNet-50's multiply-accumulates are 4.09 G
    instead of 3.86 G.

    Args:
        in_channels: C, of the input.
        width: channels of the convolutions; the unit returns ``width * expansion``.
        stride: of the 3x3 convolution; both sides of the map are divided by it, rounded up.

    Shape:
        ``(N, C, H, W)`` to ``(N, width * expansion, H / stride, W / stride)``.
    """

    expansion = 4

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        channels = width * self.expansion
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.downsample = _projection(in_channels, channels, stride)
        self.add_slots(
            before_unit=in_channels,
            after_3x3=width,
            residual=channels,
            identity=channels,
            after_addition=channels,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Add the residual branch to the identity."""
        x = self.attend("before_unit", x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.attend("after_3x3", self.relu(self.bn2(self.conv2(out))))
        out = self.attend("residual", self.bn3(self.conv3(out)))
        identity = self.attend("identity", x if self.downsample is None else self.downsample(x))
        return self.attend("after_addition", self.relu(out + identity))


def _projection(in_channels: int, channels: int, stride: int) -> nn.Sequential | None:
    """The 1x1 convolution of the identity branch, where its shape would not fit the sum."""
    if stride == 1 and in_channels == channels:
        return None
    return nn.Sequential(
        nn.Conv2d(in_channels, channels, 1, stride, bias=False),
        nn.BatchNorm2d(channels),
    )


class ResNet(Backbone):
    """A residual network: a stem, stages of residual units, a mean over the map and a linear layer.

    The stages are ``layer1``, ``layer2`` and so on; every one after the first halves the sides. Parameter
    names are torchvision's.

    Source: He et al., *Deep Residual Learning for Image Recognition*, CVPR 2016, arXiv 1512.03385, table 1.
    The SE paper counts the stages from the stem, so its stage 2 is ``layer1`` and stage 1 here.

    Args:
        unit: the residual unit, ``BasicBlock`` or ``Bottleneck``.
        depths: how many units each stage has.
        widths: the width of each stage's units, which put out ``width * unit.expansion`` channels.
        num_classes: width of the output.
        in_channels: channels of the input image.
        stem_kernel: side of the stem's convolution, which has stride 2.
        stem_pool: whether a 3x3 max pool of stride 2 follows the stem's convolution.

    Shape:
        ``(N, in_channels, H, W)`` to ``(N, num_classes)``.

    Raises:
        ValueError: ``depths`` and ``widths`` differ in length.
    """

    authors_placements: ClassVar = {
        "bam": Placement("between_stages"),
        # Where Wang et al. 2018 put their one non-local block: right before the last unit of res4.
        "self_attention": Placement("before_last_unit", stages=(3,)),
    }

    def __init__(
        self,
        unit: type[BasicBlock] | type[Bottleneck],
        depths: Sequence[int],
        widths: Sequence[int] = (64, 128, 256, 512),
        *,
        num_classes: int = 1000,
        in_channels: int = 3,
        stem_kernel: int = 7,
        stem_pool: bool = True,
    ) -> None:
        super().__init__()
        if len(depths) != len(widths):
            raise ValueError(
                f"`depths` and `widths` must be equally long; got {len(depths)} and {len(widths)} stages"
            )
        channels = widths[0]
        self.conv1 = nn.Conv2d(in_channels, channels, stem_kernel, 2, padding=stem_kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, padding=1) if stem_pool else nn.Identity()

        self.layers = tuple(f"layer{number}" for number in range(1, len(depths) + 1))
        for layer, depth, width in zip(self.layers, depths, widths, strict=True):
            first = unit(channels, width, stride=1 if layer == "layer1" else 2)
            channels = width * unit.expansion
            self.add_module(layer, nn.Sequential(first, *(unit(channels, width) for _ in range(depth - 1))))

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, num_classes)
        self.initialise_convolutions()

        self.stages = tuple(
            tuple(f"{layer}.{index}" for index in range(depth))
            for layer, depth in zip(self.layers, depths, strict=True)
        )
        self.before_downsampling = tuple(range(1, len(depths)))

    def forward(self, x: Tensor) -> Tensor:
        """Classify a batch of images."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for layer in self.layers:
            x = self.get_submodule(layer)(x)
        logits: Tensor = self.fc(self.avgpool(x).flatten(1))
        return logits


def resnet18(
    num_classes: int = 1000,
    *,
    attention: Attention = None,
    placement: str | None = None,
    stages: Sequence[int] | None = None,
    **block_keywords: object,
) -> ResNet:
    """Build ResNet-18: 11,689,512 parameters without attention.

    Source: He et al. 2016, table 1. Parameter names and shapes are torchvision's, so its weights load.

    Args:
        num_classes: width of the output.
        attention: a name out of ``attn_lib.blocks.BLOCKS`` or ``VARIANTS``, a callable
            ``channels -> block``, or None.
        placement: where in the units, by a name listed at the top of this module. By default where the
            block's authors put it: BAM between the stages, self-attention once, before the last unit of the
            third stage, the others, and any callable, on the residual branch.
        stages: which of the stages 1 to 4 get a block; by default all, or, between stages, 1 to 3.
        block_keywords: passed on to the named block, such as ``reduction=16``.

    Shape:
        ``(N, 3, H, W)`` to ``(N, num_classes)``.

    Raises:
        TypeError: ``attention`` has the wrong type, or ``placement``, ``stages`` or block keywords came
            without a block to use them.
        ValueError: no block, placement or stage has that name.

    Example:
        >>> resnet18(attention="se", reduction=8, stages=[4])(torch.zeros(1, 3, 64, 64)).shape
        torch.Size([1, 1000])
    """
    model = ResNet(BasicBlock, (2, 2, 2, 2), num_classes=num_classes)
    put_attention(model, attention, placement=placement, stages=stages, block_keywords=block_keywords)
    return model


def resnet34(
    num_classes: int = 1000,
    *,
    attention: Attention = None,
    placement: str | None = None,
    stages: Sequence[int] | None = None,
    **block_keywords: object,
) -> ResNet:
    """Build ResNet-34: 21,797,672 parameters without attention. Arguments as for :func:`resnet18`."""
    model = ResNet(BasicBlock, (3, 4, 6, 3), num_classes=num_classes)
    put_attention(model, attention, placement=placement, stages=stages, block_keywords=block_keywords)
    return model


def resnet50(
    num_classes: int = 1000,
    *,
    attention: Attention = None,
    placement: str | None = None,
    stages: Sequence[int] | None = None,
    **block_keywords: object,
) -> ResNet:
    """Build ResNet-50: 25,557,032 parameters without attention. Arguments as for :func:`resnet18`."""
    model = ResNet(Bottleneck, (3, 4, 6, 3), num_classes=num_classes)
    put_attention(model, attention, placement=placement, stages=stages, block_keywords=block_keywords)
    return model


def resnet101(
    num_classes: int = 1000,
    *,
    attention: Attention = None,
    placement: str | None = None,
    stages: Sequence[int] | None = None,
    **block_keywords: object,
) -> ResNet:
    """Build ResNet-101: 44,549,160 parameters without attention. Arguments as for :func:`resnet18`."""
    model = ResNet(Bottleneck, (3, 4, 23, 3), num_classes=num_classes)
    put_attention(model, attention, placement=placement, stages=stages, block_keywords=block_keywords)
    return model
