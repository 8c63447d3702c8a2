"""Joined: a page loads its style sheets as one file, and as another the scripts that may wait.

A browser shows nothing of a page before it has the style sheets and the scripts in its head, and each file
costs it a way to the server and back. The theme and its extensions bring a dozen of each, in one folder.

- Style sheets that follow each other on the same pages become one, so no page gets a rule that it did not
  have, and none in another order.
- The scripts of ``WAITING`` run, in their order, once the page has been read: they act on a whole page and
  wait for it anyway. The values that scripts in the page set for them stand in the page, too.

The search page keeps its scripts as they are: it needs some of them at once.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable, Iterable
from itertools import chain, pairwise
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from urllib.parse import unquote, urlsplit

import minify
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from book_engine.output import JOINED, TEXTS, pages, scripts

__all__ = ["WAITING", "one_script", "one_sheet", "runs"]

WAITING = (
    ("doctools.js", "sphinx_highlight.js"),
    ("clipboard.min.js", "copybutton.js"),
    ("togglebutton.js",),
    ("sphinx-book-theme.js",),
    ("page.js",),
    ("pydata-sphinx-theme.js",),
)
"""Scripts that wait, each by itself, until the page has been read; together those that call each other."""

OPTIONS = "documentation_options.js"
"""A few values that scripts in the page set and others read, so it must be there before both."""

AT_ONCE = "searchtools.js"
"""A script that calls one of ``WAITING`` as soon as it is read."""

_SHEET = re.compile(r"""[ \t]*<link\b[^>]*\brel="stylesheet"[^>]*>\n?""")
_HREF = re.compile(r"""\bhref="([^"]+)\"""")
_MEDIA = re.compile(r"""\bmedia="([^"]+)\"""")
_SCRIPT = re.compile(r"""[ \t]*<script\b[^>]*\bsrc="([^"]+)"[^>]*></script>\n?""")
_EARLY = re.compile(r"""[ \t]*<link\b[^>]*\brel="preload"[^>]*\bas="script"[^>]*>\n?""")
_ADDRESS = re.compile(r"""url\(\s*(["']?)(?!["']?(?:data:|#|https?:|/))([^"')]+)\1\s*\)""")
_IMPORT = re.compile(r"""@import\s*(?:url\()?\s*["']([^"']+)["']\s*\)?\s*;""")
_CHARSET = re.compile(r"""@charset\s*"[^"]*"\s*;""")
_NOTE = re.compile(r"[ \t]*<!--.*?-->\n?", re.DOTALL)
_MAP = re.compile(r"""\s*(?://[#@] sourceMappingURL=\S+|/\*[#@] sourceMappingURL=[^*]*\*/)\s*""")


def _short(script: str) -> str:
    """Return a script without comments but those of licences, and with short names where nobody sees them."""
    short: str = minify.string("application/javascript", script)
    return short


def runs(orders: Iterable[list[str]]) -> list[list[str]]:
    """Split lists of names into the longest runs that stand in every list whole or not at all.

    Args:
        orders: for each page the names of its files, none twice.

    Returns:
        The runs, in the order in which they are first met.
    """
    lists = list(orders)
    after = [dict(pairwise(order)) for order in lists]

    def users(name: str) -> list[int]:
        return [at for at, order in enumerate(lists) if name in order]

    run_of: dict[str, list[str]] = {}
    for order in lists:
        for previous, name in pairwise(["", *order]):
            if name in run_of:
                continue
            follows = previous and all(after[at].get(previous) == name for at in users(previous))
            run_of[name] = run_of[previous] if follows and users(previous) == users(name) else []
            run_of[name].append(name)
    return [run for name, run in run_of.items() if run[0] == name]


def _moved(css: str, folder: str) -> str:
    """Rewrite the addresses in a style sheet from ``folder`` for the folder above all of them."""
    return _ADDRESS.sub(lambda match: f'url("{normpath(f"{folder}/{match[2].strip()}")}")', css)


def one_sheet(names: Iterable[str], read: Callable[[str], str]) -> str:
    """Put style sheets into one, each under a comment with its name, with what it imports.

    Args:
        names: their paths in the folder of the one; behind a ``|`` the media that one is for.
        read: gives the text of a sheet by its path.
    """

    def whole(path: str) -> str:
        folder = str(PurePosixPath(path).parent)
        css = _CHARSET.sub("", _MAP.sub("", read(path)))
        imported = "".join(whole(normpath(f"{folder}/{address}")) for address in _IMPORT.findall(css))
        return f"\n/*! {path} */{imported}{_moved(_IMPORT.sub('', css), folder)}"

    pieces = []
    for name in names:
        path, _, media = name.partition("|")
        pieces.append(f"@media {media}{{{whole(path)}}}" if media else whole(path))
    return '@charset "UTF-8";' + "".join(pieces)


def one_script(groups: Iterable[Iterable[str]]) -> str:
    """Put scripts into one, in short names and without comments but those of licences.

    Each group is a block of its own: one that fails, as where a browser must not remember anything, leaves
    the others alone, and what it declares is seen in it alone.
    """
    blocks = ("\n;".join(_MAP.sub("", text) for text in texts) for texts in groups)
    return _short("".join(f"try{{\n{block}\n}}catch(error){{reportError(error)}}\n" for block in blocks))


class Book:
    """The pages of one build, and the files that they load."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.static = folder / "_static"
        self.texts = {page: page.read_text("utf-8") for page in pages(folder)}

    def path(self, page: Path, address: str) -> str:
        """Return the path in the static folder of what a page loads, or nothing for what lies elsewhere."""
        parts = urlsplit(address)
        file = (page.parent / unquote(parts.path)).resolve()
        known = not parts.netloc and file.is_file() and file.is_relative_to(self.static.resolve())
        return file.relative_to(self.static.resolve()).as_posix() if known else ""

    def write(self, kind: str, text: str) -> Path:
        """Write a file under a name that tells its content, so that no browser takes an old one for it."""
        file = self.static / f"{JOINED}{hashlib.sha256(text.encode()).hexdigest()[:12]}.{kind}"
        file.write_text(text, "utf-8")
        return file

    def join_sheets(self) -> None:
        """Have each page load one file for each run of its style sheets."""
        named: dict[Path, dict[str, str]] = {}  # by page and name, the element that loads a sheet
        for page, text in self.texts.items():
            named[page] = {}
            for element in _SHEET.findall(text):
                address = _HREF.search(element)
                if path := self.path(page, html.unescape(address[1])) if address else "":
                    media = _MEDIA.search(element)
                    named[page].setdefault(path + (f"|{media[1]}" if media else ""), element)
        for run in runs([list(elements) for elements in named.values()]):
            joined = self.write("css", one_sheet(run, lambda path: (self.static / path).read_text("utf-8")))
            for page, elements in named.items():
                if run[0] in elements:
                    link = f'<link rel="stylesheet" href="{relpath(joined, page.parent)}">\n'
                    text = self.texts[page].replace(elements[run[0]], link, 1)
                    for name in run:
                        text = text.replace(elements[name], "")
                    self.texts[page] = text

    def join_scripts(self) -> None:
        """Have each page load one file for the scripts that may wait, from where the first of them stood."""
        for page, text in self.texts.items():
            elements = {
                PurePosixPath(path).name: (match[0], path)
                for match in _SCRIPT.finditer(text)
                if (path := self.path(page, html.unescape(match[1])))
            }
            groups = [[name for name in group if name in elements] for group in WAITING]
            waiting = list(chain.from_iterable(groups))
            if AT_ONCE in elements or not waiting:
                continue
            read = {name: (self.static / path).read_text("utf-8") for name, (_, path) in elements.items()}
            joined = self.write("js", one_script([read[name] for name in group] for group in groups if group))
            element = f'<script defer src="{relpath(joined, page.parent)}"></script>\n'
            first = min((elements[name][0] for name in waiting), key=text.index)
            text = text.replace(first, element, 1)
            for name in waiting:
                text = text.replace(elements[name][0], "")
            if OPTIONS in elements:
                text = text.replace(elements[OPTIONS][0], f"<script>{_short(read[OPTIONS])}</script>\n")
            self.texts[page] = _EARLY.sub("", text)

    def shorten_others(self) -> None:
        """Shorten the scripts that stay files of their own."""
        for script in scripts(self.folder):
            if not script.name.startswith(JOINED) and script.name not in TEXTS:
                script.write_text(_short(script.read_text("utf-8")), "utf-8")

    def save(self) -> None:
        """Write the pages anew, without what the theme notes in them for those who change it."""
        for page, text in self.texts.items():
            page.write_text(_NOTE.sub("", text), "utf-8")


def _join(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    book = Book(Path(app.outdir))
    # A page that an earlier build has written, as of a draft, keeps the files of that build.
    if any(f"_static/{JOINED}" in text for text in book.texts.values()):
        return
    book.join_sheets()
    book.join_scripts()
    book.save()
    book.shorten_others()


def setup(app: Sphinx) -> ExtensionMetadata:
    """Join the files once each is as short as it gets."""
    app.connect("build-finished", _join, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
