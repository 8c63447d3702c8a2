"""The theme's icons: its web font, cut down to the icons in the built pages.

The theme draws its icons with a script of 540 kB (gzip) that holds every icon there is; ``cuts`` leaves that
script out, and the theme's own style sheet then draws them from a web font, of which this keeps what is used.
"""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata

from book_engine.fonts import write_subset
from book_engine.output import loaded_files, pages

__all__ = ["characters_in", "icon_names", "keep_icons"]

logger = logging.getLogger(__name__)

# .fa-bars:before,.fa-navicon:before{content:"\f0c9"}
_ICON_RULE = re.compile(r'((?:\.fa-[\w-]+::?before,?)+)\{content:"\\[0-9a-f]+"\}')
_ICON_NAME = re.compile(r"\bfa-[\w-]+")
# Other rules use an icon without its name: by its number, or as the character of Unicode's private area.
_NUMBER = re.compile(r'"\\([0-9a-f]{2,5})"')
_PRIVATE = re.compile("[\ue000-\uf8ff]")


def icon_names(text: str) -> set[str]:
    """Return the names of the icons in a page, script or selector: its words that begin with ``fa-``."""
    return set(_ICON_NAME.findall(text))


def keep_icons(css: str, names: set[str]) -> str:
    """Drop the rules of all icons but ``names`` from a style sheet."""
    return _ICON_RULE.sub(lambda rule: rule[0] if names & icon_names(rule[1]) else "", css)


def characters_in(css: str) -> set[int]:
    """Return the code points that a style sheet asks an icon font for."""
    return {int(number, 16) for number in _NUMBER.findall(css)} | set(map(ord, _PRIVATE.findall(css)))


def _subset_icons(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    users = [*pages(folder), *loaded_files(folder, ".js")]
    names = set().union(*(icon_names(path.read_text("utf-8")) for path in users))
    characters: set[int] = set()
    rules = 0
    for sheet in loaded_files(folder, ".css"):
        css = sheet.read_text("utf-8")
        rules += len(_ICON_RULE.findall(css))
        kept = keep_icons(css, names)
        characters |= characters_in(kept)
        sheet.write_text(kept, "utf-8")
    fonts = sorted(folder.glob("_static/vendor/fontawesome/**/*.woff2"))
    if not rules or not fonts:
        logger.warning(
            "the theme has no icon rules or no icon font to cut down", type="cuts", subtype="icons"
        )
    for font in fonts:
        write_subset(font, font, characters)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Cut the icon font and the rules that use it down, once the pages are written."""
    app.connect("build-finished", _subset_icons, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
