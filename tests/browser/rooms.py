"""Measures how high explorers are as they open: ``python -m tests.browser.rooms``, after ``make book``.

A page lays an explorer out when it comes near the screen, and keeps the measured height free until then, so
that nothing below it moves. Each explorer's class holds its own ``room``; this writes it there.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from gate_by_gate.widgets.embedding import REM, ROOM_WIDTHS
from tests.browser import chromium
from tests.browser.stepping import pages_with_explorers

ROOT = Path(__file__).parent.parent.parent
EXPLORERS = ROOT / "gate_by_gate" / "explorers"

TAKEN = """() => {
    const sheet = document.createElement("style");
    sheet.textContent =
        ".attn-host { content-visibility: visible !important; contain: layout; }";
    document.head.append(sheet);
    return [...document.querySelectorAll(".attn-host[data-widget=explorer]")].map((host) => [
        host.querySelector("figure").dataset.explorer,
        host.getBoundingClientRect().height,
    ]);
}"""
"""Lays out all explorers of a page, and gives the name and the height of each."""


def measure(browser: Browser, book: Path) -> dict[str, tuple[float, ...]]:
    """Return the heights of every explorer in rem, at every width; the first of its name counts."""
    heights: dict[str, dict[int, float]] = {}
    for path in pages_with_explorers(book):
        page = browser.new_page()
        for width in ROOM_WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(path.as_uri())
            for name, height in page.evaluate(TAKEN):
                heights.setdefault(name, {}).setdefault(width, round(height / REM, 1))
        page.close()
    return {name: tuple(found[width] for width in ROOM_WIDTHS) for name, found in heights.items()}


def write(name: str, room: tuple[float, ...]) -> None:
    """Write the heights of an explorer into its class."""
    file = EXPLORERS / f"{name}.py"
    source = file.read_text(encoding="utf-8")
    without = re.sub(r"^    room = .*\n", "", source, flags=re.MULTILINE)
    line = f"    room = ({', '.join(map(str, room))})\n"
    written = re.sub(r"^    definition = .*\n", lambda found: found[0] + line, without, flags=re.MULTILINE)
    file.write_text(written, encoding="utf-8")


def main(book: Path) -> None:
    """Measure all explorers of a built book, and write down what they take."""
    path = chromium.find()
    if path is None:
        sys.exit(chromium.HELP)
    with sync_playwright() as playwright:
        for name, room in measure(chromium.launch(playwright, path), book).items():
            print(name, *room)
            write(name, room)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "_build" / "html")
