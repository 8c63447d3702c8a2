"""Reading: the contents say how many minutes a page takes and how many exercises it has.

The counts stand in the contents as they are written; which exercises a reader has solved is known to the
browser alone, and ``page.js`` puts it before the number of all.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

__all__ = ["annotated", "measured"]

WORDS_A_MINUTE = 200
"""Slow, as one reads what has formulas in it."""

WORDS, EXERCISES = "book_engine_words", "book_engine_exercises"
_ENTRY = re.compile(r'(<a class="[^"]*\breference internal\b[^"]*" href="([^"]*)">.*?</a>)', re.DOTALL)


def measured(doctree: nodes.document) -> tuple[int, int]:
    """Return the words of a page, without its code and what that printed, and the number of its exercises."""
    paragraphs = doctree.findall(lambda node: isinstance(node, (nodes.paragraph, nodes.title, nodes.row)))
    words = sum(len(node.astext().split()) for node in paragraphs)
    exercises = sum(
        node.astext().count('data-widget="exercise"')
        for node in doctree.findall(nodes.raw)
        if node.get("format") == "html"
    )
    return words, exercises


def annotated(contents: str, notes: Callable[[str], tuple[str, int, int] | None]) -> str:
    """Write behind each link of the contents what ``notes`` has for its address: page, minutes, exercises."""

    def note(match: re.Match[str]) -> str:
        found = notes(match[2])
        if found is None:
            return match[0]
        page, minutes, exercises = found
        data = f' data-page="{page}" data-exercises="{exercises}"' if exercises else ""
        return f'{match[0]}<span class="toc-note"{data}>{minutes} min</span>'

    return _ENTRY.sub(note, contents)


def _measure(app: Sphinx, doctree: nodes.document) -> None:
    words, exercises = measured(doctree)
    app.env.metadata[app.env.docname] |= {WORDS: words, EXERCISES: exercises}


def _annotate(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    write = context.get("generate_toctree_html")
    if write is None:
        return

    def notes(address: str) -> tuple[str, int, int] | None:
        path = posixpath.join(posixpath.dirname(pagename), address)
        docname = pagename if address == "#" else posixpath.splitext(posixpath.normpath(path))[0]
        known = app.env.metadata.get(docname, {})
        if WORDS not in known:
            return None
        minutes = max(1, round(known[WORDS] / WORDS_A_MINUTE))
        return posixpath.basename(docname), minutes, known[EXERCISES]

    context["generate_toctree_html"] = lambda *args, **kwargs: annotated(str(write(*args, **kwargs)), notes)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Measure every page as it is read, and write the contents of each after the theme has its own."""
    app.connect("doctree-read", _measure)
    app.connect("html-page-context", _annotate, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
