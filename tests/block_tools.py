"""What the tests of the blocks share."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from attn_lib.blocks import block_class, keyword_defaults


def count_parameters(module: nn.Module) -> int:
    """Count the numbers that training may change."""
    return sum(parameter.numel() for parameter in module.parameters())


def small_reduction(name: str) -> dict[str, int]:
    """Return the keyword with which a registered block takes a few channels, if it has a reduction at all."""
    return {"reduction": 3} if "reduction" in keyword_defaults(name) else {}


def build_block(name: str, channels: int, **keywords: Any) -> nn.Module:
    """Build a registered block of a few channels.

    Where its default reduction would leave too few hidden units, and none is given, it is 3.
    """
    defaults = keyword_defaults(name)
    if "reduction" in defaults and channels < 4 * defaults["reduction"]:
        keywords = {"reduction": min(3, channels), **keywords}
    return block_class(name, keywords)(channels, **keywords)


def randomise(block: nn.Module, seed: int = 0) -> nn.Module:
    """Draw every parameter and running statistic of ``block``, so that none is 0 or 1 by initialisation.

    Biases are positive, so that a ReLU behind them is not closed for every input.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in block.state_dict().items():
            if value.is_floating_point():
                value.copy_(torch.randn(value.shape, generator=generator) / 2)
                if name.endswith(("bias", "running_var")):
                    value.abs_().add_(0.5)
    return block
