"""Style sheets: the rules that match nothing on any page are left out, four fifths of the theme's.

A selector stays as long as every class and id in it occurs, as a word, in the tags of some page or in some
script, of a page or that a page loads, and so does every kind of element. Scripts also put names together:
where one holds the word ``tip-``, all names that begin so stay. Of the theme's variables, those go that no
rule, page or script reads any more.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import tinycss2
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from book_engine.output import TEXTS, pages, scripts, sheets

__all__ = ["Vocabulary", "keep_read", "keep_rules", "names_only", "variables_read"]

_WORD = re.compile(r"[\w-]+")
_NESTING = ("media", "supports", "layer", "container")

# A page less what its reader reads. Folded code waits in <noscript>, in tags, until it is unfolded.
_MARKUP = re.compile(r"""<script\b.*?</script>|<[a-zA-Z](?:[^"'>]|"[^"]*"|'[^']*')*>""", re.DOTALL)
_SAID = re.compile(r"""\s(?:alt|alttext|title|aria-label|content)=(?:"[^"]*"|'[^']*')""")

_READ = re.compile(r"var\(\s*(--[\w-]+)")


def names_only(page: str) -> str:
    """Return the tags and scripts of a page, without what stands between them and what they say in words."""
    return "\n".join(
        piece if piece.startswith("<script") else _SAID.sub("", piece) for piece in _MARKUP.findall(page)
    )


class Vocabulary:
    """All words of the built pages and scripts, to tell which elements, classes and ids may occur there.

    Args:
        texts: the tags of pages, and scripts.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._words = {word for text in texts for word in _WORD.findall(text)}
        self._beginnings = tuple(word for word in self._words if re.fullmatch(r"[A-Za-z].*-", word))

    def knows(self, name: str) -> bool:
        """Tell whether an element, a class or an id may occur in the texts."""
        return name.startswith(self._beginnings) or self._words.issuperset(_WORD.findall(name))

    @property
    def variables(self) -> set[str]:
        """What may be the name of a variable of a style sheet."""
        return {word for word in self._words if word.startswith("--")}


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
    """Name the elements, classes and ids of a selector, but not those in brackets, as in ``:not(.x)``."""
    for before, token in zip([None, *selector], selector, strict=False):
        if token.type == "hash" or (token.type == "ident" and before != ":"):
            yield token.value


def _never_holds(function: Any, vocabulary: Vocabulary) -> list[Any] | None:
    """Return what an element is never to hold, for ``:not(:has(x))`` with an x that occurs nowhere."""
    if function.type != "function" or function.lower_name != "not":
        return None
    match function.arguments:
        case [colon, inner] if colon == ":" and inner.type == "function" and inner.lower_name == "has":
            held: list[Any] = inner.arguments
            return None if all(map(vocabulary.knows, _names(held))) else held
    return None


def _write(selector: list[Any], vocabulary: Vocabulary) -> str:
    """Write a selector, with ``:not(x)`` for ``:not(:has(x))`` where there is no x.

    Both are true then, and weigh alike. For the other a browser looks into an element whenever anything
    changes in it.
    """
    never = [_never_holds(token, vocabulary) for token in selector]
    return "".join(
        token.serialize() if held is None else f"not({tinycss2.serialize(held)})"
        for token, held in zip(selector, never, strict=True)
    )


def _keep(rules: list[Any], vocabulary: Vocabulary) -> Iterator[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            kept = [
                _write(selector, vocabulary)
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


def variables_read(css: str) -> set[str]:
    """Return the variables that some declaration of a style sheet reads."""
    return set(_READ.findall(css))


def _declarations(content: list[Any], read: Collection[str]) -> str:
    """Write the content of a rule without the variables that are not ``read``."""
    found = tinycss2.parse_declaration_list(content, skip_comments=True, skip_whitespace=True)
    if any(one.type != "declaration" for one in found):  # rules in rules: as they are
        return str(tinycss2.serialize(content))
    return ";".join(one.serialize() for one in found if not one.name.startswith("--") or one.name in read)


def _keep_read(rules: list[Any], read: Collection[str]) -> Iterator[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            if content := _declarations(rule.content, read):
                yield f"{tinycss2.serialize(rule.prelude)}{{{content}}}"
        elif rule.type == "at-rule" and rule.content is not None and rule.lower_at_keyword in _NESTING:
            if inner := "".join(_keep_read(tinycss2.parse_rule_list(rule.content), read)):
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}"
        else:
            yield rule.serialize()


def keep_read(css: str, read: Collection[str]) -> str:
    """Return a style sheet without comments in its rules, and without the variables that are not ``read``."""
    return "".join(_keep_read(tinycss2.parse_stylesheet(css), read))


def _cut_sheets(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    code = [script for script in scripts(folder) if script.name not in TEXTS]
    vocabulary = Vocabulary(
        [
            *(names_only(page.read_text("utf-8")) for page in pages(folder)),
            *(script.read_text("utf-8") for script in code),
        ]
    )
    kept = {sheet: keep_rules(sheet.read_text("utf-8"), vocabulary) for sheet in sheets(folder)}
    before = -1
    while before != (before := sum(map(len, kept.values()))):  # a variable may be read by one that goes
        read = vocabulary.variables.union(*map(variables_read, kept.values()))
        kept = {sheet: keep_read(css, read) for sheet, css in kept.items()}
    for sheet, css in kept.items():
        sheet.write_text(css, "utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Cut the style sheets once the pages are written, and before their icons are counted."""
    app.connect("build-finished", _cut_sheets, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
