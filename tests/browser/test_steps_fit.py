"""The blocks at work, step by step: each step fits at every width of a page, and all are as tall."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate_by_gate.explorers import EXPLORERS
from tests.browser.bare_page import explorer_html, write_page
from tests.conftest import OpenPage

MEASURE = """() => {
    const control = document.querySelector("[data-control=step]");
    const box = (element) => element.getBoundingClientRect();
    return Array.from({ length: Number(control.max) + 1 }, (_, step) => {
        control.value = step;
        control.dispatchEvent(new Event("input", { bubbles: true }));
        const scene = box(document.querySelector(".attn-scene"));
        const outside = [...document.querySelectorAll(".attn-scene :is(.attn-planes, .attn-operation)")]
            .filter((one) => box(one).left < scene.left - 1 || box(one).right > scene.right + 1
                || box(one).top < scene.top - 1 || box(one).bottom > scene.bottom + 1);
        const cut = [...document.querySelectorAll(".attn-scene .attn-cell")]
            .filter((cell) => cell.scrollWidth > cell.clientWidth + 1);
        return {
            height: Math.round(box(document.querySelector("figure")).height),
            wrong: [...outside, ...cut].map((one) => one.textContent),
            wide: document.documentElement.scrollWidth,
        };
    });
}"""


@pytest.mark.parametrize("name", [name for name in EXPLORERS if name.endswith("_steps")])
def test_every_step_fits_at_every_width_and_none_is_taller(tmp_path: Path, open_page: OpenPage, name: str):
    page = open_page(write_page(tmp_path, explorer_html(EXPLORERS[name].definition)))
    page.emulate_media(reduced_motion="reduce")
    for width in (320, 375, 704):  # 688 pixels are a column of the book on a laptop; the page has a margin
        page.set_viewport_size({"width": width, "height": 812})
        steps = page.evaluate(MEASURE)
        assert [step["wrong"] for step in steps] == [[]] * len(steps), f"at {width} pixels"
        assert {step["wide"] for step in steps} == {width}
        assert len({step["height"] for step in steps}) == 1, f"at {width} pixels"
        assert steps[0]["height"] <= (720 if width > 375 else 812)
