"""How the published pages behave in a reader's hands: by keyboard, mouse and touch, on small screens."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from gate_by_gate.explorers import se
from tests.browser.stepping import STEPS, pages_with_explorers
from tests.conftest import OpenPage

SE_PAGE = "book/02_squeeze_and_excitation.html"
COST = "#se:tab=cost"
EMBEDDED_BYTES = 150_000


@pytest.fixture
def se_page(book: Path, open_page: OpenPage) -> Page:
    return open_page((book / SE_PAGE).as_uri())


@pytest.fixture
def cost_page(book: Path, open_page: OpenPage) -> Page:
    """The page of SE with the tab of the costs in view."""
    return open_page((book / SE_PAGE).as_uri() + COST)


def parameters(**changes: object) -> str:
    record = se.DEFINITION.record(se.DEFINITION.defaults | changes)
    return record["cost"]["parameters"]["total"]["text"]


def test_a_slider_moves_by_keyboard(cost_page: Page):
    reduction = cost_page.get_by_label("reduction r")
    total = cost_page.locator("output[data-name=parameters]")
    reduction.focus()
    for key, value in [("Home", 2), ("ArrowRight", 4), ("ArrowRight", 8), ("ArrowLeft", 4), ("End", 16)]:
        cost_page.keyboard.press(key)
        expect(reduction).to_have_attribute("aria-valuetext", str(value))
        expect(total).to_have_text(parameters(reduction=value))


def test_a_choice_moves_by_keyboard(cost_page: Page):
    cost_page.get_by_role("radio", name="with", exact=True).focus()
    cost_page.keyboard.press("ArrowRight")
    expect(cost_page.get_by_role("radio", name="without", exact=True)).to_be_checked()
    expect(cost_page.locator("output[data-name=parameters]")).to_have_text(parameters(bias=False))


def test_a_slider_moves_by_mouse(cost_page: Page):
    reduction = cost_page.get_by_label("reduction r")
    reduction.scroll_into_view_if_needed()
    box = reduction.bounding_box()
    cost_page.mouse.click(box["x"] + 2, box["y"] + box["height"] / 2)
    expect(cost_page.locator("output[data-name=parameters]")).to_have_text(parameters(reduction=2))


@pytest.mark.chromium
def test_controls_and_bars_answer_to_touch(book: Path, open_page: OpenPage):
    page = open_page((book / SE_PAGE).as_uri(), width=375, has_touch=True, is_mobile=True)
    figure = page.locator("figure[data-explorer=se]")
    figure.get_by_role("tab", name="Cost").tap()
    figure.get_by_role("radio", name="without", exact=True).tap()
    expect(figure.locator("output[data-name=parameters]")).to_have_text(parameters(bias=False))
    figure.get_by_role("tab", name="One image").tap()
    figure.get_by_role("radio", name="digit 7").tap()
    expect(figure.get_by_role("radio", name="digit 7")).to_be_checked()
    chart = figure.locator("[data-part=gates] .attn-chart").first
    chart.locator(".attn-bars").tap()
    expect(chart.locator(".attn-readout")).to_contain_text("channel")


@pytest.mark.parametrize("width", [1280, 375])
def test_the_controls_stay_in_sight_below_the_bar_of_the_page(book: Path, open_page: OpenPage, width: int):
    page = open_page((book / SE_PAGE).as_uri(), width=width)
    strip, last = (
        page.locator("figure[data-explorer=se] .attn-strip"),
        page.locator("figure[data-explorer=se] [data-part=gates] .attn-bars").last,
    )
    page.set_viewport_size({"width": width, "height": 460})  # less than the figure takes
    last.evaluate("(element) => element.scrollIntoView({ block: 'end' })")
    bar = page.locator(".bd-header-article").bounding_box()
    assert strip.bounding_box()["y"] == pytest.approx(bar["y"] + bar["height"], abs=1)
    expect(strip.get_by_role("slider").first).to_be_in_viewport(ratio=1)
    # What takes the focus from outside the screen does not come to lie under them.
    for target in page.locator("figure[data-explorer=se] .attn-panel [tabindex]").all():
        if target.is_visible():
            last.evaluate("(element) => element.scrollIntoView({ block: 'end' })")
            target.focus()
            below, pinned = target.bounding_box()["y"], strip.bounding_box()
            assert below >= pinned["y"] + pinned["height"]


def chart_values(chart: Locator) -> list[str]:
    chart.locator("summary").click()
    return chart.locator("tbody td").all_inner_texts()


def test_bars_say_their_values_to_pointer_keyboard_and_table(se_page: Page):
    gates, squeeze = (se_page.locator("[data-part=gates] .attn-chart").nth(i) for i in range(2))
    se_page.get_by_role("radio", name="in place").check()
    expected = se.DEFINITION.record(se.DEFINITION.defaults)["gates"]["gates"]["values"]
    values = chart_values(gates)
    assert [float(value) for value in values] == expected

    bars = gates.locator(".attn-bars")
    bars.focus()
    for presses in range(3):
        se_page.keyboard.press("ArrowRight")
        expect(gates.locator(".attn-readout")).to_have_text(f"channel {presses}: {values[presses]}")
    # The bars of a part share the cursor: the same channel is marked in both charts.
    expect(squeeze.locator(".attn-readout")).to_contain_text("channel 2:")
    se_page.keyboard.press("Escape")
    expect(gates.locator(".attn-readout")).to_be_empty()

    bars.scroll_into_view_if_needed()
    box = bars.bounding_box()
    channel = 20
    se_page.mouse.move(box["x"] + box["width"] * (channel + 0.5) / len(values), box["y"] + box["height"] / 2)
    expect(gates.locator(".attn-readout")).to_have_text(f"channel {channel}: {values[channel]}")


@pytest.mark.parametrize("width", [1280, 375])
def test_nothing_jumps_when_a_control_moves(book: Path, open_page: OpenPage, width: int):
    for path in pages_with_explorers(book):
        page = open_page(path.as_uri(), width=width)
        for figure in page.locator("figure.attn-explorer").all():
            name = figure.get_attribute("data-explorer")
            moves = 0
            for tab in figure.get_by_role("tab").all() or [None]:
                if tab:
                    tab.click()
                heights = figure.evaluate(
                    f"""(figure) => ({STEPS})(figure).map((step) => {{
                        step();
                        return figure.getBoundingClientRect().height;
                    }})"""
                )
                moves += len(heights)
                jumped = max(heights, default=0) - min(heights, default=0)
                assert jumped < 1, f"{path.name}: {name}, {tab and tab.inner_text()}"
            assert moves > 1, f"{path.name}: {name} has nothing to move"
        page.close()  # a page that stays open keeps its memory


@pytest.mark.chromium
def test_the_page_is_laid_out_once(book: Path, open_page: OpenPage):
    observer = """globalThis.shifts = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((entry) => { shifts += entry.value; }))
            .observe({ type: "layout-shift", buffered: true });"""
    page = open_page((book / SE_PAGE).as_uri(), prepare=lambda page: page.add_init_script(observer))
    page.wait_for_load_state("networkidle")
    assert page.evaluate("PerformanceObserver.supportedEntryTypes").count("layout-shift") == 1
    # The threshold that web.dev calls good is 0.1; a web font that arrives late costs a little of it.
    assert page.evaluate("shifts") < 0.05


@pytest.mark.chromium
def test_what_a_page_embeds_is_light(book: Path):
    """The explorers of a page with their data, and the script and style sheet that draw them."""
    sheets = [path.read_bytes() for path in book.glob("_static/*.css")]
    (style,) = (sheet for sheet in sheets if b"/*! attn_widgets.css */" in sheet)
    script = (book / "_static" / "attn_widgets.js").read_bytes()
    assets = sum(len(gzip.compress(one, 6)) for one in (script, style))
    for path in pages_with_explorers(book):
        embedded = "".join(
            re.findall(r'<div class="attn-host".*?</div>', path.read_text(encoding="utf-8"), re.S)
        )
        sent = assets + len(gzip.compress(embedded.encode(), 6))
        print(f"{path.name}: {sent:,} bytes compressed")
        assert sent <= EMBEDDED_BYTES, path.name


@pytest.mark.chromium
def test_without_javascript_the_text_is_there(book: Path, browser: Browser):
    # Not by open_page: a browser without scripts counts each of them as a request that failed.
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto((book / SE_PAGE).as_uri())
        expect(page.get_by_text("This box is live where JavaScript is on.").first).to_be_visible()
        expect(page.get_by_text("How many parameters does it have?")).to_be_visible()
