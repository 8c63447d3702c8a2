"""The engine of the book: pages that are light, need nobody else's server, and link to their own repository.

Each module is one subject and a Sphinx extension of its own; this one switches them all on. None knows what
the book is about.
"""

from __future__ import annotations

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

MODULES = (
    "repository",
    "reproducible",
    "ahead",
    "streams",
    "folds",
    "reading",
    "finding",
    "previews",
    "excerpts",
    "light_figures",
    "dark_figures",
    "paper",
    "mathml",
    "math_font",
    "code_elements",
    "stylesheets",
    "icons",
    "header",
    "contents",
    "citations",
    "unbroken",
    "cuts",
    "joined",
    "loaded",
)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Switch on every module of the engine."""
    for module in MODULES:
        app.setup_extension(f"{__name__}.{module}")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
