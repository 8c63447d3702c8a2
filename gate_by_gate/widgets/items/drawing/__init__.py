"""A small map that the reader draws, and what operators make of it: in the page, without a kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gate_by_gate.widgets.controls import Value, key_of
from gate_by_gate.widgets.items.encoded import Encoded, Kind, Numbers, as_list, flatten

__all__ = ["OPERATORS", "Drawing", "Operation", "Operator"]

OPERATORS = {
    "mean": "the mean of all numbers",
    "maximum": "the largest number",
    "convolution": "a 3 x 3 convolution, with zeros beyond the edge",
    "sigmoid": "the sigmoid of slope times each number plus shift",
    "product": "one number times every number of a map",
}
"""What the page can compute; a browser test compares each with PyTorch's."""


@dataclass(frozen=True, eq=False)
class Operator(Encoded):
    """An operator, what it reads, and its parameters.

    Args:
        operator: which; one of :data:`OPERATORS`.
        reads: the names of what it reads: ``"x"`` is the drawing. A product reads the one number first.
        kernel: the weights of a convolution, ``(3, 3)``.
        stride: the stride of a convolution.
        slope: what a sigmoid multiplies by.
        shift: what it then adds.

    Raises:
        ValueError: there is no such operator, or it lacks what it needs.
    """

    operator: str
    reads: Sequence[str]
    kernel: Numbers | None = None
    stride: int = 1
    slope: float = 1
    shift: float = 0

    def __post_init__(self) -> None:
        if self.operator not in OPERATORS:
            raise ValueError(f"`operator` must be one of {list(OPERATORS)}; got {self.operator!r}")
        expected = 2 if self.operator == "product" else 1
        if len(self.reads) != expected:
            raise ValueError(f"a {self.operator} reads {expected}; got {list(self.reads)}")
        if (self.operator == "convolution") != (self.kernel is not None):
            raise ValueError(f"a convolution, and nothing else, has a kernel; got {self.operator!r}")
        if self.kernel is not None and [len(row) for row in as_list(self.kernel)] != [3, 3, 3]:
            raise ValueError(f"a kernel must be (3, 3); got {as_list(self.kernel)}")
        if self.stride < 1:
            raise ValueError(f"`stride` must be at least 1; got {self.stride}")

    def encode(self) -> dict[str, Any]:
        """Return the operator with the parameters that it uses."""
        parameters: dict[str, Any] = {}
        if self.kernel is not None:
            parameters = {"kernel": flatten(as_list(self.kernel)), "stride": self.stride}
        elif self.operator == "sigmoid":
            parameters = {"slope": self.slope, "shift": self.shift}
        return {"operator": self.operator, "reads": list(self.reads)} | parameters


@dataclass(frozen=True, eq=False)
class Operation(Encoded):
    """A step of what is computed from the drawing.

    Args:
        name: what later ones read it by.
        symbol: the letter that a reader sees.
        label: what stands above it.
        variants: the operator; or, by the values of the controls ``pick``, one of several.
        pick: the controls that pick the operator; the part names them among its ``view_controls``.
        decimals: how many decimals are shown.
        high: the size of a number that is drawn in full colour.
    """

    name: str
    symbol: str
    label: str
    variants: Operator | Mapping[tuple[Value, ...], Operator]
    pick: tuple[str, ...] = ()
    decimals: int = 0
    high: float = 1

    @property
    def by_values(self) -> Mapping[tuple[Value, ...], Operator]:
        """The operators by the values of the controls."""
        return {(): self.variants} if isinstance(self.variants, Operator) else self.variants

    def encode(self) -> dict[str, Any]:
        """Return the operators under the keys of the controls' values, and the rest as it is."""
        return {
            "name": self.name,
            "symbol": self.symbol,
            "label": self.label,
            "pick": list(self.pick),
            "variants": {
                key_of(self.pick, dict(zip(self.pick, values, strict=True))): operator
                for values, operator in self.by_values.items()
            },
            "decimals": self.decimals,
            "high": self.high,
        }


@dataclass(frozen=True, eq=False)
class Drawing(Kind):
    """A map of zeros and ones that the reader draws, and what is computed from it at once.

    Args:
        label: what stands above the map.
        maps: for each value of ``pick`` the map to start from, ``(H, W)``, all of one shape.
        pick: the control that picks it; the part names it among its ``view_controls``.
        operations: what is computed, each from the drawing or from those before it.
        shown: the operation whose middle number shows what it has seen while the reader points at none.

    Raises:
        ValueError: the maps have different shapes or other values than 0 and 1, an operation reads what is
            not there before it, or ``shown`` is none of them.
    """

    label: str
    maps: Mapping[str, Numbers]
    pick: str
    operations: Sequence[Operation]
    shown: str = ""

    def __post_init__(self) -> None:
        shapes = {(len(rows := as_list(one)), *{len(row) for row in rows}) for one in self.maps.values()}
        if len(shapes) != 1 or {len(shape) for shape in shapes} != {2}:
            raise ValueError(f"expected maps of one shape (H, W); got {sorted(shapes)}")
        if not all(set(flatten(as_list(one))) <= {0, 1} for one in self.maps.values()):
            raise ValueError("a map is drawn with 0 and 1; got other values")
        known = {"x"}
        for operation in self.operations:
            for operator in operation.by_values.values():
                if strangers := sorted(set(operator.reads) - known):
                    raise ValueError(f"{operation.name!r} must read out of {sorted(known)}; got {strangers}")
            known.add(operation.name)
        if self.shown and self.shown not in known - {"x"}:
            raise ValueError(f"`shown` must be one of {sorted(known - {'x'})}; got {self.shown!r}")

    def encode(self) -> dict[str, Any]:
        """Return the maps, a digit for each cell, and the operations."""
        rows = as_list(next(iter(self.maps.values())))
        return {
            "label": self.label,
            "shape": [len(rows), len(rows[0])],
            "pick": self.pick,
            "maps": {
                key_of((self.pick,), {self.pick: value}): "".join(
                    f"{cell:.0f}" for cell in flatten(as_list(one))
                )
                for value, one in self.maps.items()
            },
            "operations": list(self.operations),
            **({"shown": self.shown} if self.shown else {}),
        }
