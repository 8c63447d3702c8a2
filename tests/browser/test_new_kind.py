"""A new kind of item: three files of its own put it into pages and into their tests, and no other file."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path

import pytest

from gate_by_gate.widgets import embedding, items
from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.definition import Definition, Item, Panel, Part
from tests.browser.bare_page import explorer_html, write_page
from tests.browser.comparing import compare_everything, prepare
from tests.conftest import OpenPage

GAUGE = {
    "__init__.py": """
from dataclasses import dataclass

from gate_by_gate.widgets.items.encoded import Kind


@dataclass(frozen=True, eq=False)
class Gauge(Kind):
    share: float

    def __post_init__(self):
        if not 0 <= self.share <= 1:
            raise ValueError(f"`share` must be between 0 and 1; got {self.share}")

    def encode(self):
        return {"share": self.share}
""",
    "draw.js": """
import { make } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";

function makeGauge(item) {
  const meter = make("meter", { "aria-label": item.label });
  return {
    element: make("div", {}, meter),
    update({ share }) {
      meter.value = share;
    },
  };
}

kinds.gauge = makeGauge;
""",
    "read.js": """
reading.gauge = (element) => ({ share: element.querySelector("meter").value });
""",
}


@pytest.fixture
def gauge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type:
    """Add the kind to a copy of the front end; return the class of its data."""
    for folder in ("static", "items"):
        shutil.copytree(embedding.STATIC.parent / folder, tmp_path / folder)
    monkeypatch.setattr(embedding, "STATIC", tmp_path / "static")
    monkeypatch.setattr(embedding, "ITEMS", tmp_path / "items")
    monkeypatch.setattr(items, "__path__", [*items.__path__, str(tmp_path / "items")])
    for name, source in GAUGE.items():
        path = tmp_path / "items" / "gauge" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return importlib.import_module("gate_by_gate.widgets.items.gauge").Gauge


def test_a_new_kind_is_three_files_of_its_own(tmp_path: Path, open_page: OpenPage, gauge: type):
    control = Control("percent", "per cent", (0, 25, 100), 25)
    part = Part("part", ("percent",), (Item("share", gauge),), lambda s: {"share": gauge(s["percent"] / 100)})
    definition = Definition("new_kind", "Move it", (control,), (Panel("one", "One", (part,)),))
    page = open_page(write_page(tmp_path, explorer_html(definition)))
    prepare(page)
    assert compare_everything(page.locator("figure"), definition) == 3
    assert definition.spec()["panels"][0]["parts"][0]["items"][0]["kind"] == "gauge"
    page.locator("meter").evaluate("(meter) => { meter.replaceWith(meter.cloneNode()); }")
    with pytest.raises(AssertionError, match="item share of part part"):
        compare_everything(page.locator("figure"), definition)


def test_a_kind_that_nothing_draws_is_refused(tmp_path: Path, gauge: type, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "items" / "dial"
    folder.mkdir()
    source = GAUGE["__init__.py"].replace("Gauge", "Dial")
    (folder / "__init__.py").write_text(source, encoding="utf-8")
    with pytest.raises(
        TypeError, match=r"a kind of item stands in a folder with a draw\.js; expected .*dial/draw\.js"
    ):
        importlib.import_module("gate_by_gate.widgets.items.dial")


@pytest.mark.parametrize(
    "folder",
    [file.parent for file in sorted(embedding.ITEMS.glob("*/__init__.py"))],
    ids=lambda folder: folder.name,
)
def test_every_kind_is_drawn_and_read_by_the_name_of_its_folder(folder: Path):
    assert f"\nkinds.{folder.name} = make" in (folder / "draw.js").read_text(encoding="utf-8")
    assert f"\nreading.{folder.name} = (element) =>" in (folder / "read.js").read_text(encoding="utf-8")
