"""Print how long the book's pages take to paint a moved control, over one changed number: ``make bench``.

python -m benchmarks.painting          # every explorer of the built book, a few minutes
python -m benchmarks.painting se cbam  # some of them

A time is from the input event to the end of the page's paint. It says as much of the machine as of the
page, so it is put over a yardstick of the same run: on the same page, by turns with the moves, one number is
changed. A page that holds one number and nothing else shows what of that yardstick is the page's own weight.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser import chromium
from tests.browser.stepping import STEPS, pages_with_explorers

__all__ = ["main", "quantiles"]

BOOK = Path(__file__).parents[1] / "_build" / "html"
MEDIAN_LIMIT, P95_LIMIT = 2.0, 3.0
"""A moved control takes at most so many times as long as one changed number: the median, and 95 of 100."""

BARE = "data:text/html,<!doctype html><title>bare</title><main><output>0</output></main>"

TIMES = f"""async ([figure, moves]) => {{
    const number = document.createElement("output");
    (figure ?? document.body).before(number);
    (figure ?? number).scrollIntoView();
    const count = (i) => () => {{ number.textContent = String(i); }};
    const steps = figure && ({STEPS})(figure);
    const {{ port1, port2 }} = new MessageChannel();
    const time = (act) => new Promise((painted) => requestAnimationFrame(() => {{
        const start = performance.now();
        // A message that is sent while a frame is made arrives when its style, layout and paint are done.
        port1.onmessage = () => painted(performance.now() - start);
        act();
        port2.postMessage(null);
    }}));
    const moved = [], counted = [];
    for (let i = 0; i < moves; i++) {{
        if (steps) moved.push(await time(steps[i % steps.length]));
        counted.push(await time(count(i)));
    }}
    number.remove();
    return [moved, counted];
}}"""
"""Gives the milliseconds of moves of an explorer's controls and, between them, of changes of one number."""


def quantiles(times: list[float]) -> tuple[float, float]:
    """Return the median of some times and the one that 95 of 100 stay below."""
    ordered = sorted(times)
    return ordered[len(ordered) // 2], ordered[round(0.95 * (len(ordered) - 1))]


def line(name: str, moved: list[float], counted: list[float]) -> str:
    """Write a row of the table."""
    (median, p95), (yardstick, yardstick95) = quantiles(moved), quantiles(counted)
    over, over95 = median / yardstick, p95 / yardstick95
    verdict = "" if over <= MEDIAN_LIMIT and over95 <= P95_LIMIT else "  over the limit"
    return (
        f"{name:<28}{median:>8.1f}{p95:>8.1f}{yardstick:>12.1f}{yardstick95:>8.1f}"
        f"{over:>12.2f}{over95:>8.2f}{verdict}"
    )


def measure(page: Page, moves: int, names: set[str]) -> None:
    """Print a row for every explorer of a page, or for those that are named."""
    for figure in page.locator("figure.attn-explorer[data-ready=true]").element_handles():
        name = str(figure.get_attribute("data-explorer"))
        if not names or name in names:
            print(line(name, *page.evaluate(TIMES, [figure, moves])), flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.painting", description=__doc__.split("\n\n")[0]
    )
    parser.add_argument("explorers", nargs="*", metavar="explorer", help="by name; all by default")
    parser.add_argument("--moves", type=int, default=200, help="of each explorer (default: %(default)s)")
    arguments = parser.parse_args()
    pages = pages_with_explorers(BOOK)
    path = chromium.find_whole()
    if not pages or path is None:
        sys.exit(chromium.HELP if pages else "The book is not built: run `make book` first.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.ARGUMENTS))
        bare = browser.new_page()
        bare.goto(BARE)
        _, counted = bare.evaluate(TIMES, [None, arguments.moves])
        median, p95 = quantiles(counted)
        print(f"\nFrom input to paint, milliseconds; one number on a bare page: {median:.1f}, p95 {p95:.1f}")
        print(f"Limits of the ratios: {MEDIAN_LIMIT:g} at the median, {P95_LIMIT:g} at p95.\n")
        print(f"{'explorer':<28}{'a move':>8}{'p95':>8}{'one number':>12}{'p95':>8}{'ratio':>12}{'p95':>8}")
        bare.close()
        for built in pages:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(built.as_uri())
            measure(page, arguments.moves, set(arguments.explorers))
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
