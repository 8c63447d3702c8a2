"""Cuts: scripts and fonts that the theme loads and no page needs are left out of the pages.

The book must work from a folder on disk and ask nobody else's server for anything, so the pages also carry a
content security policy under which a browser refuses to load from elsewhere. The layout in ``_templates``
writes that policy, and passes the theme's own blocks through ``leave_out``.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata

__all__ = ["CUTS", "POLICY", "WIDGET_STATE", "Cut", "is_needless", "leave_out"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cut:
    """Some files of the theme that pages do without.

    Attributes:
        name: what the warning calls them.
        path: a regular expression for the end of their addresses.
        kept_on: the one page that does need them.
        expected: whether every version of the theme in use loads them. If so, finding none is a warning: the
            theme has changed, and the cut has to be thought over.
    """

    name: str
    path: str
    kept_on: str = ""
    expected: bool = True


CUTS = (
    # 540 kB (gzip). `icons` has the web font draw the icons.
    Cut("icon script", r"scripts/fontawesome\.js|vendor/fontawesome/[\d.]+/js/all\.min\.js"),
    # 24 kB. `header` turns the only menus into plain links; tooltips are the browser's own.
    Cut("Bootstrap script", r"scripts/bootstrap\.js"),
    # Grows with the book. Before version 0.16 the theme loads it on the search page only.
    Cut("search index", r"(?:searchtools|language_data|searchindex)\.js", kept_on="search", expected=False),
    # Before version 0.16 the theme fetches three icon fonts ahead of need, which a browser refuses on file://.
    Cut("early icon fonts", r"vendor/fontawesome/[\d.]+/webfonts/[\w-]+\.woff2", expected=False),
)

# Inline scripts and styles are the theme's and the explorers'; all else comes from the book's own folder.
POLICY = "; ".join(
    (
        "default-src 'self'",
        # The playground assembles WebAssembly and makes a worker of a text that the page holds.
        "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'",
        "worker-src blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "object-src 'none'",
        "base-uri 'self'",
        # In a folder on disk Firefox takes no address for the page's own, and the search is a form.
        "form-action 'self' file:",
    )
)

WIDGET_STATE = "application/vnd.jupyter.widget-state+json"


def is_needless(script: Any, body: str) -> bool:
    """Tell whether a script, added by an extension to every page, is of no use on a page with this body."""
    # The state of plain ipywidgets: no widget manager is there to read it.
    if getattr(script, "attributes", {}).get("type") == WIDGET_STATE:
        return True
    name = str(getattr(script, "filename", script) or "")
    return name.endswith("design-tabs.js") and "sd-tab-set" not in body


def leave_out(head: str, cut: Cut) -> tuple[str, int]:
    """Return some HTML without the elements that load the files of ``cut``, and the number of these."""
    address = rf"""\b(?:src|href)=["'](?:[^"']*/)?(?:{cut.path})(?:\?[^"']*)?["']"""
    return re.subn(rf"<script\b[^>]*{address}[^>]*></script>\s*|<link\b[^>]*{address}[^>]*>\s*", "", head)


class Scissors:
    """Cuts the pages of one build, and counts what there was to cut."""

    def __init__(self) -> None:
        self.pages = 0
        self.found: Counter[str] = Counter()

    def on_page(
        self,
        app: Sphinx,
        pagename: str,
        template: str,
        context: dict[str, Any],
        doctree: nodes.document | None,
    ) -> None:
        """Give the layout of a page the function that cuts its head, and its content security policy."""

        def leave_out_cuts(head: str) -> str:
            for cut in CUTS:
                if cut.kept_on != pagename:
                    head, count = leave_out(head, cut)
                    self.found[cut.name] += count
            return head

        self.pages += 1
        context["leave_out"] = leave_out_cuts
        context["content_policy"] = POLICY
        body = context.get("body") or ""
        context["script_files"][:] = [
            script for script in context["script_files"] if not is_needless(script, body)
        ]

    def on_finish(self, app: Sphinx, error: Exception | None) -> None:
        """Warn of cuts that found nothing."""
        if error or app.builder.name != "html":
            return
        for cut in CUTS:
            if cut.expected and self.pages and not self.found[cut.name]:
                logger.warning("no page loads the %s to be cut", cut.name, type="cuts", subtype="nothing")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Cut every page."""
    scissors = Scissors()
    app.connect("html-page-context", scissors.on_page, priority=900)
    app.connect("build-finished", scissors.on_finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
