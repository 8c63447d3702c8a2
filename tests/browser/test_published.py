"""The published pages, opened from disk: every position of every control, against what attn_lib computes."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import colormaps
from playwright.sync_api import Locator, Page

from attn_lib.explorers.definition import Definition, Part
from attn_lib.explorers.widgets import EXPLORERS
from tests.conftest import OpenPage

READING = (Path(__file__).parent / "reading.js").read_text(encoding="utf-8")

# Cividis at sixteen even steps, dark to light, from matplotlib and not from the front end.
CIVIDIS = [
    tuple(round(255 * channel) for channel in colormaps["cividis"](step / 15)[:3]) for step in range(16)
]


def figures(page: Page) -> list[tuple[Locator, Definition]]:
    """Return every explorer of a page with its definition."""
    found = page.locator("figure.attn-explorer[data-ready=true]")
    return [
        (found.nth(i), EXPLORERS[found.nth(i).get_attribute("data-explorer")].definition)
        for i in range(found.count())
    ]


def pages_with_explorers(book: Path) -> list[Path]:
    pages = sorted(book.rglob("*.html"))
    return [path for path in pages if 'data-widget="explorer"' in path.read_text(encoding="utf-8")]


def visit(figure: Locator, definition: Definition, part: Part) -> list[dict[str, Any]]:
    """Move the controls of ``part`` over all their combinations; return what is read at each, in order."""
    controls = definition.controls
    combinations = [
        [[name, controls[name].values.index(value)] for name, value in setting.items()]
        for setting in definition.settings(part)
    ]
    return figure.evaluate(
        """(figure, [spec, part, combinations]) => combinations.map((positions) => {
            for (const [name, at] of positions) reading.set(figure, name, at);
            return reading.read(figure, spec)[part];
        })""",
        [definition.spec(), part.name, combinations],
    )


def compare(seen: dict[str, Any], expected: dict[str, Any], part: Part, definition: Definition) -> None:
    """Fail unless every item shows what was computed, maps and bars included."""
    for item in part.items:
        shown, data = seen[item.name], expected[item.name]
        if item.kind in ("number", "text", "terms", "shapes"):
            assert shown == data
            continue
        assert shown["alt"] == data["alt"]
        if item.kind == "picture":
            picture = definition.pictures[data["index"]]
            assert shown["shape"] == picture["shape"]
            assert bytes(shown["grey"]) == base64.b64decode(picture["data"])
            assert shown["box"] == pytest.approx(data["box"], abs=1e-3)
        elif item.kind == "bars":
            low, high = data["low"], data["high"]
            assert (shown["low"], shown["high"]) == (low, high)
            for bar, value in zip(shown["bars"], data["values"], strict=True):
                # The bar spans from zero to its value on a scale whose top is 0 and bottom 1.
                ends = high - (high - low) * bar["top"], high - (high - low) * (bar["top"] + bar["height"])
                assert sorted(ends) == pytest.approx(sorted((0, value)), abs=1e-6)
        else:
            assert item.kind == "heatmap"
            assert {key: shown[key] for key in ("shape", "low", "high", "caption")} == {
                key: data[key] for key in ("shape", "low", "high", "caption")
            }
            assert levels(shown["colours"]) == data["hex"]


def levels(colours: list[list[int]]) -> str:
    """Read a heatmap's pixels back as hexadecimal levels: the nearest step of cividis, which must be near."""
    steps = np.array(CIVIDIS)
    distances = np.abs(np.array(colours)[:, None, :] - steps).max(axis=2)
    assert distances.min(axis=1).max() <= 2, "a colour of the map is not in cividis"
    return "".join(f"{level:x}" for level in distances.argmin(axis=1))


def test_every_position_of_every_explorer_shows_what_attn_lib_computes(book: Path, open_page: OpenPage):
    compared, names = 0, set()
    for path in pages_with_explorers(book):
        page = open_page(path.as_uri())
        page.evaluate(READING)
        for figure, definition in figures(page):
            names.add(definition.name)
            for part in definition.parts.values():
                shown = visit(figure, definition, part)
                for setting, seen in zip(definition.settings(part), shown, strict=True):
                    compare(seen, part.compute(setting), part, definition)
                    compared += 1
    assert names == set(EXPLORERS), "an explorer is on no page, so nothing of it was compared"
    print(f"{compared} control positions compared")
