"""What the accessibility tests see: a text that is hard to read, among many that are alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.axe import ALIKE, assert_accessible
from tests.conftest import OpenPage

PAGE = """<!doctype html><html lang="en"><title>A page</title><main><h1>A page</h1>
<style>body {{ color: rgb(0 0 0); background-color: rgb(255 255 255); }}</style>
<pre>{code}</pre>{more}</main></html>"""
TOKENS = "<span style='color: rgb(0 0 160)'>x</span> " * 50


def write(folder: Path, more: str) -> str:
    (folder / "page.html").write_text(PAGE.format(code=TOKENS, more=more), encoding="utf-8")
    return (folder / "page.html").as_uri()


@pytest.mark.parametrize(
    "more",
    [
        "<p style='color: rgb(150 150 150)'>Grey.</p>",
        "<p>Dark. <em style='color: rgb(150 150 150)'>Grey.</em></p>",
        "<p style='background-color: rgb(60 60 60)'>Dark on dark.</p>",
        "<p style='background-color: rgb(0 0 0 / 70%)'>Dark on a shade.</p>",
        "<p style='background-color: rgb(60 60 60); position: relative'>Dark on dark, in its place.</p>",
        "<p style='color: rgb(150 150 150); position: absolute'>Grey, in its place.</p>",
        "<p style='background-color: rgb(60 60 60)'><em style='color: rgb(0 0 160)'>Blue on dark.</em></p>",
        "<p style='opacity: 0.4'>Faint.</p>",
        "<p><math><mi>x</mi></math> <em style='color: rgb(150 150 150)'>grey, beside a formula</em></p>",
    ],
)
def test_one_text_that_is_hard_to_read_is_found_among_many(tmp_path: Path, open_page: OpenPage, more: str):
    with pytest.raises(AssertionError, match="color-contrast"):
        assert_accessible(open_page(write(tmp_path, more)))


def test_texts_that_are_alike_are_checked_once_and_left_as_they_were(tmp_path: Path, open_page: OpenPage):
    page = open_page(write(tmp_path, "<p style='visibility: hidden'>Not seen.</p><p>Seen.</p>"))
    page.evaluate(ALIKE)
    assert page.evaluate("alike.hide()") == 49
    assert page.evaluate("alike.texts.length") == 52  # the heading, the tokens and a paragraph
    page.evaluate("alike.show()")
    assert page.locator("p").first.is_hidden()
    assert page.locator("pre span").last.is_visible()
    assert_accessible(page)
    assert page.locator("pre span").last.is_visible()
