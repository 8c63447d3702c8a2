"""Excerpts: the search page has the text of every section at hand, so that it can quote what it finds.

Sphinx's search fetches each page that it found, to quote from it. A browser refuses that in a folder on disk,
and a page is more than its text: it holds the contents beside it, and the code of its figures. So the
sections are written into one script, ``searchtexts.js``, that the search page alone loads, and from which
``search.js`` quotes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

__all__ = ["FILE", "sections"]

FILE = "searchtexts.js"

Section = tuple[str, str, str]
"""Anchor, title and text. The first of a page has the anchor of its title."""

_NO_TEXT = (
    nodes.literal_block,
    nodes.doctest_block,
    nodes.raw,
    nodes.math_block,
    nodes.comment,
    nodes.system_message,
    nodes.image,
    addnodes.toctree,
)
_BEFORE, _BEHIND = "const SEARCH_TEXTS = ", ";\n"
_PARTS = (nodes.section, addnodes.desc)
_FRACTION = re.compile(r"\\[td]?frac\{([^{}]*)\}\{([^{}]*)\}")
_TEX = re.compile(r"\\(?:mathrm|mathbf|operatorname|text|times|cdot)\b|[\\{}$]")


def _words(node: nodes.Node) -> Iterator[str]:
    """Yield the texts of a node, without code, formulas of their own line, and sections inside of it."""
    if isinstance(node, _NO_TEXT):
        return
    if isinstance(node, nodes.math):
        yield _TEX.sub("", _FRACTION.sub(r"\1/\2", node.astext()))
    elif isinstance(node, nodes.Text):
        yield node.astext()
    else:
        for child in node.children:
            if not isinstance(child, _PARTS):
                yield from _words(child)
        if isinstance(node, (nodes.TextElement, nodes.entry)) and not isinstance(node, nodes.Inline):
            yield " "


def sections(doctree: nodes.document) -> list[Section]:
    """Return the sections of a page, and the documented objects of an API page, in their order."""
    found = []
    for node in doctree.findall(lambda node: isinstance(node, _PARTS)):
        if isinstance(node, nodes.section):
            anchors, title, body = node["ids"], node[0].astext(), node[1:]
        else:
            anchors = next((part["ids"] for part in node.findall(addnodes.desc_signature)), [])
            title, body = node[0].astext().split("(")[0], node[1:]
        text = "".join(word for part in body if not isinstance(part, _PARTS) for word in _words(part))
        if anchors:
            found.append((anchors[0], " ".join(title.split()), " ".join(text.split())))
    return found


class Texts:
    """The sections of the pages of one build."""

    def __init__(self) -> None:
        self.pages: dict[str, list[Section]] = {}

    def on_page(self, app: Sphinx, doctree: nodes.document, name: str) -> None:
        """Take the sections of a page whose references are resolved."""
        self.pages[name] = sections(doctree)

    def on_finish(self, app: Sphinx, error: Exception | None) -> None:
        """Write the sections of all pages; those of a page that was not written anew are there already."""
        if error or app.builder.name != "html":
            return
        file = Path(app.outdir, FILE)
        known = json.loads(file.read_text("utf-8")[len(_BEFORE) : -len(_BEHIND)]) if file.exists() else {}
        texts = {
            name: text for name, text in sorted((known | self.pages).items()) if name in app.env.found_docs
        }
        packed = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
        file.write_text(_BEFORE + packed + _BEHIND, "utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Collect the texts while the pages are written."""
    texts = Texts()
    app.connect("doctree-resolved", texts.on_page, priority=900)
    app.connect("build-finished", texts.on_finish)
    # What another process writes, this one would not see.
    return {"parallel_read_safe": True, "parallel_write_safe": False}
