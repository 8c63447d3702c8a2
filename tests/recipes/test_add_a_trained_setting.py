"""The recipe "Add a trained setting": the network is trained, published beside the others, and read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.recipes.copying import copy_tree, follow, run, touched

SETTING = "plain_widths4x8x16"
NAME = f"{SETTING}_seed0"
RESULTS = Path("gate_by_gate", "results")


@pytest.mark.nightly  # it runs a good part of the tests on the copy
def test_the_recipe_publishes_a_network_beside_the_others(tmp_path: Path):
    tree = copy_tree(tmp_path)

    *_, read, tested = follow("Add a trained setting", tree)

    assert read == "Linear(in_features=16, out_features=10, bias=True)\n"
    assert " passed" in tested
    written = ("checkpoints/" + NAME + ".pt", "records.json", "table.csv")
    assert touched(tree) == [
        "gate_by_gate/experiment/plan.py",
        *(str(RESULTS / name) for name in written),
    ]
    before = json.loads(run(f"git show HEAD:{RESULTS}/records.json", tree))
    after = json.loads((tree / RESULTS / "records.json").read_text())
    record = after.pop(NAME)
    assert after == before
    test = record["test"]
    mean = f"from gate_by_gate.results.comparison import accuracy; print(accuracy('{SETTING}').mean)"
    assert float(run(f'python -c "{mean}"', tree)) == test["correct"] / test["total"]
    assert test["correct"] > 0.2 * test["total"]  # it has learned something: chance is 0.1
