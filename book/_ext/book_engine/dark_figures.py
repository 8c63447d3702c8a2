"""Figures for dark mode: beside each figure that Matplotlib drew, a page has one on dark ground.

Only the colours that stand for paper, ink and blocks change; those of other data, and pictures, stay as they
are.
"""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from book_engine.output import pages

__all__ = ["darkened", "with_dark_figures"]

INK, PALE, BOX = "#e4e8ec", "#454e59", "#1c2026"
COLOURS = {
    "#ffffff": BOX,
    "#000000": INK,
    "#262626": INK,
    "#333333": INK,
    "#b0b0b0": PALE,
    "#cccccc": PALE,
    "#d6e9f5": "#10363b",
    "#0072b2": "#62b0e0",
    # The other blocks' colours, as the explorers have them on dark ground.
    "#bd5309": "#f08a3c",
    "#00795a": "#2fc79a",
    "#a8508a": "#dd96c1",
    "#7a6a00": "#e0d34a",
    "#444444": "#cccccc",
    "#5b3fb0": "#b3a4ff",
}
_COLOUR = re.compile(r"((?:fill|stroke): )(#[0-9a-f]{6})")
_IMAGE = re.compile(r'<img\b[^>]*\bsrc="([^"]*_images/[0-9a-f]{64})\.svg"[^>]*>')
_PAPER = re.compile(r'(<g id="patch_1">\s*<path [^>]*style=")fill: #ffffff')


def darkened(svg: str) -> str:
    """Return a figure of Matplotlib on dark ground, its own paper left out so that the page shows."""
    svg = _PAPER.sub(r"\1fill: none", svg, count=1)
    svg = _COLOUR.sub(lambda found: found[1] + COLOURS.get(found[2], found[2]), svg)
    # Black is not written, as it is what a shape has by itself.
    return re.sub(r"<svg ", f'<svg fill="{INK}" ', svg, count=1)


def with_dark_figures(html: str) -> str:
    """Return a page that has each figure twice; the theme shows the one that fits."""

    def both(image: re.Match[str]) -> str:
        light = re.sub(r"^<img\b", '<img class="only-light" loading="lazy"', image[0])
        dark = light.replace("only-light", "only-dark").replace(f"{image[1]}.svg", f"{image[1]}-dark.svg")
        return light + dark

    return _IMAGE.sub(both, html)


def _write(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    for page in pages(folder):
        text = page.read_text("utf-8")
        if (changed := with_dark_figures(text)) != text:
            page.write_text(changed, "utf-8")
    for figure in folder.glob("_images/*.svg"):
        if re.fullmatch("[0-9a-f]{64}", figure.stem):
            dark = darkened(figure.read_text("utf-8"))
            figure.with_name(f"{figure.stem}-dark.svg").write_text(dark, "utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Draw the dark figures once the pages are written, before the style sheets are cut."""
    app.connect("build-finished", _write, priority=700)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
