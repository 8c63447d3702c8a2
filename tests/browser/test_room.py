"""A page keeps for each explorer the height that it will take, so that nothing moves when it is laid out."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.bare_page import DEFINITION, explorer_html
from tests.browser.rooms import REM
from tests.browser.stepping import pages_with_explorers
from tests.conftest import OpenPage

HOSTS = ".attn-host[data-widget=explorer]"

OFF = """() => [...document.querySelectorAll(".attn-host[data-widget=explorer]")].map((host) => {
    const before = host.getBoundingClientRect().height;
    host.style.contentVisibility = "visible";
    host.style.contain = "layout style";
    const taken = host.getBoundingClientRect().height;
    const { explorer } = host.querySelector("figure").dataset;
    return [explorer, before, taken];
})"""
"""Lays out what is not laid out yet; gives of each explorer its name, and its height before and after."""

NEAR = 2 * REM
"""Pixels that an explorer may be off: a font of another machine breaks a line or two elsewhere."""


def off(page: Page) -> dict[str, int]:
    """Name the explorers that take another height than the page has kept, and by how much."""
    return {
        name: round(taken - before)
        for name, before, taken in page.evaluate(OFF)
        if abs(taken - before) > NEAR
    }


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (375, 812), (412, 823)])
def test_a_page_keeps_the_height_that_explorers_take(
    book: Path, open_page: OpenPage, width: int, height: int
):
    wrong, seen = {}, 0
    for path in pages_with_explorers(book):
        page = open_page(path.as_uri(), width=width, height=height)
        seen += page.locator(HOSTS).count()
        if found := off(page):
            wrong[path.stem] = found
        page.close()
    assert wrong == {}, "python -m tests.browser.rooms measures anew"
    assert seen > 20


@pytest.mark.parametrize("width", [1280, 375])
def test_what_a_link_leads_to_stays_where_it_is(book: Path, open_page: OpenPage, width: int):
    """The last heading of a chapter with three explorers, reached by its address, then looked back from."""
    address = (book / "book" / "07_self_attention.html").as_uri()
    page = open_page(address, width=width)
    last = page.locator("article h2[id], article section[id]").last.get_attribute("id")
    page.goto(f"{address}#{last}")
    place = "(id) => document.getElementById(id).getBoundingClientRect().top + scrollY"
    arrived = page.evaluate(place, last)
    page.evaluate(OFF)
    assert page.evaluate(place, last) == pytest.approx(arrived, abs=3 * NEAR)


def test_a_height_that_is_not_kept_is_found(tmp_path: Path, open_page: OpenPage):
    sheet = f"{HOSTS} {{ content-visibility: auto; contain-intrinsic-height: auto var(--attn-kept); }}"
    far = '<div style="height: 20000px"></div>'
    path = tmp_path / "page.html"

    def written(kept: float) -> str:
        from tests.browser.bare_page import write_page

        html = explorer_html(DEFINITION).replace(
            "<div class=", f'<div style="--attn-kept: {kept}rem" class=', 1
        )
        address = write_page(tmp_path, f"<style>{sheet}</style>{far}{html}")
        assert path.as_uri() == address
        return address

    page = open_page(written(1))
    ((name, by),) = off(page).items()
    assert name == DEFINITION.name
    page = open_page(written(1 + by / REM))
    assert off(page) == {}
