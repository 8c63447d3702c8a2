"""Chapters are executed two at a time, and each gets what came of it."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace

import nbformat
import pytest
from book_engine.ahead import AT_ONCE, THREADS, Ahead
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.patience import PAGE_SECONDS


def write(folder: Path, name: str, code: str) -> Path:
    path = folder / f"{name}.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# A"), new_code_cell(code)]), path)
    return path


def expect(ahead: Ahead, *paths: Path, left_out: tuple[str, ...] = ()) -> None:
    """Tell of documents as Sphinx does, by names."""
    app = SimpleNamespace(config=SimpleNamespace(nb_execution_excludepatterns=left_out))
    ahead.expect(app, SimpleNamespace(doc2path=lambda name: name), [str(path) for path in paths])


def execute(nb: nbformat.NotebookNode, cwd: str, **options: object) -> str:
    """Answer with the code itself."""
    nb.cells[1].outputs = [new_output("stream", text=f"{nb.cells[1].source} in {cwd}")]
    nb.cells[1].execution_count = 1
    nb.metadata["language_info"] = {"name": "python"}
    return f"done with {options}"


def test_as_many_run_at_once_as_are_said_and_each_gets_its_own(tmp_path: Path):
    together = Barrier(AT_ONCE)

    def wait_for_another(nb: nbformat.NotebookNode, cwd: str, **options: object) -> str:
        together.wait(PAGE_SECONDS)  # one after the other, this would fail
        return execute(nb, cwd, **options)

    ahead = Ahead(wait_for_another)
    paths = [write(tmp_path, name, name) for name in "abcd"]
    expect(ahead, *paths, write(tmp_path, "left_out", "?"), tmp_path / "text.md", left_out=("left_*",))
    for path in reversed(paths):  # in whichever order it is asked
        asked = nbformat.read(path, as_version=4)
        assert ahead(asked, str(tmp_path), timeout=3) == "done with {'timeout': 3}"
        assert asked.cells[1].outputs[0].text == f"{path.stem} in {tmp_path}"
        assert (asked.cells[1].execution_count, asked.metadata.language_info.name) == (1, "python")
        assert asked.cells[0].source == "# A"
    assert ahead.begun == {}
    ahead.end(None, None)


def test_what_nobody_expected_is_executed_when_it_is_asked_for(tmp_path: Path):
    ahead = Ahead(execute)
    expect(ahead, write(tmp_path, "known", "1"))
    other = nbformat.read(write(tmp_path, "other", "2"), as_version=4)
    ahead(other, str(tmp_path))
    assert other.cells[1].outputs[0].text == f"2 in {tmp_path}"
    ahead.end(None, None)


def test_an_error_is_raised_where_the_chapter_is_read(tmp_path: Path):
    def fail(nb: nbformat.NotebookNode, cwd: str) -> None:
        raise RuntimeError("the kernel died")

    ahead = Ahead(fail)
    path = write(tmp_path, "a", "1")
    expect(ahead, path)
    with pytest.raises(RuntimeError, match="the kernel died"):
        ahead(nbformat.read(path, as_version=4), str(tmp_path))
    ahead.end(None, None)


@pytest.mark.parametrize(("set_before", "cores", "during"), [(None, 8, "4"), (None, 1, "1"), ("3", 8, "3")])
def test_kernels_share_the_processors(
    monkeypatch: pytest.MonkeyPatch, set_before: str | None, cores: int, during: str
):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    if set_before is None:
        monkeypatch.delenv(THREADS, raising=False)
    else:
        monkeypatch.setenv(THREADS, set_before)
    ahead = Ahead(execute)
    expect(ahead)
    assert os.environ[THREADS] == during
    ahead.end(None, None)
    assert os.environ.get(THREADS) == set_before
