"""A definition: the controls of an explorer, its parts, and the record of every setting.

The record of a setting is the sum of its parts. Each part names the controls that it depends on, so that a
page stores one entry per combination of *those*, and not one per combination of all controls.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from attn_lib.explorers.controls import Control, Value
from attn_lib.explorers.snippets import Code

__all__ = ["Data", "Definition", "Item", "Panel", "Part", "Setting", "part_key"]

Setting = Mapping[str, Value]
Data = dict[str, object]


def part_key(depends: tuple[str, ...], setting: Setting) -> str:
    """Name the entry of a part: the JSON of the values it depends on, joined by ``|``.

    The front end builds the same key, so the two must agree on how a value is written.
    """
    return "|".join(json.dumps(setting[name], ensure_ascii=False) for name in depends)


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
        layout: ``"wide"`` takes the panel's full width, ``"beside"`` as little as it needs, ``"column"`` what
            is left, with its items below each other.
        follows: names of the controls whose moves only change the view of what ``compute`` gave: which frame
            of a map is shown, in which order bars stand. They do not multiply the stored entries.
    """

    name: str
    depends: tuple[str, ...]
    items: tuple[Item, ...]
    compute: Callable[[Setting], Data]
    layout: str = "wide"
    follows: tuple[str, ...] = ()


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
        pictures: images that gallery controls and ``picture`` items refer to by index.
        code: the Python that computes what is on screen.
    """

    name: str
    title: str
    panels: tuple[Panel, ...]
    pictures: tuple[Data, ...] = field(default=(), repr=False)
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
                            "layout": part.layout,
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
        """Yield every published combination of the controls that ``part`` depends on."""
        axes = [self.controls[name].values for name in part.depends]
        for values in itertools.product(*axes):
            yield dict(zip(part.depends, values, strict=True))

    def payload(self) -> Data:
        """Compute what a page without a kernel needs: every part for every published setting."""
        return {
            "spec": self.spec(),
            "parts": {
                name: {
                    part_key(part.depends, setting): part.compute(setting) for setting in self.settings(part)
                }
                for name, part in self.parts.items()
            },
        }
