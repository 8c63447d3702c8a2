"""One question, one screen: what a control changes is in view with it, on a laptop and on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.stepping import pages_with_explorers
from tests.conftest import OpenPage

TALLEST = 720
"""Pixels that an explorer may take at 1280 x 800, whichever of its tabs is in view."""

LOOK = """(figure) => {
    // Everything that is drawn of an item, so that any change of it is seen.
    const written = (item) => [
        item.textContent,
        ...[...item.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL()),
        ...[...item.querySelectorAll("svg, .attn-picture > span, i, button, [role=img]")]
            .map((one) => one.outerHTML),
    ].join("|");
    const shown = () =>
        [...figure.querySelectorAll("[data-part] > *")].filter((item) => item.checkVisibility());
    const strip = figure.querySelector(".attn-strip");
    const inView = (element) => {
        const box = element.getBoundingClientRect();
        // The strip of controls covers what has scrolled below it.
        const above = strip.hidden || strip.contains(element) ? 0 : strip.getBoundingClientRect().bottom;
        const seen = Math.min(box.bottom, innerHeight) - Math.max(box.top, above);
        return box.height ? Math.max(seen, 0) / box.height : 0;
    };
    const steps = (control) => {
        const positions = Array.from({ length: Number(control.max) + 1 });
        if (control.matches("input")) return positions.map((_, at) => () => {
            control.value = at;
            control.dispatchEvent(new Event("input", { bubbles: true }));
        });
        if (control.matches("select")) return [...control.options].map((_, at) => () => {
            control.value = at;
            control.dispatchEvent(new Event("change", { bubbles: true }));
        });
        return [...control.querySelectorAll("input")].map((input) => () => input.click());
    };
    const failures = [];
    for (const control of figure.querySelectorAll("[data-control]")) {
        const element = control.closest(".attn-control") ?? control;
        if (!element.checkVisibility() || element.querySelector(":disabled")) continue;
        const name = control.dataset.control;
        figure.scrollIntoView();
        if (!strip.contains(element)) element.scrollIntoView({ block: "center" });
        let best = -1;
        for (const step of steps(control)) {
            const before = new Map(shown().map((item) => [item, written(item)]));
            step();
            const changed = shown().filter((item) => before.get(item) !== written(item));
            best = Math.max(best, ...changed.map(inView));
            if (best >= 0.5) break;
        }
        if (inView(element) < 0.99) failures.push(`${name} is not in view itself`);
        const found = best < 0 ? "nothing changes" : `${best.toFixed(2)} in view`;
        if (best < 0.5) failures.push(`${name}: ${found}`);
        figure.querySelector(".attn-tools button").click();
    }
    return failures;
}"""
"""Moves every control of the tab in view; names those whose effect is less than half in view, or none."""


SCREENS = ((1280, 800), (375, 812))


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_an_explorer_fits_on_a_screen_and_what_a_control_changes_is_in_view_with_it(
    book: Path, open_page: OpenPage, width: int, height: int
):
    failures = []
    for path in pages_with_explorers(book):
        page = open_page(path.as_uri(), width=width, height=height)
        for figure in page.locator("figure.attn-explorer[data-ready=true]").all():
            name = figure.get_attribute("data-explorer")
            for tab in figure.get_by_role("tab").all() or [None]:
                if tab:
                    tab.click()
                where = f"{path.stem}, {name}, {tab.inner_text() if tab else 'alone'}"
                taken = figure.bounding_box()["height"]
                if width == 1280 and taken > TALLEST:
                    failures.append(f"{where}: it is {taken:.0f} px tall")
                failures += [f"{where}: {failure}" for failure in figure.evaluate(LOOK)]
        page.close()  # a page that stays open keeps its memory
    assert failures == []


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_the_book_opens_with_something_to_move_and_what_it_does(
    book: Path, open_page: OpenPage, width: int, height: int
):
    page = open_page((book / "book" / "00_opening.html").as_uri(), width=width, height=height)
    figure = page.locator("figure.attn-explorer").first
    for needed in (figure.locator(".attn-strip"), figure.locator("output").last):
        box = needed.bounding_box()
        assert box["y"] + box["height"] <= height
    picture = figure.locator("[data-name=map]").first.bounding_box()
    assert picture["y"] + picture["height"] / 2 <= height
