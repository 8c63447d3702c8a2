"""The contents beside a page: what folds the pages below a chapter has a name, for those who hear it."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

__all__ = ["named"]

# The theme draws an arrow, and says nothing.
_FOLD = '<summary><span class="toctree-toggle"'
_NAMED = '<summary aria-label="pages of this chapter"><span class="toctree-toggle"'


def named(contents: str) -> str:
    """Give every fold in the contents a name."""
    return contents.replace(_FOLD, _NAMED)


def _name_folds(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if write := context.get("generate_toctree_html"):
        context["generate_toctree_html"] = lambda *args, **kwargs: named(str(write(*args, **kwargs)))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Name the folds after the theme has written the contents."""
    app.connect("html-page-context", _name_folds, priority=601)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
