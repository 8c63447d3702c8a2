"""What was built: the pages, the scripts that they load, and the style sheets."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["JOINED", "TEXTS", "pages", "scripts", "sheets"]

JOINED = "joined-"
"""How the names of the files begin that ``joined`` makes of others."""

TEXTS = ("language_data.js", "searchindex.js", "searchtexts.js")
"""Scripts that hold the words of the book, for its search."""

_SCRIPT = re.compile(r"""<script\b[^>]*?\bsrc=["']([^"']+)["']""")


def pages(folder: Path) -> list[Path]:
    """Return every page of the book, in a fixed order."""
    # The theme leaves the templates that it is built from among its static files.
    return sorted(page for page in folder.rglob("*.html") if folder / "_static" not in page.parents)


def scripts(folder: Path) -> list[Path]:
    """Return the script files of the book that some page loads, in a fixed order."""
    found = set()
    for page in pages(folder):
        for address in _SCRIPT.findall(page.read_text("utf-8")):
            parts = urlsplit(address)
            path = (page.parent / unquote(parts.path)).resolve()
            if not parts.netloc and path.is_file():
                found.add(path)
    return sorted(found)


def sheets(folder: Path) -> list[Path]:
    """Return the style sheets of the book, in a fixed order; what was made of several is none by itself."""
    found = folder.glob("_static/**/*.css")
    return sorted(sheet for sheet in found if not sheet.name.startswith(JOINED))
