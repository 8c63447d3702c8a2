"""Pictures that are files: named by a page, held by a notebook, loaded when the reader comes near."""

from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect
from sphinx.errors import ExtensionError

from gate_by_gate.photographs import photograph, small
from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.embedding import OUTPUT_VARIABLE
from gate_by_gate.widgets.items.heatmap import Heatmap
from gate_by_gate.widgets.items.marks import Under
from gate_by_gate.widgets.items.picture import FOLDER, Picture, file
from gate_by_gate.widgets.sphinx_ext import copy_pictures
from tests.browser.bare_page import explorer_html, write_page
from tests.browser.comparing import compare_everything, prepare
from tests.conftest import ROOT, OpenPage

PATHS = [photograph(name).path for name in ("cat", "rocket")]
SMALL = small("rocket")
SMALL_ADDRESS = f"data:image/webp;base64,{base64.b64encode(SMALL).decode()}"
SHOWN = Control("shown", "photograph", (0, 1), 0, "gallery", ("cat", "rocket"))


def compute(setting: Setting) -> Data:
    index = int(setting["shown"])
    return {
        "picture": Picture(index, "a photograph", [3, 5, 70, 110]),
        "over": Heatmap([[0.0, 1.0], [2.0, 3.0]], "over", "a map over it", over=Under(index)),
    }


def definition() -> Definition:
    items = (Item("picture", Picture), Item("over", Heatmap))
    part = Part("part", ("shown",), items, compute)
    pictures = [file(PATHS[0], (256, 256)), file(PATHS[1], (256, 256), SMALL)]
    return Definition("files", "Which one?", (SHOWN,), (Panel("one", "One", (part,)),), pictures)


def test_a_notebook_has_the_file_and_a_page_its_address(monkeypatch: pytest.MonkeyPatch):
    held = file(PATHS[0], (256, 256))
    kind, content = held["file"].split(",")
    assert (held["name"], held["shape"], kind) == ("cat", [256, 256], "data:image/jpeg;base64")
    assert base64.b64decode(content) == PATHS[0].read_bytes()
    monkeypatch.setenv(OUTPUT_VARIABLE, "page")
    named = {**held, "file": f"{FOLDER}/cat.jpg"}
    assert file(PATHS[0], (256, 256)) == named
    # What the page shows of it at once; a notebook has all of it at once.
    assert file(PATHS[0], (256, 256), SMALL) == {**named, "small": SMALL_ADDRESS}
    monkeypatch.delenv(OUTPUT_VARIABLE)
    assert file(PATHS[0], (256, 256), SMALL) == held


def test_a_file_is_shown_in_a_gallery_as_a_picture_and_below_a_map(
    tmp_path: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(OUTPUT_VARIABLE, "page")
    config = SimpleNamespace(widget_pictures=["gate_by_gate/photographs/*.jpg"])
    copy_pictures(SimpleNamespace(config=config, srcdir=ROOT, outdir=tmp_path))
    loaded: list[str] = []
    page = open_page(
        write_page(tmp_path, f'<div style="height: 3000px"></div>{explorer_html(definition())}'),
        prepare=lambda page: page.on("request", lambda request: loaded.append(request.url)),
    )
    prepare(page)
    figure = page.locator("figure")
    canvases = figure.locator("canvas[data-picture]")
    assert canvases.evaluate_all("(all) => all.map((one) => one.dataset.picture)") == [
        "cat",
        "rocket",
        "cat",
        "cat",
    ]
    background = "(one) => one.style.background"
    assert canvases.first.evaluate(background) == "", "it is loaded before the reader comes near"
    figure.scroll_into_view_if_needed()
    expect(canvases.first).to_have_css("background-image", f'url("{tmp_path.as_uri()}/{FOLDER}/cat.jpg")')
    # One that has a small form shows it in the gallery, and is loaded when it is chosen.
    expect(canvases.nth(1)).to_have_css("background-image", f'url("{SMALL_ADDRESS}")')
    rocket = f"{tmp_path.as_uri()}/{FOLDER}/rocket.jpg"
    assert rocket not in loaded
    figure.locator("input[type=radio]").nth(1).check()
    under = figure.locator(".attn-under").first
    expect(under).to_have_css("background-image", f'url("{rocket}"), url("{SMALL_ADDRESS}")')
    assert rocket in loaded
    assert compare_everything(figure, definition()) == 2


def test_a_pattern_that_fits_no_file_stops_the_build(tmp_path: Path):
    config = SimpleNamespace(widget_pictures=["*.jpeg"])
    with pytest.raises(
        ExtensionError, match=r"expected files for '\*\.jpeg' of `widget_pictures`; found none"
    ):
        copy_pictures(SimpleNamespace(config=config, srcdir=tmp_path, outdir=tmp_path))
