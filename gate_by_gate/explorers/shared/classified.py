"""The photographs as the classifier of ImageNet sees them, and what it says of each."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

import torch
from torch import Tensor, nn

from attn_lib.backbones import EfficientNetLite0
from gate_by_gate import imagenet
from gate_by_gate.photographs import photographs
from gate_by_gate.widgets.items.ranking import Share

__all__ = ["inputs", "network", "probabilities", "random_classifier", "top_shares"]


@cache
def network() -> EfficientNetLite0:
    """Return the trained classifier, the same one at every call.

    It computes in double precision: in single precision the last of the digits that a page shows would depend
    on the order in which a machine, or another number of threads, adds.
    """
    return imagenet.classifier().double()


@cache
def random_classifier() -> EfficientNetLite0:
    """Return the trained network with a last layer drawn at random: it has features, and knows no class."""
    changed = deepcopy(network())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        nn.init.normal_(changed._fc.weight, std=0.01)
    nn.init.zeros_(changed._fc.bias)
    return changed


@cache
def inputs() -> Tensor:
    """Return all photographs as the network takes them: float64 ``(9, 3, 224, 224)``."""
    return imagenet.to_input(photographs(side=imagenet.SIDE)).double()


@cache
def probabilities() -> Tensor:
    """Return the network's probabilities of all classes, for all photographs: ``(9, 1000)``."""
    with torch.no_grad():
        return network()(inputs()).softmax(dim=1)


def top_shares(chances: Tensor, count: int = 5, marked: int | None = None) -> list[Share]:
    """Return the surest classes as rows of a ranking.

    Args:
        chances: the probabilities of all classes, ``(1000,)``.
        count: how many classes.
        marked: the number of the class that is pointed out.
    """
    names = imagenet.class_names()
    surest = chances.topk(count)
    pairs = zip(surest.indices.tolist(), surest.values.tolist(), strict=True)
    return [Share(names[number], chance, number == marked) for number, chance in pairs]
