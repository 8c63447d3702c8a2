"""The recipe for a block, carried out as CONTRIBUTING.md tells it, for two that the package does not have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.recipes.copying import copy_tree, recipe, run, touched

# What is asked of all blocks together; what is asked of each is found by its name.
TOGETHER = " ".join(
    [
        "tests/unit/blocks/test_block_names.py",
        "tests/unit/project/test_benchmarks.py",
        "tests/unit/project/test_imports.py",
        "tests/unit/experiment/test_experiment_model.py",
        "tests/unit/explorers/test_explorer_network.py",
    ]
)
FIND_IT = {
    "test_simam",
    "test_block_contract",
    "test_backbones",
    "test_insertion",
    "test_inspection_networks",
    "test_interventions",
    "test_experiment_command_line",
    "test_experiment_model",
}
"""The files whose tests hold for every block, and find a new one by its name."""

PYTEST = "python -m pytest -q -p no:cacheprovider -n 2"
COSTS = """
from gate_by_gate.explorers import network
for block in ("none", *network.BLOCK.values[-2:]):
    setting = network.DEFINITION.defaults | {"backbone": "resnet50", "block": block}
    columns = {column.name: column for column in network.draw(setting)["chain"].columns}
    costs = columns["parameters"].costs
    print(block, sum(costs.own) + sum(costs.added))
"""
# The page of the package alone, as text.
PAGE = (
    "mkdir page; cp book/appendix_c_api.md page; python -m sphinx -q -C -b text -D root_doc=appendix_c_api "
    "-D extensions=sphinx.ext.autodoc,sphinx.ext.napoleon,myst_parser page page/built; cat page/built/*.txt"
)


@pytest.mark.nightly  # it runs a good part of the tests on the copy
def test_two_blocks_are_added_by_the_recipe_and_found_by_everything(tmp_path: Path):
    tree = copy_tree(tmp_path / "tree")
    commands = recipe("Add a block")
    for command in commands:
        printed = run(command, tree)
    assert re.search(r"\d+ passed", printed), printed
    found = run("python -m pytest tests/unit -k simam --collect-only -q -p no:cacheprovider", tree)
    assert set(re.findall(r"tests/unit/\w+/(\w+)\.py::", found)) >= FIND_IT
    first = touched(tree)
    assert len(first) == 3

    for command in commands[:-1]:
        run(command.replace("simam", "global_context").replace("SimAM", "GlobalContext"), tree)
    run("ruff check . && ruff format --check . && mypy", tree)
    assert touched(tree) == sorted(
        [*first, "attn_lib/blocks/global_context.py", "tests/unit/blocks/test_global_context.py"]
    )
    run(f"{PYTEST} tests/unit -k global_context", tree)
    run(f"{PYTEST} {TOGETHER}", tree)

    plain, *added = (line.split() for line in run(f"python - <<'END'{COSTS}END", tree).splitlines())
    assert plain == ["none", "25557032"]
    # At the end of every branch of a ResNet-50; with r = 16, C/16 hidden units h cost 2 C h + 3 h + 2 C.
    units = {256: 3, 512: 4, 1024: 6, 2048: 3}
    context = sum(n * (2 * c * (c // 16) + 3 * (c // 16) + 2 * c) for c, n in units.items())
    assert sorted(added) == [["global_context", str(25_557_032 + context)], ["simam", "25557032"]]
    page = run(PAGE, tree)
    assert "class attn_lib.blocks.SimAM(channels: int, *, regularisation: float = 0.0001)" in page
    assert "class attn_lib.blocks.GlobalContext(channels: int, *, reduction: int = 16)" in page
