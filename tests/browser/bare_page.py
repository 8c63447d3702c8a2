"""A bare page with widgets and an explorer with items and controls of every kind."""

from __future__ import annotations

import math
from pathlib import Path

import torch

from gate_by_gate.widgets import embedding, sphinx_ext
from gate_by_gate.widgets.controls import Control, place
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.bars import Bars, Sort
from gate_by_gate.widgets.items.chart import Axis, Chart, Here, HereBy, Line, Point, Points, Ring, Step
from gate_by_gate.widgets.items.contrast import Contrast, Difference, Member
from gate_by_gate.widgets.items.encoded import Kind
from gate_by_gate.widgets.items.heatmap import Heatmap
from gate_by_gate.widgets.items.marks import Dots, Rectangle, Under
from gate_by_gate.widgets.items.number import Number, verdict
from gate_by_gate.widgets.items.picture import Picture, pixels
from gate_by_gate.widgets.items.strips import Strips
from gate_by_gate.widgets.items.table import Table
from gate_by_gate.widgets.items.text import Text
from gate_by_gate.widgets.snippets import Code

IMAGE = Control("image", "image", (0, 1), 0, "gallery", ("first", "second"))
QUERY = place("query", "query", (3, 5), "attended", 7)
ORDER = Control("order", "order", ("in place", "sorted"), "in place", "choice")
FIRST = Control(
    "first",
    "left thing",
    ("a", "b", "c", "d"),
    "a",
    "menu",
    ("A a", "B b", "C c", "D d"),
    ("x", "x", "y", "x"),
)
SECOND = Control("second", "right thing", ("a", "b", "c", "d"), "b", "menu", ("A a", "B b", "C c", "D d"))
WIDTH = Control("width", "width", (2, 10, 50), 10)
HEADS = Control("heads", "heads", (1, 2), 1, "choice")

SIDES = 12, 20  # of a picture


def image(index: int) -> torch.Tensor:
    height, width = SIDES
    return ((torch.arange(height * width) * (7 + 4 * index)) % 251).reshape(height, width).to(torch.uint8)


def maps(setting: Setting) -> Data:
    """Compute every kind of map; no two sides are the same."""
    index = int(setting["image"])
    marks = [Rectangle(2, 3, 7, 5, "field"), Dots([(4, 5), (11, 7)], "taps")]
    values = torch.linspace(-1, 2, 35).reshape(5, 7) * (1 - 2 * index)
    rows = torch.arange(15 * 15.0).reshape(15, 3, 5) % 17
    spots = [(4 * (i % 5), 4 * (i // 5), 4, 4) for i in range(15)]
    return {
        "picture": Picture(index, f"picture {index}", [3, 2, 5, 7], "box", marks, inset=1 - index),
        "over": Heatmap(values, "over", "a map over", over=Under(index, (3, 2, 5, 7), marks, "box", inset=0)),
        "signed": Heatmap(values, "signed", "a signed map", signed=True, sets=("heads", 2)),
        "strips": Strips(torch.linspace(0, 1, 3), torch.linspace(0.2, 0.8, 5), "strips", "two strips"),
        "attended": Heatmap(
            rows,
            "row of {}",
            "where {} looks",
            scale=(0.0, [row.max().item() for row in rows]),
            over=Under(index),
            pick="query",
            spots=spots,
            spot="query",
        ),
        "head2": None if setting["heads"] == 1 else Heatmap(torch.eye(7), "head 2", "second head"),
    }


def vectors(setting: Setting) -> Data:
    """Compute two charts of bars that are sorted together, and one of another kind."""
    sort = Sort("order", "sorted", "gates")
    values = torch.tensor([0.3, 0.9, 0.1, 0.7, 0.5])
    return {
        "squeeze": Bars(values - 0.4, -0.4, 0.5, "means", band=[1, 2], reach=1, sort=sort),
        "gates": Bars(values, 0, 1, "gates", sort=sort, before=1 - values * values),
        "taps": Bars(
            torch.tensor([0.2, -0.3]),
            -1,
            1,
            "weights",
            what="weight",
            band=[1],
            before=torch.tensor([-0.5, 0.25]),
            names=("left", "right"),
        ),
    }


def graphs(setting: Setting) -> Data:
    """Compute charts with every kind of series, on linear and logarithmic axes."""
    width = int(setting["width"])
    x = Axis("width", 1, 100, [1, (10, "ten"), 100], log=True)
    return {
        "lines": Chart(
            x,
            Axis("cost in B", 0, 40, [0, 20, 40]),
            [
                Line("line", [Point(1, 3), Point(10, 20), Point(100, 37)]),
                Step("stairs", [Point(2, 5), Point(50, 11)]),
            ],
            "lines and stairs",
            here=HereBy("width", {w: Here(w, 11, f"width {w}") for w in (*WIDTH.values, width)}),
        ),
        "points": Chart(
            Axis("added", 0, 7, [0, 7]),
            Axis("right in %", 80, 90, [80, 90]),
            [
                Points(
                    "run",
                    [
                        Point(2, 84, ("2", "84 %"), interval=(83, 86), interval_text="83 to 86 %"),
                        Point(5, 88, ("5", "88 %"), name="best", marked=True),
                    ],
                )
            ],
            "runs with intervals",
        ),
        "told": Number(width, f"{width} wide"),
        "rows": Table(
            "width",
            {"half": "half of it", "even": "even?"},
            {str(w): [Number(w / 2, f"{w / 2:g}"), verdict(w, f"{w} is", True)] for w in (width, 2 * width)}
            | {"one more": [Number((width + 1) / 2, "…"), verdict(width + 1, "it is not", False)]},
        ),
    }


def two(setting: Setting) -> Data:
    """Compute a contrast of three of four things, two pairs with an interval, and a chart of them."""
    shares = {"a": [0.5, 0.625, 0.75], "b": [0.25, None, 0.375], "d": [0.875, 0.5, None]}
    members = [Member(v, f"mean of {v}", f"interval of {v}", seeds) for v, seeds in shares.items()]
    found = {
        (0, 1): Difference(0.3125, 0.1, "+"),
        (0, 2): Difference(-0.125, 0.25, "="),
        (1, 2): Difference(math.nan, math.nan, "x"),
    }
    verdicts = {"+": "more", "-": "less", "=": "alike", "x": "no pair", "same": "one thing"}
    spots = [Point(at, 10 * at, (f"{at}", f"{10 * at} %"), name=f"{v.upper()} {v}") for at, v in
             enumerate(shares, 1)]  # fmt: skip
    return {
        "contrast": Contrast(
            ("first", "second"),
            (0, 1, 4),
            members,
            lambda first, second: found[first, second],
            verdicts,
            ("no first", "no second", "neither"),
            "share",
        ),
        "rings": Chart(
            Axis("cost", 0, 7, [0, 7]),
            Axis("reached", 0, 50, [0, 50]),
            [Points("x", spots[:2], 5), Points("y", spots[2:], 1)],
            "things",
            rings=[Ring("first", "1"), Ring("second", "2")],
        ),
    }


def tell(setting: Setting) -> Data:
    """Say something."""
    return {"words": Text(f"In words: {setting['width']} wide.")}


def items(*kinds: tuple[str, type[Kind]]) -> tuple[Item, ...]:
    return tuple(Item(name, kind, f"the {name}") for name, kind in kinds)


DEFINITION = Definition(
    "every_kind",
    "Every kind of item: move it",
    (IMAGE, QUERY, HEADS, ORDER, WIDTH, FIRST, SECOND),
    (
        Panel(
            "all",
            "All",
            (
                Part(
                    "maps",
                    ("image", "heads"),
                    items(
                        ("picture", Picture),
                        ("over", Heatmap),
                        ("signed", Heatmap),
                        ("strips", Strips),
                        ("attended", Heatmap),
                        ("head2", Heatmap),
                    ),
                    maps,
                    view_controls=("query",),
                ),
                Part(
                    "vectors",
                    (),
                    items(("squeeze", Bars), ("gates", Bars), ("taps", Bars)),
                    vectors,
                    view_controls=("order",),
                ),
                Part(
                    "graphs",
                    ("width",),
                    items(("lines", Chart), ("points", Chart), ("told", Number), ("rows", Table)),
                    graphs,
                ),
                Part("tell", ("width",), items(("words", Text)), tell),
                Part(
                    "two",
                    (),
                    items(("contrast", Contrast), ("rings", Chart)),
                    two,
                    view_controls=("first", "second"),
                ),
            ),
        ),
    ),
    pictures=(pixels(image(0)), pixels(torch.stack([image(1), image(2), image(4)]))),
    code=Code("width, order, query = {width}, {order}, {query}\n"),
)


def explorer_html(definition: Definition, **setting: object) -> str:
    """Return the HTML of an explorer that opens at a setting."""
    start = definition.defaults | setting
    payload = definition.payload()
    return embedding.page_html(
        "explorer", payload | {"spec": definition.spec() | {"start": start}} | start, definition.question
    )


def write_page(folder: Path, *bodies: str, theme: str = "light") -> str:
    """Write a bare page with widgets; return its address."""
    style = embedding.style_sheet()
    # The book's own dark colours.
    dark = (
        "body { background: #14181e; color: #ced6dd; --pst-color-text-base: #ced6dd; "
        "--pst-color-text-muted: #9ca4af; --pst-color-background: #14181e; --pst-color-surface: #29313d; "
        "--pst-color-border: #48566b; --pst-color-primary: #4da6ff; }"
    )
    path = folder / "page.html"
    path.write_text(
        f'<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8"><title>widgets</title>'
        f'<meta name="viewport" content="width=device-width">'
        f"<style>{style}{dark if theme == 'dark' else ''}</style>"
        f"<script>{sphinx_ext.bundle()}</script><body><main><h1>widgets</h1>{''.join(bodies)}</main></body></html>",
        encoding="utf-8",
    )
    return path.as_uri()
