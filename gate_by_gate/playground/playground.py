"""What every playground is: a figure that a page draws by itself, and a frame of its own in a notebook."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any, ClassVar

from gate_by_gate.playground.bundle import STATIC, page_script
from gate_by_gate.playground.deliveries import DELIVERIES, delivery_script
from gate_by_gate.widgets.embedding import output_mode, style_sheet

__all__ = ["Playground"]


class Playground:
    """A figure whose networks run in the page, in a book or in a notebook.

    A subclass has a kind that ``static/page.js`` draws, and says what its front end reads.
    """

    kind: ClassVar[str]
    question: ClassVar[str]

    def spec(self) -> Mapping[str, Any]:
        """Return what the front end reads."""
        raise NotImplementedError

    def page_html(self) -> str:
        """Return the element that the page's script turns into the playground, and the call that does it."""
        data = json.dumps(self.spec(), separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
        return (
            f'<div data-widget="playground" data-playground="{self.kind}">'
            f'<script type="application/json">{data}</script>'
            f"<p>{html.escape(self.question)} This box is live where JavaScript is on.</p></div>"
            "<script>window.attnPlayground?.mount(document.currentScript.previousElementSibling)</script>"
        )

    def notebook_html(self) -> str:
        """Return a frame that holds a page of its own, with everything in it: a notebook serves no files."""
        scripts = [page_script(), *map(delivery_script, DELIVERIES[self.kind])]
        style = style_sheet() + (STATIC / "playground.css").read_text(encoding="utf-8")
        # `</` never appears inside the script elements, so nothing in them can close one.
        head = "".join("<script>" + script.replace("</", "<\\/") + "</script>" for script in scripts)
        title = html.escape(self.question)
        page = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
            f"<style>body {{ margin: 0; font-family: sans-serif; }}{style}</style>{head}"
            f"<body>{self.page_html()}</body></html>"
        )
        return (
            f'<iframe srcdoc="{html.escape(page)}" title="{title}" allow="camera" '
            'style="width: 100%; height: 46rem; border: 0"></iframe>'
        )

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        show = {"text": None, "page": self.page_html, "live": self.notebook_html}[output_mode()]
        return {"text/plain": repr(self)} | ({} if show is None else {"text/html": show()})
