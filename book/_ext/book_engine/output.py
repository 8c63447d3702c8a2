"""What was built: the pages, and the files that they load."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["loaded_files", "pages"]

_LOADED = re.compile(r"""<(?:script|link)\b[^>]*?\b(?:src|href)=["']([^"']+)["']""")


def pages(folder: Path) -> list[Path]:
    """Return every page of the book, in a fixed order."""
    # The theme leaves the templates that it is built from among its static files.
    return sorted(page for page in folder.rglob("*.html") if folder / "_static" not in page.parents)


def loaded_files(folder: Path, suffix: str) -> list[Path]:
    """Return the files of the book that end in ``suffix`` and that some page loads, in a fixed order."""
    found = set()
    for page in pages(folder):
        for address in _LOADED.findall(page.read_text("utf-8")):
            parts = urlsplit(address)
            path = (page.parent / unquote(parts.path)).resolve()
            if not parts.netloc and path.suffix == suffix and path.is_file():
                found.add(path)
    return sorted(found)
