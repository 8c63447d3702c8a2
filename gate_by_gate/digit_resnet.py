"""The small ResNet of the digits experiment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from attn_lib.backbones.backbone import put_attention
from attn_lib.backbones.resnet import BasicBlock, ResNet
from attn_lib.backbones.slots import Attention

__all__ = ["DigitResNet", "digit_resnet"]


class DigitResNet(ResNet):
    """The small ResNet of the digits experiment: one basic unit in each stage, a narrow stem without a pool.

    Every block, BAM and self-attention too, goes into every unit's residual branch unless another placement
    is named, so that the experiment compares blocks and not placements.

    Args:
        num_classes: width of the output.
        in_channels: channels of the input image.
        widths: channels of the stages.
        depths: basic units in each stage.

    Shape:
        ``(N, in_channels, H, W)`` to ``(N, num_classes)``.
    """

    authors_placements: ClassVar = {}

    def __init__(
        self, num_classes: int, in_channels: int, widths: Sequence[int], depths: Sequence[int]
    ) -> None:
        super().__init__(
            BasicBlock,
            depths,
            widths,
            num_classes=num_classes,
            in_channels=in_channels,
            stem_kernel=3,
            stem_pool=False,
        )


def digit_resnet(
    *,
    num_classes: int = 10,
    in_channels: int = 1,
    widths: Sequence[int] = (16, 32, 64),
    depths: Sequence[int] | None = None,
    attention: Attention = None,
    placement: str | None = None,
    stages: Sequence[int] | None = None,
    **block_keywords: object,
) -> DigitResNet:
    """Build the small ResNet of the digits experiment: 77,754 parameters without attention.

    A 3x3 convolution of stride 2 without a max pool, three stages of one basic unit with strides 1, 2 and 2,
    a global mean and a linear layer. The blocks are ``layer1.0.attention`` and so on.

    Args:
        num_classes: width of the output.
        in_channels: channels of the input image.
        widths: channels of the stages; there are as many stages.
        depths: basic units in each stage; by default one.
        attention: a name out of ``attn_lib.blocks.BLOCKS`` or ``VARIANTS``, a callable
            ``channels -> block``, or None.
        placement: a name listed at the top of ``resnet.py``; by default ``"residual"``, for every block.
        stages: which stages get a block; by default all, or, between stages, all but the last.
        block_keywords: passed on to the named block, such as ``reduction=4``.

    Shape:
        ``(N, in_channels, H, W)`` to ``(N, num_classes)``.

    Raises:
        TypeError: ``attention`` has the wrong type, or ``placement``, ``stages`` or block keywords came
            without a block to use them.
        ValueError: no block, placement or stage has that name, or ``widths`` and ``depths`` differ in length.
    """
    model = DigitResNet(num_classes, in_channels, widths, (1,) * len(widths) if depths is None else depths)
    put_attention(model, attention, placement=placement, stages=stages, block_keywords=block_keywords)
    return model
