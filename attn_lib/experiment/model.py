"""Which network a run trains: the digit ResNet of ``attn_lib.backbones`` with a block and its keywords."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from attn_lib.backbones import digit_resnet
from attn_lib.blocks import BLOCKS

__all__ = ["NetworkSetting", "build_network", "count_parameters", "keyword_defaults"]

_ALWAYS_NAMED = {"reduction": "r", "kernel_size": "k", "bias": "bias"}
"""Keywords that show in every name, shortened as papers do it; others show where they are not the default."""


def keyword_defaults(attention: str | None) -> dict[str, Any]:
    """Return the keywords that the named block takes, with their defaults, in the order of its signature.

    Raises:
        ValueError: no block has that name.
    """
    if attention is None:
        return {}
    if attention not in BLOCKS:
        expected = ", ".join(repr(name) for name in BLOCKS)
        raise ValueError(f"`attention` must be None or one of {expected}; got {attention!r}")
    parameters = inspect.signature(BLOCKS[attention]).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}


@dataclass(frozen=True)
class NetworkSetting:
    """A variant of the digit network.

    Args:
        attention: the name of a block in ``attn_lib.blocks.BLOCKS``, or None for the plain network.
        keywords: of the block. Those that are not given are filled in with the block's defaults, so that two
            settings are equal exactly if the networks are.

    Raises:
        TypeError: the block does not take a keyword.
        ValueError: no block has that name.
    """

    attention: str | None = None
    keywords: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        defaults = keyword_defaults(self.attention)
        for name in self.keywords:
            if name not in defaults:
                block = "the plain network" if self.attention is None else repr(self.attention)
                raise TypeError(f"{block} takes the keywords {list(defaults)}; got {name!r}")
        object.__setattr__(self, "keywords", {**defaults, **self.keywords})

    @property
    def named_keywords(self) -> dict[str, Any]:
        """The keywords that tell this variant from others; the rest are defaults of the block.

        A keyword that a block gains later changes neither the names nor the records of earlier runs.
        """
        defaults = keyword_defaults(self.attention)
        return {
            name: value
            for name, value in self.keywords.items()
            if name in _ALWAYS_NAMED or value != defaults[name]
        }

    @property
    def name(self) -> str:
        """A short name for files and tables: ``plain``, ``se_r4_bias``."""
        tags = [_tag(name, value) for name, value in self.named_keywords.items()]
        return "_".join([self.attention or "plain", *tags])

    def as_keywords(self) -> dict[str, Any]:
        """Return what rebuilds the network: ``digit_resnet(**setting.as_keywords())``."""
        return {
            "num_classes": 10,
            "in_channels": 1,
            "widths": (16, 32, 64),
            "attention": self.attention,
            **self.named_keywords,
        }


def _tag(keyword: str, value: object) -> str:
    short = _ALWAYS_NAMED.get(keyword, keyword)
    if isinstance(value, bool):
        return short if value else f"no{short}"
    return f"{short}{'auto' if value is None else value}"


def build_network(setting: NetworkSetting, *, seed: int) -> nn.Module:
    """Build a network with the initial weights of ``seed``, leaving torch's global generator as it was.

    A backbone is initialised before its blocks are, so variants with the same seed start from the same
    weights in every layer that they share.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return digit_resnet(**setting.as_keywords())


def count_parameters(network: nn.Module) -> int:
    """Return the number of trained values."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
