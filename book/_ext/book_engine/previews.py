"""Previews: the picture that a chat or a network shows beside a link to a page, with the page's title.

Such a picture needs an address of its own, so only a book that knows its own address has them. They are drawn
while the book is built, from the title and the colours of the logo.
"""

from __future__ import annotations

import html
import textwrap
from pathlib import Path
from typing import Any

from docutils import nodes
from PIL import Image, ImageDraw, ImageFont
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

__all__ = ["SIZE", "preview"]

SIZE = (1200, 630)
"""Pixels, as those who show previews ask for."""

FOLDER = "_images/previews"
PAPER, INK, QUIET = "#ffffff", "#222832", "#48566b"
TEAL, ORANGE, PALE = "#0e7c86", "#e0892b", "#b7d8db"

# The bars of the logo: how far each is filled, and its colour.
BARS = ((0.77, TEAL), (0.31, TEAL), (1.0, ORANGE), (0.54, TEAL))


def preview(title: str, book: str, subtitle: str) -> Image.Image:
    """Draw the picture of a page: the logo, the page's title in at most three lines, and the book's name."""
    picture = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(picture)
    for at, (filled, colour) in enumerate(BARS):
        left = 80 + 44 * at
        draw.rectangle((left, 70, left + 36, 226), PALE)
        draw.rectangle((left, 226 - round(156 * filled), left + 36, 226), colour)
    draw.text((290, 110), book, INK, ImageFont.load_default(64))
    lines = textwrap.wrap(title, 28)
    if len(lines) > 3:
        lines = [*lines[:2], f"{lines[2]} …"]
    draw.multiline_text((80, 290), "\n".join(lines), INK, ImageFont.load_default(72), spacing=14)
    draw.text((80, 570), subtitle, QUIET, ImageFont.load_default(30))
    return picture


def _picture(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    address = app.config.html_baseurl
    if doctree is None or not address:
        return
    title = app.env.titles[pagename].astext()
    book, name = app.config.html_title or app.config.project, f"{FOLDER}/{pagename.replace('/', '-')}.png"
    path = Path(app.outdir, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    words = "" if title == book else title
    preview(words or context["book_subtitle"], book, context["book_subtitle"] if words else "").save(
        path, optimize=True
    )
    tags = {
        "og:type": "article",
        "og:site_name": book,
        "og:url": f"{address}{pagename}.html",
        "og:image": f"{address}{name}",
        "og:image:width": str(SIZE[0]),
        "og:image:height": str(SIZE[1]),
        "og:image:alt": f"{book}: {title}",
    }
    written = (f'<meta property="{key}" content="{html.escape(value)}">' for key, value in tags.items())
    card = '<meta name="twitter:card" content="summary_large_image">'
    context["metatags"] = context.get("metatags", "") + "".join(written) + card


def setup(app: Sphinx) -> ExtensionMetadata:
    """Draw and name the picture of every page of text."""
    app.connect("html-page-context", _picture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
