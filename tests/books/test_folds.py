"""Folded code: below what it made, out of the way until it is opened, and there without scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import OpenPage
from tests.patience import PAGE_SECONDS

CHAPTER = "book/chapter.html"
FOLDED = "import matplotlib.pyplot"
ALL = "Show all code"


def address(mini_book: Path) -> str:
    return f"{mini_book.as_uri()}/{CHAPTER}"


def folded_code(page: Page):
    return page.locator(".code-fold pre").filter(has_text=FOLDED)


def test_folded_code_stands_below_its_output_and_is_no_element_until_it_is_opened(
    mini_book: Path, open_page: OpenPage
):
    page = open_page(address(mini_book))
    cell = page.locator(".cell:has(> .code-fold)").first
    parts = cell.evaluate("cell => [...cell.children].map(part => part.classList[0])")
    assert parts == ["cell_output", "fold"]
    assert cell.locator(".code-fold .highlight").count() == 0
    cell.locator("summary").click()
    expect(folded_code(page)).to_be_visible()
    assert cell.locator(".code-fold .highlight span").count() > 10
    assert page.evaluate(
        "new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size"
    ) == page.evaluate("document.querySelectorAll('[id]').length")


def test_unpacked_code_is_copied_by_the_button_of_its_own(mini_book: Path, browser: Browser):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    context.set_default_timeout(1000 * PAGE_SECONDS)
    page = context.new_page()
    page.goto(address(mini_book))
    page.wait_for_function("document.querySelector('.copybtn')")
    page.locator(".code-fold > summary").first.click()
    button = page.locator(".code-fold .copybtn")
    button.hover()
    button.click()
    expect(button).to_have_class("copybtn o-tooltip--left success")
    assert FOLDED in page.evaluate("navigator.clipboard.readText()")
    context.close()


def test_one_switch_shows_all_code_and_is_remembered(mini_book: Path, open_page: OpenPage):
    page = open_page(address(mini_book))
    page.get_by_role("button", name=ALL).click()
    expect(folded_code(page)).to_be_visible()
    page.reload()
    expect(folded_code(page)).to_be_visible()
    page.get_by_role("button", name="Hide all code").click()
    expect(folded_code(page)).not_to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name=ALL)).to_be_visible()
    expect(folded_code(page)).to_have_count(0)


def test_a_browser_that_remembers_nothing_still_shows_all_code(mini_book: Path, browser: Browser):
    """The theme's own scripts fail there, so the page is not one of ``open_page``, which would say so."""
    page = browser.new_page()
    page.set_default_timeout(1000 * PAGE_SECONDS)
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no') }})"
    )
    page.goto(address(mini_book))
    page.get_by_role("button", name=ALL).click()
    expect(folded_code(page)).to_be_visible()
    page.close()


@pytest.mark.chromium
def test_without_scripts_a_fold_opens_to_its_code(mini_book: Path, browser: Browser):
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(1000 * PAGE_SECONDS)
    page = context.new_page()
    page.goto(address(mini_book))
    page.locator(".code-fold > summary").first.click()
    expect(folded_code(page)).to_be_visible()
    assert page.get_by_role("button", name=ALL).count() == 0
    context.close()


@pytest.mark.chromium
def test_a_closed_fold_leaves_no_trace_on_paper(mini_book: Path, open_page: OpenPage):
    page = open_page(address(mini_book))
    page.emulate_media(media="print")
    expect(page.locator(".code-fold").first).not_to_be_visible()
    expect(page.get_by_role("button", name=ALL)).not_to_be_visible()
