"""What belongs together stays on one line: numbers with their names and units, formulas with their marks."""

from __future__ import annotations

from pathlib import Path

import pytest
from book_engine.unbroken import SPACE, unbroken

from tests.books.building import build_page
from tests.conftest import OpenPage

FORMULA = '<span class="formula-inline notranslate"><math alttext="k > 1"><mi>k</mi></math></span>'


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("in chapter 2 or 3", "in chapter_2 or 3"),
        ("Stage 3 of 5", "Stage_3 of 5"),
        ("SE, r = 16, no bias", "SE, r_=_16, no bias"),
        ("a tenth, 9.9 %, of it", "a tenth, 9.9_%, of it"),
        ("7 × 7 × C values", "7_×_7_×_C values"),
        ("full C × C", "full C_×_C"),
        ("self-attention, 4 heads", "self-attention, 4_heads"),
        ("43 43 100", "43_43_100"),
        ("from 2 3 times", "from 2 3 times"),
        ("the blocks 3 and 4", "the blocks 3 and 4"),
    ],
)
def test_spaces_that_keep_a_line_together(text: str, kept: str):
    assert unbroken(f"<td>{text}</td>").replace(SPACE, "_") == f"<td>{kept}</td>"


def test_a_formula_stays_with_the_marks_beside_it():
    found = unbroken(f"<p>of its places ({FORMULA}), each {FORMULA} wide</p>")
    together = f'<span class="unbroken">({FORMULA}),</span>'
    assert found == f"<p>of its places {together} each {FORMULA} wide</p>"


@pytest.mark.parametrize("name", ["code", "pre", "script", "style", "math", "svg"])
def test_what_is_no_text_stays_as_it_is(name: str):
    page = f'<p title="r = 4">a</p><{name} class="x">if r = 4: 95 %<b>7 × 7</b></{name}>'
    assert unbroken(page) == page


def test_a_page_is_written_so(tmp_path: Path):
    built = build_page(tmp_path, "A page\n======\n\nSee chapter 2, with ``r = 4``.\n", "book_engine.unbroken")
    assert built.returncode == 0, built.stderr
    page = (tmp_path / "html" / "index.html").read_text("utf-8")
    assert f"See chapter{SPACE}2," in page
    assert f"r{SPACE}=" not in page


def test_no_line_of_a_page_begins_with_a_mark(book: Path, open_page: OpenPage):
    page = open_page((book / "book" / "03_eca.html").as_uri())
    found = page.evaluate(
        """() => [...document.querySelectorAll("article .unbroken")].map((one) => [
            one.textContent,
            new Set([...one.getClientRects()].map(({ top }) => Math.round(top))).size,
        ])"""
    )
    assert len(found) > 10
    assert [text for text, lines in found if lines > 1] == []
