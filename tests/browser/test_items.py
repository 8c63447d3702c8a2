"""Every kind of item and control on a bare page: what is drawn, how it answers to pointer, keys and touch."""

from __future__ import annotations

import base64
import itertools
import re
from pathlib import Path

import pytest
from matplotlib import colormaps
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import assert_accessible
from tests.browser.bare_page import DEFINITION, explorer_html, write_page
from tests.browser.comparing import SHARE, compare_everything, compare_stored, prepare, shared_out
from tests.conftest import OpenPage


@pytest.fixture
def page(tmp_path: Path, open_page: OpenPage) -> Page:
    return open_page(write_page(tmp_path, explorer_html(DEFINITION)))


def item(page: Page, part: str, at: int) -> Locator:
    return page.locator(f"[data-part={part}] > *").nth(at + 1)  # the first child is the note


def point_at(page: Page, plate: Locator, across: float, down: float) -> None:
    plate.scroll_into_view_if_needed()
    box = plate.bounding_box()
    page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])


def test_every_kind_shows_its_data_at_every_position(page: Page):
    prepare(page)
    # Two images, two numbers of heads and fifteen queries; two orders; three widths, twice; four by four.
    assert compare_everything(page.locator("figure"), DEFINITION) == 60 + 2 + 3 + 3 + 16


def test_a_move_writes_into_what_is_there_and_makes_nothing_anew(page: Page):
    prepare(page)
    page.evaluate(
        """() => {
            globalThis.made = [];
            const watch = new MutationObserver((changes) => {
                const added = changes.flatMap(({ addedNodes }) => [...addedNodes]);
                made.push(...added.filter((node) => node instanceof Element).map((one) => one.outerHTML));
            });
            watch.observe(document.querySelector("figure"), { childList: true, subtree: true });
        }"""
    )
    # Lines and dots of the two that `first` and `second` pick come and go with their seeds.
    for name in [name for name in DEFINITION.controls if name not in ("first", "second")]:
        for at in (1, 0):
            page.evaluate("([name, at]) => reading.set(document, name, at)", [name, at])
            assert page.evaluate("made") == [], f"{name} at {at}"


def test_a_page_has_stored_what_is_computed_and_a_number_that_differs_is_found(page: Page):
    figure = page.locator("figure")
    settings = sum(1 for part in DEFINITION.parts.values() for _ in DEFINITION.settings(part))
    assert compare_stored(figure, DEFINITION) == settings
    page.evaluate("""() => {
        const { values } = attnLib.address.explorers[0];
        values.parts.graphs["10"].told.value += 1;
    }""")
    with pytest.raises(AssertionError, match="part graphs at 10"):
        compare_stored(figure, DEFINITION)


def test_a_share_of_the_positions_has_every_value_of_every_control():
    axes = {"image": range(SHARE), "units": (1, 16), "start": ("built", "identity"), "query": range(25)}
    where = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    shared = shared_out(where, SHARE)
    assert len(where) / SHARE <= len(shared) < len(where) / SHARE + 1
    for name, values in axes.items():
        assert {position[name] for position in shared} == set(values)
    # Each image stands for four positions here, and after so many times four they begin anew: of itself, one
    # position in so many has four of the images.
    turned = sorted(where, key=lambda position: position["query"])
    assert len({position["image"] for position in turned[::SHARE]}) == 4
    assert {position["image"] for position in shared_out(turned, SHARE)} == set(axes["image"])
    assert shared_out(where, 1) == where


def test_a_map_says_the_value_of_a_cell_to_pointer_and_keys(page: Page):
    over, signed, rows = (item(page, "maps", at) for at in (1, 2, 4))
    plate, readout = over.locator("[data-name=map]"), over.locator(".attn-readout")
    # Row 2, column 4 of 5 x 7 holds 0.59, on a scale of sixteen steps from -1 to 2.
    point_at(page, plate, 4.5 / 7, 2.5 / 5)
    expect(readout).to_have_text("row 2, column 4: 0.6")
    # A map of the same shape shows the same cell, another one none.
    expect(signed.locator(".attn-readout")).to_contain_text("row 2, column 4: ")
    expect(rows.locator(".attn-readout")).to_be_empty()
    page.mouse.move(1, 1)
    expect(readout).to_be_empty()
    plate.focus()
    expect(readout).to_have_text("row 0, column 0: -1")
    for key, cell in [("ArrowDown", "row 1, column 0"), ("ArrowRight", "row 1, column 1"),
                      ("ArrowUp", "row 0, column 1"), ("ArrowUp", "row 0, column 1"),
                      ("ArrowLeft", "row 0, column 0")]:  # fmt: skip
        page.keyboard.press(key)
        expect(readout).to_contain_text(cell)
    page.keyboard.press("Escape")
    expect(readout).to_be_empty()


def test_a_click_on_a_map_moves_the_control_that_it_sets(page: Page):
    signed, heads = item(page, "maps", 2), page.get_by_role("radiogroup", name="heads")
    expect(signed).not_to_have_class(re.compile("attn-set( |$)"))
    signed.locator("[data-name=map]").click()
    expect(heads.get_by_role("radio", name="2")).to_be_checked()
    expect(signed).to_have_class(re.compile("attn-set( |$)"))
    # A map that sets nothing moves nothing.
    heads.get_by_role("radio", name="1").check()
    item(page, "maps", 1).locator("[data-name=map]").click()
    expect(heads.get_by_role("radio", name="1")).to_be_checked()


def test_strips_say_both_values(page: Page):
    strips = item(page, "maps", 3)
    point_at(page, strips.locator("[data-name=map]"), 4.5 / 5, 1.5 / 3)
    expect(strips.locator(".attn-readout")).to_have_text("row 1: 0.53 × column 4: 0.8")


ALIKE = 30
"""Two pixels from an end a colour of the ramp is off by up to 15 of 255; from the other end's by over 100."""


def colours_of_ramp(page: Page, element: Locator) -> list[list[int]]:
    """Return what a reader sees at both ends of a map's legend, as red, green and blue."""
    ramp = element.locator(".attn-ramp")
    # Its ends are round: what is seen is two pixels from them, in the middle of its height.
    return page.evaluate(
        """async (png) => {
            const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
            const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
            context.drawImage(image, 0, 0);
            const at = (x) => [...context.getImageData(x, image.height / 2, 1, 1).data].slice(0, 3);
            return [at(2), at(image.width - 3)];
        }""",
        base64.b64encode(ramp.screenshot()).decode(),
    )


@pytest.mark.parametrize(("at", "colours"), [(2, "RdBu_r"), (3, "viridis")])
def test_the_legend_of_a_map_has_the_colours_of_the_map_from_low_to_high(page: Page, at: int, colours: str):
    element = item(page, "maps", at)
    texts = element.locator(".attn-scale span").all_text_contents()
    assert float(texts[0]) < float(texts[1])
    seen = colours_of_ramp(page, element)
    # What the map itself, or a strip beside it, paints its lowest and its highest cell with.
    painted = element.locator("canvas:not(.attn-under)").evaluate_all(
        """(canvases) => canvases.flatMap((canvas) => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return Array.from({ length: data.length / 4 }, (_, i) => [...data.slice(4 * i, 4 * i + 3)]);
        })"""
    )
    for end, colour in zip((0.0, 1.0), seen, strict=True):
        expected = [round(255 * channel) for channel in colormaps[colours](end)[:3]]
        assert max(abs(a - b) for a, b in zip(colour, expected, strict=True)) <= ALIKE, (seen, expected)
        # The signed map reaches its high end alone, and its scale as far below zero.
        if colours == "viridis" or end == 1:
            assert (
                min(max(abs(a - b) for a, b in zip(colour, cell, strict=True)) for cell in painted) <= ALIKE
            )


def test_the_marks_have_a_legend(page: Page):
    for at, legend in ((0, ["box", "field", "taps"]), (1, ["box", "field", "taps"]), (4, ["query"])):
        expect(item(page, "maps", at).locator(".attn-legend li")).to_have_text(legend)


def test_the_frame_of_a_query_is_told_from_that_of_a_digit_which_covers_nothing(page: Page):
    spot = item(page, "maps", 4).locator("rect.attn-query")
    box = item(page, "maps", 1).locator(".attn-boxed")
    stroke = spot.evaluate("(mark) => getComputedStyle(mark).stroke")
    line, fill, gap = box.evaluate(
        """(box) => {
            const frame = box.querySelector(".attn-boxed-line");
            const { stroke, fill, strokeWidth } = getComputedStyle(frame);
            // From the line's inner edge to what is framed, at the left.
            const share = parseFloat(box.style.getPropertyValue("--attn-box-left")) / 100;
            const gap = share * box.clientWidth - frame.getBBox().x - parseFloat(strokeWidth) / 2;
            return [stroke, fill, gap];
        }"""
    )
    assert line != stroke
    assert fill == "none"
    assert gap == pytest.approx(1, abs=0.1)


def test_a_place_is_picked_by_click_and_by_arrow_keys(page: Page):
    query = page.get_by_label("query", exact=True)
    rows = item(page, "maps", 4).locator(".attn-label")
    expect(query).to_have_attribute("aria-valuetext", "row 1, column 2")
    board = page.locator(".attn-board")
    box = board.bounding_box()
    page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + 0.1 * box["height"])
    expect(query).to_have_attribute("aria-valuetext", "row 0, column 4")
    expect(query).to_be_focused()
    expect(rows).to_have_text("row of row 0, column 4")
    for key, place in [
        ("ArrowRight", "row 0, column 4"),
        ("ArrowDown", "row 1, column 4"),
        ("ArrowLeft", "row 1, column 3"),
        ("ArrowUp", "row 0, column 3"),
        ("End", "row 2, column 4"),
        ("Home", "row 0, column 0"),
    ]:
        page.keyboard.press(key)
        expect(query).to_have_attribute("aria-valuetext", place)
        expect(rows).to_have_text(f"row of {place}")
    # It follows the mouse.
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.5 * box["height"])
    expect(query).to_have_attribute("aria-valuetext", "row 1, column 0")
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.9 * box["height"])
    expect(query).to_have_attribute("aria-valuetext", "row 2, column 2")


@pytest.mark.chromium
def test_places_maps_and_charts_answer_to_touch(tmp_path: Path, open_page: OpenPage):
    page = open_page(
        write_page(tmp_path, explorer_html(DEFINITION)), width=375, has_touch=True, is_mobile=True
    )
    board = page.locator(".attn-board")
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    page.touchscreen.tap(box["x"] + 0.1 * box["width"], box["y"] + 0.9 * box["height"])
    expect(page.get_by_label("query", exact=True)).to_have_attribute("aria-valuetext", "row 2, column 0")
    for part, at, said in (("maps", 1, "row 2, column 3"), ("graphs", 0, "line: width 10")):
        element = item(page, part, at)
        element.locator("[data-name=map]").tap()
        expect(element.locator(".attn-readout")).to_contain_text(said)


RENDER_LIVE = """(values) => {
    const listeners = {};
    const model = {
        get: (name) => values[name],
        set: (name, value) => { values[name] = value; },
        save_changes() {},
        on: (event, listener) => { listeners[event] = listener; },
        off() {},
    };
    globalThis.kernel = {
        sends: (name, value) => { values[name] = value; listeners[`change:${name}`](); },
        dies: () => listeners.comm_live_update(),
    };
    attnLib.widgets.explorer.render({ model, el: document.querySelector("main") });
}"""
"""Draws an explorer over a model that the test plays, as a kernel would."""


def test_a_refusal_is_said_below_and_taken_back(page: Page):
    page.evaluate(RENDER_LIVE, DEFINITION.payload() | DEFINITION.defaults | {"code": ""})
    status, panels = page.locator(".attn-status"), page.locator(".attn-panel")
    places = [panel.bounding_box() for panel in panels.all()]
    page.evaluate("kernel.sends('refusal', 'too wide')")
    expect(status).to_have_text("too wide")
    assert [panel.bounding_box() for panel in panels.all()] == places
    page.evaluate("kernel.sends('refusal', '')")
    expect(status).to_be_empty()
    page.evaluate("kernel.dies()")
    expect(status).to_contain_text("The kernel does not answer")
    page.evaluate("kernel.sends('refusal', '')")
    page.get_by_role("button", name="reset").click()
    expect(status).to_contain_text("The kernel does not answer")
    page.evaluate("kernel.sends('parts', {})")
    expect(status).to_be_empty()


def move(page: Page, label: str, at: int) -> None:
    """Move a slider without taking the focus from where it is."""
    page.get_by_label(label, exact=True).evaluate(
        "(input, at) => { input.value = at; input.dispatchEvent(new Event('input', { bubbles: true })); }", at
    )


@pytest.mark.chromium
def test_a_touched_point_goes_with_its_data_and_with_the_next_touch(tmp_path: Path, open_page: OpenPage):
    page = open_page(
        write_page(tmp_path, explorer_html(DEFINITION)), width=375, has_touch=True, is_mobile=True
    )
    lines = item(page, "graphs", 0)
    plot, readout = lines.locator("[data-name=map]"), lines.locator(".attn-readout")
    plot.tap()
    expect(readout).to_contain_text("line: width 10")
    page.locator("figcaption").tap()
    expect(readout).to_have_text("width 10")
    plot.tap()
    expect(readout).to_contain_text("line: width 10")
    move(page, "width", 0)
    expect(readout).to_have_text("width 2")
    expect(plot.locator(".attn-pointed")).to_have_count(0)


def test_a_point_that_keys_step_through_stays_when_the_data_change(page: Page):
    lines = item(page, "graphs", 0)
    lines.locator("[data-name=map]").focus()
    page.keyboard.press("ArrowRight")
    move(page, "width", 0)
    expect(lines.locator(".attn-readout")).to_contain_text("line: width 10")


@pytest.mark.chromium
def test_a_touch_that_scrolls_the_page_picks_no_place(tmp_path: Path, open_page: OpenPage):
    page = open_page(
        write_page(tmp_path, explorer_html(DEFINITION)), width=375, has_touch=True, is_mobile=True
    )
    board = page.locator(".attn-board")
    board.scroll_into_view_if_needed()
    box, before = board.bounding_box(), page.evaluate("scrollY")
    x, y = box["x"] + 0.1 * box["width"], box["y"] + 0.9 * box["height"]
    session = page.context.new_cdp_session(page)
    for kind, up in [("touchStart", 0), *(("touchMove", 12 * step) for step in range(1, 11))]:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y - up}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function("before => scrollY > before + 50", arg=before)
    expect(page.get_by_label("query", exact=True)).to_have_attribute("aria-valuetext", "row 1, column 2")


def test_a_place_stays_where_the_mouse_left_the_map(page: Page):
    query = page.get_by_label("query", exact=True)
    box = page.locator(".attn-board").bounding_box()
    page.locator(".attn-placing label").click()
    expect(query).to_be_focused()
    expect(query).to_have_attribute("aria-valuetext", "row 1, column 2")
    for across, down in ((0.9, 0.9), (2, 0.1)):
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        expect(query).to_have_attribute("aria-valuetext", "row 2, column 4")


def test_bars_are_sorted_together_and_keep_the_marked_channel(page: Page):
    squeeze, gates, taps = (item(page, "vectors", at) for at in range(3))
    gates.locator(".attn-bars").focus()
    page.keyboard.press("ArrowLeft")  # there is none on the left of the first, but it is picked now
    expect(gates.locator(".attn-readout")).to_have_text("channel 0: 0.3, before 0.91")
    expect(squeeze.locator(".attn-readout")).to_have_text("channel 0: -0.1")
    expect(taps.locator(".attn-readout")).to_be_empty()
    page.get_by_role("radio", name="sorted").check()
    expect(gates.locator(".attn-numbers")).to_have_text("13402")
    expect(squeeze.locator(".attn-numbers")).to_have_text("13402")
    expect(gates.locator(".attn-readout")).to_have_text("channel 0: 0.3, before 0.91")
    gates.locator(".attn-bars").focus()
    page.keyboard.press("ArrowRight")
    expect(gates.locator(".attn-readout")).to_have_text("channel 2: 0.1, before 0.99")
    gates.locator("summary").click()
    expect(gates.locator("tbody th")).to_have_text(["1", "3", "4", "0", "2"])
    expect(gates.locator("tbody tr").first.locator("td")).to_have_text(["0.9", "0.19"])


def test_bars_with_names_say_them(page: Page):
    taps = item(page, "vectors", 2)
    taps.locator(".attn-bars").focus()
    expect(taps.locator(".attn-readout")).to_have_text("weight left: 0.2, before -0.5")
    taps.locator("summary").click()
    expect(taps.locator("thead th")).to_have_text(["weight", "value", "before"])
    expect(taps.locator("tbody th")).to_have_text(["left", "right"])


def banded(chart: Locator) -> list[int]:
    drawn = chart.locator("path.attn-banded").get_attribute("d")
    assert drawn is not None
    bars = re.findall(r"M([.\d]+) [.\d]+h([.\d]+)", drawn)  # each takes 0.8 of its place
    return [int(float(left) * round(0.8 / float(width))) for left, width in bars]


def test_the_neighbours_of_the_bar_that_is_pointed_at_are_pointed_out(page: Page):
    squeeze = item(page, "vectors", 0)
    assert banded(squeeze) == [1, 2]
    squeeze.locator(".attn-bars").focus()
    assert banded(squeeze) == [0, 1]
    page.keyboard.press("ArrowRight")
    assert banded(squeeze) == [0, 1, 2]
    page.keyboard.press("Escape")
    assert banded(squeeze) == [1, 2]


def test_a_band_without_neighbours_is_there_while_no_bar_is_pointed_at(page: Page):
    taps = item(page, "vectors", 2)
    assert banded(taps) == [1]
    point_at(page, taps.locator("[data-name=map]"), 0.25, 0.5)
    assert banded(taps) == []
    # The marked one differs from the others by its outline too.
    strokes = taps.locator("path.attn-plain, path.attn-marked").evaluate_all(
        "(looks) => looks.map((look) => getComputedStyle(look).stroke)"
    )
    assert [stroke == "none" for stroke in strokes] == [True, False]
    page.mouse.move(1, 1)
    assert banded(taps) == [1]


def test_the_focus_shows_a_first_value_and_takes_it_back(page: Page):
    for part, at, first, none in [
        ("maps", 1, "row 0, column 0: -1", ""),
        ("vectors", 0, "channel 0: -0.1", ""),
        ("graphs", 0, "line: width 1, cost in B 3", "width 10"),
    ]:
        element = item(page, part, at)
        plot, readout = element.locator("[data-name=map]"), element.locator(".attn-readout")
        expect(plot).to_have_accessible_description("Arrow keys step through the values.")
        plot.focus()
        expect(readout).to_have_text(first)
        page.keyboard.press("Shift+Tab")
        expect(readout).to_have_text(none)


def test_a_text_that_stays_is_not_announced_again(page: Page):
    item(page, "vectors", 0).locator("[data-name=map]").focus()
    page.keyboard.press("ArrowRight")
    page.evaluate(
        """() => {
            globalThis.written = 0;
            const observer = new MutationObserver((records) => { written += records.length; });
            for (const element of document.querySelectorAll("[aria-live=polite], [role=status]")) {
                observer.observe(element, { childList: true, characterData: true, subtree: true });
            }
        }"""
    )
    page.evaluate("document.querySelector('[data-control=order] input:not(:checked)').click()")
    expect(item(page, "vectors", 0).locator(".attn-numbers")).to_have_text("13402")
    expect(item(page, "vectors", 0).locator(".attn-readout")).to_have_text("channel 1: 0.5")
    assert page.evaluate("written") == 0
    page.get_by_label("width", exact=True).press("End")
    assert page.evaluate("written") > 0


def test_a_chart_says_its_points_to_pointer_keys_and_table(page: Page):
    lines, points = item(page, "graphs", 0), item(page, "graphs", 1)
    readout = lines.locator(".attn-readout")
    expect(readout).to_have_text("width 10")
    point_at(page, lines.locator("[data-name=map]"), 0.98, 0.1)
    expect(readout).to_have_text("line: width 100, cost in B 37")
    page.mouse.move(1, 1)
    expect(readout).to_have_text("width 10")
    lines.locator("[data-name=map]").focus()
    expect(readout).to_have_text("line: width 1, cost in B 3")
    for key, said in [("ArrowRight", "line: width 10, "), ("ArrowDown", "stairs: width 50, "),
                      ("ArrowLeft", "stairs: width 2, "), ("ArrowUp", "line: width 1, "),
                      ("Escape", "width 10")]:  # fmt: skip
        page.keyboard.press(key)
        expect(readout).to_contain_text(said)
    point_at(page, points.locator("[data-name=map]"), 0.3, 0.5)
    expect(points.locator(".attn-readout")).to_have_text("run: added 2, right in % 84 %, 83 to 86 %")
    point_at(page, points.locator("[data-name=map]"), 0.7, 0.2)
    expect(points.locator(".attn-readout")).to_have_text("best: added 5, right in % 88 %")
    points.locator("summary").click()
    expect(points.locator("tbody tr")).to_have_text(["run284 %83 to 86 %", "best588 %"])


def test_series_differ_by_more_than_their_colour(page: Page):
    swatches = item(page, "graphs", 0).locator(".attn-swatch")
    drawn = swatches.evaluate_all(
        """(swatches) => swatches.map((swatch) => [...swatch.querySelectorAll("path")]
            .map((path) => path.getAttribute("d") + path.getAttribute("stroke-dasharray")).join(" "))"""
    )
    assert len(drawn) == len(set(drawn)) == 2


@pytest.mark.chromium
def test_a_menu_is_a_native_list_under_headings_and_moves_by_keyboard(page: Page):
    first, verdict = page.get_by_label("left thing"), page.locator(".attn-verdict")
    groups = first.locator("optgroup").evaluate_all(
        "(groups) => groups.map(({ label, children }) => [label, ...[...children].map((one) => one.text)])"
    )
    assert groups == [["x", "A a", "B b", "D d"], ["y", "C c"]]
    assert page.get_by_label("right thing").locator("optgroup").count() == 0
    first.focus()
    page.keyboard.press("B")
    expect(first.locator("option:checked")).to_have_text("B b")
    expect(verdict).to_have_text("one thing")
    first.select_option(label="D d")
    expect(verdict).to_have_text("no pair")
    page.get_by_role("button", name="reset").click()
    expect(first.locator("option:checked")).to_have_text("A a")
    expect(verdict).to_have_text("more")


def test_rings_say_what_they_mark_while_nothing_is_pointed_at(page: Page):
    chart = page.locator("[data-part=two] .attn-graph", has=page.locator(".attn-letter"))
    readout = chart.locator(".attn-readout")
    expect(readout).to_have_text("1: 10 %; 2: 20 %")
    page.get_by_label("right thing").select_option(label="C c")  # no point is called so
    expect(readout).to_have_text("1: 10 %")
    chart.locator("[data-name=map]").focus()
    expect(readout).to_have_text("A a: cost 1, reached 10 %")


@pytest.mark.parametrize("width", [1280, 375])
def test_nothing_jumps(tmp_path: Path, open_page: OpenPage, width: int):
    page = open_page(write_page(tmp_path, explorer_html(DEFINITION)), width=width)
    figure = page.locator("figure")
    heights = {round(figure.bounding_box()["height"])}
    prepare(page)
    for name, control in DEFINITION.controls.items():
        for at in range(len(control.values)):
            figure.evaluate("(figure, [name, at]) => reading.set(figure, name, at)", [name, at])
            heights.add(round(figure.bounding_box()["height"]))
    for plate in figure.locator("[data-name=map][tabindex]").all():
        plate.focus()
        page.keyboard.press("ArrowRight")
        heights.add(round(figure.bounding_box()["height"]))
    assert len(heights) == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_no_kind_violates_accessibility(tmp_path: Path, open_page: OpenPage, theme: str, width: int):
    page = open_page(write_page(tmp_path, explorer_html(DEFINITION), theme=theme), width=width, scheme=theme)
    for summary in page.locator("summary").all():
        summary.click()
    assert_accessible(page)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
