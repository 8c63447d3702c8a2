"""Unbroken: ``r = 4``, ``7 × 7``, ``95 %`` or ``chapter 2`` stays on one line, and a formula with its comma.

A browser may end a line at any space, and on both sides of a formula. A number that has lost its unit, or a
line that begins with a full stop, has to be read twice.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

__all__ = ["unbroken"]

SPACE = "\N{NO-BREAK SPACE}"

_NAMED = "chapter|stage|seed|head|pass|block|row|column|unit|channel|draw|digit|table|figure|step|appendix"
_SPACES = re.compile(
    r"(?<=\d) (?=%|heads?\b)"  # 95 %, 4 heads
    r"|(?<=\d) (?=× ?[\dA-Z])|(?<=\b[A-Z]) (?=× [A-Z]\b)|(?<=[\dA-Z] ×) (?=[\dA-Z])"  # 7 × 7, C × C
    r"|(?<=\b[A-Za-z]) (?== [\d\N{MINUS SIGN}])|(?<=\b[A-Za-z] =) (?=[\d\N{MINUS SIGN}])"  # r = 4
    rf"|\b(?:{_NAMED}) (?=\d)",  # chapter 2
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"\s*\d+(?: \d+)+\s*")
"""Nothing but numbers: what every seed reached, in a cell of a table."""

_FORMULA = re.compile(
    r'(\(?)(<span class="formula-inline[^>]*><math\b.*?</math></span>)([,.;:!?)]*)', re.DOTALL
)
_CODE = re.compile(r"(<(script|style|pre|code|math|svg|textarea)\b.*?</\2>|<!--.*?-->|<[^>]*>)", re.DOTALL)
"""What is no text: elements that hold none, and tags."""


def unbroken(body: str) -> str:
    """Keep together what belongs together in the text of a page.

    A space becomes one that does not break. A formula, beside which no character keeps a line from ending,
    goes into an element with its marks, for which the style sheet has a rule.

    Example:
        >>> unbroken("<p>in chapter 2, with r = 4</p>").replace(SPACE, "_")
        '<p>in chapter_2, with r_=_4</p>'
    """
    pieces = _CODE.split(body)
    # Of every three a text, then what is none, and the name of its element.
    pieces[::3] = (_together(text) for text in pieces[::3])
    del pieces[2::3]
    return _FORMULA.sub(_with_marks, "".join(filter(None, pieces)))


def _together(text: str) -> str:
    if _NUMBERS.fullmatch(text):
        return text.replace(" ", SPACE)
    return _SPACES.sub(lambda found: found[0].replace(" ", SPACE), text)


def _with_marks(formula: re.Match[str]) -> str:
    return f'<span class="unbroken">{formula[0]}</span>' if formula[1] or formula[3] else formula[0]


def _keep(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if body := context.get("body"):
        context["body"] = unbroken(body)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Keep lines together once a page is written."""
    app.connect("html-page-context", _keep)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
