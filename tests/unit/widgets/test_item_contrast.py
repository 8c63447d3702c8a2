"""Contrasts: what they store and refuse."""

from __future__ import annotations

import math

import pytest

from gate_by_gate.results.comparison import Spread, paired
from gate_by_gate.widgets.items.contrast import Contrast, Difference, Member, tenths


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0123, 12), (-0.0127, -13), (0.0, 0), (1.0, 1000), (math.nan, None)]
)
def test_a_share_in_tenths_of_a_point(share, expected):
    assert tenths(share) == expected


def test_a_member_says_its_seeds_in_per_cent():
    assert Member("se", "84 %", "83 to 85 %", [0.8366, None, 0.5]) == {
        "value": "se",
        "text": "84 %",
        "interval": "83 to 85 %",
        "seeds": [83.7, None, 50.0],
    }


def test_every_pair_is_asked_for_once_and_stored_in_order():
    members = [Member(name, "", "", [0.5, None]) for name in "abc"]
    asked = []

    def difference(first: int, second: int) -> Difference:
        asked.append((first, second))
        return Difference(
            0.01 * first - 0.1 * second, 0.002 * second if first else math.nan, "+-="[first + second - 1]
        )

    data = Contrast(
        ("p", "q"), [0, 3], members, difference, {"+": "more"}, ("no p", "no q", "neither"), "share"
    )
    assert data["label"] == "share"
    assert asked == [(0, 1), (0, 2), (1, 2)]
    assert data["pairs"] == [[-100, None, -200, None], [-190, 4], []]
    assert data["marks"] == ["+-", "=", ""]
    assert (data["pick"], data["seeds"], data["label"]) == (["p", "q"], [0, 3], "share")
    assert data["absent"] == ["no p", "no q", "neither"]
    # Two seeds on which the difference is 100 points one way and the other have the widest interval.
    worst = paired(Spread({0: 1.0, 1: 0.0}), Spread({0: 0.0, 1: 1.0}))
    assert data["spans"] == sorted(data["spans"])
    assert data["spans"][-1] >= 100 * worst.high > data["spans"][-2]


def test_a_member_without_a_share_for_every_seed_is_refused():
    members = [Member("a", "", "", [0.5, None]), Member("b", "", "", [0.5])]
    with pytest.raises(ValueError, match="expected one share for each of 2 seeds; got 1 of 'b'"):
        Contrast(("p", "q"), [0, 3], members, lambda i, j: Difference(0, 0, "="), {}, ("", "", ""), "share")
