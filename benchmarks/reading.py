"""Print what a reader meets on the built pages: ``python -m benchmarks.reading``, after ``make book``.

Of each explorer its question, how high it is on a laptop and on a phone, and how far below its first control
the first thing lies that a control changes. Of each page how many screens of 1280 x 800 it has, which share
of its height is code that stands open, when the first explorer and the first exercise come, and how many
boxes hold more than they are wide at 320, 375, 768 and 1280 pixels: those scroll by themselves. (A page that
did would fail a test.)
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium
from tests.browser.stepping import ALL_LAID_OUT, STEPS, pages_with_explorers

__all__ = ["main"]

BOOK = Path(__file__).parents[1] / "_build" / "html"
LAPTOP, PHONE = (1280, 800), (375, 812)
WIDTHS = (320, 375, 768, 1280)

EXPLORER = f"""(figure) => {{
    figure.scrollIntoView();
    const high = Math.round(figure.getBoundingClientRect().height);
    const seen = (which) => [...figure.querySelectorAll(which)].filter((one) => one.checkVisibility());
    const shown = () => seen("[data-part] > *");
    const pixels = (one) => [...one.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL());
    const written = (one) => [one.innerHTML, ...pixels(one)].join();
    const control = seen(".attn-control")[0];
    const bottom = control?.getBoundingClientRect().bottom ?? figure.getBoundingClientRect().top;
    for (const step of ({STEPS})(figure)) {{
        const before = new Map(shown().map((one) => [one, written(one)]));
        step();
        const changed = shown().filter((one) => before.get(one) !== written(one));
        const tops = changed.map((one) => one.getBoundingClientRect().top - bottom);
        if (tops.length) return [high, Math.round(Math.min(...tops))];
    }}
    return [high, null];
}}"""
"""Gives the height of an explorer, and how far below its first control lies what its first move changes."""

CHAPTER = """() => {
    const top = document.querySelector("article").getBoundingClientRect().top;
    const heights = (which) => [...document.querySelectorAll(which)]
        .filter((one) => one.checkVisibility())
        .reduce((sum, one) => sum + one.getBoundingClientRect().height, 0);
    const first = (kind) => {
        const found = document.querySelector(`[data-widget=${kind}]`);
        return found && found.getBoundingClientRect().top + scrollY;
    };
    return {
        height: document.documentElement.scrollHeight,
        code: heights("article .cell_input, article > * > .highlight, article section > [class*=highlight-]"),
        explorer: first("explorer"),
        exercise: first("exercise"),
    };
}"""

WIDER = """() => [...document.querySelectorAll(
    "article :is(.result-table, pre, .pst-scrollable-table-container, .formula-box, .output)"
)].filter((one) => one.scrollWidth > one.clientWidth + 1 && one.checkVisibility()).length"""
"""Counts the boxes of a page that hold more than they are wide."""


def opened(browser: Browser, path: Path, size: tuple[int, int]) -> Page:
    """Open a page with everything laid out."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(path.as_uri())
    page.add_style_tag(content=ALL_LAID_OUT)
    return page


def explorers(browser: Browser, book: Path) -> dict[str, list[Any]]:
    """Measure every explorer on the first page that has it."""
    pages: dict[str, Path] = {}
    rows: dict[str, list[Any]] = {}
    for path in pages_with_explorers(book):
        for size in (LAPTOP, PHONE):
            page = opened(browser, path, size)
            for figure in page.locator("figure.attn-explorer[data-ready=true]").all():
                name = str(figure.get_attribute("data-explorer"))
                if pages.setdefault(name, path) == path:
                    question = figure.locator("figcaption").inner_text()
                    rows.setdefault(name, [path.stem.partition("_")[0], question])
                    rows[name] += figure.evaluate(EXPLORER)
            page.close()
    return rows


def chapters(browser: Browser, book: Path) -> dict[str, list[Any]]:
    """Measure every page: screens, share of code, screens to the first explorer and exercise, wide boxes."""
    rows: dict[str, list[Any]] = {}
    for path in sorted((book / "book").glob("*.html")):
        page = opened(browser, path, LAPTOP)
        found = page.evaluate(CHAPTER)
        rows[path.stem] = [
            f"{found['height'] / LAPTOP[1]:.1f}",
            f"{found['code'] / found['height']:.1%}",
            *(
                "" if found[kind] is None else f"{found[kind] / LAPTOP[1]:.1f}"
                for kind in ("explorer", "exercise")
            ),
        ]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": LAPTOP[1]})
            rows[path.stem].append(page.evaluate(WIDER))
        page.close()
    return rows


def table(head: list[str], rows: dict[str, list[Any]]) -> str:
    """Write rows as a table in Markdown."""
    lines = [head, ["---"] * len(head), *([name, *map(str, row)] for name, row in rows.items())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Measure and print."""
    book = Path(sys.argv[1]) if len(sys.argv) > 1 else BOOK
    path = chromium.find()
    if path is None:
        sys.exit(chromium.HELP)
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright, path)
        sizes = [
            f"{what}, {width} px" for width in (LAPTOP[0], PHONE[0]) for what in ("high", "change below")
        ]
        print(table(["explorer", "page", "question", *sizes], explorers(browser, book)), end="\n\n")
        boxes = [f"boxes wider than {width} px" for width in WIDTHS]
        head = ["page", "screens", "open code", "to an explorer", "to an exercise", *boxes]
        print(table(head, chapters(browser, book)))


if __name__ == "__main__":
    main()
