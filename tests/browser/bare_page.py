"""A bare page with widgets and an explorer with items and controls of every kind."""

from __future__ import annotations

import math
from pathlib import Path

import torch

from gate_by_gate.widgets import charts, embedding, sphinx_ext
from gate_by_gate.widgets.contrasts import Difference, contrast, member
from gate_by_gate.widgets.controls import Control, place
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.encoding import (
    bars,
    dots,
    heatmap,
    number,
    over_picture,
    picture,
    rectangle,
    sorted_while,
    strips,
    table,
    verdict,
)
from gate_by_gate.widgets.snippets import Code

IMAGE = Control("image", "image", (0, 1), 0, "gallery", ("first", "second"))
QUERY = place("query", "query", (3, 5), "image", 7)
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
    marks = [rectangle(2, 3, 7, 5, "field"), dots([(4, 5), (11, 7)], "taps")]
    values = torch.linspace(-1, 2, 35).reshape(5, 7) * (1 - 2 * index)
    rows = torch.arange(15 * 15.0).reshape(15, 3, 5) % 17
    spots = [(4 * (i % 5), 4 * (i // 5), 4, 4) for i in range(15)]
    return {
        "picture": {
            "index": index,
            "box": [3, 2, 5, 7],
            "frame": "box",
            "alt": f"picture {index}",
            "marks": marks,
        },
        "over": heatmap(values, "over", "a map over", over=over_picture(index, (3, 2, 5, 7), marks, "box")),
        "signed": heatmap(values, "signed", "a signed map", signed=True),
        "strips": strips(torch.linspace(0, 1, 3), torch.linspace(0.2, 0.8, 5), "strips", "two strips"),
        "rows": heatmap(
            rows,
            "row of {}",
            "where {} looks",
            scale=(0.0, [row.max().item() for row in rows]),
            over=over_picture(index),
            pick="query",
            spots=spots,
            spot="query",
        ),
        "head2": None if setting["heads"] == 1 else heatmap(torch.eye(7), "head 2", "second head"),
    }


def vectors(setting: Setting) -> Data:
    """Compute two charts of bars that are sorted together, and one of another kind."""
    sort = sorted_while("order", "sorted", "gates")
    values = torch.tensor([0.3, 0.9, 0.1, 0.7, 0.5])
    return {
        "squeeze": bars(values - 0.4, -0.4, 0.5, "means", band=[1, 2], reach=1, sort=sort),
        "gates": bars(values, 0, 1, "gates", sort=sort, before=1 - values * values),
        "taps": bars(
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
    x = charts.axis("width", 1, 100, [1, (10, "ten"), 100], log=True)
    return {
        "lines": charts.chart(
            x,
            charts.axis("cost in B", 0, 40, [0, 20, 40]),
            [
                charts.line("line", [charts.point(1, 3), charts.point(10, 20), charts.point(100, 37)]),
                charts.step("stairs", [charts.point(2, 5), charts.point(50, 11)]),
            ],
            "lines and stairs",
            here=charts.here_by(
                "width", {w: charts.here(w, 11, f"width {w}") for w in (*WIDTH.values, width)}
            ),
        ),
        "points": charts.chart(
            charts.axis("added", 0, 7, [0, 7]),
            charts.axis("right in %", 80, 90, [80, 90]),
            [
                charts.points(
                    "run",
                    [
                        charts.point(2, 84, ("2", "84 %"), interval=(83, 86), interval_text="83 to 86 %"),
                        charts.point(5, 88, ("5", "88 %"), name="best", marked=True),
                    ],
                )
            ],
            "runs with intervals",
        ),
        "told": number(width, f"{width} wide"),
        "rows": table(
            "width",
            {"half": "half of it", "even": "even?"},
            {str(w): [number(w / 2, f"{w / 2:g}"), verdict(w, f"{w} is", True)] for w in (width, 2 * width)}
            | {"one more": [number((width + 1) / 2, "…"), verdict(width + 1, "it is not", False)]},
        ),
    }


def two(setting: Setting) -> Data:
    """Compute a contrast of three of four things, two pairs with an interval, and a chart of them."""
    shares = {"a": [0.5, 0.625, 0.75], "b": [0.25, None, 0.375], "d": [0.875, 0.5, None]}
    members = [member(v, f"mean of {v}", f"interval of {v}", seeds) for v, seeds in shares.items()]
    found = {
        (0, 1): Difference(0.3125, 0.1, "+"),
        (0, 2): Difference(-0.125, 0.25, "="),
        (1, 2): Difference(math.nan, math.nan, "x"),
    }
    verdicts = {"+": "more", "-": "less", "=": "alike", "x": "no pair", "same": "one thing"}
    spots = [charts.point(at, 10 * at, (f"{at}", f"{10 * at} %"), name=f"{v.upper()} {v}") for at, v in
             enumerate(shares, 1)]  # fmt: skip
    return {
        "contrast": contrast(
            ("first", "second"),
            (0, 1, 4),
            members,
            lambda first, second: found[first, second],
            verdicts,
            ("no first", "no second", "neither"),
            "share",
        ),
        "rings": charts.chart(
            charts.axis("cost", 0, 7, [0, 7]),
            charts.axis("reached", 0, 50, [0, 50]),
            [charts.points("x", spots[:2], 5), charts.points("y", spots[2:], 1)],
            "things",
            rings=[charts.ring("first", "1"), charts.ring("second", "2")],
        ),
    }


def tell(setting: Setting) -> Data:
    """Say something that is the longer, the wider."""
    return {"long": {"text": "word " * int(setting["width"])}}


def items(*kinds: tuple[str, str]) -> tuple[Item, ...]:
    return tuple(Item(name, kind, f"the {name}") for name, kind in kinds)


DEFINITION = Definition(
    "every_kind",
    "Every kind of item",
    (
        Panel(
            "maps",
            (IMAGE, QUERY, HEADS),
            (
                Part(
                    "maps",
                    ("image", "heads"),
                    items(
                        ("picture", "picture"),
                        ("over", "heatmap"),
                        ("signed", "heatmap"),
                        ("strips", "strips"),
                        ("rows", "heatmap"),
                        ("head2", "heatmap"),
                    ),
                    maps,
                    follows=("query",),
                ),
            ),
        ),
        Panel(
            "bars",
            (ORDER,),
            (
                Part(
                    "vectors",
                    (),
                    items(("squeeze", "bars"), ("gates", "bars"), ("taps", "bars")),
                    vectors,
                    follows=("order",),
                ),
            ),
        ),
        Panel(
            "charts",
            (WIDTH,),
            (
                Part(
                    "graphs",
                    ("width",),
                    items(("lines", "chart"), ("points", "chart"), ("told", "number"), ("rows", "table")),
                    graphs,
                ),
                Part("tell", ("width",), items(("long", "text")), tell, room=({"width": 50},)),
            ),
        ),
        Panel(
            "two",
            (FIRST, SECOND),
            (
                Part(
                    "two",
                    (),
                    items(("contrast", "contrast"), ("rings", "chart")),
                    two,
                    follows=("first", "second"),
                ),
            ),
        ),
    ),
    pictures=(picture(image(0)), picture(torch.stack([image(1), image(2), image(4)]))),
    code=Code("width, order, query = {width}, {order}, {query}\n"),
)


def explorer_html(definition: Definition, **setting: object) -> str:
    """Return the HTML of an explorer that opens at a setting."""
    start = definition.defaults | setting
    payload = definition.payload()
    return embedding.page_html(
        "explorer", payload | {"spec": definition.spec() | {"start": start}} | start, definition.title
    )


def write_page(folder: Path, *bodies: str, theme: str = "light") -> str:
    """Write a bare page with widgets; return its address."""
    style = (embedding.STATIC / "widgets.css").read_text(encoding="utf-8")
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
