"""What holds of every explorer, also of one that is added: its parts, its controls, its code, its text."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from gate_by_gate.explorers import EXPLORERS
from gate_by_gate.widgets.definition import Definition
from gate_by_gate.widgets.embedding import OUTPUT_VARIABLE
from gate_by_gate.widgets.live import Explorer
from tests.conftest import ROOT
from tests.patience import HANG_SECONDS
from tests.unit.explorers.explorer_code import run_code

every = pytest.mark.parametrize("explorer", EXPLORERS.values(), ids=EXPLORERS)


def moves(definition: Definition) -> list[dict[str, object]]:
    """The default setting, and one for every other published value of every control."""
    defaults = definition.defaults
    return [defaults] + [
        {**defaults, name: value}
        for name, control in definition.controls.items()
        for value in control.values
        if value != defaults[name]
    ]


@pytest.mark.slow
@every
def test_a_part_gives_what_its_items_draw_and_depends_on_the_controls_that_it_names(explorer: type[Explorer]):
    definition = explorer.definition
    opening = definition.record(definition.defaults)
    for setting in moves(definition):
        moved = {name for name, value in setting.items() if value != definition.defaults[name]}
        for (name, data), part in zip(
            definition.record(setting).items(), definition.parts.values(), strict=True
        ):
            at = f"part {name} at {setting}"
            assert set(data) in ({item.name for item in part.items}, {"missing"}), at
            assert json.loads(json.dumps(data)) == data, at
            assert moved & set(part.depends) or data == opening[name], at


@every
def test_every_control_moves_some_part_or_its_view(explorer: type[Explorer]):
    definition = explorer.definition
    named = {name for part in definition.parts.values() for name in (*part.depends, *part.view_controls)}
    assert named == set(definition.controls)


@every
def test_the_code_for_the_opening_setting_runs(explorer: type[Explorer]):
    if explorer.definition.code is not None:
        run_code(explorer.definition, explorer.definition.defaults)


DRAW_NOTHING = """
import torch
from gate_by_gate.explorers import EXPLORERS
for name, explorer in EXPLORERS.items():
    before = torch.get_rng_state()
    explorer.definition.record(explorer.definition.defaults)
    assert torch.equal(before, torch.get_rng_state()), name
"""


@pytest.mark.slow
def test_no_explorer_draws_a_random_number():
    """What a cell below an explorer draws is the same on the page, which computes more, as in a notebook.

    In a process of its own, where no network is there yet.
    """
    subprocess.run([sys.executable, "-c", DRAW_NOTHING], check=True, cwd=ROOT, timeout=HANG_SECONDS)


@pytest.mark.slow
@every
def test_a_stored_output_is_a_short_text_the_same_in_every_run(explorer: type[Explorer], monkeypatch):
    monkeypatch.setenv(OUTPUT_VARIABLE, "text")
    first, second = explorer(), explorer()
    assert first._repr_mimebundle_() == second._repr_mimebundle_() == {"text/plain": repr(first)}
    assert eval(repr(first), {explorer.__name__: explorer}).setting == first.setting
    assert explorer.__doc__.strip(), "the docstring is what the book's page of the package says of it"
