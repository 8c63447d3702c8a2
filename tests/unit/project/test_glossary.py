"""The glossary sends a reader to chapters that explain its terms, by the words that it has for them."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

BOOK = Path(__file__).parents[3] / "book"
GLOSSARY = BOOK / "appendix_d_glossary.md"

LEAST_TERMS = 60
"""At least so many terms are found: a glossary that is laid out otherwise must not pass unread."""


def entries() -> dict[str, str]:
    """Return what is said of every term of the glossary."""
    text = GLOSSARY.read_text("utf-8")
    (found,) = re.findall(r"^```\{glossary\}\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)
    return dict(entry.split("\n", 1) for entry in found.split("\n\n"))


def names(term: str) -> list[str]:
    """Return the words of a term: "query, key, value" are three, and what stands in brackets is none."""
    return re.sub(r" \(.*\)", "", term).lower().split(", ")


def prose(chapter: Path) -> str:
    """Return the text of a chapter on one line, without emphasis."""
    cells = nbformat.read(chapter, as_version=4).cells
    text = " ".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return re.sub(r"\s+", " ", text.replace("*", "")).lower()


def test_the_glossary_is_read():
    assert len(entries()) >= LEAST_TERMS


@pytest.mark.parametrize(("term", "said"), entries().items(), ids=entries())
def test_a_term_leads_to_a_chapter_that_has_it(term: str, said: str):
    (chapter,) = re.findall(r"\]\((\S+\.ipynb)\)", said)
    text = prose(BOOK / chapter)
    lacking = [name for name in names(term) if not re.search(rf"\b{re.escape(name)}", text)]
    assert not lacking, f"{chapter} has nothing of {lacking}"
