"""What an explorer shows at a time: its tabs, the controls above them, and what is said of a move."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.definition import Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.number import Number
from gate_by_gate.widgets.items.text import Text
from tests.browser.bare_page import explorer_html, write_page
from tests.conftest import OpenPage

SIZE = Control("size", "size", (2, 3, 5), 3)
BLOCK = Control("block", "block", ("se", "eca"), "se", "choice", ("SE", "ECA"))
UNIT = Control("unit", "unit", ("k", "M"), "k", "choice")
ORDER = Control("order", "order", ("up", "down"), "up", "choice")


def effect(setting: Setting) -> dict[str, object]:
    size = 0 if setting["block"] == "eca" else int(setting["size"])
    return {"sum": Number(size, f"{size} things"), "sure": Number(0.5, "0.50")}


DEFINITION = Definition(
    "panels",
    "Raise the size: what happens?",
    (SIZE, BLOCK, UNIT, ORDER),
    (
        Panel(
            "effect",
            "The effect",
            (
                Part(
                    "effect",
                    ("size", "block"),
                    (Item("sum", Number, "it sees"), Item("sure", Number, "sure")),
                    effect,
                    "main",
                    irrelevant_when={"size": ("block", ("eca",))},
                ),
                Part(
                    "side",
                    ("order",),
                    (Item("way", Text),),
                    lambda setting: {"way": Text(f"{setting['order']}")},
                    "side",
                    holds=("order",),
                ),
            ),
        ),
        Panel(
            "cost",
            "The cost",
            (
                Part(
                    "cost",
                    ("size", "unit"),
                    (Item("cost", Number, "it costs"),),
                    lambda setting: {"cost": Number(setting["size"], f"{setting['size']} {setting['unit']}")},
                ),
            ),
        ),
    ),
)


@pytest.fixture
def address(tmp_path: Path) -> str:
    return write_page(tmp_path, explorer_html(DEFINITION))


def controls(page: Page) -> list[str]:
    """Name the controls that are in sight."""
    every = page.locator("[data-control]").all()
    return [str(one.get_attribute("data-control")) for one in every if one.is_visible()]


def test_one_panel_is_in_view_with_the_controls_that_move_it(address: str, open_page: OpenPage):
    page = open_page(address)
    effect, cost = page.locator("[data-panel=effect]"), page.locator("[data-panel=cost]")
    expect(page.locator("figcaption")).to_have_text("Raise the size: what happens?")
    assert (effect.is_visible(), cost.is_visible()) == (True, False)
    assert controls(page) == ["size", "block", "order"]
    page.get_by_role("tab", name="The cost").click()
    assert (effect.is_visible(), cost.is_visible()) == (False, True)
    assert controls(page) == ["size", "unit"]
    expect(page.get_by_role("tabpanel", name="The cost")).to_contain_text("3 k")


def test_a_control_stands_with_the_part_that_holds_it(address: str, open_page: OpenPage):
    page = open_page(address)
    expect(page.locator(".attn-strip [data-control=order]")).to_have_count(0)
    held = page.locator(".attn-held:has([data-control=order])").bounding_box()
    below = page.locator("[data-part=side]").bounding_box()
    assert held["x"] == below["x"]
    assert held["y"] + held["height"] <= below["y"]


def test_tabs_are_moved_by_keys_and_told_apart(address: str, open_page: OpenPage):
    page = open_page(address)
    first, second = page.get_by_role("tab").all()
    assert [tab.get_attribute("aria-selected") for tab in (first, second)] == ["true", "false"]
    assert [tab.get_attribute("tabindex") for tab in (first, second)] == ["0", "-1"]
    first.focus()
    for key, at in [("ArrowRight", 1), ("ArrowRight", 0), ("End", 1), ("Home", 0), ("ArrowLeft", 1)]:
        page.keyboard.press(key)
        expect((first, second)[at]).to_be_focused()
        expect((first, second)[at]).to_have_attribute("aria-selected", "true")
    assert page.locator("[data-panel=cost]").is_visible()


def test_an_address_opens_a_tab_and_a_tab_is_written_into_it(address: str, open_page: OpenPage):
    page = open_page(f"{address}#panels:tab=cost&size=5")
    expect(page.locator("output[data-name=cost]")).to_have_text("5 k")
    page.get_by_role("tab", name="The effect").click()
    page.wait_for_function("location.hash === '#panels:size=5'")
    page.get_by_role("tab", name="The cost").click()
    page.wait_for_function("location.hash === '#panels:tab=cost&size=5'")
    page.get_by_role("button", name="reset").click()
    expect(page.locator("output[data-name=cost]")).to_have_text("3 k")
    assert page.locator("[data-panel=cost]").is_visible(), "a reader who resets stays where they are"


def test_a_control_that_does_nothing_is_disabled_and_says_why(address: str, open_page: OpenPage):
    page = open_page(address)
    size, figure = page.get_by_role("slider", name="size"), page.locator("figure")
    expect(size).to_be_enabled()
    height = figure.bounding_box()["height"]
    page.get_by_role("radio", name="ECA").check()
    expect(size).to_be_disabled()
    expect(size).to_have_accessible_description("size: off while block is ECA")
    expect(page.get_by_text("size: off while")).to_be_visible()
    assert figure.bounding_box()["height"] == height
    # Where it moves something, it is of use.
    page.get_by_role("tab", name="The cost").click()
    expect(size).to_be_enabled()
    page.get_by_role("tab", name="The effect").click()
    page.get_by_role("radio", name="SE").check()
    expect(size).to_be_enabled()
    expect(page.get_by_text("size: off while")).to_be_hidden()


def test_a_move_is_told_politely_and_in_one_sentence(address: str, open_page: OpenPage):
    page = open_page(address)
    spoken = page.locator(".attn-spoken")
    expect(spoken).to_have_attribute("role", "status")
    expect(spoken).to_be_empty()
    page.get_by_role("slider", name="size").press("End")
    expect(spoken).to_have_text("it sees 5 things, sure 0.50.")
    page.get_by_role("radio", name="down").check()
    expect(spoken).to_have_text("down")


def test_what_there_is_not_cannot_be_picked_and_gives_way(tmp_path: Path, open_page: OpenPage):
    heads = Control("heads", "heads", (1, 2, 3), 2, "choice")
    head = Control("head", "head", (1, 2, 3), 1, "choice", within=("heads", {1: (1,), 2: (1, 2)}))
    part = Part(
        "part",
        ("heads", "head"),
        (Item("shown", Text),),
        lambda setting: {"shown": Text(f"{setting['head']} of {setting['heads']}")},
    )
    toy = Definition("toy", "Move it", (heads, head), (Panel("all", "All", (part,)),))
    page = open_page(write_page(tmp_path, explorer_html(toy)))
    of = page.locator("[data-control=heads]")
    which = page.locator("[data-control=head]")
    expect(which.get_by_label("3")).to_be_disabled()
    of.get_by_label("3").check()
    which.get_by_label("3").check()
    expect(page.locator("[data-part=part]")).to_contain_text("3 of 3")
    of.get_by_label("2").check()
    expect(which.get_by_label("2")).to_be_checked()
    expect(page.locator("[data-part=part]")).to_contain_text("2 of 2")
    of.get_by_label("1").check()
    expect(page.locator("[data-part=part]")).to_contain_text("1 of 1")
