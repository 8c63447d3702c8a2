"""A definition: the controls of an explorer, its parts, and the record of every setting.

The record of a setting is the sum of its parts. Each part names the controls that it depends on, so that a
page stores one entry per combination of *those*, and not one per combination of all controls.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gate_by_gate.widgets.controls import Control, Value, key_of
from gate_by_gate.widgets.snippets import Code

__all__ = ["Data", "Definition", "Item", "Panel", "Part", "Setting"]

Setting = Mapping[str, Value]
Data = dict[str, object]


@dataclass(frozen=True)
class Item:
    """One thing that is drawn: a number, a list of shapes, bars, a map.

    Args:
        name: the key of its value in a part's data, and its ``data-name`` where the page has one value.
        kind: how the front end draws it; see ``static/explorer.js`` for the vocabulary.
        label: the visible caption.
    """

    name: str
    kind: str
    label: str = ""


@dataclass(frozen=True)
class Part:
    """Items that depend on the same controls, and the function that computes them.

    Args:
        name: unique in the explorer.
        depends: names of the controls that ``compute`` reads.
        items: what is drawn, in order.
        compute: from a setting to one JSON-ready value per item, or ``{"missing": why}``.
        layout: ``"wide"`` takes the panel's full width, ``"half"`` half of it where there is room,
            ``"beside"`` as little as it needs, ``"column"`` what is left, with its items below each other;
            ``"full"`` is wide, and stretches a map over all of it and a chart upwards; ``"stacked"`` is wide
            with its items below each other; ``"cards"`` is wide, and its maps have captions of two lines;
            ``"either"`` has room for one map, and items of which one at a time is there.
        follows: names of the controls whose moves only change the view of what ``compute`` gave: which frame
            of a map is shown, in which order bars stand. They do not multiply the stored entries.
        ignores: for a control that does not matter while another one has certain values, that other control
            and the values: ``{"reduction": ("block", ("eca",))}``. ``compute`` then gives the same for all of
            its values, and one entry is stored for them.
        room: settings at which the part is at its tallest, each as the values that differ from the defaults.
            It keeps that height at every setting, so that nothing below it jumps: the page draws them too,
            out of sight, in the same place, and so finds the height at every width. They must be published. A
            :class:`~gate_by_gate.widgets.deferred.Deferred` if they must be searched for.

    Raises:
        ValueError: ``ignores`` names a control that the part does not depend on.
    """

    name: str
    depends: tuple[str, ...]
    items: tuple[Item, ...]
    compute: Callable[[Setting], Data]
    layout: str = "wide"
    follows: tuple[str, ...] = ()
    ignores: Mapping[str, tuple[str, tuple[Value, ...]]] = field(default_factory=dict)
    room: Sequence[Setting] = ()

    def __post_init__(self) -> None:
        named = {name for ignored, (other, _) in self.ignores.items() for name in (ignored, other)}
        if not named <= set(self.depends):
            raise ValueError(f"`ignores` must name controls out of {self.depends}; got {sorted(named)}")

    def matters(self, setting: Setting) -> tuple[str, ...]:
        """Name the controls that the data depends on at this setting."""
        ignored = {name for name, (other, values) in self.ignores.items() if setting[other] in values}
        return tuple(name for name in self.depends if name not in ignored)

    def key(self, setting: Setting) -> str:
        """Name the stored entry of a setting."""
        return key_of(self.matters(setting), setting)


@dataclass(frozen=True)
class Panel:
    """A titled box of the figure: controls above the parts that they move.

    A panel without parts stays in sight while the ones below it, which its controls move, scroll past.
    """

    title: str
    controls: tuple[Control, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Definition:
    """Everything about an explorer but its host.

    Args:
        name: the ``data-explorer`` of the page, and the file name of its records.
        title: the caption of the figure.
        panels: the boxes of the figure; a control stands in the first panel that needs it.
        pictures: images that gallery controls and ``picture`` items refer to by index; a
            :class:`~gate_by_gate.widgets.deferred.Deferred` if they are read from a file.
        code: the Python that computes what is on screen.
    """

    name: str
    title: str
    panels: tuple[Panel, ...]
    pictures: Sequence[Data] = field(default=(), repr=False)
    code: Code | None = None

    @property
    def controls(self) -> dict[str, Control]:
        """Every control by name, in the order of the page."""
        return {control.name: control for panel in self.panels for control in panel.controls}

    @property
    def parts(self) -> dict[str, Part]:
        """Every part by name, in the order of the page."""
        return {part.name: part for panel in self.panels for part in panel.parts}

    @property
    def defaults(self) -> dict[str, Value]:
        """The setting that a page opens with."""
        return {name: control.default for name, control in self.controls.items()}

    def spec(self) -> Data:
        """Describe what never changes: controls, panels, pictures and code."""
        return {
            "name": self.name,
            "title": self.title,
            "pictures": list(self.pictures),
            "start": self.defaults,
            "controls": {name: control.spec() for name, control in self.controls.items()},
            "code": self.code.spec(self.controls) if self.code else None,
            "panels": [
                {
                    "title": panel.title,
                    "controls": [control.name for control in panel.controls],
                    "parts": [
                        {
                            "name": part.name,
                            "depends": list(part.depends),
                            "follows": list(part.follows),
                            "ignores": {
                                name: {"while": other, "in": list(values)}
                                for name, (other, values) in part.ignores.items()
                            },
                            "layout": part.layout,
                            "room": [part.key({**self.defaults, **setting}) for setting in part.room],
                            "items": [vars(item) for item in part.items],
                        }
                        for part in panel.parts
                    ],
                }
                for panel in self.panels
            ],
        }

    def record(self, setting: Setting) -> dict[str, Data]:
        """Compute every part for one setting, published or not."""
        return {name: part.compute(setting) for name, part in self.parts.items()}

    def settings(self, part: Part) -> Iterator[dict[str, Value]]:
        """Yield every published combination of the controls that ``part`` depends on.

        A control that does not matter beside the others stays at its default.
        """
        axes = [self.controls[name].values for name in part.depends]
        for values in itertools.product(*axes):
            setting = dict(zip(part.depends, values, strict=True))
            idle = set(part.depends) - set(part.matters(setting))
            if all(setting[name] == self.controls[name].default for name in idle):
                yield setting

    def rooms(self, part: Part) -> dict[str, Data]:
        """Compute what ``part`` keeps room for, by key."""
        settings = [{**self.defaults, **setting} for setting in part.room]
        return {part.key(setting): part.compute(setting) for setting in settings}

    def payload(self) -> Data:
        """Compute what a page without a kernel needs: every part for every published setting."""
        return {
            "spec": self.spec(),
            "parts": {
                name: {
                    part.key(setting): part.compute(self.defaults | setting)
                    for setting in self.settings(part)
                }
                for name, part in self.parts.items()
            },
        }
