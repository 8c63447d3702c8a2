"""The networks that runs train: the digits' ResNet with a block, its keywords and its placement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import torch
from torch import nn

from attn_lib.blocks import keyword_defaults
from gate_by_gate.digit_resnet import digit_resnet

__all__ = ["NetworkConfig", "build_network", "count_parameters", "round_to_half"]

_ALWAYS_NAMED = {"reduction": "r", "kernel_size": "k", "bias": "bias"}
"""Keywords that every name shows, shortened as in papers; a name shows any other that is not the default."""

_GAINED_LATER = {("cbam", "bias")}
"""Keywords of these that a block had not yet when its runs were named."""


class Shaped(Protocol):
    """A task, as far as it decides the shape of its network."""

    @property
    def channels(self) -> int:
        """Channels of an image."""

    @property
    def classes(self) -> int:
        """Number of possible answers."""

    @property
    def widths(self) -> Sequence[int]:
        """Channels of the stages, unless the network's own ``widths`` are given."""


@dataclass(frozen=True)
class NetworkConfig:
    """A network by its block, the block's keywords and whatever else differs from the usual network.

    Args:
        attention: the name of a block in ``attn_lib.blocks.BLOCKS`` or ``VARIANTS``, or None for the plain
            network.
        keywords: of the block. Those that are not given are filled in with the block's defaults, so that two
            configs are equal exactly if their networks are.
        placement: where in a unit the block sits; None is the end of the residual branch.
        stages: the stages with a block; None is every one, or, between stages, all but the last.
        widths: channels of the stages; None is the task's.
        depths: basic units in each stage; None is one.

    Raises:
        TypeError: the block does not take a keyword.
        ValueError: no block has that name.
    """

    attention: str | None = None
    keywords: Mapping[str, Any] = field(default_factory=dict)
    placement: str | None = None
    stages: Sequence[int] | None = None
    widths: Sequence[int] | None = None
    depths: Sequence[int] | None = None

    def __post_init__(self) -> None:
        defaults = keyword_defaults(self.attention)
        for name in self.keywords:
            if name not in defaults:
                block = "the plain network" if self.attention is None else repr(self.attention)
                raise TypeError(f"{block} takes the keywords {list(defaults)}; got {name!r}")
        object.__setattr__(self, "keywords", {**defaults, **self.keywords})
        for name in ("stages", "widths", "depths"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, tuple(getattr(self, name)))

    def varied(self, **keywords: object) -> NetworkConfig:
        """Return a copy with some keywords of the block changed."""
        return replace(self, keywords={**self.keywords, **keywords})

    @property
    def named_keywords(self) -> dict[str, Any]:
        """The keywords that names and records show; all others have the block's default.

        A keyword that a block gains later changes neither the names nor the records of earlier runs.
        """
        defaults = keyword_defaults(self.attention)
        return {
            name: value
            for name, value in self.keywords.items()
            if value != defaults[name]
            or (name in _ALWAYS_NAMED and (self.attention, name) not in _GAINED_LATER)
        }

    @property
    def architecture(self) -> dict[str, Any]:
        """The arguments of ``digit_resnet``, besides the block's, that differ from the usual network."""
        named = {name: getattr(self, name) for name in ("placement", "stages", "widths", "depths")}
        return {name: value for name, value in named.items() if value is not None}

    @property
    def name(self) -> str:
        """The network's short name in files and tables: ``plain``, ``se_r4_bias``, ``se_r4_bias_stages3``."""
        tags = [_tag(name, value) for name, value in self.named_keywords.items()]
        tags += [_architecture_tag(name, value) for name, value in self.architecture.items()]
        return "_".join([self.attention or "plain", *tags])

    def as_keywords(self, task: Shaped) -> dict[str, Any]:
        """Return the arguments with which ``digit_resnet`` builds this network for a task."""
        return {
            "num_classes": task.classes,
            "in_channels": task.channels,
            "widths": task.widths,
            "attention": self.attention,
            **self.architecture,
            **self.named_keywords,
        }


def _tag(keyword: str, value: object) -> str:
    short = _ALWAYS_NAMED.get(keyword, keyword)
    if isinstance(value, bool):
        return short if value else f"no{short}"
    if isinstance(value, str):
        return value
    return f"{short}{'auto' if value is None else value}"


def _architecture_tag(name: str, value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return name + "x".join(str(one) for one in value)
    return value if isinstance(value, str) else f"{name}{value}"


def build_network(config: NetworkConfig, task: Shaped, *, seed: int) -> nn.Module:
    """Build a task's network with the initial weights of ``seed``; torch's global generator stays as it was.

    A backbone is initialised before its blocks are, so networks with the same seed start from the same
    weights in every layer that they share.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return digit_resnet(**config.as_keywords(task))


def round_to_half(network: nn.Module) -> None:
    """Round every weight and statistic of ``network`` to half precision, in place; they stay float32.

    What is published is this network and no other: its accuracy is measured after the rounding, and a
    checkpoint with two bytes a value holds it exactly.
    """
    for value in network.state_dict().values():
        if value.is_floating_point():
            value.copy_(value.half())


def count_parameters(network: nn.Module) -> int:
    """Return the number of values that training changes."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
