"""The published pages, opened from disk: every position of every control, against what attn_lib computes."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page

from gate_by_gate.explorers import EXPLORERS
from gate_by_gate.widgets.definition import Definition
from tests.browser.comparing import compare_everything, prepare
from tests.browser.stepping import pages_with_explorers
from tests.conftest import OpenPage


def figures(page: Page) -> list[tuple[Locator, Definition]]:
    """Return every explorer of a page with its definition."""
    found = page.locator("figure.attn-explorer[data-ready=true]")
    return [
        (found.nth(i), EXPLORERS[found.nth(i).get_attribute("data-explorer")].definition)
        for i in range(found.count())
    ]


def test_every_position_of_every_explorer_shows_what_attn_lib_computes(book: Path, open_page: OpenPage):
    compared, names = 0, set()
    for path in pages_with_explorers(book):
        page = open_page(path.as_uri())
        prepare(page)
        for figure, definition in figures(page):
            names.add(definition.name)
            compared += compare_everything(figure, definition)
        page.close()  # a page that stays open keeps its memory
    assert names == set(EXPLORERS), "an explorer is on no page, so nothing of it was compared"
    print(f"{compared} control positions compared")
