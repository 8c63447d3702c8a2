"""A picture of which a part is marked, as it travels."""

from __future__ import annotations

import pytest
import torch

from gate_by_gate.widgets.items.cutout import Cutout


def test_masks_travel_as_runs_row_by_row():
    before = [[True, True, False], [False, False, True]]
    now = [[False, True, False], [False, True, True]]
    item = Cutout(3, before, now, "alt")
    assert item.json == {"index": 3, "shape": [2, 3], "before": "ACDB", "now": "BBCC", "alt": "alt"}


def test_a_long_run_is_counted_in_base_26():
    nothing = torch.zeros(29, 26 * 26, dtype=torch.bool)
    item = Cutout(0, nothing, ~nothing, "")
    assert (item["before"], item["now"]) == ("bdaA", "AbdaA")  # 29 = 1 * 26 + 3


def test_masks_of_two_shapes_are_refused():
    with pytest.raises(ValueError, match=r"one shape \(H, W\); got rows of \[2\] and \[1\] cells"):
        Cutout(0, [[True, False]], [[True]], "")
    with pytest.raises(ValueError, match="got rows of"):
        Cutout(0, [[True], [True, False]], [[True], [True, False]], "")
