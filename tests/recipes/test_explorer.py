"""The recipe for an explorer, carried out as CONTRIBUTING.md tells it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.recipes.copying import copy_tree, follow, run, touched

PAGE = """
import os
from gate_by_gate.explorers import EXPLORERS
for mode in ("text", "page"):
    os.environ["GATE_BY_GATE_OUTPUT"] = mode
    bundle = EXPLORERS["bright_place"]()._repr_mimebundle_()
print(bundle["text/html"])
"""


@pytest.mark.slow
def test_an_explorer_is_one_file_and_is_found_checked_and_published(tmp_path: Path):
    tree = copy_tree(tmp_path)
    _, checked, text = follow("Add an explorer", tree)

    passed = re.search(r"(\d+) passed", checked)
    assert passed, checked
    assert int(passed[1]) >= 5, "the tests that hold for every explorer have found it"
    assert text == "BrightPlaceExplorer(side=20, squeeze='mean')\n"
    assert touched(tree) == ["gate_by_gate/explorers/bright_place.py"]

    html = run(f"python - <<'END'{PAGE}END", tree)
    [stored] = re.findall(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)
    values = json.loads(stored)
    assert (values["side"], values["squeeze"]) == (10, "mean")
    assert values["parts"]["squeezed"]["axes"] == [["5", "10", "20", "40"], ['"mean"', '"amax"']]
    assert "0.0006" in stored, "the mean of a map of 40 by 40 places, one of which is 1"
