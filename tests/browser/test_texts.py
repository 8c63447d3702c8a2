"""A page in another language: its interface says what the catalogue of that language says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from gate_by_gate.widgets import texts
from gate_by_gate.widgets.exercises import predict
from tests.browser.bare_page import DEFINITION, explorer_html, write_page
from tests.browser.test_front_end import exercise_html
from tests.conftest import OpenPage


def test_a_made_up_language_shows_up_in_a_page(
    tmp_path: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
):
    english = texts.catalogue("en")
    for language, catalogue in (("en", english), ("qq", {key: f"«{text}»" for key, text in english.items()})):
        (tmp_path / f"{language}.json").write_text(json.dumps(catalogue), encoding="utf-8")
    monkeypatch.setattr(texts, "CATALOGUES", tmp_path)
    monkeypatch.setenv(texts.LANGUAGE_VARIABLE, "qq")
    exercise = exercise_html(predict("How many?", 3, because="Three."))

    page = open_page(write_page(tmp_path, explorer_html(DEFINITION), exercise))

    for name in ("reset", "copy link", "Check"):
        expect(page.get_by_role("button", name=f"«{name}»")).to_be_visible()
    said = page.locator("summary, .attn-pair th, .attn-pair thead, .attn-exercise label").all_text_contents()
    assert said
    assert [text for text in said if "«" not in text] == []
    page.get_by_label("«Your prediction»").fill("5")
    page.keyboard.press("Enter")
    expect(page.locator(".attn-feedback")).to_have_text("«Not quite. »«It is less.»")
    plate = page.locator("[data-part=maps] > *").nth(2).locator("[data-name=map]")
    plate.focus()
    expect(page.locator("[data-part=maps] > *").nth(2).locator(".attn-readout")).to_have_text(
        "«row» 0".join(("«", ", «column» 0: -1»"))
    )
