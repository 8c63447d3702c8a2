"""The photographs as the classifier of ImageNet sees them, and what it says of each."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

import torch
from torch import Tensor, nn

from attn_lib.backbones import EfficientNetLite0
from attn_lib.inspection.hooks import watching
from gate_by_gate import imagenet
from gate_by_gate.explorers.shared.kept import kept
from gate_by_gate.photographs import photographs
from gate_by_gate.widgets.items.ranking import Share

__all__ = [
    "before_unit",
    "begin_at",
    "inputs",
    "network",
    "probabilities",
    "random_classifier",
    "scores",
    "seen_by_unit",
    "top_shares",
]


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


@kept
def scores() -> Tensor:
    """Return the network's scores of all classes, for all photographs: ``(9, 1000)``."""
    with torch.no_grad():
        found: Tensor = network()(inputs())
    return found


@cache
def probabilities() -> Tensor:
    """Return the network's probabilities of all classes, for all photographs: ``(9, 1000)``."""
    return scores().softmax(dim=1)


def before_unit(unit: int) -> Tensor:
    """Return what the trained network has made of all photographs before one of its units, from 0 to 15."""
    return _before_units()[unit]


@cache
def _before_units() -> list[Tensor]:
    """Run the trained network once for all of its units."""
    return _seen_by(network(), list(network()._blocks))


def seen_by_unit(model: EfficientNetLite0, unit: int) -> Tensor:
    """Return what a network has made of all photographs before one of its units, from 0 to 15."""
    (seen,) = _seen_by(model, [model._blocks[unit]])
    return seen


def _seen_by(model: EfficientNetLite0, units: list[nn.Module]) -> list[Tensor]:
    with watching(
        model,
        select=lambda module: module in units,
        before=lambda name, module, args, kwargs: args[0],
        after=lambda module, output: None,
    ) as watch:
        model(inputs())
    return [call.before for call in watch.calls]


def begin_at(model: EfficientNetLite0, unit: int) -> EfficientNetLite0:
    """Cut off what comes before a unit: the model then takes what :func:`before_unit` returns.

    The model itself is changed, and its units are counted anew, from 0.
    """
    for name in ("_conv_stem", "_bn0", "_stem_activation"):
        setattr(model, name, nn.Identity())
    model._blocks = nn.Sequential(*list(model._blocks)[unit:])
    return model


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
