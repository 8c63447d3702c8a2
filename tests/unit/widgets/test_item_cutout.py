"""A picture of which a part is marked, as it travels."""

from __future__ import annotations

import pytest
import torch

from gate_by_gate.widgets.items.cutout import Cutout


def test_cells_travel_as_runs_row_by_row():
    before = [[True, True, False], [False, False, True]]
    now = [[True, False, False], [False, True, True]]
    item = Cutout(3, before, now, "alt")
    assert item.json == {"index": 3, "shape": [2, 3], "runs": "jig2hj", "alt": "alt"}


def test_a_long_run_is_counted_in_hexadecimal():
    nothing = torch.zeros(5, 7, dtype=torch.bool)
    assert Cutout(0, nothing, ~nothing, "")["runs"] == "h23"


def test_masks_of_two_shapes_are_refused():
    with pytest.raises(ValueError, match=r"one shape \(H, W\); got rows of \[2\] and \[1\] cells"):
        Cutout(0, [[True, False]], [[True]], "")
    with pytest.raises(ValueError, match="got rows of"):
        Cutout(0, [[True], [True, False]], [[True], [True, False]], "")
