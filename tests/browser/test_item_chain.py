"""A chain on a bare page: its boxes, slots and bars, and what a click on a slot moves."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.chain import Chain, Column, Costs, Place, Stage
from tests.browser.axe import assert_accessible
from tests.browser.bare_page import explorer_html, write_page
from tests.browser.comparing import compare_everything, prepare
from tests.conftest import OpenPage

SPOT = Control("spot", "where", ("nowhere", "front", "back"), "front", "menu")
SIZE = Control("size", "how large", (2, 3), 2)
PLACES = {
    "front": Place((0.1, 0.4), "in front", "front"),
    "back": Place((0.7, 0.4), "behind", "back"),
    "own": Place((0.4, 0.9), "where no control puts it"),
}


def draw(setting: Setting) -> Data:
    """Draw three stages; the middle one has both places, the last one only the second."""
    spot = str(setting["spot"])
    in_middle, in_last = ("", "") if spot == "nowhere" else (spot, "back" if spot == "back" else "own")
    added = [0, 250 if in_middle else 0, 7_000_000 if in_last else 0]
    return {
        "chain": Chain(
            [
                Stage("first", 0.25, 1),
                Stage("middle", 0.5, 0.36, 3, True, ("front", "back"), in_middle),
                Stage("last", 1, 0.04, slots=("back",), filled=in_last),
            ],
            PLACES,
            [
                Column("weights", "weights", Costs([17, 1000, 3_000_000_000], added)),
                Column(
                    "steps",
                    "steps",
                    {
                        size: Costs([size, 5 * size, 7 * size], [0, 0, 11 * size * bool(in_last)])
                        for size in (2, 3)
                    },
                ),
            ],
            f"two things, {spot}",
            2,
            sets="spot",
            pick="size",
        )
    }


PART = Part("all", ("spot",), (Item("chain", Chain),), draw, view_controls=("size",))
DEFINITION = Definition("chain", "Fill a slot: what grows?", (SPOT, SIZE), (Panel("one", "One", (PART,)),))


@pytest.fixture
def page(tmp_path: Path, open_page: OpenPage) -> Page:
    return open_page(write_page(tmp_path, explorer_html(DEFINITION)))


def test_boxes_slots_and_bars_are_those_of_the_data_at_every_position(page: Page):
    prepare(page)
    assert compare_everything(page.locator("figure"), DEFINITION) == 6
    page.locator(".attn-box-of").nth(1).evaluate("(box) => { box.setAttribute('width', '16%'); }")
    with pytest.raises(AssertionError):
        compare_everything(page.locator("figure"), DEFINITION)


def test_a_click_on_a_slot_moves_the_control(page: Page):
    middle, last = (page.locator(".attn-links .attn-link").nth(at) for at in (1, 2))
    expect(middle.locator(".attn-filled")).to_have_attribute("data-slot", "front")
    middle.locator("[data-place=back]").click()
    expect(page.get_by_label("where")).to_have_value("2")
    for link in (middle, last):
        expect(link.locator(".attn-filled")).to_have_attribute("data-slot", "back")
    expect(page.locator(".attn-readout")).to_have_text("behind: a click puts the block there")
    page.mouse.move(1, 1)
    expect(page.locator(".attn-readout")).to_have_text("A click on an empty slot puts the block there.")


def test_a_place_that_is_no_slot_is_drawn_only_where_it_is_filled(page: Page):
    last = page.locator(".attn-links .attn-link").nth(2)
    expect(last.locator("[data-slot=own]")).to_be_visible()
    expect(last.locator("[data-slot=front]")).to_be_hidden()
    page.get_by_label("where").select_option("back")
    expect(last.locator("[data-slot=own]")).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chain_is_accessible(tmp_path: Path, open_page: OpenPage, theme: str):
    assert_accessible(open_page(write_page(tmp_path, explorer_html(DEFINITION), theme=theme)))
