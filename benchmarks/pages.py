"""Print what each page of the built book costs its reader, and what checkers say of it: ``make pages``.

python -m benchmarks.pages                  # every page, twenty minutes or so
python -m benchmarks.pages 02 14 search     # those whose names begin so
python -m benchmarks.pages --only weight    # some of the columns; also `axe`, `paper` and `lighthouse`

- weight: kilobytes (1,000 bytes) of a first visit to a page that nobody scrolls, compressed as a server
  sends them, and requests, in Chromium and in Firefox.
- axe: violations of its rules, of all views together: 1280 and 375 px wide, and in Chromium light and dark.
- paper: sheets of A4 that the page is printed on.
- lighthouse: the four scores for a phone, each the median of some runs. It is no part of the environment: it
  is taken where it is on the path, in ``node_modules``, or known to ``npx``.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from pypdf import PdfReader

from tests.browser import chromium, firefox
from tests.browser.axe import violations
from tests.patience import PAGE_SECONDS
from tests.serving import Server, served

__all__ = ["find_lighthouse", "main", "pages", "scores"]

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "_build" / "html"
COLUMNS = ("weight", "axe", "paper", "lighthouse")
WIDTHS = (1280, 375)
SCORES = ("performance", "accessibility", "best-practices", "seo")
HEADS = {
    "weight": ("kB", "requests", "kB Firefox", "requests Firefox"),
    "axe": ("axe", "axe Firefox"),
    "paper": ("sheets",),
    "lighthouse": ("performance", "accessible", "practices", "seo"),
}


def pages(book: Path) -> list[str]:
    """Return the paths of the pages of a built book: the chapters, the search and the index."""
    found = [*sorted(book.glob("book/*.html")), book / "search.html", book / "genindex.html"]
    return [path.relative_to(book).as_posix() for path in found if path.is_file()]


def opened(browser: Browser, server: Server, name: str, width: int = 1280, scheme: str = "light") -> Page:
    """Open a page for a reader who has never seen the book; wait until nothing more is asked for.

    The server knows that: Firefox, which fetches the next page ahead, does not always call its network idle.
    """
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(1000 * PAGE_SECONDS)
    page.goto(f"{server.address}/{name}")
    page.evaluate("document.fonts.ready.then(() => 0)")
    count = -1
    while count != (count := len(server.sent)):
        page.wait_for_timeout(1000)
    return page


def weight(browser: Browser, server: Server, name: str) -> list[str]:
    """Return the kilobytes of a first visit, and its requests."""
    server.sent.clear()
    opened(browser, server, name).context.close()
    return [f"{sum(size for _, size in server.sent) / 1000:.0f}", str(len(server.sent))]


def axe(browser: Browser, server: Server, name: str, schemes: tuple[str, ...]) -> str:
    """Count what axe finds, in every view; behind a question mark where it could not judge one."""
    found = unread = 0
    for width in WIDTHS:
        for scheme in schemes:
            page = opened(browser, server, name, width, scheme)
            try:
                found += sum(results.violations_count for results in violations(page))
            except AssertionError:  # it says that it has found nothing to check
                unread += 1
            page.context.close()
    return f"{found}{' ?' if unread else ''}"


def sheets(browser: Browser, server: Server, name: str) -> str:
    """Count the sheets that a page is printed on."""
    page = opened(browser, server, name)
    pdf = page.pdf(format="A4", prefer_css_page_size=True, print_background=True)
    page.context.close()
    return str(len(PdfReader(io.BytesIO(pdf)).pages))


def find_lighthouse() -> list[str] | None:
    """Return the command of Lighthouse, or ``None`` if there is none."""
    path = shutil.which("lighthouse") or shutil.which("lighthouse", path=ROOT / "node_modules" / ".bin")
    if path:
        return [path]
    npx = shutil.which("npx")
    if npx is None:
        return None
    command = [npx, "--no-install", "lighthouse"]
    there = subprocess.run([*command, "--version"], check=False, capture_output=True).returncode == 0
    return command if there else None


def scores(command: list[str], browser: str, address: str) -> list[int]:
    """Return the four scores of one run of Lighthouse, for a phone."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        options = [
            *("--quiet", "--output=json", f"--output-path={report}"),
            f"--only-categories={','.join(SCORES)}",
            "--chrome-flags=--headless=new --no-sandbox",
        ]
        subprocess.run(
            [*command, address, *options],
            check=True,
            env=os.environ | {"CHROME_PATH": browser},
            capture_output=True,
        )
        categories = json.loads(report.read_text(encoding="utf-8"))["categories"]
    return [round(100 * (categories[name]["score"] or 0)) for name in SCORES]


def medians(runs: list[list[int]]) -> list[str]:
    """Return the median of each score, that of performance with the least and the largest."""
    found = [f"{statistics.median(column):.0f}" for column in zip(*runs, strict=True)]
    first = [run[0] for run in runs]
    if min(first) != max(first):
        found[0] += f" ({min(first)}-{max(first)})"
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__.split("\n\n")[0])
    parser.add_argument("pages", nargs="*", metavar="page", help="beginnings of names; all by default")
    parser.add_argument("--only", choices=COLUMNS, action="append", help="may be given several times")
    parser.add_argument("--runs", type=int, default=3, help="of Lighthouse for a page (default: %(default)s)")
    arguments = parser.parse_args()
    columns = [name for name in COLUMNS if name in (arguments.only or COLUMNS)]
    wanted = tuple(arguments.pages) or ("",)
    names = [name for name in pages(BOOK) if Path(name).name.startswith(wanted)]
    if not names:
        sys.exit(f"no such page in {BOOK}: run `make book` first, or look there for its name")
    path, lighthouse = chromium.find_whole(), find_lighthouse()
    if path is None:
        sys.exit(chromium.HELP)
    if "lighthouse" in columns and lighthouse is None:
        print("There is no Lighthouse: npm install --global lighthouse\n")
        columns.remove("lighthouse")
    with sync_playwright() as playwright, served(BOOK) as server:
        # Readers have the whole browser, which asks for the icon of a page.
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.ARGUMENTS))
        other = firefox.launch(playwright, found) if (found := firefox.find()) else None
        if other is None:
            print("There is no Firefox, so its columns are empty.\n")
        measures: dict[str, Callable[[str], list[str]]] = {
            "weight": lambda name: [
                *weight(browser, server, name),
                *(weight(other, server, name) if other else ["", ""]),
            ],
            "axe": lambda name: [
                axe(browser, server, name, ("light", "dark")),
                axe(other, server, name, ("light",)) if other else "",  # it has light colours here
            ],
            "paper": lambda name: [sheets(browser, server, name)],
            "lighthouse": lambda name: medians(
                [scores(lighthouse or [], path, f"{server.address}/{name}") for _ in range(arguments.runs)]
            ),
        }
        heads = [head for name in columns for head in HEADS[name]]
        print(" | ".join(["page".ljust(46), *heads]))
        for name in names:
            cells = [cell for column in columns for cell in measures[column](name)]
            aligned = [cell.rjust(len(head)) for cell, head in zip(cells, heads, strict=True)]
            print(" | ".join([Path(name).stem.ljust(46), *aligned]), flush=True)
        browser.close()
        if other is not None:
            other.close()


if __name__ == "__main__":
    main()
