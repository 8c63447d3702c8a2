"""A definition: the question of an explorer, its controls, its parts, and the record of every setting.

The record of a setting is the sum of its parts. Each part names the controls that it depends on, so that a
page stores one entry per combination of *those*, and not one per combination of all controls.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gate_by_gate.widgets.controls import Control, Value, key_of
from gate_by_gate.widgets.items.encoded import Kind
from gate_by_gate.widgets.snippets import Code

__all__ = ["LAYOUTS", "Data", "Definition", "Item", "Panel", "Part", "Setting", "some_of"]

Setting = Mapping[str, Value]
"""Where controls stand: the value of each, by its name."""

Data = dict[str, Any]
"""What a part shows: the data of every item, by its name; or ``{"missing": why}``."""

LAYOUTS = {
    "wide": "as wide as the panel; items stand beside each other and wrap",
    "main": "the left column of a row: its map or picture is what the eye goes to, at least 280 pixels wide",
    "large": "the same, at least 400 pixels wide",
    "side": "the right column of the same row; items stand below each other, small maps beside each other",
    "full": "as wide as the panel, and so is every map in it; charts are taller",
    "cards": "as wide as the panel, for many small maps whose captions have two lines",
    "half": "half as wide as the panel, where there is room for two, and so is a map in it",
    "line": "as wide as the panel, numbers in one line, where there is room",
    "brief": "as wide as the panel, and nothing of an item but what it comes to in words",
    "either": "as wide as one map; items take the same place, and only one of them is there at a time",
}
"""How a part stands in its panel, by the name of the layout."""


@dataclass(frozen=True)
class Item:
    """One thing that a part shows: a number, bars, a map.

    Args:
        name: the key of its value in a part's data, and its ``data-name`` where the page has one value.
        kind: the class of its data, out of ``widgets.items``.
        label: the visible caption.

    Raises:
        TypeError: ``kind`` is no kind of item.
    """

    name: str
    kind: type[Kind]
    label: str = ""

    def __post_init__(self) -> None:
        if not (isinstance(self.kind, type) and issubclass(self.kind, Kind)):
            raise TypeError(
                f"`kind` of item {self.name!r} must be a class of widgets.items; got {self.kind!r}"
            )

    def spec(self) -> Data:
        """Describe the item to the front end."""
        return {"name": self.name, "kind": self.kind.kind, "label": self.label}


@dataclass(frozen=True)
class Part:
    """Items that depend on the same controls, and the function that computes their data.

    Args:
        name: unique in the explorer.
        depends: the names of the controls that ``compute`` reads.
        items: what is shown, in order.
        compute: from a setting to the data of every item by its name: None for an item that is not there at
            this setting; or to ``{"missing": why}`` if there is nothing to show.
        layout: how it stands in its panel; one of :data:`LAYOUTS`.
        view_controls: the names of controls that only choose how the data are shown: which frame of a map, in
            which order bars stand. The data hold all their choices, so no entry is stored for each of them.
        holds: the names of controls that stand with this part, above its items, and not in the strip above
            the panel: those that move it, and no other panel.
        irrelevant_when: for a control that makes no difference while another control has certain values, that
            other control and the values: ``{"reduction": ("block", ("eca",))}``. One entry is then stored for
            all values of the first.
        room: the height that the part keeps, in rem, on a wide screen and on a phone, if what it shows takes
            more lines at some settings than at others: nothing below it moves then.

    Raises:
        ValueError: ``layout`` is no layout, two items have one name, or ``irrelevant_when`` names a control
            that the part does not depend on.
    """

    name: str
    depends: tuple[str, ...]
    items: tuple[Item, ...]
    compute: Callable[[Setting], Mapping[str, Any]]
    layout: str = "wide"
    view_controls: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    irrelevant_when: Mapping[str, tuple[str, tuple[Value, ...]]] = field(default_factory=dict)
    room: tuple[float, float] = (0, 0)

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise ValueError(
                f"`layout` of part {self.name!r} must be one of {list(LAYOUTS)}; got {self.layout!r}"
            )
        refuse_twins(f"items of part {self.name!r}", [item.name for item in self.items])
        named = {name for control, (other, _) in self.irrelevant_when.items() for name in (control, other)}
        if not named <= set(self.depends):
            raise ValueError(
                f"`irrelevant_when` must name controls out of {self.depends}; got {sorted(named)}"
            )

    def data(self, setting: Setting) -> Data:
        """Compute the part at a setting, published or not, as the JSON that travels.

        Raises:
            ValueError: ``compute`` returns other items than the part has.
            TypeError: an item is of another kind than the part says.
        """
        computed = self.compute(setting)
        if "missing" in computed:
            return dict(computed)
        expected = {item.name: item.kind for item in self.items}
        if set(computed) != set(expected):
            raise ValueError(f"part {self.name!r} must compute items {list(expected)}; got {list(computed)}")
        for name, kind in expected.items():
            if not isinstance(computed[name], kind | None):
                got = type(computed[name]).__name__
                raise TypeError(
                    f"item {name!r} of part {self.name!r} must be {kind.__name__} or None; got {got}"
                )
        return {name: None if item is None else item.json for name, item in computed.items()}

    @property
    def moved_by(self) -> tuple[str, ...]:
        """The names of all controls that change the data or the view."""
        return (*self.depends, *self.view_controls)

    def matters(self, setting: Setting) -> tuple[str, ...]:
        """Name the controls that the data depends on at this setting."""
        idle = {name for name, (other, values) in self.irrelevant_when.items() if setting[other] in values}
        return tuple(name for name in self.depends if name not in idle)

    def key(self, setting: Setting) -> str:
        """Name the stored entry of a setting."""
        return key_of(self.matters(setting), setting)


@dataclass(frozen=True)
class Panel:
    """What an explorer shows at a time: all of it, or one tab of it.

    Args:
        name: what an address calls the tab: ``#se:tab=cost``.
        title: what a reader reads on the tab.
        parts: what is shown, in order. A ``"main"`` part and the ``"side"`` parts next to it share a row. A
            part may stand in two panels, with two layouts.
    """

    name: str
    title: str
    parts: tuple[Part, ...]


class Definition:
    """An explorer: a question, controls, and what they show, wherever it is shown.

    One panel is in view at a time. The first holds what answers the question; others become tabs beside it.
    Above the panel stand the controls that its parts name, and no others. Where a control makes no difference
    to any of these parts, it is disabled and says why.

    Args:
        name: the ``data-explorer`` of the page.
        question: the one question that the explorer answers, with what to do: ``"Halve r: what happens to the
            gates?"``. It stands above everything.
        controls: what a reader can move, in the order of the page.
        panels: what is shown.
        pictures: images that gallery controls, pictures and maps refer to by index; a
            :class:`~gate_by_gate.widgets.deferred.Deferred` if they are read from a file.
        code: the Python that computes what is on screen.

    Raises:
        ValueError: two controls, panels or parts have one name, a control is called ``tab``, or a part or the
            code names a control that is not there.
    """

    def __init__(
        self,
        name: str,
        question: str,
        controls: Sequence[Control],
        panels: Sequence[Panel],
        pictures: Sequence[Data] = (),
        code: Code | None = None,
    ) -> None:
        self.name = name
        self.question = question
        self.panels = tuple(panels)
        self.pictures = pictures
        self.code = code
        refuse_twins(f"controls of {name}", ["tab", *(control.name for control in controls)])
        self.controls = {control.name: control for control in controls}
        """Every control by name, in the order of the page."""
        refuse_twins(f"panels of {name}", [panel.name for panel in self.panels])
        # A part may stand in two panels, laid out differently: its data are stored once.
        shown = [part for panel in self.panels for part in panel.parts]
        once = {(part.name, part.depends, part.items, part.compute) for part in shown}
        refuse_twins(f"parts of {name}", [part for part, *_ in once])
        for panel in self.panels:
            refuse_twins(f"parts of {name}", [part.name for part in panel.parts])
        for part in self.parts.values():
            refuse_strangers(f"part {part.name!r}", {*part.depends, *part.view_controls}, self.controls)
            for held in part.holds:
                moved = [panel.name for panel in self.panels if held in self.controls_of(panel)]
                if held not in part.moved_by or len(moved) > 1:
                    raise ValueError(
                        f"part {part.name!r} can hold only what moves it, and no other panel; "
                        f"{held!r} moves panels {moved}"
                    )
        for control in self.controls.values():
            maps = [item.name for part in self.parts.values() for item in part.items]
            if control.on is not None and maps.count(control.on) != 1:
                raise ValueError(
                    f"control {control.name!r} must stand on one item of {maps}; got {control.on}"
                )
            if control.within:
                refuse_strangers(f"`within` of {control.name!r}", [control.within[0]], self.controls)
        if code:
            refuse_strangers("the code", code.controls(), self.controls)

    @property
    def parts(self) -> dict[str, Part]:
        """Every part by name, in the order of the page."""
        return {part.name: part for panel in self.panels for part in panel.parts}

    @property
    def defaults(self) -> dict[str, Value]:
        """The setting that a page opens with."""
        return {name: control.default for name, control in self.controls.items()}

    def controls_of(self, panel: Panel) -> list[str]:
        """Name the controls that the parts of a panel are moved by, in the order of the page."""
        named = {name for part in panel.parts for name in part.moved_by}
        return [name for name in self.controls if name in named]

    def spec(self) -> Data:
        """Describe what never changes: the question, controls, panels, pictures and code."""
        return {
            "name": self.name,
            "question": self.question,
            "pictures": list(self.pictures),
            "start": self.defaults,
            "controls": {name: control.spec() for name, control in self.controls.items()},
            "code": self.code.spec(self.controls) if self.code else None,
            "panels": [
                {
                    "name": panel.name,
                    "title": panel.title,
                    "controls": self.controls_of(panel),
                    "parts": [
                        {
                            "name": part.name,
                            "depends": list(part.depends),
                            "view_controls": list(part.view_controls),
                            "irrelevant_when": {
                                name: {"control": other, "in": list(values)}
                                for name, (other, values) in part.irrelevant_when.items()
                            },
                            "layout": part.layout,
                            "holds": list(part.holds),
                            "room": list(part.room),
                            "items": [item.spec() for item in part.items],
                        }
                        for part in panel.parts
                    ],
                }
                for panel in self.panels
            ],
        }

    def record(self, setting: Setting) -> dict[str, Data]:
        """Compute every part for one setting, published or not."""
        return {name: part.data(setting) for name, part in self.parts.items()}

    def settings(self, part: Part) -> Iterator[dict[str, Value]]:
        """Yield every published combination of the controls that ``part`` depends on.

        A control that does not matter beside the others stays at its default, and values that there are not
        beside the others are left out.
        """
        axes = [self.controls[name].values for name in part.depends]
        for values in itertools.product(*axes):
            setting = dict(zip(part.depends, values, strict=True))
            idle = set(part.depends) - set(part.matters(setting))
            at_rest = all(setting[name] == self.controls[name].default for name in idle)
            whole = self.defaults | setting
            if at_rest and all(self.controls[name].offers(value, whole) for name, value in setting.items()):
                yield setting

    def payload(self) -> Data:
        """Compute what a page without a kernel needs: every part for every published setting."""
        return {
            "spec": self.spec(),
            "parts": {
                name: {
                    part.key(setting): part.data(self.defaults | setting) for setting in self.settings(part)
                }
                for name, part in self.parts.items()
            },
        }


def some_of(compute: Callable[[Setting], Mapping[str, Any]], *names: str) -> Callable[[Setting], Data]:
    """Return a function that computes only these items, so that two parts can share what is computed."""

    def chosen(setting: Setting) -> Data:
        computed = compute(setting)
        return dict(computed) if "missing" in computed else {name: computed[name] for name in names}

    return chosen


def refuse_twins(what: str, names: Collection[str]) -> None:
    """Refuse two things of one name."""
    twins = sorted({name for name in names if list(names).count(name) > 1})
    if twins:
        raise ValueError(f"{what} must have different names; got twice: {', '.join(twins)}")


def refuse_strangers(what: str, named: Collection[str | None], controls: Collection[str]) -> None:
    """Refuse names of controls that are not there."""
    strangers = sorted(str(name) for name in named if name not in controls)
    if strangers:
        raise ValueError(f"{what} must name controls out of {list(controls)}; got {', '.join(strangers)}")
