"""The pages on paper: each is printed into a PDF, whose text and pixels are read back."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Page

from tests.browser.test_fit import CUT, PAGES, overflow
from tests.conftest import OpenPage

LEAST_WHITE = 0.1
"""Share of a page that is white paper: a page full of dark pictures has more."""

BETWEEN_MARGINS = 688
"""CSS pixels of A4 between the margins of the style sheet: 210 mm less 2 × 14 mm."""

# Blocks of text that stand on paper. Formulas are left out: a PDF holds these letter by letter, in another
# order. So is what runs in the page, whose text changes as it does.
BLOCKS = """() => [...document.querySelectorAll(
    "article :is(h1, h2, h3, h4, p, li, dt, dd, pre, td, th, caption, figcaption)")]
    .filter((block) => block.checkVisibility()
        && !block.closest("math, svg, .attn-explorer, .attn-playground")
        && !block.querySelector("math, p, li, table, details, .attn-host"))
    .map((block) => ({ heading: /^H/.test(block.tagName), text: block.innerText }))"""


def white(sheet: pypdfium2.PdfPage) -> float:
    """The share of a page that is white, inside of its margins."""
    pixels = sheet.render(scale=0.2, grayscale=True).to_numpy()
    rows, columns = (size // 8 for size in pixels.shape[:2])
    return float((pixels[rows:-rows, columns:-columns] > 250).mean())


class Printed:
    """A page on A4 as a reader gets it who has dark mode on the screen and lets the browser print grounds."""

    def __init__(self, page: Page) -> None:
        pdf = page.pdf(format="A4", prefer_css_page_size=True, print_background=True)
        sheets = list(pypdfium2.PdfDocument(pdf))
        self.texts = [sheet.get_textpage().get_text_range() for sheet in sheets]
        self.white = [white(sheet) for sheet in sheets]


def letters(text: str) -> str:
    """The letters and digits of a text in one form, without those for which many machines have no font."""
    return re.sub(r"[\W_\u2e80-\u9fff]+", "", unicodedata.normalize("NFKC", text))


def holds(everything: str, text: str) -> bool:
    """Tell whether a text is there, in one piece or, where a page ends in it, in two."""
    wanted = letters(text)
    if wanted in everything:
        return True
    low, high = 0, len(wanted)  # the longest beginning that is there
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if wanted[:middle] in everything else (low, middle - 1)
    return any(wanted[at:] in everything for at in range(low, max(0, low - 20), -1))


def print_page(page: Page) -> Printed:
    page.evaluate("document.fonts.ready")
    page.emulate_media(media="print")
    return Printed(page)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_on_paper(book: Path, open_page: OpenPage, name: str):
    page = open_page(f"{book.as_uri()}/book/{name}.html", width=BETWEEN_MARGINS, scheme="dark")
    printed = print_page(page)
    # Nothing scrolls on paper, so no box is excused that could wrap.
    assert page.evaluate(CUT, ".formula-inline, .attn-explorer *") == []
    assert overflow(page) == 0
    blocks = page.evaluate(BLOCKS)
    everything = letters("".join(printed.texts))
    assert [block["text"] for block in blocks if not holds(everything, block["text"])] == []

    assert min(printed.white) > LEAST_WHITE, "a page is dark"

    # A row of a table may have the name of a heading.
    headings, others = (
        {letters(b["text"]) for b in blocks if b["heading"] is kind} for kind in (True, False)
    )
    last = [letters(text.rstrip().splitlines()[-1]) for text in printed.texts if text.strip()]
    assert [line for line in last if line in headings - others] == [], (
        "a heading stands alone at the end of a page"
    )

    exercises = page.locator(".attn-exercise")
    assert exercises.count() == page.locator("[data-widget=exercise]").count()
    for question in exercises.all():
        assert holds(everything, question.locator(".attn-on-paper").inner_text())
    for answer in page.locator(".answer-fold").all():
        assert answer.evaluate("fold => !fold.open")
        assert holds(everything, answer.locator(".output, pre").first.inner_text())


def test_what_is_dark_or_missing_on_paper_is_found(book: Path, open_page: OpenPage):
    page = open_page(f"{book.as_uri()}/book/install_and_cite.html", width=BETWEEN_MARGINS, scheme="dark")
    page.add_style_tag(content="@media print { html, body { background: #14171b !important } }")
    said = page.locator("article p").first.inner_text()
    assert holds(letters("".join(print_page(page).texts)), said)
    page.add_style_tag(content="article p { font-size: 0 }")
    printed = print_page(page)
    assert not holds(letters("".join(printed.texts)), said)
    assert min(printed.white) < LEAST_WHITE
