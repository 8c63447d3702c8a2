"""Loaded: of the files in the static folder, those are published that some page loads.

The theme and the extensions bring more than that: maps of their sources, their words in forty languages, and
what ``joined`` has put into other files. Pages and scripts name a file there by its path from the root of the
book, ``_static/...``; a script that writes the end of a path itself names a folder, all of which stays.
Beside these, a script may name a file that lies beside it, and a style sheet names what it loads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from book_engine.output import pages

__all__ = ["loaded"]

LICENCES = "**/*OFL.txt"
"""They stay with what they are about, which asks for it."""

_NAMED = re.compile(r"\b_static/([\w./%-]+)")
_WORD = re.compile(r"[\w.-]+")
_ADDRESS = re.compile(r"""(?:\burl\(|@import)\s*["']?([^"')]+)""")


def _named(file: Path, static: Path) -> Iterator[Path]:
    """Yield what a page, a script or a style sheet names, whether it is there or not."""
    if file.suffix not in (".html", ".js", ".css"):
        return
    text = file.read_text("utf-8")
    if file.suffix == ".css":
        for address in _ADDRESS.findall(text):
            yield file.parent / unquote(urlsplit(address.strip()).path)
        return
    for path in set(_NAMED.findall(text)):
        yield static / unquote(path)
    if file.suffix == ".js":
        words = set(_WORD.findall(text))
        yield from (one for one in file.parent.iterdir() if one.name in words)


def loaded(book: Path) -> set[Path]:
    """Return the files in the static folder of a built book that may be loaded, from its pages on."""
    static = (book / "_static").resolve()
    found = set(static.glob(LICENCES))
    waiting = pages(book.resolve())
    while waiting:
        for path in _named(waiting.pop(), static):
            named = path.resolve()
            files = {one for one in named.rglob("*") if one.is_file()} if named.is_dir() else {named}
            new = {one for one in files - found if one.is_file() and static in one.parents}
            found |= new
            waiting += new
    return found


def _leave_out(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    static = Path(app.outdir, "_static").resolve()
    kept = loaded(Path(app.outdir))
    for path in sorted(static.rglob("*"), reverse=True):  # what is in a folder comes before it
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in kept:
            path.unlink()


def setup(app: Sphinx) -> ExtensionMetadata:
    """Leave out what no page loads, once every page loads what it will."""
    app.connect("build-finished", _leave_out, priority=990)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
