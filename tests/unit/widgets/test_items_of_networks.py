"""The data of stacks and of rows to pick."""

from __future__ import annotations

import pytest

from gate_by_gate.widgets.items.picks import Picks
from gate_by_gate.widgets.items.stacks import Stack, Stacks


def test_stacks_travel_field_by_field():
    stacks = Stacks([Stack("stem", 7, 0, "7"), Stack("stage 1", 11, 3, "11", "+ 3 in 1")], "two columns")
    assert stacks.json == {
        "name": ["stem", "stage 1"],
        "own": [7, 11],
        "added": [0, 3],
        "text": ["7", "11"],
        "more": ["", "+ 3 in 1"],
        "alt": "two columns",
    }


def test_stacks_that_cannot_be_drawn_are_refused():
    with pytest.raises(ValueError, match="expected at least one column; got none"):
        Stacks([], "nothing")
    with pytest.raises(ValueError, match=r"expected numbers of at least 0; got .*-3"):
        Stacks([Stack("stem", 7, -3, "7")], "less than nothing")


def test_rows_to_pick_travel_as_lists():
    picks = Picks(
        "place", ("stem", "stage 1"), {"inside": (0, 3), "after": (1, 2)}, ("in", "behind"), "blocks"
    )
    assert picks.json == {
        "pick": "place",
        "columns": ["stem", "stage 1"],
        "values": ["inside", "after"],
        "texts": ["in", "behind"],
        "numbers": [[0, 3], [1, 2]],
        "what": "blocks",
    }


def test_rows_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match="expected 2 numbers in row 'inside'; got 1"):
        Picks("place", ("stem", "stage 1"), {"inside": (3,)}, ("in",), "blocks")
    with pytest.raises(ValueError, match="expected 1 texts; got 2"):
        Picks("place", ("stem",), {"inside": (3,)}, ("in", "behind"), "blocks")
