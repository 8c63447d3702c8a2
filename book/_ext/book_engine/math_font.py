"""The font of the formulas: STIX Two Math, cut down to the characters in the built formulas."""

from __future__ import annotations

import html
import re
import shutil
import unicodedata
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from book_engine.fonts import write_subset
from book_engine.output import pages

__all__ = ["characters_of"]

FONT = Path(__file__).parent / "fonts" / "stix-two-math.woff2"
LICENCE = Path(__file__).parent / "fonts" / "OFL.txt"

# A browser draws these though no text holds them: the root sign, and a true minus for a hyphen.
_DRAWN_UNASKED = {0x221A, 0x2212}
_MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)
_VARIABLE = re.compile(r"<mi>([^<]|&[^;<]+;)</mi>")
_TAG = re.compile(r"<[^>]*>")


def _italics() -> dict[int, int]:
    """Map each letter to the italic in which a browser draws it when it stands alone in an ``<mi>``."""
    letters = [*range(0x1D434, 0x1D468), 0x210E, 0x1D6A4, 0x1D6A5, *range(0x1D6E2, 0x1D71C)]
    decompositions = {letter: unicodedata.decomposition(chr(letter)).split() for letter in letters}
    return {int(parts[1], 16): letter for letter, parts in decompositions.items() if parts}


_ITALICS = _italics()


def characters_of(page: str) -> set[int]:
    """Return the code points that a browser draws for the formulas of a page."""
    drawn: set[int] = set()
    for element in _MATH.findall(page):
        drawn.update(map(ord, html.unescape(_TAG.sub("", element))))
        variables = {ord(html.unescape(letter)) for letter in _VARIABLE.findall(element)}
        drawn.update(_ITALICS[letter] for letter in variables & _ITALICS.keys())
    return drawn | _DRAWN_UNASKED if drawn else drawn


def _write_font(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    characters = set().union(*(characters_of(page.read_text("utf-8")) for page in pages(Path(app.outdir))))
    folder = Path(app.outdir, "_static", "fonts")
    write_subset(FONT, folder / FONT.name, characters)
    shutil.copyfile(LICENCE, folder / f"{FONT.stem}-{LICENCE.name}")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Write ``_static/fonts/stix-two-math.woff2`` beside the finished pages."""
    app.connect("build-finished", _write_font, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
