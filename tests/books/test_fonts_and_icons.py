"""The two fonts hold every character that the pages draw, and little else."""

from __future__ import annotations

from pathlib import Path

import pytest
from book_engine.icons import characters_in, without_old_fonts
from book_engine.math_font import FONT, characters_of
from fontTools.ttLib import TTFont

ALWAYS = {0x221A, 0x2212}  # the root sign and the minus


def text(*parts: str) -> set[int]:
    return {ord(character) for part in parts for character in part}


@pytest.mark.parametrize(
    ("letter", "italic"),
    [("x", 0x1D465), ("A", 0x1D434), ("z", 0x1D467), ("h", 0x210E), ("γ", 0x1D6FE), ("Ω", 0x1D6FA)],
)
def test_a_letter_alone_is_drawn_italic(letter, italic):
    assert characters_of(f"<p>y</p><math><mi>{letter}</mi></math>") == {ord(letter), italic} | ALWAYS


def test_upright_names_and_numbers_are_drawn_as_they_are():
    page = '<math><mi>ReLU</mi><mi mathvariant="normal">d</mi><mn>17</mn><mo>&lt;</mo></math>'
    assert characters_of(page) == text("ReLU", "d", "17", "<") | ALWAYS


def test_a_page_without_formulas_draws_nothing():
    assert characters_of("<p>x</p>") == set()


def test_the_math_font_draws_every_formula_of_the_book(mini_book: Path):
    subset = TTFont(mini_book / "_static" / "fonts" / FONT.name)
    known = set(TTFont(FONT).getBestCmap())
    pages = [mini_book / "book" / "chapter.html", mini_book / "book" / "opening.html"]
    needed = set().union(*(characters_of(page.read_text("utf-8")) for page in pages))

    assert text("∑", "ℝ", "√") <= needed
    # A variation selector asks for another shape of the letter before it, and is itself not drawn.
    assert needed - known == text("\ufe00")
    assert needed & known <= set(subset.getBestCmap())
    assert len(set(subset.getBestCmap()) - needed) < 10  # what some are mirrored into
    # Parentheses and sums come in several sizes, and the sizes came along.
    stretching = subset["MATH"].table.MathVariants
    glyphs = set(stretching.VertGlyphCoverage.glyphs)
    assert {subset.getBestCmap()[ord(character)] for character in "(∑√"} <= glyphs
    for construction in stretching.VertGlyphConstruction:
        for variant in construction.MathGlyphVariantRecord:
            assert variant.VariantGlyph in subset.getGlyphSet()


def test_the_math_font_is_small_and_comes_with_its_licence(mini_book: Path):
    font = mini_book / "_static" / "fonts" / FONT.name
    assert font.stat().st_size < 20_000 < 400_000 < FONT.stat().st_size
    licence = (font.parent / "stix-two-math-OFL.txt").read_text()
    assert "SIL OPEN FONT LICENSE" in licence
    assert "STIX Fonts Project Authors" in licence


def test_icons_are_found_by_number_and_as_themselves():
    css = (
        '.fa-bars:before,.fa-navicon:before{content:"\\f0c9"}'
        '.fold:after{content:"\\f107";font-family:FontAwesome}'
        'html{--bell:"\uf0f3"}'
        '.say:after{content:"word"}'
    )
    assert characters_in(css) == {0xF0C9, 0xF107, 0xF0F3}


def test_a_font_for_old_browsers_is_not_named_behind_the_one_for_others():
    new, old = 'url("a.woff2") format("woff2")', 'url("a.ttf") format("truetype")'
    assert without_old_fonts(f"@font-face{{src:{new},{old}}}") == f"@font-face{{src:{new}}}"
    assert without_old_fonts(f"@font-face{{src:{old}}}") == f"@font-face{{src:{old}}}"


def test_the_icon_fonts_are_cut_down(mini_book: Path):
    fonts = sorted(mini_book.glob("_static/vendor/fontawesome/**/*.woff2"))
    assert {font.name for font in fonts} >= {"fa-brands-400.woff2", "fa-solid-900.woff2"}
    assert sum(font.stat().st_size for font in fonts) < 10_000
    assert not list(mini_book.glob("_static/**/*.ttf"))
    assert 0xF135 in TTFont(next(font for font in fonts if "solid" in font.name)).getBestCmap()  # the rocket
