"""The theme's icons: its web font, cut down to the icons in the built pages.

The theme draws its icons with a script of 540 kB (gzip) that holds every icon there is; ``cuts`` leaves that
script out, and the theme's own style sheet then draws them from a web font. ``stylesheets`` has dropped the
rules of the icons that are on no page, so the font needs no more characters than the rules that are left. The
same font for browsers older than the pages' own style is left out.
"""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata

from book_engine.fonts import write_subset
from book_engine.output import sheets

__all__ = ["characters_in", "without_old_fonts"]

logger = logging.getLogger(__name__)

# A rule gives an icon by its number, as in .fa-bars:before{content:"\f0c9"}, or as the character itself, of
# Unicode's private area.
_NUMBER = re.compile(r'"\\([0-9a-f]{2,5})"')
_PRIVATE = re.compile("[\ue000-\uf8ff]")

# Every browser since 2016 takes a WOFF2 font, which stands before it.
_OLD_FONT = re.compile(r"""(?<=format\("woff2"\)),\s*url\([^()]*\)\s*format\("truetype"\)""")


def characters_in(css: str) -> set[int]:
    """Return the code points that a style sheet asks an icon font for."""
    return {int(number, 16) for number in _NUMBER.findall(css)} | set(map(ord, _PRIVATE.findall(css)))


def without_old_fonts(css: str) -> str:
    """Return a style sheet that names no TrueType font behind a WOFF2 font."""
    return _OLD_FONT.sub("", css)


def _cut_fonts(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    styles = {sheet: sheet.read_text("utf-8") for sheet in sheets(folder)}
    for sheet, css in styles.items():
        if (shorter := without_old_fonts(css)) != css:
            sheet.write_text(shorter, "utf-8")
    characters = set().union(*map(characters_in, styles.values()))
    fonts = sorted(folder.glob("_static/vendor/fontawesome/**/*.woff2"))
    if not fonts:
        logger.warning("the theme has no icon font where it used to be", type="cuts", subtype="icons")
    for font in fonts:
        write_subset(font, font, characters)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Cut the icon font down once the style sheets are."""
    app.connect("build-finished", _cut_fonts, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
