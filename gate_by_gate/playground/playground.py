"""What every playground is: a figure that a page draws by itself, and a frame of its own in a notebook."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from gate_by_gate.playground.bundle import MOUNT, MOUNT_NEAR, STATIC, page_script
from gate_by_gate.playground.deliveries import delivery_script
from gate_by_gate.widgets.embedding import output_mode, style_sheet
from gate_by_gate.widgets.texts import phrase

__all__ = ["Playground"]


class Playground:
    """A figure whose networks run in the page, in a book or in a notebook.

    A subclass has a kind that ``static/page.js`` draws, and says what its front end reads.
    """

    kind: ClassVar[str]
    waits: ClassVar[bool] = False
    """Whether a page loads its script when the reader comes near, and its networks when they are used."""
    frame_height: ClassVar[str] = "46rem"
    """Height of its frame in a notebook."""

    @property
    def question(self) -> str:
        """What it asks."""
        raise NotImplementedError

    def deliveries(self, *, framed: bool = False) -> Sequence[str]:
        """Name what it loads, at once or when it is asked for.

        Args:
            framed: whether all of it comes with the figure, in the frame that a notebook shows.
        """
        raise NotImplementedError

    def spec(self, *, framed: bool = False) -> Mapping[str, Any]:
        """Return what the front end reads.

        Args:
            framed: as for :meth:`deliveries`.
        """
        raise NotImplementedError

    def page_html(self, *, framed: bool = False) -> str:
        """Return the element that the page's script turns into the playground, and the call that does it.

        Args:
            framed: as for :meth:`deliveries`.
        """
        loads = " ".join(self.deliveries(framed=framed))
        data = json.dumps(self.spec(framed=framed), separators=(",", ":"), ensure_ascii=False).replace(
            "<", "\\u003c"
        )
        return (
            f'<div data-widget="playground" data-playground="{self.kind}" data-loads="{loads}">'
            f'<script type="application/json">{data}</script>'
            f"<p>{html.escape(phrase('no_script', question=self.question))}</p></div>"
            f"<script>{MOUNT_NEAR if self.waits and not framed else MOUNT}</script>"
        )

    def notebook_html(self) -> str:
        """Return a frame that holds a page of its own, with everything in it: a notebook serves no files."""
        scripts = [page_script(), *map(delivery_script, self.deliveries(framed=True))]
        style = style_sheet() + (STATIC / "playground.css").read_text(encoding="utf-8")
        # `</` never appears inside the script elements, so nothing in them can close one.
        head = "".join("<script>" + script.replace("</", "<\\/") + "</script>" for script in scripts)
        title = html.escape(self.question)
        page = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
            f"<style>body {{ margin: 0; font-family: sans-serif; }}{style}</style>{head}"
            f"<body>{self.page_html(framed=True)}</body></html>"
        )
        return (
            f'<iframe srcdoc="{html.escape(page)}" title="{title}" allow="camera" '
            f'style="width: 100%; height: {self.frame_height}; border: 0"></iframe>'
        )

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        show = {"text": None, "page": self.page_html, "live": self.notebook_html}[output_mode()]
        return {"text/plain": repr(self)} | ({} if show is None else {"text/html": show()})
