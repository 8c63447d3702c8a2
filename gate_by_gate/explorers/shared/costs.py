"""Parameters of a block, layer by layer, as rows of a table."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import nn

from attn_lib.inspection import count_parameters
from gate_by_gate.widgets.items.number import count
from gate_by_gate.widgets.items.terms import Term, Terms

__all__ = ["terms_by_layer"]

_ONE = re.compile(r" × 1\b")
"""The kernel sides of a 1 x 1 convolution, which are left out of a product."""

_SQUARE = re.compile(r"\b(\d+) × \1 × 3 × 3\b")
"""The weights of a 3 x 3 convolution that keeps the width, written as 9 × m² to fit a phone."""


def terms_by_layer(block: nn.Module, layers: Mapping[str, tuple[str, str]]) -> Terms:
    """Count the parameters of each layer of a block.

    Args:
        block: the block.
        layers: for the name of each layer with parameters, what it is called and the formula of its count.
    """
    counted = count_parameters(block)
    rows = [
        Term(
            name,
            *layers[name],
            _SQUARE.sub(r"9 × \1²", _ONE.sub("", part.formula.partition(" = ")[0])),
            count(part.total),
        )
        for name, part in counted.parts.items()
    ]
    return Terms(rows, count(counted.total))
