"""A chapter's questions stand along its way, each before what answers it, and no answer stands open."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

CHAPTERS = sorted((Path(__file__).parents[3] / "book").glob("*.ipynb"))

IN_A_ROW = 2
"""At most so many questions follow one another."""


def is_question(cell: nbformat.NotebookNode) -> bool:
    """Tell whether a cell asks a question of the kit."""
    asks = re.search(r"^(predict|choose)\(", cell.source, re.MULTILINE)
    return cell.cell_type == "code" and asks is not None


def shown(chapter: Path) -> list[nbformat.NotebookNode]:
    """Return the cells of a chapter that its page shows."""
    cells = nbformat.read(chapter, as_version=4).cells
    return [cell for cell in cells if "remove-cell" not in cell.metadata.get("tags", ())]


def test_the_questions_are_found():
    assert sum(is_question(cell) for chapter in CHAPTERS for cell in shown(chapter)) > 60


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_something_answers_before_the_next_questions(chapter: Path):
    row = "".join("?" if is_question(cell) else "." for cell in shown(chapter))
    assert "?" * (IN_A_ROW + 1) not in row
    assert not row.endswith("?")


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_no_answer_stands_open_beside_a_hidden_solution(chapter: Path):
    cells = shown(chapter)
    behind = [
        next((after.source for after in cells[at + 1 :] if after.cell_type == "markdown"), "##")
        for at, cell in enumerate(cells)
        if "hide-cell" in cell.metadata.get("tags", ())
    ]
    # Behind a solution comes a section, or the next exercise with its name in bold.
    assert [text for text in behind if not text.startswith(("## ", "**"))] == []
