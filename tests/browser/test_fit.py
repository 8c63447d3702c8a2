"""Nothing on a page is cut off, from a narrow phone to a laptop; on paper: test_paper.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.stepping import ALL_LAID_OUT
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

# Texts of explorers that stick out of theirs where nothing scrolls, or lie over each other by more than what
# letters keep free around them. The strip of controls stays in sight: the rest may scroll below it. And the
# reasons why a control is of no use that have no room in the control, over which they lie.
CROWDED = """() => [...document.querySelectorAll("figure[data-explorer]")].flatMap((figure) => {
    const frame = figure.getBoundingClientRect();
    const texts = [];
    const walker = document.createTreeWalker(figure, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode()); ) {
        const element = node.parentElement;
        if (!node.data.trim() || element.closest("option, .attn-spoken, .attn-why, svg")) continue;
        if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
        let box = element;
        const shows = (one) => getComputedStyle(one).overflow === "visible";
        while (box !== figure && shows(box)) box = box.parentElement;
        const range = document.createRange();
        range.selectNodeContents(node);
        const place = range.getBoundingClientRect();
        if (place.width > 2 && (box === figure || box.clientHeight)) {
            const strip = element.closest(".attn-strip");
            texts.push({ text: node.data.trim().slice(0, 40), element, strip, cut: box !== figure, place });
        }
    }
    const out = texts.filter(({ cut, place }) =>
        !cut && (place.right > frame.right + 1 || place.left < frame.left - 1));
    const over = texts.flatMap((one, i) => texts.slice(i + 1).filter((other) =>
        one.element !== other.element && one.strip === other.strip && !one.cut && !other.cut
        && Math.min(one.place.right, other.place.right) - Math.max(one.place.left, other.place.left) > 2
        && Math.min(one.place.bottom, other.place.bottom) - Math.max(one.place.top, other.place.top) > 4
    ).map((other) => [one, other]));
    const notes = [...figure.querySelectorAll(".attn-why")].filter((note) =>
        note.checkVisibility() && note.scrollHeight > note.clientHeight + 1);
    const name = figure.dataset.explorer;
    return [
        ...notes.map((note) => `${name}: ${note.textContent} has no room`),
        ...out.map(({ text }) => `${name}: ${text} is outside`),
        ...over.map((pair) => `${name}: ${pair.map(({ text }) => text).join(" and ")} lie over each other`),
    ];
})"""

# Opens a panel of every explorer that has so many, and tells whether one has.
OPEN_PANEL = """(at) => [...document.querySelectorAll("figure[data-explorer]")].map((figure) => {
    const tab = figure.querySelectorAll('[role="tab"]')[at];
    tab?.click();
    return tab;
}).some(Boolean)"""


def overflow(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("name", PAGES)
def test_at_every_width_nothing_is_cut_off_and_the_texts_of_explorers_have_room(
    book: Path, open_page: OpenPage, name: str
):
    page = open_page(f"{book.as_uri()}/book/{name}.html")
    page.add_style_tag(content=ALL_LAID_OUT)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(SETTLED)  # the sidebar slides in and out
        assert page.evaluate(CUT, SCROLLS) == [], width
        assert page.evaluate(SPILLED) == [], width
        assert overflow(page) == 0, width
        panel = 0
        while page.evaluate(OPEN_PANEL, panel):
            page.evaluate(SETTLED)
            assert page.evaluate(CROWDED) == [], (width, panel)
            panel += 1
        if panel == 0:  # no explorer has a tab
            assert page.evaluate(CROWDED) == [], width


def test_crowded_texts_are_found(book: Path, open_page: OpenPage):
    page = open_page(f"{book.as_uri()}/book/02_squeeze_and_excitation.html", width=375)
    page.add_style_tag(content=ALL_LAID_OUT)
    page.add_style_tag(content="figure[data-explorer=se] .attn-number { margin-block: -.6rem; }")
    over = page.evaluate(CROWDED)
    assert over
    assert all("se: " in line and "lie over each other" in line for line in over)
    page.add_style_tag(content="figure[data-explorer=se] .attn-number { margin: 0 -1rem; text-indent: 0 }")
    assert any(line.endswith("is outside") for line in page.evaluate(CROWDED))


def test_what_is_cut_off_is_found(book: Path, open_page: OpenPage):
    page = open_page(f"{book.as_uri()}/book/install_and_cite.html", width=375)
    assert page.evaluate(CUT, SCROLLS) == []
    page.evaluate(
        "document.querySelector('article').insertAdjacentHTML('beforeend',"
        " '<pre style=\"white-space: pre; overflow: auto\">' + 'wide '.repeat(40) + '</pre>')"
    )
    assert [line[:9] for line in page.evaluate(CUT, SCROLLS)] == ["PRE: wide"]
