"""Contrasts as the JSON that the front end draws."""

from __future__ import annotations

import math

import pytest

from gate_by_gate.results.comparison import Spread, paired
from gate_by_gate.widgets.contrasts import Difference, contrast, member, tenths


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0123, 12), (-0.0127, -13), (0.0, 0), (1.0, 1000), (math.nan, None)]
)
def test_a_share_in_tenths_of_a_point(share, expected):
    assert tenths(share) == expected


def test_a_member_says_its_seeds_in_per_cent():
    assert member("se", "84 %", "83 to 85 %", [0.8366, None, 0.5]) == {
        "value": "se",
        "text": "84 %",
        "interval": "83 to 85 %",
        "seeds": [83.7, None, 50.0],
    }


def test_every_pair_is_asked_for_once_and_stored_in_order():
    members = [member(name, "", "", []) for name in "abc"]
    asked = []

    def difference(first: int, second: int) -> Difference:
        asked.append((first, second))
        return Difference(
            0.01 * first - 0.1 * second, 0.002 * second if first else math.nan, "+-="[first + second - 1]
        )

    data = contrast(
        ("p", "q"), [0, 3], members, difference, {"+": "more"}, ("no p", "no q", "neither"), "share"
    )
    assert asked == [(0, 1), (0, 2), (1, 2)]
    assert data["pairs"] == [[-100, None, -200, None], [-190, 4], []]
    assert data["marks"] == ["+-", "=", ""]
    assert (data["pick"], data["seeds"], data["label"]) == (["p", "q"], [0, 3], "share")
    assert data["absent"] == ["no p", "no q", "neither"]
    # Two seeds on which the difference is 100 points one way and the other have the widest interval.
    worst = paired(Spread({0: 1.0, 1: 0.0}), Spread({0: 0.0, 1: 1.0}))
    assert data["spans"] == sorted(data["spans"])
    assert data["spans"][-1] >= 100 * worst.high > data["spans"][-2]
