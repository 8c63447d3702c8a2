"""A computation on a bare page: what lights up, what is said, and how it moves."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.definition import Definition, Item, Panel, Part
from gate_by_gate.widgets.items.computation import Computation, Grid, Step
from tests.browser.axe import assert_accessible
from tests.browser.bare_page import explorer_html, write_page
from tests.browser.comparing import compare_everything, prepare
from tests.conftest import OpenPage

X = [[[1, -2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]]
COMPUTATION = Computation(
    {
        "x": Grid(X, "x", "x: two planes", planes=("first", "second")),
        "w": Grid([[[0.5]], [[-1]]], "w", "w: a weight for each", decimals=1, weights=True),
        "s": Grid(
            [[[2]], [[57]]],
            "s",
            "s: the smallest pair",
            sources={"x": [[0, 1, 2], [6, 7, 11]]},
            workings=["1 − 2 + 3 = 2", "sum = 57"],
        ),
        "y": Grid(
            [[[1, -57]]],
            "y",
            "y: weighted",
            sources={"s": [[0], [1]], "w": [[0], [1]]},
            workings=["0.5 · 2 = 1", "−1 · 57 = −57"],
        ),
    },
    [
        Step("The input.", [["x"]], shown=4),
        Step("Some are added.", [["s"]], [["x"]], "sum"),
        Step("Both are weighted.", [["y"]], [["s"], ["w"]], "×", shown=1),
    ],
    "step",
    lanes=2,
)
STEP = Control("step", "step", (0, 1, 2), 0, texts=("input", "sums", "weighted"))
PART = Part(
    "all", (), (Item("all", Computation, "the steps"),), lambda s: {"all": COMPUTATION}, "wide", ("step",)
)
DEFINITION = Definition("steps", "Press play: what becomes of x?", (STEP,), (Panel("one", "One", (PART,)),))


@pytest.fixture
def page(tmp_path: Path, open_page: OpenPage) -> Page:
    page = open_page(write_page(tmp_path, explorer_html(DEFINITION)))
    page.emulate_media(reduced_motion="reduce")
    return page


def grid(page: Page, name: str) -> Locator:
    return page.locator(f".attn-shown [data-grid={name}]")


def lit(page: Page, name: str) -> list[str]:
    return grid(page, name).locator(".attn-lit").all_text_contents()


def set_step(page: Page, step: int) -> None:
    page.get_by_label("step", exact=True).fill(str(step))


def test_every_number_shows_what_it_was_computed_from_at_every_step(page: Page):
    prepare(page)
    assert compare_everything(page.locator("figure"), DEFINITION) == 3
    set_step(page, 1)
    grid(page, "s").locator(".attn-cell").first.evaluate("(cell) => { cell.textContent = '3'; }")
    with pytest.raises(AssertionError):
        compare_everything(page.locator("figure"), DEFINITION)


def test_the_pointer_lights_up_where_a_number_comes_from_and_where_it_goes(page: Page):
    set_step(page, 1)
    readout = page.locator(".attn-readout")
    expect(readout).to_have_text("s, channel 0: 1 − 2 + 3 = 2")  # the step's own number
    grid(page, "s").locator(".attn-cell").nth(1).hover()
    expect(readout).to_have_text("s, channel 1: sum = 57")
    assert lit(page, "x") == ["7", "8", "12"]
    assert page.locator(".attn-wires path").count() == 3
    grid(page, "x").locator(".attn-cell").nth(11).hover()
    expect(readout).to_have_text("x, second, row 1, column 2: 12")
    assert lit(page, "s") == ["57"]
    grid(page, "x").locator(".attn-cell").nth(3).hover()
    assert lit(page, "s") == [], "nothing is computed from this one"
    page.mouse.move(1, 1)
    expect(readout).to_have_text("s, channel 0: 1 − 2 + 3 = 2")
    assert lit(page, "x") == ["1", "−2", "3"]


def test_wires_lead_from_number_to_number_as_soon_as_it_is_shown(page: Page, tmp_path: Path):
    page.goto(write_page(tmp_path, explorer_html(DEFINITION, step=1)))
    for width in (1000, 400):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function(
            """() => {
                const middle = (element) => {
                    const { left, right } = element.getBoundingClientRect();
                    return (left + right) / 2;
                };
                const scene = document.querySelector(".attn-scene").getBoundingClientRect().left;
                const [start, end] = ["lit", "explained"].map((name) =>
                    middle(document.querySelector(`.attn-${name}`)) - scene);
                const drawn = document.querySelector(".attn-wires path").getAttribute("d").match(/[-.\\d]+/g);
                return Math.abs(drawn[0] - start) < 1 && Math.abs(drawn.at(-2) - end) < 1;
            }"""
        )


def test_the_keys_go_through_the_planes_as_they_stand(page: Page):
    grid(page, "x").focus()
    readout = page.locator(".attn-readout")
    expect(readout).to_have_text("x, first, row 0, column 0: 1")
    for key, said in [
        ("ArrowDown", "x, first, row 1, column 0: 4"),
        ("ArrowRight", "x, first, row 1, column 1: 5"),
        ("ArrowRight", "x, first, row 1, column 2: 6"),
        ("ArrowRight", "x, second, row 1, column 0: 10"),
        ("ArrowDown", "x, second, row 1, column 0: 10"),
        ("ArrowUp", "x, second, row 0, column 0: 7"),
        ("ArrowLeft", "x, first, row 0, column 2: 3"),
        ("Escape", "x, first, row 1, column 1: 5"),
    ]:
        page.keyboard.press(key)
        expect(readout).to_have_text(said)


def test_the_overview_moves_the_control(page: Page):
    page.locator(".attn-frame-of").nth(2).click()
    expect(page.get_by_label("step", exact=True)).to_have_value("2")
    expect(page.locator(".attn-frame-of[aria-current=step]")).to_have_text("y")
    expect(page.locator(".attn-says")).to_have_text("Both are weighted.")
    # What has not been computed yet is dimmed.
    set_step(page, 1)
    assert page.locator(".attn-frame-of.attn-done").all_text_contents() == ["x", "s"]


def seen_steps(page: Page) -> list[str]:
    """Return the steps that the control has stood at, in turn."""
    return page.evaluate("steps")


def watch_steps(page: Page) -> None:
    page.evaluate(
        """() => {
            const says = document.querySelector(".attn-says");
            globalThis.steps = [];
            const watch = new MutationObserver(() => steps.push(says.textContent));
            watch.observe(says, { childList: true, characterData: true, subtree: true });
        }"""
    )


@pytest.mark.chromium
@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_play_goes_through_the_steps_and_stops_at_the_last(page: Page, motion: str):
    page.emulate_media(reduced_motion=motion)
    page.clock.install()
    watch_steps(page)
    page.get_by_role("button", name="play").click()
    expect(page.get_by_role("button", name="pause")).to_be_visible()
    flights = 0
    while page.get_by_role("button", name="pause").count():
        page.clock.run_for(200)
        flights += page.locator(".attn-flying > *").count()
    assert seen_steps(page) == ["Some are added.", "Both are weighted."]
    assert (flights > 0) == (motion == "no-preference"), "numbers fly unless a reader prefers less motion"
    # From the last step it begins anew.
    page.get_by_role("button", name="play").click()
    assert seen_steps(page)[-1] == "The input."


def test_who_moves_the_control_or_presses_pause_has_the_play_stopped(page: Page):
    page.clock.install()
    for stop in (lambda: set_step(page, 2), lambda: page.get_by_role("button", name="pause").click()):
        set_step(page, 0)
        page.get_by_role("button", name="play").click()
        stop()
        expect(page.get_by_role("button", name="play")).to_be_visible()
        standing = page.get_by_label("step", exact=True).input_value()
        page.clock.run_for(20_000)
        expect(page.get_by_label("step", exact=True)).to_have_value(standing)


def test_a_step_forward_computes_its_numbers_one_after_the_other(page: Page):
    page.emulate_media(reduced_motion="no-preference")
    page.clock.install()
    set_step(page, 1)
    assert page.locator(".attn-explained").count() == 0, "the grids are still on their way"
    said = []
    for _ in range(40):
        page.clock.run_for(100)
        text = page.locator(".attn-readout").text_content()
        if text and text not in said[-1:]:
            said.append(text)
    assert said == ["s, channel 0: 1 − 2 + 3 = 2", "s, channel 1: sum = 57", "s, channel 0: 1 − 2 + 3 = 2"]
    # A step back is only shown.
    set_step(page, 0)
    expect(page.locator(".attn-readout")).to_have_text("x, first, row 1, column 1: 5")


@pytest.mark.parametrize("width", [320, 375, 1280])
def test_it_fits_its_page(page: Page, width: int):
    page.set_viewport_size({"width": width, "height": 812})
    heights = set()
    for step in range(3):
        set_step(page, step)
        scene, figure = page.locator(".attn-scene"), page.locator("figure")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        inside, around = scene.bounding_box(), figure.bounding_box()
        for box in (one.bounding_box() for one in page.locator(".attn-planes").all()):
            assert box["x"] >= inside["x"] - 1
            assert box["x"] + box["width"] <= inside["x"] + inside["width"] + 1
        heights.add(round(around["height"]))
    assert len(heights) == 1, "no step makes the figure taller"


def test_it_is_accessible_at_every_step(page: Page):
    for step in range(3):
        set_step(page, step)
        assert_accessible(page)
