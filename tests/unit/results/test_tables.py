"""Tables: as text, as HTML, and what is drawn of an interval."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest

from gate_by_gate.tables import Interval, Table

TABLE = Table(
    {"setting": "", "parameters": ",d", "time, ms": ".1f", "difference, points": "+.1f", "verdict": ""},
    [
        ["plain", 77754, 1.25, None, None],
        "Wider & deeper",
        ["SE, r = 4", 80582, 13.0, Interval(-0.3, -2.1, 1.4), "not clear"],
        ["one seed", 5, math.nan, Interval(0.5, math.nan, math.nan), True],
    ],
    caption="a < b",
)


def html(table: Table) -> ElementTree.Element:
    return ElementTree.fromstring(table._repr_html_())


def test_text_is_aligned_and_ends_no_line_with_spaces():
    assert repr(TABLE).splitlines() == [
        "a < b",
        "setting    parameters  time, ms  difference, points  verdict",
        "plain          77,754       1.2",
        "Wider & deeper",
        "SE, r = 4      80,582      13.0   -0.3 [-2.1, +1.4]  not clear",
        "one seed            5       nan                +0.5  yes",
    ]


def test_html_says_the_same_with_heads_for_rows_and_columns():
    table = html(TABLE).find("table")
    assert table is not None
    assert "".join(table.find("caption").itertext()) == "a < b"
    heads = table.findall("thead/tr/th")
    assert ["".join(head.itertext()) for head in heads] == list(TABLE.columns)
    assert [head.get("scope") for head in heads] == ["col"] * 5
    assert [head.find("small").text for head in heads if head.find("small") is not None] == ["ms", "points"]
    rows = table.findall("tbody/tr")
    assert [row[0].get("scope") for row in rows] == ["row", "rowgroup", "row", "row"]
    assert rows[1][0].get("colspan") == "5"
    cells = ["".join(cell.itertext()).strip() for cell in rows[2]]
    assert cells == ["SE, r = 4", "80,582", "13.0", "−0.3 [−2.1, +1.4]", "not clear"]


def test_numbers_stand_right_and_words_left_whoever_formats_them():
    table = Table(
        {"a": "", "b": "", "c": "d", "d": ""},
        [["x", "86.3 ± 0.6 %", 1, "no"], ["y", "-1.5 *", None, "2 linear"], ["z", "40%", 2, ""]],
    )
    sides = [head.get("style") for head in html(table).findall("table/thead/tr/th")]
    assert [side.removeprefix("text-align:") for side in sides] == ["left", "right", "right", "left"]


def bars(table: Table) -> list[dict[str, list[float]]]:
    """Read where the dot and the bar of each interval are drawn."""
    drawn = []
    for svg in html(table).iter("svg"):
        bar = [re.fullmatch(r"M([\d.-]+) 7H([\d.-]+)", path.get("d")) for path in svg.findall("path")]
        ends = [float(end) for match in bar if match for end in match.groups()]
        dot = [float(svg.find("circle").get("cx"))]
        heads = [path.get("d") for path in svg.findall("path") if "l" in path.get("d")]
        drawn.append({"dot": dot, "bar": ends, "heads": heads})
    return drawn


def test_intervals_are_drawn_on_one_scale_with_zero_in_the_middle():
    rows = [["a", Interval(1.0, 0.0, 2.0)], ["b", Interval(-2.0, -2.0, -2.0)], ["c", Interval(0, -1, 1)]]
    drawn = bars(Table({"": "", "difference": ".1f"}, rows))
    assert [row["bar"] for row in drawn] == [[40, 75], [5, 5], [22.5, 57.5]]
    assert [row["dot"] for row in drawn] == [[57.5], [5], [40]]
    assert [row["heads"] for row in drawn] == [[], [], []]


def test_an_interval_that_dwarfs_the_others_is_cut_with_an_arrow_head():
    rows = [["a", Interval(0.5, -1, 1)], ["b", Interval(0.2, -1, 1)], ["c", Interval(-30, -70, 1)]]
    drawn = bars(Table({"": "", "difference": ".1f"}, rows))
    assert len(drawn[2]["heads"]) == 1
    assert drawn[2]["bar"] == [1.5, pytest.approx(40 + 35 / 3, abs=0.1)]
    assert not drawn[0]["heads"]


def test_one_seed_has_a_dot_and_no_bar():
    rows = [["a", Interval(0.5, -1, 1)], ["b", Interval(0.5, math.nan, math.nan)]]
    assert bars(Table({"": "", "difference": ".1f"}, rows))[1] == {"dot": [57.5], "bar": [], "heads": []}


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"expected 2 cells in every row; got 3 in \['a', 1, 2\]"):
        Table({"a": "", "b": "d"}, [["a", 1, 2]])
