"""Search: results are sections, quoted where the words stand, without a server."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from book_engine.excerpts import FILE
from playwright.sync_api import expect

from tests.conftest import OpenPage


@pytest.fixture(scope="module")
def texts(mini_book: Path) -> dict[str, list[list[str]]]:
    script = (mini_book / FILE).read_text("utf-8")
    found = re.fullmatch(r"const SEARCH_TEXTS = (.*);\n", script, re.S)
    assert found
    return json.loads(found[1])


def test_a_section_has_its_text_alone(texts: dict[str, list[list[str]]]):
    assert set(texts) == {"book/chapter", "book/opening"}
    sections = {anchor: (title, text) for anchor, title, text in texts["book/chapter"]}
    assert texts["book/chapter"][0][:2] == ["a-chapter", "A chapter"]
    title, text = sections["boxes"]
    assert title == "Boxes"
    assert "What does a gate of 0.5 do?" in text
    assert "It halves the features: 0.5" in text
    assert "Hu et al. [2018] scale every channel" in sections["a-chapter"][1]
    assert "1/HW" in sections["a-chapter"][1]
    everything = json.dumps(texts)
    for code in ("matplotlib", "def gate", "make book", "IntSlider"):
        assert code not in everything, code


def test_a_search_quotes_the_sections_that_hold_the_words(mini_book: Path, open_page: OpenPage):
    page = open_page(f"{mini_book.as_uri()}/search.html?q=halves+features")
    entry = page.locator("#search-results li")
    expect(entry).to_have_count(1)
    expect(entry.locator("a").first).to_have_text("A chapter")
    section = entry.locator(".section a")
    expect(section).to_have_text("Boxes")
    expect(entry.locator(".context mark")).to_have_text(["halves", "features"])
    section.click()
    page.wait_for_url("**/book/chapter.html#boxes")


def test_a_word_of_code_alone_is_said_to_be_there(mini_book: Path, open_page: OpenPage):
    page = open_page(f"{mini_book.as_uri()}/search.html?q=sigmoid")
    expect(page.locator("#search-results li p")).to_have_text("In its code.")


def test_what_is_searched_for_is_shown_as_text(mini_book: Path, open_page: OpenPage):
    page = open_page(
        f"{mini_book.as_uri()}/search.html?q=quotation+%3Cimg+src%3Dx+onerror%3Dalert(1)%3E+(%2B"
    )
    expect(page.locator(".search-summary")).not_to_be_empty()
    assert page.locator("#search-results img").count() == 0
