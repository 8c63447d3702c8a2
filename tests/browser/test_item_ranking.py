"""A ranking on a page: rows come and go, bars are as long as their shares."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.ranking import Ranking, Share
from tests.browser.axe import assert_accessible
from tests.browser.bare_page import explorer_html, write_page
from tests.browser.comparing import compare_everything, prepare
from tests.conftest import OpenPage

ROWS = Control("rows", "rows", (2, 3, 5), 3)


def shares(setting: Setting) -> Data:
    count = int(setting["rows"])
    return {"shares": Ranking([Share(f"answer {i}", 1 / (i + count), i == 1) for i in range(count)])}


DEFINITION = Definition(
    "ranked",
    "How many rows?",
    (ROWS,),
    (Panel("all", "All", (Part("shares", ("rows",), (Item("shares", Ranking, "it says"),), shares),)),),
)


def test_a_ranking_shows_its_rows_at_every_position(tmp_path: Path, open_page: OpenPage):
    page = open_page(write_page(tmp_path, explorer_html(DEFINITION)))
    page.emulate_media(reduced_motion="reduce")  # a bar has its length at once
    prepare(page)
    figure = page.locator("figure")
    assert compare_everything(figure, DEFINITION) == 3
    table = figure.get_by_role("table", name="it says")
    expect(table.get_by_role("row")).to_have_count(5)
    expect(table.get_by_role("row").nth(1)).to_contain_text("answer 1")
    bar, track = (table.locator(name).first.bounding_box() for name in ("i", "td"))
    assert abs(bar["width"] / track["width"] - 0.2) < 0.01


def test_a_ranking_is_accessible(tmp_path: Path, open_page: OpenPage):
    page = open_page(write_page(tmp_path, explorer_html(DEFINITION), theme="dark"))
    assert_accessible(page)
