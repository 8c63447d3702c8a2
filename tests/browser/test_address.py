"""The address holds where the controls stand; reset, the link to copy, and the code for a setting."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.bare_page import DEFINITION, explorer_html, write_page
from tests.conftest import OpenPage

NAME = DEFINITION.name
REST = "() => new Promise((rest) => setTimeout(() => requestAnimationFrame(rest), 600))"
"""Waits until a page has come to rest, by its own clock, which is late where the machine is slow.

It writes its address a fifth of a second after the last move of a control.
"""


@pytest.fixture
def address(tmp_path: Path) -> str:
    heading = '<h2 id="somewhere">somewhere</h2>'
    return write_page(tmp_path, explorer_html(DEFINITION), explorer_html(DEFINITION, width=50), heading)


def widths(page: Page) -> list[str]:
    return page.locator("output[data-name=told]").all_inner_texts()


def fragment(page: Page) -> str:
    page.evaluate(REST)
    return page.evaluate("decodeURIComponent(location.hash)")


def test_moved_controls_stand_in_the_address_and_open_with_it(address: str, open_page: OpenPage):
    page = open_page(address)
    first, second = (page.locator("figure").nth(i) for i in range(2))
    assert fragment(page) == ""
    first.get_by_label("width").focus()
    page.keyboard.press("Home")
    first.get_by_role("radio", name="sorted").check()
    assert fragment(page) == f"#{NAME}:order=sorted&width=2"
    second.get_by_label("width").focus()
    page.keyboard.press("Home")
    assert fragment(page) == f"#{NAME}:order=sorted&width=2;{NAME}.2:width=2"
    # A moved control leaves no entry in the history.
    assert page.evaluate("history.length") <= 2

    again = open_page(page.url)
    assert widths(again) == ["2 wide", "2 wide"]
    expect(again.locator("figure").first.get_by_role("radio", name="sorted")).to_be_checked()
    expect(again.locator("figure").nth(1).get_by_role("radio", name="sorted")).not_to_be_checked()


def test_an_address_brings_its_explorer_into_sight(address: str, open_page: OpenPage):
    page = open_page(f"{address}#{NAME}.2:width=10")
    expect(page.locator("figure").nth(1).locator("figcaption")).to_be_in_viewport()
    expect(page.locator("figure").first.locator("figcaption")).not_to_be_in_viewport()
    assert widths(page) == ["10 wide", "10 wide"]


def test_a_pasted_address_brings_its_explorer_into_sight(address: str, open_page: OpenPage):
    page = open_page(address)
    second = page.locator("figure").nth(1).locator("figcaption")
    expect(second).not_to_be_in_viewport()
    page.evaluate("(name) => { location.hash = `${name}.2:width=10`; }", NAME)
    expect(second).to_be_in_viewport()
    assert widths(page) == ["10 wide", "10 wide"]


def test_an_address_may_name_an_explorer_and_no_value(address: str, open_page: OpenPage):
    page = open_page(f"{address}#{NAME}.2:")
    expect(page.locator("figure").nth(1).locator("figcaption")).to_be_in_viewport()
    expect(page.locator("figure").first.locator("figcaption")).not_to_be_in_viewport()
    assert widths(page) == ["10 wide", "50 wide"]


def test_of_several_explorers_the_first_comes_into_sight(address: str, open_page: OpenPage):
    page = open_page(f"{address}#{NAME}:width=2;{NAME}.2:width=10")
    expect(page.locator("figure").first.locator("figcaption")).to_be_in_viewport()


COUNT_SCROLLS = """globalThis.scrolls = 0;
    const { scrollIntoView } = Element.prototype;
    Element.prototype.scrollIntoView = function () { scrolls += 1; scrollIntoView.call(this); };"""


def test_a_reload_and_a_way_back_leave_the_reader_where_they_were(address: str, open_page: OpenPage):
    page = open_page(f"{address}#{NAME}.2:width=10", prepare=lambda page: page.add_init_script(COUNT_SCROLLS))
    assert page.evaluate("scrolls") == 1
    page.mouse.wheel(0, -500)
    page.evaluate(REST)
    place = page.evaluate("scrollY")
    page.reload()
    page.evaluate(REST)
    # A browser may restore the place before or after the load event: there must be no call at all.
    assert (page.evaluate("scrollY"), page.evaluate("scrolls")) == (place, 0)
    assert place > 0
    assert widths(page) == ["10 wide", "10 wide"]
    # A heading moves no control, neither there nor back.
    page.evaluate("() => { location.hash = 'somewhere'; }")
    expect(page.get_by_role("heading", name="somewhere")).to_be_in_viewport()
    assert widths(page) == ["10 wide", "10 wide"]
    page.evaluate("history.back()")
    page.evaluate(REST)
    assert page.evaluate("scrollY") == place
    assert widths(page) == ["10 wide", "10 wide"]


def test_an_address_that_names_nothing_any_more_is_the_start(address: str, open_page: OpenPage):
    page = open_page(address)
    page.evaluate("(name) => { location.hash = `${name}:width=2&order=sorted`; }", NAME)
    expect(page.locator("output[data-name=told]").first).to_have_text("2 wide")
    page.evaluate("history.back()")
    expect(page.locator("output[data-name=told]").first).to_have_text("10 wide")
    expect(page.locator("figure").first.get_by_role("radio", name="in place")).to_be_checked()


def test_back_and_forward_move_the_controls(address: str, open_page: OpenPage):
    page = open_page(f"{address}#{NAME}:width=2")
    assert widths(page) == ["2 wide", "50 wide"]
    page.evaluate("(name) => { location.hash = `${name}:width=50`; }", NAME)
    expect(page.locator("output[data-name=told]").first).to_have_text("50 wide")
    expect(page.locator("[data-control=width]").first).to_have_attribute("aria-valuetext", "50")
    page.evaluate("history.back()")
    expect(page.locator("output[data-name=told]").first).to_have_text("2 wide")
    page.evaluate("history.forward()")
    expect(page.locator("output[data-name=told]").first).to_have_text("50 wide")


def test_a_heading_in_the_address_moves_nothing_and_is_left_alone(address: str, open_page: OpenPage):
    page = open_page(f"{address}#somewhere")
    assert widths(page) == ["10 wide", "50 wide"]
    slider = page.get_by_label("width").first
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert fragment(page) == "#somewhere"


@pytest.mark.parametrize(
    "hostile",
    [
        f"{NAME}:width=3",
        f"{NAME}:width=50.0",
        f"{NAME}:width=</script><script>alert(1)</script>",
        f"{NAME}:__proto__=1&constructor=2&spec=3&parts=4",
        f"{NAME}:width=%E0%A4%A",
        f"{NAME}:",
        f"{NAME}",
        f"{NAME}.3:width=2",
        "other:width=2",
        ";;;:::&&&===",
        "%",
    ],
)
def test_what_an_address_should_not_say_is_passed_over(address: str, open_page: OpenPage, hostile: str):
    page = open_page(f"{address}#{hostile}")
    assert widths(page) == ["10 wide", "50 wide"]
    expect(page.locator("figure[data-ready=true]")).to_have_count(2)


def test_reset_goes_back_to_where_the_page_opened(address: str, open_page: OpenPage):
    page = open_page(f"{address}#{NAME}.2:width=2&order=sorted&query=3")
    second = page.locator("figure").nth(1)
    second.get_by_role("button", name="reset").click()
    assert widths(page) == ["10 wide", "50 wide"]
    expect(second.get_by_role("radio", name="in place")).to_be_checked()
    expect(second.get_by_label("query", exact=True)).to_have_attribute("aria-valuetext", "row 1, column 2")
    assert fragment(page) == ""


def test_the_link_of_one_explorer_is_copied(address: str, open_page: OpenPage):
    page = open_page(f"{address}#{NAME}:width=2;{NAME}.2:width=10")
    page.evaluate(
        """() => Object.defineProperty(navigator, "clipboard",
            { value: { writeText: async (text) => { globalThis.copied = text; } } })"""
    )
    second = page.locator("figure").nth(1)
    second.get_by_role("button", name="copy link").click()
    expect(second.locator(".attn-status")).to_have_text("The link to this setting is copied.")
    assert page.evaluate("copied") == f"{address}#{NAME}.2:width=10"
    page.evaluate("() => { navigator.clipboard.writeText = async () => { throw new Error('refused'); }; }")
    second.get_by_role("button", name="copy link").click()
    expect(second.locator(".attn-status")).to_contain_text("the link is in the address bar")


def test_the_code_is_that_of_the_present_setting(address: str, open_page: OpenPage):
    page = open_page(address)
    first = page.locator("figure").first
    first.get_by_text("the code for this setting").click()
    code = first.locator(".attn-code code")
    expect(code).to_have_text(DEFINITION.code(DEFINITION.defaults))
    first.get_by_role("radio", name="sorted").check()
    first.get_by_label("width").focus()
    page.keyboard.press("End")
    expected = DEFINITION.code(DEFINITION.defaults | {"order": "sorted", "width": 50})
    assert expected == "width, order, query = 50, 'sorted', 7\n"
    expect(code).to_have_text(expected)
