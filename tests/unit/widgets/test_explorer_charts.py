"""Charts as the JSON that the front end draws."""

from __future__ import annotations

import pytest

from gate_by_gate.widgets import charts


def test_an_axis_writes_its_ticks():
    assert charts.axis("channels C", 16, 2048, [16, (2048, "2 k")], log=True) == {
        "label": "channels C",
        "low": 16,
        "high": 2048,
        "log": True,
        "ticks": [[16, "16"], [2048, "2 k"]],
    }
    assert charts.axis("n", 0, 5000, [5000])["ticks"] == [[5000, "5,000"]]


@pytest.mark.parametrize(("low", "high", "log"), [(3, 3, False), (5, 2, False), (0, 7, True)])
def test_an_axis_that_cannot_be_drawn_is_refused(low, high, log):
    with pytest.raises(ValueError, match=f"low < high, both positive if `log`; got {low}, {high}, log={log}"):
        charts.axis("n", low, high, [], log=log)


def test_a_point_says_its_values_and_its_interval():
    assert charts.point(256, 8464) == {"x": 256, "y": 8464, "text": ["256", "8,464"]}
    assert charts.point(
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
    x, y = charts.axis("C", 2, 7, [2, 7]), charts.axis("k", 1, 3, [1, 3])
    corners, dots = [charts.point(2, 1), charts.point(5, 3)], [charts.point(3, 2)]
    series = [charts.step("k", corners), charts.line("l", dots), charts.points("p", dots)]
    here = charts.here(5, 3, "C = 5: k = 3")
    assert charts.chart(x, y, series, "alt", here=here) == {
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
    assert "here" not in charts.chart(x, y, series, "alt")


def test_a_ring_may_follow_a_control():
    here = charts.here(5, 3, "five")
    assert charts.here_by("width", {5: here, "wide": here}) == {
        "pick": "width",
        "at": {"5": here, "wide": here},
    }


def test_a_chart_rings_the_points_that_controls_pick_and_keeps_a_style():
    x, y = charts.axis("C", 2, 7, [2, 7]), charts.axis("k", 1, 3, [1, 3])
    series = charts.points("p", [charts.point(3, 2, name="se")], 5)
    assert series["style"] == 5
    assert "style" not in charts.points("p", [])
    drawn = charts.chart(x, y, [series], "alt", rings=[charts.ring("first", "A")])
    assert drawn["rings"] == [{"pick": "first", "label": "A"}]
    assert "rings" not in charts.chart(x, y, [series], "alt")
