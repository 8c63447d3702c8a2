"""Charts: what they store and refuse."""

from __future__ import annotations

import pytest

from gate_by_gate.widgets.items.chart import Axis, Chart, Here, HereBy, Line, Point, Points, Ring, Step


def test_an_axis_writes_its_ticks():
    assert Axis("channels C", 16, 2048, [16, (2048, "2 k")], log=True) == {
        "label": "channels C",
        "low": 16,
        "high": 2048,
        "log": True,
        "ticks": [[16, "16"], [2048, "2 k"]],
    }
    assert Axis("n", 0, 5000, [5000])["ticks"] == [[5000, "5,000"]]


@pytest.mark.parametrize(("low", "high", "log"), [(3, 3, False), (5, 2, False), (0, 7, True)])
def test_an_axis_that_cannot_be_drawn_is_refused(low, high, log):
    with pytest.raises(ValueError, match=f"low < high, both positive if `log`; got {low}, {high}, log={log}"):
        Axis("n", low, high, [], log=log)


def test_a_point_says_its_values_and_its_interval():
    assert Point(256, 8464) == {"x": 256, "y": 8464, "text": ["256", "8,464"]}
    assert Point(
        3, 84.25, ("3", "84 %"), interval=(83, 85.5), interval_text="83 to 86 %", name="se", marked=True
    ) == {
        "x": 3,
        "y": 84.25,
        "text": ["3", "84 %", "83 to 86 %"],
        "low": 83,
        "high": 85.5,
        "name": "se",
        "marked": True,
    }


def test_a_chart_holds_its_series_in_order():
    x, y = Axis("C", 2, 7, [2, 7]), Axis("k", 1, 3, [1, 3])
    corners, dots = [Point(2, 1), Point(5, 3)], [Point(3, 2)]
    series = [Step("k", corners), Line("l", dots), Points("p", dots)]
    here = Here(5, 3, "C = 5: k = 3")
    assert Chart(x, y, series, "alt", here=here) == {
        "x": x,
        "y": y,
        "series": [
            {"name": "k", "kind": "step", "points": corners},
            {"name": "l", "kind": "line", "points": dots},
            {"name": "p", "kind": "points", "points": dots},
        ],
        "alt": "alt",
        "here": {"x": 5, "y": 3, "text": "C = 5: k = 3"},
    }
    assert "here" not in Chart(x, y, series, "alt")


def test_a_ring_may_follow_a_control():
    here = Here(5, 3, "five")
    assert HereBy("width", {5: here, "wide": here}) == {
        "pick": "width",
        "at": {"5": here, "wide": here},
    }


def test_a_chart_rings_the_points_that_controls_pick_and_keeps_a_style():
    x, y = Axis("C", 2, 7, [2, 7]), Axis("k", 1, 3, [1, 3])
    series = Points("p", [Point(3, 2, name="se")], 5)
    assert series["style"] == 5
    assert "style" not in Points("p", [])
    drawn = Chart(x, y, [series], "alt", rings=[Ring("first", "A")])
    assert drawn["rings"] == [{"pick": "first", "label": "A"}]
    assert "rings" not in Chart(x, y, [series], "alt")


def test_a_chart_without_a_series_is_refused():
    with pytest.raises(ValueError, match="expected at least one series; got none"):
        Chart(Axis("C", 2, 7, []), Axis("k", 1, 3, []), [], "alt")
