"""What the build of the book has just executed is what the chapters store, by nbval's own comparison.

The build runs every chapter from top to bottom, and leaves the executed notebooks beside the pages. They are
compared here, so that `make test` executes a chapter once. `pytest --nbval` runs the chapters by itself and
makes the same comparison; `make nightly` does both.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbval.plugin import IPyNbFile, coalesce_streams

from tests.conftest import ROOT

EXECUTED = ROOT / "_build" / "jupyter_execute"
CHAPTERS = sorted((ROOT / "book").glob("*.ipynb"))


def code_cells(notebook: Path) -> list[NotebookNode]:
    return [cell for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]


def differences(session: pytest.Session, stored: Path, executed: Path) -> list[str]:
    """Return, in nbval's words, what differs between the outputs of a notebook and those of a run of it."""
    file = IPyNbFile.from_parent(session, path=stored)
    session.config.hook.pytest_collectstart(collector=file)  # as where pytest collects it
    file.setup_sanitize_files()
    found = []
    for cell, run in zip(file.collect(), code_cells(executed), strict=True):
        assert run.source == cell.cell.source, f"{executed} is a run of another text: build the book again"
        outputs = coalesce_streams(run.outputs)
        if cell.options["check"] and not cell.compare_outputs(outputs, cell.cell.outputs):
            found.append("\n".join([f"{stored.name}, code cell {cell.cell_num}", *cell.comparison_traceback]))
    return found


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_the_build_has_computed_what_the_chapter_stores(
    book: Path, request: pytest.FixtureRequest, chapter: Path
):
    found = differences(request.session, chapter, EXECUTED / "book" / chapter.name)
    assert not found, "\n\n".join(found)


def write(path: Path, *outputs: NotebookNode) -> Path:
    cell = nbformat.v4.new_code_cell("count()", outputs=list(outputs))
    nbformat.write(nbformat.v4.new_notebook(cells=[cell, nbformat.v4.new_markdown_cell("end")]), path)
    return path


def test_a_number_that_differs_is_reported_and_what_a_page_adds_is_not(
    tmp_path: Path, request: pytest.FixtureRequest
):
    def outputs(number: int, **more: str) -> tuple[NotebookNode, ...]:
        printed = nbformat.v4.new_output("stream", text=f"{number} parameters\n")
        shown = nbformat.v4.new_output("execute_result", {"text/plain": "SEExplorer(r=4)", **more})
        return printed, shown

    stored = write(tmp_path / "stored.ipynb", *outputs(8464))
    pieces = [nbformat.v4.new_output("stream", text=text) for text in ("84", "64 parameters\n")]
    page = write(tmp_path / "page.ipynb", *pieces, outputs(8464, **{"text/html": "<figure>"})[1])
    assert differences(request.session, stored, page) == []
    (found,) = differences(request.session, stored, write(tmp_path / "other.ipynb", *outputs(8465)))
    assert "8464 parameters" in found
    assert "8465 parameters" in found
    assert len(differences(request.session, stored, write(tmp_path / "less.ipynb"))) == 1
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "empty.ipynb")
    with pytest.raises(ValueError, match="zip"):
        differences(request.session, stored, tmp_path / "empty.ipynb")
