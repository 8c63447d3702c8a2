"""What takes long is computed once for a run of the tests, and anew everywhere else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from gate_by_gate.explorers.shared.kept import FOLDER_VARIABLE, kept
from tests.conftest import ROOT
from tests.recipes.copying import run

Counted = Callable[..., Tensor]


def counted() -> tuple[Counted, list[tuple[int, int]]]:
    """Return a function as another process would have it, with nothing cached, and its calls."""
    calls = []

    @kept
    def product(left: int, right: int = 2) -> Tensor:
        calls.append((left, right))
        return torch.full((2,), left * right, dtype=torch.float64)

    return product, calls


def test_without_a_folder_each_process_computes_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    for _ in range(2):
        product, calls = counted()
        assert product(3) is product(3)
        assert calls == [(3, 2)]


def test_with_a_folder_one_process_computes_for_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "kept"))
    first, made = counted()
    assert first(3).tolist() == [6, 6]
    assert first(3, right=5).tolist() == [15, 15]
    again, calls = counted()
    assert torch.equal(again(3, 2), first(3))
    assert torch.equal(again(left=3, right=5), first(3, 5))
    assert again(3).dtype == torch.float64
    assert (made, calls) == ([(3, 2), (3, 5)], [])
    assert again(4).tolist() == [8, 8]
    assert calls == [(4, 2)]


def test_what_an_error_ended_is_not_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))

    @kept
    def refuses(value: int) -> Tensor:
        raise ValueError(f"got {value}")

    with pytest.raises(ValueError, match="got 3"):
        refuses(3)
    assert list(tmp_path.iterdir()) == []


def test_a_run_of_all_tests_begins_with_an_empty_folder_and_nothing_else_has_one():
    """What an earlier run kept is of an earlier tree."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.findall(rf"^.*{FOLDER_VARIABLE} .*$", makefile, re.MULTILINE) == [
        f"test: export {FOLDER_VARIABLE} := $(CURDIR)/_build/kept"
    ]
    (commands,) = re.findall(r"^test: setup\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert f"rm -rf $({FOLDER_VARIABLE})" in commands.splitlines()[0]


def test_the_copy_of_a_recipe_computes_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert run(f"echo [${{{FOLDER_VARIABLE}:-}}]", ROOT) == "[]\n"
