"""Figures on dark ground."""

from __future__ import annotations

import io
import re
from pathlib import Path

from book_engine.dark_figures import BOX, INK, darkened, with_dark_figures
from matplotlib.figure import Figure

from tests.conftest import OpenPage


def drawn() -> str:
    figure = Figure(figsize=(2, 2))
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#d55e00")
    axes.set_title("black by itself")
    file = io.StringIO()
    figure.savefig(file, format="svg")
    return file.getvalue()


def test_paper_and_ink_change_and_data_do_not():
    light, dark = drawn(), darkened(drawn())
    assert "fill: #ffffff" in light
    assert re.search(r'<g id="patch_1">\s*<path [^>]*style="fill: none', dark)
    assert f"fill: {BOX}" in dark
    assert f'<svg fill="{INK}"' in dark
    assert "stroke: #d55e00" in dark
    assert not re.search(r"(?:fill|stroke): #(?:ffffff|000000)", dark)


def test_a_page_has_both_and_reads_the_words_of_one():
    stem = "../_images/" + "0a" * 32
    both = with_dark_figures(f'<img alt="Bars." src="{stem}.svg"><img src="logo.svg">')
    assert re.findall(r'class="(only-\w+)"[^>]*src="([^"]+)"', both) == [
        ("only-light", f"{stem}.svg"),
        ("only-dark", f"{stem}-dark.svg"),
    ]
    assert both.endswith('<img src="logo.svg">')


def test_the_reader_sees_one_of_the_two(mini_book: Path, open_page: OpenPage):
    for scheme in ("light", "dark"):
        page = open_page(f"{mini_book.as_uri()}/book/chapter.html", scheme=scheme)
        (seen,) = page.locator(".cell_output img:visible").all()
        assert f"only-{scheme}" in seen.get_attribute("class")
        seen.scroll_into_view_if_needed()
        page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=seen.element_handle())
