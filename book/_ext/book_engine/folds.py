"""Folds: code that a reader of the page can do without stands below its result, folded into one line.

MyST-NB folds the code of a cell with the tag ``hide-input`` above the output, and the whole of a cell with
the tag ``hide-cell``. Here the code moves below what it made, and its line says what it opens.

Highlighted code is most of the elements of a page, so folded code stands in ``<noscript>``: to a browser with
scripts it is one piece of text, which ``page.js`` unpacks when the fold is opened; to one without, code.
"""

from __future__ import annotations

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

__all__ = ["CodeBelowOutput"]

CODE, ANSWER = "Code", "A solution, with its code"


def _is(node: nodes.Node, part: str) -> bool:
    return isinstance(node, nodes.Element) and node.get("nb_element") == part


class CodeBelowOutput(SphinxPostTransform):
    """Moves folded code below its output."""

    default_priority = 200  # MyST-NB folds at 199
    formats = ("html",)

    def run(self, **kwargs: object) -> None:
        """Move the fold of every cell behind the cell's output."""
        for cell in self.document.findall(lambda node: _is(node, "cell_code")):
            for fold in [child for child in cell.children if isinstance(child, HideCodeCellNode)]:
                if _is(fold.children[0], "cell_code_source") and len(fold.children) == 1:
                    cell.remove(fold)
                    cell.append(fold)


def visit_fold(self: HTML5Translator, node: HideCodeCellNode) -> None:
    """Open a fold: of code alone, or of a whole cell."""
    is_code = len(node.children) == 1 and _is(node.children[0], "cell_code_source")
    kind, words = ("code-fold", CODE) if is_code else ("answer-fold", ANSWER)
    self.body.append(f'<details class="fold {kind}"><summary>{words}</summary>')
    if is_code:
        self.body.append("<noscript>")


def depart_fold(self: HTML5Translator, node: HideCodeCellNode) -> None:
    """Close a fold."""
    if len(node.children) == 1 and _is(node.children[0], "cell_code_source"):
        self.body.append("</noscript>")
    self.body.append("</details>\n")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Take the place of MyST-NB's own fold."""
    app.setup_extension("myst_nb")
    app.add_node(HideCodeCellNode, override=True, html=(visit_fold, depart_fold))
    app.add_post_transform(CodeBelowOutput)
    app.add_js_file("page.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
