"""A map that the reader draws, by hand or by key: what the page computes from it, PyTorch does."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from gate_by_gate.explorers import EXPLORERS
from gate_by_gate.widgets.definition import Data
from tests.browser.axe import assert_accessible
from tests.browser.bare_page import explorer_html, write_page
from tests.browser.comparing import compare_drawn, compare_everything, prepare
from tests.browser.drawing_by_torch import seen
from tests.conftest import OpenPage

DRAWN = ("drawn_gate", "drawn_convolution")


@pytest.fixture(params=DRAWN)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def page(tmp_path: Path, open_page: OpenPage, name: str) -> Page:
    page = open_page(write_page(tmp_path, explorer_html(EXPLORERS[name].definition)))
    prepare(page)
    return page


def data_of(name: str) -> Data:
    definition = EXPLORERS[name].definition
    return definition.parts["drawing"].data(definition.defaults)["drawing"]


def cell(page: Page, row: int, column: int) -> Locator:
    return page.get_by_role("button", name=f"row {row}, column {column}", exact=True)


def draw(page: Page, x: torch.Tensor) -> None:
    """Draw a map by pressing every cell that differs from it."""
    page.evaluate(
        """(wanted) => document.querySelectorAll(".attn-stroke").forEach((cell, at) => {
            if (Number(cell.dataset.drawn) !== wanted[at]) cell.click();
        })""",
        x.flatten().tolist(),
    )


def shown(page: Page) -> Data:
    return page.evaluate("() => reading.drawing(document.querySelector('.attn-drawing'))")


def test_it_shows_what_pytorch_computes_at_every_position_of_its_controls(page: Page, name: str):
    definition = EXPLORERS[name].definition
    positions = {"drawn_gate": 5 * 2, "drawn_convolution": 5 * 4 * 2}[name]
    assert compare_everything(page.locator("figure"), definition) == positions
    page.locator(".attn-answers .attn-cell").first.evaluate("(cell) => { cell.textContent = '7'; }")
    last = {name: control.values[-1] for name, control in definition.controls.items()}
    with pytest.raises(AssertionError):
        compare_drawn(shown(page), data_of(name), last)


def test_whatever_is_drawn_it_shows_what_pytorch_computes(page: Page, name: str):
    generator = torch.Generator().manual_seed(20)
    definition = EXPLORERS[name].definition
    settings = {
        "drawn_gate": [{"squeeze": squeeze} for squeeze in ("mean", "maximum")],
        "drawn_convolution": [{"kernel": "left edge", "stride": 2}, {"kernel": "centre", "stride": 1}],
    }[name]
    for setting in settings:
        for control, value in setting.items():
            index = definition.controls[control].values.index(value)
            page.locator(f"[data-control={control}] input").nth(index).check()
        for share in (0.0, 0.2, 0.5, 1.0):
            x = (torch.rand(7, 7, generator=generator) < share).long()
            draw(page, x)
            assert shown(page)["map"] == x.flatten().tolist()
            compare_drawn(shown(page), data_of(name), definition.defaults | setting)


def test_a_number_says_how_much_of_the_drawing_it_has_seen(page: Page, name: str):
    definition, data = EXPLORERS[name].definition, data_of(name)
    last = data["operations"][-1]["name"]
    numbers = page.locator(f"[data-grid={last}] .attn-cell")
    for at in (0, 24):
        numbers.nth(at).hover()
        lit = page.locator(".attn-stroke.attn-lit").evaluate_all(
            "(cells) => cells.map((cell) => Number(cell.dataset.at))"
        )
        assert lit == seen(data, definition.defaults, last, at)
        expect(page.locator(".attn-readout")).to_contain_text(f"it has seen {len(lit)} of 49 places")


def test_a_mouse_draws_along_and_takes_away_where_it_begins_on_a_one(page: Page):
    for column in (0, 1, 2):
        expect(cell(page, 0, column)).to_have_attribute("aria-pressed", "false")
    for expected in ("true", "false"):
        cell(page, 0, 0).hover()
        page.mouse.down()
        cell(page, 0, 1).hover()
        cell(page, 0, 2).hover()
        page.mouse.up()
        cell(page, 1, 2).hover()
        for column in (0, 1, 2):
            expect(cell(page, 0, column)).to_have_attribute("aria-pressed", expected)
        expect(cell(page, 1, 2)).to_have_attribute("aria-pressed", "false")


def test_keys_go_from_cell_to_cell_and_draw(page: Page):
    assert page.locator(".attn-stroke[tabindex='0']").count() == 1, "one stop of the tab key, not 49"
    cell(page, 0, 0).focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowLeft", "ArrowUp", "ArrowUp", "ArrowRight"):
        page.keyboard.press(key)
    expect(cell(page, 0, 1)).to_be_focused()
    page.keyboard.press("Space")
    expect(cell(page, 0, 1)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    expect(cell(page, 0, 1)).to_have_attribute("aria-pressed", "false")


@pytest.mark.chromium
def test_a_tap_draws(tmp_path: Path, open_page: OpenPage, name: str):
    path = write_page(tmp_path, explorer_html(EXPLORERS[name].definition))
    page = open_page(path, width=375, has_touch=True)
    cell(page, 6, 0).tap()
    expect(cell(page, 6, 0)).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_start_again_takes_back_what_was_drawn(page: Page):
    before = shown(page)
    draw(page, torch.ones(7, 7, dtype=torch.long))
    assert shown(page)["results"] != before["results"]
    page.get_by_role("button", name="start again").click()
    assert shown(page) == before


@pytest.mark.chromium  # it alone lends a page the look of paper
def test_the_drawing_stands_on_paper_and_what_one_presses_does_not(page: Page):
    cell(page, 0, 0).click()
    page.emulate_media(media="print")
    strokes = page.locator(".attn-stroke:visible")
    assert strokes.count() == 49
    said = strokes.evaluate_all("(cells) => cells.map((one) => getComputedStyle(one, '::before').content)")
    assert said == [f'"{one}"' for one in shown(page)["map"]]
    colours = strokes.evaluate_all("(cells) => cells.map((one) => getComputedStyle(one).backgroundColor)")
    assert len({*zip(said, colours, strict=True)}) == 2, "ones and zeros have a colour each"
    assert page.get_by_role("button", name="start again").count() == 0


def test_it_is_accessible(page: Page):
    assert_accessible(page)
