"""A small computation, step by step: every number in sight, and for each what it was computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gate_by_gate.widgets.items.encoded import Encoded, Kind, Numbers, as_list, flatten, round_off

__all__ = ["Computation", "Grid", "Step"]


@dataclass(frozen=True, eq=False)
class Grid(Encoded):
    """A tensor that is small enough to show every number: planes that stand side by side.

    Args:
        values: the numbers, ``(planes, rows, columns)``.
        symbol: the letter that the overview calls it by.
        label: what stands above it.
        decimals: how many decimals are shown.
        high: the size of a number that is drawn in full colour; by default that of the largest.
        weights: whether it holds weights, which are drawn round.
        axes: what a plane, a row and a column are called where there are several.
        planes: what each plane is called; by default it is counted.
        sources: what each number was computed from, number by number as in ``values``: for each grid that is
            read the places in *its* numbers, counted plane by plane and row by row.
        workings: how each number was computed, number by number: ``"(3 + 5) / 2 = 4"``.

    Raises:
        ValueError: the numbers have another shape or are not finite, or there are other than so many sources,
            workings or names of planes.
    """

    values: Numbers
    symbol: str
    label: str
    decimals: int = 0
    high: float | None = None
    weights: bool = False
    axes: tuple[str, str, str] = ("channel", "row", "column")
    planes: Sequence[str] = ()
    sources: Mapping[str, Sequence[Sequence[int]]] | None = None
    workings: Sequence[str] = ()

    def __post_init__(self) -> None:
        count = len(self.flat)
        for name, places in (self.sources or {}).items():
            if len(places) != count:
                raise ValueError(f"expected sources in {name!r} for {count} numbers; got {len(places)}")
        if len(self.workings) not in (0, count):
            raise ValueError(f"expected workings of {count} numbers; got {len(self.workings)}")
        if len(self.planes) not in (0, self.shape[0]):
            raise ValueError(f"expected names of {self.shape[0]} planes; got {len(self.planes)}")

    @cached_property
    def shape(self) -> tuple[int, int, int]:
        """The numbers of planes, rows and columns."""
        planes = as_list(self.values)
        try:
            shape = len(planes), len(planes[0]), len(planes[0][0])
            even = all(
                len(plane) == shape[1] and all(len(row) == shape[2] for row in plane) for plane in planes
            )
        except (TypeError, IndexError):
            even = False
        if not even:
            raise ValueError(f"expected values of (planes, rows, columns); got {planes!r}")
        return shape

    @cached_property
    def flat(self) -> list[float]:
        """The numbers as they are shown, plane by plane and row by row."""
        _ = self.shape
        return [round_off(value, self.decimals) for value in flatten(as_list(self.values))]

    def encode(self) -> dict[str, Any]:
        """Return the numbers, how they are drawn, and where each comes from."""
        smallest, largest = (f"{value:g}" for value in (min(self.flat), max(self.flat)))
        shape = " × ".join(map(str, self.shape))
        options = {
            "weights": self.weights,
            "planes": list(self.planes),
            "sources": self.sources,
            "workings": list(self.workings),
        }
        return {
            "shape": self.shape,
            "values": self.flat,
            "symbol": self.symbol,
            "label": self.label,
            "alt": f"{self.label}: {shape} numbers, from {smallest} to {largest}".replace("-", "−"),
            "high": self.high or max(map(abs, self.flat)) or 1,
            "axes": self.axes,
            **{name: option for name, option in options.items() if option},
        }


@dataclass(frozen=True, eq=False)
class Step(Encoded):
    """One operation: what it reads, what it does, and what comes out.

    Args:
        says: what happens, in a sentence.
        results: the names of the grids that it computes, in rows from top to bottom.
        operands: the names of the grids that it reads, in rows above them.
        operation: what stands between the two: ``"mean"``, ``"×"``.
        shown: the number of the last result that is shown as computed while the reader points at none.
    """

    says: str
    results: Sequence[Sequence[str]]
    operands: Sequence[Sequence[str]] = ()
    operation: str = ""
    shown: int = 0

    def names(self) -> list[str]:
        """Name every grid that it shows."""
        return [name for row in (*self.operands, *self.results) for name in row]

    def encode(self) -> dict[str, Any]:
        """Return all of it."""
        return {
            "says": self.says,
            "results": self.results,
            "operands": self.operands,
            "operation": self.operation,
            "shown": self.shown,
        }


@dataclass(frozen=True, eq=False)
class Computation(Kind):
    """A computation whose steps a control goes through; the grids flow from one step to the next.

    Args:
        grids: every tensor by its name.
        steps: its operations, one for each value of the control, which counts them from 0.
        pick: the control that says which step is shown; the part names it among its ``view_controls``.
        lanes: grids of so many planes stand below each other, plane by plane.

    Raises:
        ValueError: a step shows a grid that is not there, or a number comes from a grid that its step does
            not show, or from a place that this has not.
    """

    grids: Mapping[str, Grid]
    steps: Sequence[Step]
    pick: str
    lanes: int = 1

    def __post_init__(self) -> None:
        for at, step in enumerate(self.steps):
            strangers = sorted({*step.names()} - {*self.grids})
            if strangers:
                raise ValueError(f"step {at} must show grids out of {list(self.grids)}; got {strangers}")
            results = [name for row in step.results for name in row]
            for name in results:
                self._check_sources(at, name, step.names())
            if not 0 <= step.shown < len(self.grids[results[-1]].flat):
                raise ValueError(f"step {at} must show a number of {results[-1]!r}; got number {step.shown}")

    def _check_sources(self, at: int, name: str, shown: Sequence[str]) -> None:
        """Refuse numbers that come from what the step does not show."""
        for source, places in (self.grids[name].sources or {}).items():
            if source not in shown:
                raise ValueError(f"{name!r} comes from {source!r}, which step {at} does not show: {shown}")
            count = len(self.grids[source].flat)
            if not all(0 <= place < count for one in places for place in one):
                raise ValueError(f"the sources of {name!r} in {source!r} must be below {count}; got {places}")

    def encode(self) -> dict[str, Any]:
        """Return the grids, the steps, the control and the lanes."""
        return {"grids": self.grids, "steps": list(self.steps), "pick": self.pick, "lanes": self.lanes}
