"""Style sheets: the rules that match nothing on any page are left out, three quarters of the theme's.

A selector stays as long as every class and id in it occurs, as a word, in some page or in some script that a
page loads. Scripts also put names together: where one holds the word ``tip-``, all names that begin so stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import tinycss2
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from book_engine.output import pages, scripts

__all__ = ["Vocabulary", "keep_rules"]

_WORD = re.compile(r"[\w-]+")
_NESTING = ("media", "supports", "layer", "container")


class Vocabulary:
    """All words of the built pages and scripts, to tell which classes and ids may occur there.

    Args:
        texts: pages and scripts.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._words = {word for text in texts for word in _WORD.findall(text)}
        self._beginnings = tuple(word for word in self._words if re.fullmatch(r"[A-Za-z].*-", word))

    def knows(self, name: str) -> bool:
        """Tell whether a class or id may occur in the texts."""
        return name.startswith(self._beginnings) or self._words.issuperset(_WORD.findall(name))


def _selectors(prelude: list[Any]) -> Iterator[list[Any]]:
    """Split a list of selectors at its commas, but not at those inside brackets."""
    selector: list[Any] = []
    for token in prelude:
        if token == ",":
            yield selector
            selector = []
        else:
            selector.append(token)
    yield selector


def _names(selector: list[Any]) -> Iterator[str]:
    """Name the classes and ids of a selector, but not those in brackets, as in ``:not(.x)``."""
    for before, token in zip([None, *selector], selector, strict=False):
        if token.type == "hash" or (token.type == "ident" and before == "."):
            yield token.value


def _keep(rules: list[Any], vocabulary: Vocabulary) -> Iterator[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            kept = [
                tinycss2.serialize(selector)
                for selector in _selectors(rule.prelude)
                if all(map(vocabulary.knows, _names(selector)))
            ]
            if kept:
                yield f"{','.join(kept)}{{{tinycss2.serialize(rule.content)}}}"
        elif rule.type == "at-rule" and rule.content is not None and rule.lower_at_keyword in _NESTING:
            inner = "".join(_keep(tinycss2.parse_rule_list(rule.content), vocabulary))
            if inner:
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}"
        elif rule.type not in ("comment", "whitespace") or rule.value.startswith("!"):  # licences stay
            yield rule.serialize()


def keep_rules(css: str, vocabulary: Vocabulary) -> str:
    """Return a style sheet without the selectors that name a class or id unknown to ``vocabulary``."""
    return "".join(_keep(tinycss2.parse_stylesheet(css), vocabulary))


def _cut_sheets(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    vocabulary = Vocabulary(path.read_text("utf-8") for path in [*pages(folder), *scripts(folder)])
    for sheet in folder.glob("_static/**/*.css"):
        sheet.write_text(keep_rules(sheet.read_text("utf-8"), vocabulary), "utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Cut the style sheets once the pages are written, and before their icons are counted."""
    app.connect("build-finished", _cut_sheets, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
