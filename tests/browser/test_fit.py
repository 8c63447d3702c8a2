"""Nothing on a page is cut off, from a narrow phone to a laptop; on paper: test_paper.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.conftest import ROOT, OpenPage

PAGES = sorted(path.stem for path in (ROOT / "book").iterdir() if path.suffix in (".ipynb", ".md"))
WIDTHS = (320, 375, 768, 1280)

# What may be wider than its box: it scrolls there, by touch and by keyboard.
SCROLLS = ".result-table, .pst-scrollable-table-container, .formula-box, .formula-inline, .attn-explorer *"

# Text, tables and pictures that are wider than the box that shows them, or lie outside of the page.
CUT = """(scrolls) => {
    const article = document.querySelector("article");
    const wide = document.documentElement.clientWidth;
    const seen = [...article.querySelectorAll("pre, table, img, svg, p, li, dt, summary, details")].filter(
        e => e.checkVisibility() && e.getClientRects().length);
    return seen.filter(element => {
        if (element.closest(scrolls)) return false;
        const box = element.getBoundingClientRect();
        return box.right > wide + 1 || box.left < -1 || element.scrollWidth > element.clientWidth + 1
            && getComputedStyle(element).overflowX !== "visible";
    }).map(element => `${element.tagName}: ${element.textContent.trim().slice(0, 60)}`);
}"""

# What is too far from the screen to be drawn does not move on either.
SETTLED = """() => Promise.allSettled(
    document.getAnimations()
        .filter(({ effect }) => effect.target.checkVisibility({ contentVisibilityAuto: true }))
        .map((animation) => animation.finished)
).then(() => 0)"""


# Cells of tables whose content lies over the next one.
SPILLED = """() => [...document.querySelectorAll("article :is(td, th)")]
    .filter((cell) => cell.checkVisibility() && cell.scrollWidth > cell.clientWidth + 1)
    .map((cell) => cell.textContent.trim().slice(0, 60))"""


def overflow(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off_at_any_width(book: Path, open_page: OpenPage, name: str):
    page = open_page(f"{book.as_uri()}/book/{name}.html")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(SETTLED)  # the sidebar slides in and out
        assert page.evaluate(CUT, SCROLLS) == [], width
        assert page.evaluate(SPILLED) == [], width
        assert overflow(page) == 0, width


def test_what_is_cut_off_is_found(book: Path, open_page: OpenPage):
    page = open_page(f"{book.as_uri()}/book/install_and_cite.html", width=375)
    assert page.evaluate(CUT, SCROLLS) == []
    page.evaluate(
        "document.querySelector('article').insertAdjacentHTML('beforeend',"
        " '<pre style=\"white-space: pre; overflow: auto\">' + 'wide '.repeat(40) + '</pre>')"
    )
    assert [line[:9] for line in page.evaluate(CUT, SCROLLS)] == ["PRE: wide"]
