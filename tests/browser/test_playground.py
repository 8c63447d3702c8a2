"""The playground of the digits in a browser: what is dragged, drawn and set is what networks are shown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, Locator, Page, Request, expect

from attn_lib.inspection import pointing_hits
from gate_by_gate import results
from gate_by_gate.playground.bundle import SCRIPT, page_script
from gate_by_gate.playground.deliveries import SIDE, exported
from gate_by_gate.playground.digits import WORDS, BlockPlayground, DigitsPlayground
from gate_by_gate.playground.networks import CHOICES, NETWORKS
from tests.browser.axe import assert_accessible
from tests.browser.playground_page import write_page
from tests.conftest import OpenPage

DIGIT = 14
MENUS = ("gates", "view")
TALLEST = 720
MISSING = "The networks cannot run here: _static/networks/{setting}.js cannot be loaded"
OTHERS = ("cbam_r8_k7", "cbam_r8_k3", "self_attention_num_heads2_r2")
"""Networks beside the reference networks that the page has."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("playground")
    return write_page(folder, *NETWORKS, *OTHERS, body=DigitsPlayground().page_html()).as_uri()


def move_the_mouse(page: Page) -> None:
    """Show the page that a reader is there: the pointer comes, and moves."""
    page.mouse.move(20, 20)
    page.mouse.move(22, 22)


def opened(open_page: OpenPage, address: str, **options: object) -> Locator:
    """Open the page as a reader who moves the mouse, and wait until every network is there."""
    page = open_page(address, **options)
    move_the_mouse(page)
    figure = page.locator("figure.attn-playground[data-loaded=true]")
    figure.wait_for()
    return figure


def first(name: str) -> object:
    """Return where a control stands at first."""
    return next(control.default for control in DigitsPlayground().controls if control.name == name)


def choose(figure: Locator, control: str, value: object) -> None:
    """Set a choice or a menu by its value."""
    if control in MENUS:
        (made,) = (one for one in DigitsPlayground().controls if one.name == control)
        figure.locator(f"select[data-control={control}]").select_option(str(made.values.index(value)))
        return
    text = f'"{value}"' if isinstance(value, str) else str(value)
    figure.locator(f"[data-control={control}] input[value='{text}']").check()


def set_clutter(figure: Locator, fragments: int) -> None:
    figure.locator("input[data-control=clutter]").fill(str(fragments // 2))


def settle(figure: Locator) -> None:
    """Wait until what is shown is of what was set last."""
    expect(figure).to_have_attribute("data-looks", "0")


def drag(figure: Locator, start: tuple[float, float], *stops: tuple[float, float]) -> None:
    """Press the mouse at a pixel of the canvas, and move it over others."""
    canvas, mouse = figure.locator(".attn-play-canvas"), figure.page.mouse
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None

    def to(x: float, y: float) -> tuple[float, float]:
        return box["x"] + x * box["width"] / SIDE, box["y"] + y * box["height"] / SIDE

    mouse.move(*to(*start))
    mouse.down()
    for stop in stops:
        mouse.move(*to(*stop), steps=4)
    mouse.up()
    settle(figure)


def image_of(digit: int, left: int, top: int) -> torch.Tensor:
    """Return a sample digit alone on a canvas."""
    image = torch.zeros(1, 1, SIDE, SIDE)
    glyph = results.sample_images().digits[digit]
    image[0, 0, top : top + DIGIT, left : left + DIGIT] = glyph / 255
    return image


def answers(figure: Locator, networks: Iterable[str] = NETWORKS) -> dict[str, tuple[int, str, str]]:
    """Return what every card says: the digit, its probability, and what is said of the map."""
    told = {}
    for name in networks:
        card = figure.locator(f"[data-network={name}]")
        output = card.locator("output")
        share = output.locator("small").inner_text().strip()
        told[name] = (
            int(output.get_attribute("data-value")),
            share,
            card.locator(".attn-play-peak").inner_text(),
        )
    return told


def expected(
    image: torch.Tensor,
    box: list[int],
    stage: int,
    *,
    opened: bool = False,
    gates_of: torch.Tensor | None = None,
    networks: Iterable[str] = NETWORKS,
) -> dict[str, tuple[int, str, str]]:
    """Compute with PyTorch what every card has to say, with gates of its own, open or another image's."""
    told = {}
    for name in networks:
        network = exported(name)
        held: dict[str, torch.Tensor | float] = {}
        for block in network.graph["blocks"].values():
            for key, value in block["neutral"].items():
                if opened:
                    held[block["maps"][key]] = value
                if gates_of is not None:
                    held[block["maps"][key]] = network.run(gates_of)[block["maps"][key]]
        ran = network.run(image, held)
        chances = ran[network.graph["logits"]].softmax(dim=1)[0]
        block = network.graph["blocks"].get(f"layer{stage}.0.attention")
        if block is None or block["spatial_map"] is None:
            peak = ""
        else:
            where = ran[block["spatial_map"]]
            flat = bool(where.max() == where.min())
            hit = pointing_hits(where, torch.tensor([box]), SIDE).item()
            peak = "no peak" if flat else "hit" if hit else "miss"
        told[name] = int(chances.argmax()), f"{chances.max().item():.2f}", peak
    return told


def shown(figure: Locator) -> dict[str, object]:
    """Read what the reader sees: the canvas, every card with its map, the gates, and what is said of all."""
    seen: dict[str, object] = figure.evaluate(
        """(figure) => {
            const texts = (where) => [...figure.querySelectorAll(where)].map((one) => one.textContent);
            const labels = [...figure.querySelectorAll("[role=img]")];
            const canvases = [...figure.querySelectorAll("canvas:not([hidden])")];
            const marks = [...figure.querySelectorAll(".attn-play-dot, .attn-box")];
            return {
                texts: texts("output, .attn-play-peak, .attn-play-status, .attn-play-row"),
                labels: labels.map((one) => one.getAttribute("aria-label")),
                pictures: canvases.map((canvas) => canvas.toDataURL()),
                marks: marks.map((mark) => mark.getAttribute("style")),
                busy: figure.querySelectorAll("[aria-busy=true]").length,
            };
        }"""
    )
    return seen


@pytest.mark.chromium  # Firefox tells of no request for a file
def test_the_first_picture_is_stored_and_what_the_networks_make_of_it(address: str, open_page: OpenPage):
    """A page that is only loaded loads no network; a reader who comes sees the same from the networks."""
    requests: list[str] = []
    page = open_page(
        address, prepare=lambda page: page.on("request", lambda request: requests.append(request.url))
    )
    figure = page.locator("figure.attn-playground[data-ready=true]")
    figure.wait_for()
    page.wait_for_timeout(300)
    assert requests == [address]
    stored = shown(figure)
    assert stored["busy"] == 0
    move_the_mouse(page)
    page.locator("figure[data-loaded=true]").wait_for()
    settle(figure)
    assert shown(figure) == stored
    assert {url.rsplit("/", 1)[1] for url in requests if "/networks/" in url} == {
        f"{name}.js" for name in NETWORKS
    }


@pytest.mark.chromium  # only its requests can be held back
def test_a_card_whose_network_is_not_there_yet_does_not_show_an_old_picture(
    address: str, open_page: OpenPage
):
    # None is ever answered. Held back from the start: on a page that is there, a request may still slip by.
    page = open_page(address, prepare=lambda page: page.route("**/networks/*.js", lambda route: None))
    figure = page.locator("figure.attn-playground[data-ready=true]")
    figure.wait_for()
    stored = shown(figure)
    slider = figure.locator("input[data-control=place]")
    slider.press("ArrowLeft")
    expect(figure.locator("[aria-busy=true]")).to_have_count(len(NETWORKS))
    expect(figure.locator(".attn-play-status")).to_have_text(WORDS["loading"])
    slider.press("ArrowRight")
    expect(figure.locator("[aria-busy=true]")).to_have_count(0)
    assert shown(figure) == stored


@pytest.mark.parametrize("width", [320, 375, 660])  # of a page of the book the last is the widest
def test_no_text_of_a_card_is_cut_off(address: str, open_page: OpenPage, width: int):
    page = open_page(address, width=width)
    figure = page.locator("figure.attn-playground[data-ready=true]")
    figure.wait_for()
    for peak in ("miss", "no peak", "676 of 729"):  # the longest of each kind
        cut = figure.evaluate(
            """(figure, text) => {
                const peaks = [...figure.querySelectorAll(".attn-play-peak")];
                for (const peak of peaks) peak.textContent = text;
                return [...figure.querySelectorAll(".attn-play-card :is(span, button, output)")]
                    .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth)
                    .map((one) => one.textContent);
            }""",
            peak,
        )
        assert cut == []


def test_a_dragged_digit_is_read_where_it_lies(address: str, open_page: OpenPage):
    figure = opened(open_page, address)
    set_clutter(figure, 0)
    choose(figure, "digit", 6)
    left, top = DigitsPlayground.place
    # Held at its middle, let go three pixels further left and eleven further up, by a way round.
    drag(figure, (left + 7, top + 7), (left + 20, top + 12), (left + 4, top - 4))
    slider = figure.locator("input[data-control=place]")
    expect(slider).to_have_attribute("aria-valuetext", f"column {left - 3}, row {top - 11}")
    for stage in (1, 2, 3):
        choose(figure, "stage", stage)
        settle(figure)
        box = [left - 3, top - 11, DIGIT, DIGIT]
        assert answers(figure) == expected(image_of(6, left - 3, top - 11), box, stage)


def test_arrow_keys_move_the_digit_and_stop_at_the_edge(address: str, open_page: OpenPage):
    figure = opened(open_page, address)
    set_clutter(figure, 0)
    slider = figure.locator("input[data-control=place]")
    slider.focus()
    for key in ("ArrowLeft", "ArrowUp", "ArrowUp", "Shift+ArrowRight"):
        slider.press(key)
    left, top = DigitsPlayground.place
    expect(slider).to_have_attribute("aria-valuetext", f"column {left + 4}, row {top - 2}")
    for _ in range(7):
        slider.press("Shift+ArrowDown")
    expect(slider).to_have_attribute("aria-valuetext", f"column {left + 4}, row {SIDE - DIGIT}")
    settle(figure)
    start = first("digit")
    image = image_of(start, left + 4, SIDE - DIGIT)
    assert answers(figure) == expected(image, [left + 4, SIDE - DIGIT, DIGIT, DIGIT], 2)


@pytest.mark.chromium
def test_a_finger_drags_too(address: str, open_page: OpenPage):
    figure = opened(open_page, address, width=375, has_touch=True)
    canvas = figure.locator(".attn-play-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    session = figure.page.context.new_cdp_session(figure.page)
    step = box["width"] / SIDE
    left, top = DigitsPlayground.place
    for kind, x, y in (("Start", left + 5, top + 5), ("Move", left + 9, top), ("Move", left + 9, top)):
        point = {"x": box["x"] + (x + 0.5) * step, "y": box["y"] + (y + 0.5) * step}
        session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    slider = figure.locator("input[data-control=place]")
    expect(slider).to_have_attribute("aria-valuetext", f"column {left + 4}, row {top - 5}")


def test_open_gates_do_what_pytorch_does_with_them(address: str, open_page: OpenPage):
    figure = opened(open_page, address)
    set_clutter(figure, 0)
    settle(figure)
    own = answers(figure)
    choose(figure, "gates", "open")
    settle(figure)
    digit = first("digit")
    found = answers(figure)
    left, top = DigitsPlayground.place
    assert found == expected(image_of(digit, left, top), [left, top, DIGIT, DIGIT], 2, opened=True)
    assert found["plain"] == own["plain"]
    assert found["cbam_r4_k7"] != own["cbam_r4_k7"]
    assert found["cbam_r4_k7"][2] == "no peak"


def test_held_gates_stay_while_the_digit_moves(address: str, open_page: OpenPage):
    figure = opened(open_page, address)
    settle(figure)
    gates = figure.locator(".attn-play-detail [role=img]")
    before = gates.get_attribute("aria-label")
    choose(figure, "gates", "held")
    settle(figure)
    held = answers(figure)
    slider = figure.locator("input[data-control=place]")
    for _ in range(3):
        slider.press("Shift+ArrowRight")
    settle(figure)
    assert gates.get_attribute("aria-label") == before
    assert answers(figure) != held
    choose(figure, "gates", "own")
    settle(figure)
    assert gates.get_attribute("aria-label") != before


def test_each_frame_may_use_the_gates_of_the_one_before(address: str, open_page: OpenPage):
    figure = opened(open_page, address)
    set_clutter(figure, 0)
    settle(figure)
    choose(figure, "gates", "before")
    left, top = DigitsPlayground.place
    slider = figure.locator("input[data-control=place]")
    for step in (5, 10):  # wide steps: one pixel changes little
        slider.press("Shift+ArrowRight")
        settle(figure)
        then, now = (image_of(3, left + at, top) for at in (step - 5, step))
        box = [left + step, top, DIGIT, DIGIT]
        found = answers(figure)
        assert found == expected(now, box, 2, gates_of=then)
        assert found != expected(now, box, 2)
    # Another stage is another look at the same frame.
    choose(figure, "stage", 3)
    settle(figure)
    assert answers(figure) == expected(now, box, 3, gates_of=then)


def test_the_gates_of_a_held_image_are_those_of_any_network(address: str, open_page: OpenPage):
    """A network that is chosen while gates are held takes them from the same image as the others."""
    figure = opened(open_page, address)
    set_clutter(figure, 0)
    choose(figure, "gates", "held")
    settle(figure)
    slider = figure.locator("input[data-control=place]")
    for _ in range(2):
        slider.press("Shift+ArrowRight")
    figure.locator("[data-network=cbam_r4_k7] button").click()
    choose(figure, "reduction", 8)
    figure.locator("[data-network=cbam_r8_k7][aria-busy=false]").wait_for()
    settle(figure)
    left, top = DigitsPlayground.place
    networks = [*(name for name in NETWORKS if name != "cbam_r4_k7"), "cbam_r8_k7"]
    assert answers(figure, networks) == expected(
        image_of(3, left + 10, top),
        [left + 10, top, DIGIT, DIGIT],
        2,
        gates_of=image_of(3, left, top),
        networks=networks,
    )


@pytest.mark.chromium  # Firefox tells of no request for a file
def test_r_and_k_choose_among_the_trained_networks(address: str, open_page: OpenPage):
    """Each is one script out of the book's own folder, once; nothing else is requested."""
    figure = opened(open_page, address)
    set_clutter(figure, 0)
    settle(figure)
    requests: list[str] = []
    figure.page.on("request", lambda request: requests.append(request.url.rsplit("/", 1)[1]))
    left, top = DigitsPlayground.place
    for title, controls, setting in (
        ("CBAM", {"reduction": 8}, "cbam_r8_k7"),
        ("CBAM", {"kernel_size": 3}, "cbam_r8_k3"),
        ("self-attention", {"num_heads": 2}, "self_attention_num_heads2_r2"),
        ("CBAM", {"kernel_size": 7}, "cbam_r8_k7"),
        ("CBAM", {"reduction": 4}, "cbam_r4_k7"),
    ):
        figure.locator(f"[data-name='reads_{title}']").click()
        for name, value in controls.items():
            choose(figure, name, value)
        figure.locator(f"[data-network={setting}][aria-busy=false]").wait_for()
        settle(figure)
        found = answers(figure, [setting])
        assert found == expected(image_of(3, left, top), [left, top, DIGIT, DIGIT], 2, networks=[setting])
        told = figure.locator(".attn-play-detail .attn-label").inner_text()
        assert told.startswith(f"Gates of {title} ")
        for name, value in controls.items():
            label = next(one.label for one in CHOICES[title].controls if one.name == name)
            assert f" {label} {value} " in told
    assert requests == ["cbam_r8_k7.js", "cbam_r8_k3.js", "self_attention_num_heads2_r2.js"]


def test_a_network_that_is_not_there_is_said_and_the_old_one_stays(address: str, browser: Browser):
    page = browser.new_page()
    page.goto(address)
    move_the_mouse(page)
    figure = page.locator("figure.attn-playground[data-loaded=true]")
    figure.wait_for()
    settle(figure)
    # CBAM's, which the page has not; the control may be back before one could see it there.
    figure.locator("[data-control=reduction] label", has_text="16").click()
    expect(figure.locator(".attn-play-status")).to_have_text(MISSING.format(setting="cbam_r16_k7"))
    expect(figure.locator("[data-network=cbam_r4_k7]")).to_have_attribute("aria-busy", "false")
    expect(figure.locator("[data-control=reduction] input:checked")).to_have_value("4")
    frames = figure.get_attribute("data-frames")
    figure.locator("input[data-control=place]").press("ArrowRight")
    expect(figure).not_to_have_attribute("data-frames", str(frames))
    page.close()


def test_naming_what_is_drawn_keeps_the_drawing(address: str, open_page: OpenPage):
    figure = opened(open_page, address)
    set_clutter(figure, 0)
    choose(figure, "tool", "draw")
    drag(figure, (20, 14), (20, 25))
    before = answers(figure)
    verdict = figure.locator("[data-network=plain] output")
    for digit, said in ((before["plain"][0], "right"), ((before["plain"][0] + 1) % 10, "wrong")):
        choose(figure, "digit", digit)
        settle(figure)
        assert answers(figure) == before
        expect(verdict).to_have_attribute("data-verdict", said)


def test_what_is_drawn_is_read_goes_along_and_is_wiped(address: str, open_page: OpenPage):
    figure = opened(open_page, address)
    set_clutter(figure, 0)
    choose(figure, "digit", 1)
    choose(figure, "tool", "draw")
    drag(figure, (20, 14), (20, 25))
    brightness = """(canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, 40, 40);
        return [data[4 * (19 * 40 + 20)], data[4 * (19 * 40 + 30)], data[4 * (5 * 40 + 20)]];
    }"""
    canvas = figure.locator(".attn-play-canvas")
    assert canvas.evaluate(brightness) == [255, 0, 0]
    read = [answers(figure)[name][0] for name in NETWORKS]
    assert read.count(1) >= 4, "most networks read a stroke as a 1"
    choose(figure, "tool", "move")
    drag(figure, (20, 20), (30, 20))
    assert canvas.evaluate(brightness) == [0, 255, 0]
    choose(figure, "tool", "wipe")
    drag(figure, (30, 12), (30, 28))
    assert canvas.evaluate(brightness) == [0, 0, 0]
    figure.locator("[data-control=clear]").click()
    settle(figure)
    assert max(canvas.evaluate(brightness)) > 0, "the handwritten digit is back"


def test_the_map_of_what_is_read_fills_and_another_image_empties_it(address: str, open_page: OpenPage):
    figure = opened(open_page, address)
    choose(figure, "view", "reads")
    settle(figure)
    told = figure.locator("[data-network=plain] .attn-play-peak")
    expect(told).to_have_text("1 of 1")
    slider = figure.locator("input[data-control=place]")
    slider.press("ArrowRight")
    settle(figure)
    expect(told).to_have_text("2 of 2")
    figure.locator("[data-control=shuffle]").click()
    settle(figure)
    assert told.inner_text().endswith("of 1")
    figure.locator("[data-control=sweep]").click()
    figure.page.wait_for_function(
        "(told) => Number(told.textContent.split(' of ')[1]) > 30", arg=told.element_handle()
    )
    slider.press("ArrowRight")  # whoever moves it ends the sweep
    settle(figure)
    tried = int(told.inner_text().split(" of ")[1])
    assert tried < (SIDE - DIGIT + 1) ** 2


def test_a_second_digit_lies_beside_the_first(address: str, open_page: OpenPage):
    figure = opened(open_page, address)
    set_clutter(figure, 0)
    settle(figure)
    alone = answers(figure)
    button = figure.locator("[data-control=second]")
    button.click()
    settle(figure)
    expect(button).to_have_attribute("aria-pressed", "true")
    assert figure.locator(".attn-play-board .attn-box").count() == 2
    assert answers(figure) != alone
    button.click()
    settle(figure)
    assert answers(figure) == alone


def test_nothing_runs_and_nothing_is_requested_while_nothing_changes(address: str, open_page: OpenPage):
    figure = opened(open_page, address)
    settle(figure)
    requests: list[str] = []
    figure.page.on("request", lambda request: requests.append(request.url))
    frames = figure.get_attribute("data-frames")
    figure.page.wait_for_timeout(500)
    assert figure.get_attribute("data-frames") == frames
    drag(figure, (20, 20), (5, 5), (30, 30))
    choose(figure, "stage", 3)
    settle(figure)
    assert figure.get_attribute("data-frames") != frames
    assert requests == []


@pytest.mark.nightly
@pytest.mark.chromium
def test_a_thousand_frames_leave_the_memory_as_it_was(address: str, open_page: OpenPage):
    figure = opened(open_page, address)
    session = figure.page.context.new_cdp_session(figure.page)
    session.send("Performance.enable")

    def used() -> float:
        session.send("HeapProfiler.collectGarbage")
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in metrics if one["name"] == "JSHeapUsedSize")

    def run(frames: int) -> None:
        goal = int(figure.get_attribute("data-frames")) + frames
        while (now := int(figure.get_attribute("data-frames"))) < goal:
            figure.locator("[data-control=sweep]").click()
            figure.page.wait_for_function(
                "([figure, frames]) => Number(figure.dataset.frames) >= frames",
                arg=[figure.element_handle(), min(now + 200, goal)],
            )

    run(100)
    before = used()
    run(1000)
    assert used() - before < 1_000_000  # bytes: less than a thousandth of what the frames have shown


def test_a_network_that_cannot_be_loaded_is_said(tmp_path: Path, browser):
    path = write_page(tmp_path, "plain", body=DigitsPlayground().page_html())
    page = browser.new_page()
    page.goto(path.as_uri())
    move_the_mouse(page)
    status = page.locator(".attn-play-status")
    setting = CHOICES[DigitsPlayground().picked].network.name
    expect(status).to_have_text(MISSING.format(setting=setting))
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible(tmp_path: Path, open_page: OpenPage, theme: str):
    path = write_page(tmp_path, *NETWORKS, body=DigitsPlayground().page_html(), theme=theme)
    page: Page = opened(open_page, path.as_uri()).page
    assert_accessible(page)


def rows_of_strip(figure: Locator) -> int:
    """Count the rows in which the controls above the canvas stand, the digits' buttons among them."""
    rows: int = figure.locator(".attn-play-strip :is(.attn-choice label, select, .attn-range)").evaluate_all(
        """(elements) => {
            // A new row begins below the middle of the one before.
            let rows = 0, middle = -Infinity;
            const boxes = elements.map((one) => one.getBoundingClientRect());
            for (const { top, bottom } of boxes.sort((a, b) => a.top - b.top))
                if (top > middle) { rows += 1; middle = (top + bottom) / 2; }
            return rows;
        }"""
    )
    return rows


def test_it_fits_on_a_screen_and_nothing_is_wider_than_a_phone(address: str, open_page: OpenPage):
    figure = opened(open_page, address, width=850)  # as wide as the book's text is at 1280
    assert figure.bounding_box()["height"] <= TALLEST
    figure = opened(open_page, address, width=375)
    assert figure.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    board, last = (figure.locator(one).last.bounding_box() for one in (".attn-play-board", ".attn-play-card"))
    assert last["y"] + last["height"] - board["y"] <= 600, "cause and effect are in view together"
    figure = opened(open_page, address, width=359)  # as wide as it is in the book on a phone of 375 pixels
    assert rows_of_strip(figure) <= 3


@pytest.fixture
def own_digit(tmp_path: Path) -> str:
    """A page with the playground of one block out of sight; it has loaded no script."""
    body = f"<div style='height: 4000px'></div>{BlockPlayground('cbam').page_html()}"
    path = write_page(tmp_path, "plain", "cbam_r4_k7", "cbam_r8_k7", body=body, script=False)
    (tmp_path / "_static" / SCRIPT).write_text(page_script(), encoding="utf-8")
    return path.as_uri()


@pytest.mark.chromium  # Firefox tells of no request for a file
def test_a_block_s_playground_loads_nothing_before_it_is_used(own_digit: str, open_page: OpenPage):
    requests: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith("blob:"):  # the worker, made of a text of the script
            requests.append(request.url.rsplit("/", 1)[1])

    page = open_page(own_digit, prepare=lambda page: page.on("request", note))
    page.wait_for_timeout(300)
    assert requests == ["page.html"]
    page.locator("[data-widget=playground]").scroll_into_view_if_needed()
    figure = page.locator("figure.attn-playground")
    figure.wait_for()
    page.wait_for_timeout(300)
    assert requests == ["page.html", SCRIPT]
    assert figure.get_attribute("data-loaded") is None
    drag(figure, (20, 15), (20, 25))
    page.locator("figure[data-loaded=true]").wait_for()
    assert sorted(requests[2:]) == ["cbam_r4_k7.js", "plain.js"]


def test_what_a_block_s_playground_says_of_a_drawing_is_what_pytorch_computes(
    own_digit: str, open_page: OpenPage
):
    page = open_page(own_digit)
    page.locator("[data-widget=playground]").scroll_into_view_if_needed()
    figure = page.locator("figure.attn-playground")
    figure.wait_for()
    drag(figure, (16, 15), (24, 15), (19, 26))
    page.locator("figure[data-loaded=true]").wait_for()
    choose(figure, "digit", 7)
    choose(figure, "reduction", 8)
    figure.locator("[data-network=cbam_r8_k7][aria-busy=false]").wait_for()
    settle(figure)
    shades = figure.locator(".attn-play-canvas").evaluate(
        """(canvas) => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, 40, 40);
            return Array.from({ length: 1600 }, (_, i) => data[4 * i]);
        }"""
    )
    image = torch.tensor(shades).reshape(1, 1, SIDE, SIDE) / 255
    assert 20 < (image > 0.5).sum() < 80, "a stroke across and one down"
    networks = ["plain", "cbam_r8_k7"]
    found, told = (
        answers(figure, networks),
        expected(image, [*BlockPlayground.place, DIGIT, DIGIT], 2, networks=networks),
    )
    for name in networks:
        # The canvas rounds what the networks see to 255 steps.
        assert found[name][::2] == told[name][::2]
        assert float(found[name][1]) == pytest.approx(float(told[name][1]), abs=0.02)


def test_a_block_s_playground_is_accessible_and_fits(own_digit: str, open_page: OpenPage):
    for width in (850, 359):
        page = open_page(own_digit, width=width)
        page.locator("[data-widget=playground]").scroll_into_view_if_needed()
        figure = page.locator("figure.attn-playground")
        figure.wait_for()
        assert figure.bounding_box()["height"] <= TALLEST
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert rows_of_strip(figure) <= 3, width
        assert_accessible(page)


def test_a_notebook_shows_it_in_a_frame_of_its_own(tmp_path: Path, open_page: OpenPage):
    (tmp_path / "notebook.html").write_text(
        f"<!doctype html><html lang='en'><title>n</title>{DigitsPlayground().notebook_html()}",
        encoding="utf-8",
    )
    page = open_page((tmp_path / "notebook.html").as_uri())
    move_the_mouse(page)
    page.frame_locator("iframe").locator("figure[data-loaded=true]").wait_for()
