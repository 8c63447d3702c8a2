"""Formulas: TeX becomes MathML while the book is built, so that a page carries no math script.

A formula that cannot be converted is a Sphinx warning, so that ``-W`` catches bad TeX. Equation numbers and
references are Sphinx's own: the numbering environments of LaTeX become their unnumbered twins.
"""

from __future__ import annotations

import re
from functools import cache

import math_core
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

__all__ = ["TexError", "TexToMathML"]

logger = logging.getLogger(__name__)

TexError = math_core.LatexError

# What LaTeX numbers by itself, and the twin that leaves the number to Sphinx.
_TWINS = {"align": "aligned", "gather": "gathered", "split": "aligned", "equation": "gathered"}
_UNNUMBERED = re.compile(r"\s*\\begin\{equation\*\}(.*)\\end\{equation\*\}\s*", re.DOTALL)
_NUMBERED = re.compile(r"\\(begin|end)\{(" + "|".join(_TWINS) + r")\*?\}")


class TexToMathML:
    r"""Converts formulas to ``<math>`` elements.

    Args:
        macros: commands of the book's own, such as ``{"R": r"\mathbb{R}"}``.
    """

    def __init__(self, macros: dict[str, str] | None = None) -> None:
        self._converter = math_core.LatexToMathML(macros=macros, fancy_error=False)

    def inline(self, tex: str) -> str:
        """Convert a formula within a line.

        Raises:
            TexError: ``tex`` is not understood; the message says where and why.
        """
        return self._converter.convert_with_local_state(tex.strip(), displaystyle=False)

    def displayed(self, tex: str) -> str:
        r"""Convert a formula on lines of its own.

        As elsewhere in Sphinx, blank lines separate rows, and rows are aligned at their ``&``.

        Raises:
            TexError: ``tex`` is not understood; the message says where and why.
        """
        rows = [row.strip() for row in re.split(r"\n\s*\n", tex) if row.strip()]
        body = _NUMBERED.sub(lambda m: rf"\{m[1]}{{{_TWINS[m[2]]}}}", r" \\ ".join(rows))
        if r"\\" in body:
            body = rf"\begin{{aligned}}{body}\end{{aligned}}"
        return self._converter.convert_with_local_state(body, displaystyle=True)


@cache
def _converter(macros: tuple[tuple[str, str], ...]) -> TexToMathML:
    return TexToMathML(dict(macros))


def _element(translator: HTML5Translator, node: nodes.math | nodes.math_block) -> str:
    """Return the ``<math>`` element of ``node``, or warn and return its TeX as code."""
    # A chapter's formula without a number is written as LaTeX has it; JupyterLab does not number it either.
    tex = _UNNUMBERED.sub(lambda match: match[1], node.astext())
    converter = _converter(tuple(translator.config.mathml_macros.items()))
    try:
        element = converter.displayed(tex) if isinstance(node, nodes.math_block) else converter.inline(tex)
    except TexError as error:
        logger.warning("no MathML for %r (%s)", tex, error, location=node, type="mathml", subtype="tex")
        return f"<code>{translator.encode(tex)}</code>"
    # A screen reader that cannot read MathML reads the TeX instead.
    alternative = translator.attval(" ".join(tex.split()))
    return element.replace("<math", f'<math alttext="{alternative}"', 1)


# The class of the theme's boxes for wide tables, which `layout.html` lets a keyboard reach and scroll.
_SCROLLS = "pst-scrollable-table-container"


def _is_in_a_link(node: nodes.math) -> bool:
    """Tell whether a formula opens a link, one of MyST's or one that is written in HTML."""
    at = node.parent.index(node)
    before = node.parent[at - 1] if at else None
    written = isinstance(before, nodes.raw) and before.astext().startswith("<a ")
    return written or isinstance(node.parent, nodes.reference)


def _visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    classes = f"formula-inline notranslate {_SCROLLS}"
    translator.body.append(translator.starttag(node, "span", "", CLASS=classes))
    element = _element(translator, node)
    if _is_in_a_link(node):
        # A link is called what stands in it, and a formula has no name by itself.
        element = re.sub(r'<math alttext=("[^"]*")', r"<math aria-label=\1 alttext=\1", element, count=1)
    translator.body.append(f"{element}</span>")
    raise nodes.SkipNode


def _visit_displayed(translator: HTML5Translator, node: nodes.math_block) -> None:
    # Not the theme's class "math": that is a reversed flex box, which cuts a wide formula off on its left.
    translator.body.append(translator.starttag(node, "div", CLASS="formula notranslate"))
    translator.body.append(f'<div class="formula-box {_SCROLLS}">{_element(translator, node)}</div>')
    if node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, _("Link to this equation"))
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the math renderer ``mathml``; ``html_math_renderer`` chooses it."""
    app.add_config_value("mathml_macros", {}, "html", dict)
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_displayed, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
