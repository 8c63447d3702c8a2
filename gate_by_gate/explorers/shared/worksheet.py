"""A block's arithmetic on a small map: the tensors of one forward pass, and where each number comes from."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from attn_lib.inspection.hooks import watching
from gate_by_gate.widgets.controls import Control, Value
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.computation import Computation, Grid, Step

__all__ = [
    "EXAMPLE_HIGH",
    "EXAMPLE_SIDES",
    "Place",
    "Rule",
    "Shape",
    "Worksheet",
    "bracketed",
    "convolution",
    "definition_of",
    "equals",
    "example_block",
    "largest",
    "layer_calls",
    "mean",
    "number",
    "own",
    "own_column",
    "own_plane",
    "own_row",
    "product",
    "sigmoid",
    "through",
    "weighted_sum",
    "whole",
]

EXAMPLE = (
    ((0, 0, 1, 0), (0, 5, 7, 1), (0, 7, 8, 1), (0, 1, 1, 0)),
    ((2, 3, 1, 2), (1, 2, 3, 2), (3, 1, 2, 2), (2, 3, 2, 1)),
    ((0, 0, 4, 0), (0, 0, 4, 0), (0, 0, 4, 0), (0, 0, 4, 0)),
)
"""The map that most blocks are shown on. Its first two channels have the same mean."""

EXAMPLE_SIDES = (4, 4)
"""Its rows and columns."""

EXAMPLE_PLANES = ("0: a spot", "1: clutter", "2: a line")
"""What is in its channels."""

EXAMPLE_HIGH = 8
"""Its largest number."""

MOST_TERMS = 4
"""Of so many products a sum is written in full: more do not fit a line of a phone."""

Block = TypeVar("Block", bound=nn.Module)

Place = tuple[int, int, int]
"""Where a number of a tensor stands: its plane, row and column."""

Shape = tuple[int, int, int]
"""Planes, rows and columns of a tensor."""

Rule = Callable[[Place, Shape], list[Place]]
"""From the place of a number and the shape of another tensor: the places there that it is computed from."""

Working = Callable[[float, Mapping[str, Sequence[float]]], str]
"""From a number, and the numbers that it was computed from, to how it was computed, in writing."""


def example_block(build: Callable[[], Block], weights: Mapping[str, object]) -> Block:
    """Build a block in eval mode with the weights of an example; all others are zero.

    A batch norm is left with a scale of exactly 1: it adds its bias and nothing else.

    Args:
        build: makes the block. The random numbers that it draws for its weights are not missed elsewhere.
        weights: lists in any nesting by the names of the parameters.

    Raises:
        KeyError: the block has no parameter of a name.
    """
    with torch.random.fork_rng(devices=[]):
        block = build()
    parameters = dict(block.named_parameters())
    with torch.no_grad():
        for module in block.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) and module.running_var is not None:
                module.running_var.fill_(1 - module.eps)
        for name, parameter in parameters.items():
            if not name.partition("norm")[2].endswith("weight"):
                parameter.zero_()
        for name, values in weights.items():
            parameters[name].copy_(torch.tensor(values).reshape(parameters[name].shape))
    return block.eval()


def layer_calls(block: nn.Module, x: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
    """Run a block once; return what each of its modules received and returned, by the module's name.

    The block itself has the name ``""``.
    """
    with watching(
        block,
        select=lambda module: True,
        before=lambda name, module, args, kwargs: args[0].clone(),
        after=lambda module, output: output.clone(),
    ) as watch:
        block(x)
    return {call.name: (call.before, call.after) for call in watch.calls}


class Worksheet:
    """The grids of a computation, put down one after the other with where their numbers come from."""

    def __init__(self) -> None:
        self.grids: dict[str, Grid] = {}
        self._exact: dict[str, list[float]] = {}

    def put(
        self,
        name: str,
        symbol: str,
        label: str,
        values: Tensor,
        reads: Mapping[str, Rule] | None = None,
        working: Working | Sequence[Working] | None = None,
        **options: Any,
    ) -> None:
        """Put a tensor down.

        Args:
            name: what the steps call it.
            symbol: the letter that a reader sees.
            label: what stands above it.
            values: its numbers, of shape ``(planes, rows, columns)``.
            reads: for each tensor that a number is computed from where in it; by default it is given.
            working: how a number was computed; or so for each plane.
            options: further fields of a :class:`~gate_by_gate.widgets.items.computation.Grid`.
        """
        planes, rows, columns = values.shape
        places = list(itertools.product(range(planes), range(rows), range(columns)))
        read = {
            source: [rule(place, self.grids[source].shape) for place in places]
            for source, rule in (reads or {}).items()
        }
        sources = {
            source: [[self.at(source, one) for one in found] for found in each]
            for source, each in read.items()
        }
        operands = [
            {source: [self._exact[source][one] for one in each[at]] for source, each in sources.items()}
            for at in range(len(places))
        ]
        exact = self._exact[name] = values.flatten().tolist()
        by_plane = [working] * planes if working is None or callable(working) else list(working)
        writing = [by_plane[plane] for plane, _, _ in places]
        self.grids[name] = Grid(
            values,
            symbol,
            label,
            sources=sources,
            workings=[
                write(value, numbers)
                for write, value, numbers in zip(writing, exact, operands, strict=True)
                if write is not None
            ],
            **options,
        )

    def at(self, name: str, place: Place) -> int:
        """Count a place of a grid plane by plane and row by row, as the page does."""
        _, rows, columns = self.grids[name].shape
        plane, row, column = place
        return (plane * rows + row) * columns + column

    def put_weights(self, name: str, symbol: str, label: str, values: Tensor) -> None:
        """Put the weights of a layer down."""
        self.put(name, symbol, label, values.detach(), weights=True, decimals=2)

    def put_bottleneck(
        self, squeezed: Tensor, hidden: Tensor, scores: Tensor, layers: Sequence[Tensor]
    ) -> None:
        """Put the means of three channels down, the hidden unit that hears them, and its answer to each.

        Args:
            squeezed: the means of the planes of ``x``.
            hidden: the unit, after its ReLU.
            scores: one for each channel.
            layers: the weights into the unit, and out of it.
        """
        into, out_of = (weights.reshape(3, 1, 1) for weights in layers)
        self.put("z", "z", "z: the mean of each channel", squeezed.reshape(3, 1, 1), {"x": own_plane}, mean)
        self.put_weights("w1", "W₁", "W₁: a weight for each mean", into)
        self.put(
            "h",
            "h",
            "h: one hidden unit",
            hidden.reshape(1, 1, 1),
            {"z": whole, "w1": whole},
            weighted_sum("z", "w1", activation="ReLU"),
        )
        self.put_weights("w2", "W₂", "W₂: a weight for each channel", out_of)
        self.put(
            "a",
            "a",
            "a: a score for each channel",
            scores.reshape(3, 1, 1),
            {"h": whole, "w2": own},
            weighted_sum("h", "w2"),
        )

    def put_gates(self, name: str, symbol: str, label: str, values: Tensor, *scores: str) -> None:
        """Put gates down: the sigmoid of a score, or of the sum of several."""
        self.put(name, symbol, label, values, dict.fromkeys(scores, own), sigmoid, decimals=2, high=1)

    def put_example(self, *, spot: bool = True) -> Tensor:
        """Put the example map down as ``x``, with or without its spot; return it as a batch of one."""
        x = torch.tensor(EXAMPLE, dtype=torch.float32)
        x[0] *= spot
        planes = EXAMPLE_PLANES if spot else ("0: nothing", *EXAMPLE_PLANES[1:])
        self.put("x", "x", "x: the input", x, high=EXAMPLE_HIGH, planes=planes)
        return x[None]


def own(place: Place, shape: Shape) -> list[Place]:
    """Read the number at the same place, where a side of 1 stands for every plane, row or column."""
    plane, row, column = (at if side > 1 else 0 for at, side in zip(place, shape, strict=True))
    return [(plane, row, column)]


def whole(place: Place, shape: Shape) -> list[Place]:
    """Read every number."""
    planes, rows, columns = map(range, shape)
    return list(itertools.product(planes, rows, columns))


def own_plane(place: Place, shape: Shape) -> list[Place]:
    """Read every number of the same plane."""
    return [one for one in whole(place, shape) if one[0] == place[0]]


def own_row(place: Place, shape: Shape) -> list[Place]:
    """Read the same row of the same plane."""
    return [(*place[:2], column) for column in range(shape[2])]


def own_column(place: Place, shape: Shape) -> list[Place]:
    """Read the same column of the same plane."""
    return [(place[0], row, place[2]) for row in range(shape[1])]


def through(place: Place, shape: Shape) -> list[Place]:
    """Read the same place of every plane."""
    return [(plane, *place[1:]) for plane in range(shape[0])]


def convolution(rows: int, columns: int, dilation: int = 1) -> tuple[Rule, Rule]:
    """Return what a 3 x 3 convolution reads, of its map and of its weights: nothing beyond the edge.

    Args:
        rows: the rows of the map.
        columns: its columns.
        dilation: the distance of the taps.
    """

    def taps(place: Place) -> list[tuple[int, int]]:
        reach = range(-1, 2)
        return [
            (i, j)
            for i, j in itertools.product(reach, reach)
            if 0 <= place[1] + dilation * i < rows and 0 <= place[2] + dilation * j < columns
        ]

    def of_map(place: Place, shape: Shape) -> list[Place]:
        _, row, column = place
        there = [(row + dilation * i, column + dilation * j) for i, j in taps(place)]
        return [(plane, *place) for plane in range(shape[0]) for place in there]

    def of_weights(place: Place, shape: Shape) -> list[Place]:
        return [(plane, 1 + i, 1 + j) for plane in range(shape[0]) for i, j in taps(place)]

    return of_map, of_weights


def number(value: float, decimals: int = 3) -> str:
    """Write a number without needless zeros, with a minus sign that is one."""
    return f"{round(value, decimals) + 0.0:.10g}".replace("-", "−")


def bracketed(value: float) -> str:
    """Write a number as a factor: a negative one in brackets."""
    return f"({number(value)})" if value < 0 else number(value)


def equals(value: float, decimals: int = 2) -> str:
    """Write what comes out, behind ``=`` if the number is written in full and behind ``≈`` if not."""
    return f"{'=' if abs(value - round(value, decimals)) < 1e-5 else '≈'} {number(value, decimals)}"


def added(terms: Iterable[tuple[float, str]]) -> str:
    """Write a sum of terms, each its sign and what follows it."""
    text = "".join(f" {'−' if sign < 0 else '+'} {term}" for sign, term in terms)
    return text.removeprefix(" + ").removeprefix(" ").replace("− ", "−", text.startswith(" − "))


def mean(value: float, read: Mapping[str, Sequence[float]]) -> str:
    """Write the mean of all numbers read: ``32 / 16 = 2``."""
    numbers = [one for source in read.values() for one in source]
    summed = (
        number(sum(numbers)) if len(numbers) > 4 else f"({added((one, number(abs(one))) for one in numbers)})"
    )
    return f"{summed} / {len(numbers)} {equals(value)}"


def largest(value: float, read: Mapping[str, Sequence[float]]) -> str:
    """Write the maximum of all numbers read: ``max of 16 = 8``."""
    numbers = [one for source in read.values() for one in source]
    listed = ", ".join(map(number, numbers)) if len(numbers) <= 4 else f"{len(numbers)} numbers"
    return f"max({listed}) {equals(value)}"


def product(value: float, read: Mapping[str, Sequence[float]]) -> str:
    """Write the product of all numbers read: ``0.953 · 8 ≈ 7.62``."""
    return f"{' · '.join(bracketed(one) for source in read.values() for one in source)} {equals(value)}"


def sigmoid(value: float, read: Mapping[str, Sequence[float]]) -> str:
    """Write the sigmoid of the sum of all numbers read: ``σ(3) ≈ 0.953``."""
    numbers = [one for source in read.values() for one in source]
    return f"σ({added((one, number(abs(one))) for one in numbers)}) {equals(value, 3)}"


def weighted_sum(numbers: str, weights: str, bias: str = "", activation: str = "") -> Working:
    """Return what writes numbers times weights, added up: ``2 · 1 − 1 · 3 = −1``.

    Weights of 0 are left out.

    Args:
        numbers: the grid of the numbers.
        weights: the grid of the weights, in the order of the numbers, or of one weight for all.
        bias: the grid of what is added.
        activation: the function that the sum goes through.
    """

    def write(value: float, read: Mapping[str, Sequence[float]]) -> str:
        pairs = zip(read[weights], read[numbers], strict=True)
        factors = [(weight, one) for weight, one in pairs if weight]
        terms = [(weight, f"{number(abs(weight))} · {bracketed(one)}") for weight, one in factors]
        if len(terms) > MOST_TERMS:
            total = sum(weight * one for weight, one in factors)
            terms = [(total, f"{number(abs(total))} ({len(factors)} products)")]
        terms += [(one, number(abs(one))) for one in read.get(bias, ())]
        summed = added(terms or [(1, "0")])
        return f"{f'{activation}({summed})' if activation else summed} {equals(value)}"

    return write


def definition_of(
    name: str,
    question: str,
    steps: Mapping[str, Step],
    compute: Callable[[Setting], Worksheet],
    *,
    lanes: int = 3,
    inputs: Control | None = None,
    retold: Mapping[Value, Mapping[str, Step]] | None = None,
) -> Definition:
    """Return the explorer that goes through the steps of a block.

    Args:
        name: the name of its file.
        question: the question that the steps answer.
        steps: the steps, by what the control calls them.
        compute: puts down all grids that the steps show, for a setting.
        lanes: the channels of the map.
        inputs: the control that picks the map; by default there is one map.
        retold: for a value of this control the steps of which something else is to be said.
    """
    control = Control("step", "step", range(len(steps)), len(steps) - 1, texts=list(steps))
    before = (inputs,) if inputs else ()

    def data(setting: Setting) -> Data:
        told = dict(steps)
        for one in before:
            told |= (retold or {}).get(setting[one.name], {})
        return {"steps": Computation(compute(setting).grids, list(told.values()), "step", lanes)}

    item = Item("steps", Computation, "the steps")
    depends = tuple(one.name for one in before)
    # Of one map the item keeps room for the longest sentence; what is said of another map may be longer.
    room = (0, 31.9) if inputs else (0, 0)
    part = Part("steps", depends, (item,), data, view_controls=("step",), room=room)
    return Definition(name, question, (*before, control), (Panel("steps", "step by step", (part,)),))
