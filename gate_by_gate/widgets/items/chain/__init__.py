"""A chain of stages, drawn in proportion, with slots that a reader can fill and bars of what each costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gate_by_gate.widgets.items.encoded import Encoded, Kind

__all__ = ["Chain", "Column", "Costs", "Place", "Stage"]

SHARE_DECIMALS = 4
"""Decimals of a share of a width: a bar 100 pixels long is drawn to a hundredth of a pixel."""


@dataclass(frozen=True, eq=False)
class Stage(Encoded):
    """One stage of the chain.

    Args:
        name: what a reader calls it.
        width: of its box, as a share of the widest one.
        height: of its box, as a share of the highest one.
        repeats: how many units in a row it stands for.
        skips: whether a line leads around the box, and is added to what comes out of it.
        slots: the names of the places that it has.
        filled: the name of the place that is filled here; empty if none is.

    Raises:
        ValueError: a share is not between 0 and 1.
    """

    name: str
    width: float
    height: float
    repeats: int = 1
    skips: bool = False
    slots: Sequence[str] = ()
    filled: str = ""

    def __post_init__(self) -> None:
        if not (0 <= self.width <= 1 and 0 <= self.height <= 1):
            raise ValueError(f"expected shares between 0 and 1; got {self.width} and {self.height}")

    def encode(self) -> dict[str, Any]:
        """Return the stage, but for what is filled, which changes without it."""
        return {
            "name": self.name,
            "width": round(self.width, SHARE_DECIMALS),
            "height": round(self.height, SHARE_DECIMALS),
            "repeats": self.repeats,
            "skips": self.skips,
            "slots": list(self.slots),
        }


@dataclass(frozen=True, eq=False)
class Place(Encoded):
    """A place that a slot can have in a stage.

    Args:
        at: where it is drawn, as shares of the width and the height of a stage.
        text: what a reader calls it.
        value: the value of the control that a click on it sets; None for a place that cannot be picked.
    """

    at: tuple[float, float]
    text: str
    value: str | None = None

    def encode(self) -> dict[str, Any]:
        """Return the place."""
        return {"at": list(self.at), "text": self.text, "value": self.value}


@dataclass(frozen=True, eq=False)
class Costs(Encoded):
    """What every stage costs: its own, and what is added to it, in whole numbers."""

    own: Sequence[int]
    added: Sequence[int]

    def encode(self) -> dict[str, Any]:
        """Return both."""
        return {"own": list(self.own), "added": list(self.added)}


@dataclass(frozen=True, eq=False)
class Column(Encoded):
    """One cost of every stage, drawn as bars on one scale, below its sum over all of them.

    Args:
        name: the ``data-name`` of the sum, own and added; what is added alone has ``added_`` before it.
        label: what stands above it.
        costs: of the stages; or for each value of the control that the chain's ``pick`` names.
    """

    name: str
    label: str
    costs: Costs | Mapping[int, Costs]

    @property
    def all_costs(self) -> list[Costs]:
        """The costs at every value of the control that picks them."""
        return [self.costs] if isinstance(self.costs, Costs) else list(self.costs.values())

    def encode(self) -> dict[str, Any]:
        """Return the column; the values of a control become texts, as the keys of JSON are."""
        label = {"label": self.label}
        if isinstance(self.costs, Costs):
            return label | {"costs": self.costs}
        return label | {"by": {str(value): costs for value, costs in self.costs.items()}}


@dataclass(frozen=True, eq=False)
class Chain(Kind):
    """Stages from the first to the last, with the slots of each and what fills them, and bars beside them.

    Args:
        stages: from the first to the last.
        places: every place that a slot can have, by the name that the stages use.
        columns: the bars beside the stages.
        caption: what fills the slots, and where.
        hue: the number of the colour of what is added.
        sets: the control that a click on a slot moves.
        pick: the control whose value picks the costs of a column that has several.

    Raises:
        ValueError: a stage has a place that is not listed, or a column has not two costs for each stage.
    """

    stages: Sequence[Stage]
    places: Mapping[str, Place]
    columns: Sequence[Column]
    caption: str
    hue: int
    sets: str
    pick: str

    def __post_init__(self) -> None:
        named = {name for stage in self.stages for name in (*stage.slots, stage.filled) if name}
        if strangers := sorted(named - set(self.places)):
            raise ValueError(f"stages must have places out of {list(self.places)}; got {strangers}")
        for costs in (one for column in self.columns for one in column.all_costs):
            if not len(costs.own) == len(costs.added) == len(self.stages):
                raise ValueError(
                    f"expected {len(self.stages)} costs in each column; "
                    f"got {len(costs.own)} and {len(costs.added)}"
                )

    def encode(self) -> dict[str, Any]:
        """Return everything; the front end only places it."""
        return {
            "stages": list(self.stages),
            "filled": [stage.filled for stage in self.stages],
            "places": dict(self.places),
            "columns": {column.name: column for column in self.columns},
            "caption": self.caption,
            "hue": self.hue,
            "sets": self.sets,
            "pick": self.pick,
        }
