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
"""The sides of a 1x1 convolution, which only make a product longer."""

_SQUARE = re.compile(r"\b(\d+) × \1 × 3 × 3\b")
"""The weights of a 3x3 convolution that keeps the width: a phone has no room for more than 9 × m²."""


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
