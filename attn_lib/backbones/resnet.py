"""ResNet with slots for attention, and the small one of the digits experiment."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from attn_lib.backbones.slots import Attention, Slotted, block_factory, fill, slot_name
from attn_lib.blocks.arguments import check_choice

__all__ = ["BasicBlock", "Bottleneck", "ResNet", "digit_resnet"]


class BasicBlock(Slotted):
    """Residual unit of two 3x3 convolutions (ResNet-18 and -34).

    Source: He et al., *Deep Residual Learning for Image Recognition*, CVPR 2016, arXiv 1512.03385, figure 5,
    left.
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


class ResNet(Slotted):
    """A residual network: a stem, stages of residual units, a mean over the map and a linear layer.

    The stages are ``layer1``, ``layer2`` and so on; every one after the first halves the sides. Parameter
    names are torchvision's.

    Source: He et al., *Deep Residual Learning for Image Recognition*, CVPR 2016, arXiv 1512.03385, table 1.

    Args:
        unit: the residual unit, ``BasicBlock`` or ``Bottleneck``.
        depths: how many units each stage has.
        widths: the width of each stage's units; a unit puts out ``width * unit.expansion`` channels.
        num_classes: width of the output.
        in_channels: channels of the input image.
        stem_kernel: side of the stem's convolution, which has stride 2.
        stem_pool: whether a 3x3 max pool of stride 2 follows the stem's convolution.

    Shape:
        ``(N, in_channels, H, W)`` to ``(N, num_classes)``.
    """

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
                f"`depths` and `widths` must be equally long; got {len(depths)} and {len(widths)}"
            )
        channels = widths[0]
        self.conv1 = nn.Conv2d(in_channels, channels, stem_kernel, 2, padding=stem_kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, padding=1) if stem_pool else nn.Identity()

        self.num_stages = len(depths)
        after_stage = {}
        for stage, (depth, width) in enumerate(zip(depths, widths, strict=True), start=1):
            units = []
            for index in range(depth):
                stride = 2 if stage > 1 and index == 0 else 1
                units.append(unit(channels, width, stride))
                channels = width * unit.expansion
            self.add_module(f"layer{stage}", nn.Sequential(*units))
            after_stage[f"after_layer{stage}"] = channels

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, num_classes)
        self.add_slots(**after_stage)
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Classify a batch of images."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for stage in range(1, self.num_stages + 1):
            x = self.attend(f"after_layer{stage}", self.get_submodule(f"layer{stage}")(x))
        return self.fc(self.avgpool(x).flatten(1))

    def places(self, placement: str, stages: Sequence[int] | None = None) -> dict[str, int]:
        """Name the slots of a placement and the channels that a block there sees.

        Args:
            placement: ``"residual"`` (after the branch's last norm, before the addition), ``"before_unit"``,
                ``"after_addition"``, ``"identity"``, ``"after_3x3"`` (bottlenecks only), or
                ``"between_stages"``.
            stages: which of ``layer1``, ``layer2``, ... to use, counted from 1. Every stage by default;
                ``"between_stages"`` leaves out the last one, after which no other stage comes.

        Raises:
            ValueError: this network has no such placement or stage.
        """
        known = range(1, self.num_stages + 1)
        if stages is None:
            stages = known[:-1] if placement == "between_stages" else known
        for stage in stages:
            if stage not in known:
                raise ValueError(f"`stages` must be within 1 .. {self.num_stages}; got {tuple(stages)}")
        unit = self.get_submodule("layer1.0")
        assert isinstance(unit, Slotted)
        check_choice("placement", placement, (*unit.slots, "between_stages"))
        if placement == "between_stages":
            return {slot_name(f"after_layer{stage}"): self.slots[f"after_layer{stage}"] for stage in stages}
        return {
            f"{name}.{slot_name(placement)}": module.slots[placement]
            for name, module in self.named_modules()
            if isinstance(module, BasicBlock | Bottleneck) and int(name[len("layer")]) in stages
        }


def digit_resnet(
    *,
    num_classes: int = 10,
    in_channels: int = 1,
    widths: Sequence[int] = (16, 32, 64),
    attention: Attention = None,
    placement: str = "residual",
    **block_keywords: object,
) -> ResNet:
    """Build the small ResNet of the digits experiment, with an attention block in every unit if one is named.

    A 3x3 convolution of stride 2 without a max pool, three stages of one basic unit with strides 1, 2 and 2,
    a global mean and a linear layer: 77,754 parameters without attention. The blocks are
    ``layer1.0.attention`` and so on.

    Args:
        num_classes: width of the output.
        in_channels: channels of the input image.
        widths: channels of the three stages.
        attention: a name out of ``attn_lib.blocks.BLOCKS``, a callable ``channels -> block``, or None.
        placement: a placement of :meth:`ResNet.places`.
        block_keywords: passed on to the named block, such as ``reduction=4``.

    Shape:
        ``(N, in_channels, H, W)`` to ``(N, num_classes)``.

    Raises:
        TypeError: ``attention`` has the wrong type, or keywords came without a named block.
        ValueError: no block or placement has that name.
    """
    factory = block_factory(attention, block_keywords)
    model = ResNet(
        BasicBlock,
        depths=(1,) * len(widths),
        widths=widths,
        num_classes=num_classes,
        in_channels=in_channels,
        stem_kernel=3,
        stem_pool=False,
    )
    if factory is not None:
        fill(model, model.places(placement), factory)
    return model
