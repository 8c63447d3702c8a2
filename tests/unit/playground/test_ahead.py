"""The scripts that playgrounds load are made while a book is built, each once, in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate_by_gate.playground.deliveries import ALBUM, delivery_script
from gate_by_gate.playground.sphinx_ext import Ahead


@pytest.fixture
def ahead() -> Iterator[Ahead]:
    made = Ahead()
    yield made
    made.end(None, None)


def page(*names: str) -> str:
    return f'<div data-widget="playground" data-playground="some" data-loads="{" ".join(names)}"></div>'


@pytest.mark.slow
def test_what_pages_load_is_made_once_and_written_where_it_is_loaded(ahead: Ahead, tmp_path: Path):
    assert ahead.expect(page(ALBUM) + page(ALBUM)) == [ALBUM]
    begun = dict(ahead.begun)
    folder = tmp_path / "networks"
    ahead.write(page(ALBUM), folder)
    assert ahead.begun == begun
    assert [file.name for file in folder.iterdir()] == [f"{ALBUM}.js"]
    assert (folder / f"{ALBUM}.js").read_text("utf-8") == delivery_script(ALBUM)


@pytest.mark.slow
def test_what_cannot_be_made_fails_the_build(ahead: Ahead, tmp_path: Path):
    with pytest.raises(KeyError, match="expected a run out of"):
        ahead.write(page("no_such_network"), tmp_path)


def test_a_page_without_a_playground_begins_nothing(ahead: Ahead):
    assert ahead.expect("<p>data-loads</p>") == []
    assert ahead.process is None
