"""The bibliography's entries as list items: docutils marks them with a role that ARIA has given up."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator


def _visit(translator: HTML5Translator, node: nodes.citation) -> None:
    type(translator).visit_citation(translator, node)
    translator.body[-1] = translator.body[-1].replace('role="doc-biblioentry"', 'role="listitem"')


def _depart(translator: HTML5Translator, node: nodes.citation) -> None:
    type(translator).depart_citation(translator, node)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Replace the role of every bibliography entry."""
    app.add_node(nodes.citation, override=True, html=(_visit, _depart))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
