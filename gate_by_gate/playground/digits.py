"""The playground of the digits: a canvas to drag, draw and clutter, and what seven networks make of it."""

from __future__ import annotations

import base64
import html
import json
from typing import Any

import torch

from gate_by_gate import results
from gate_by_gate.experiment.cluttered_digits import ClutteredDigits, draw_layout, load_sources
from gate_by_gate.playground.bundle import STATIC, page_script
from gate_by_gate.playground.networks import NETWORKS, SIDE, network_script
from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.embedding import output_mode, style_sheet

__all__ = ["DigitsPlayground"]

PIECES = 60
"""How many fragments there are to strew; the same may be drawn several times."""

QUESTION = "Drag the digit: who still reads it, and where does each look?"

CONTROLS = (
    Control("digit", "digit", tuple(range(10)), 3, "choice"),
    Control("tool", "pointer", ("move", "draw", "wipe"), "move", "choice", ("drags", "draws", "erases")),
    Control("clutter", "fragments", tuple(range(0, 29, 2)), 14),
    Control("stage", "stage", (1, 2, 3), 2, "choice"),
    Control("gates", "gates", ("own", "open", "held"), "own", "choice", ("their own", "open", "held")),
    Control(
        "view", "cards show", ("maps", "reads"), "maps", "choice", ("where it looks", "where it reads it")
    ),
)

START = {"place": (13, 13), "other": (26, 2), "second": False, "seed": 19, "picked": "cbam_r4_k7"}
"""What stands where at first, beside the controls."""

WORDS = {
    "question": QUESTION,
    "place": "place of the digit; arrow keys move it",
    "at": "column {column}, row {row}",
    "shuffle": "other clutter",
    "second": "a second digit",
    "clear": "clear the drawing",
    "sweep": "try every place",
    "chances": "Probabilities of the digits:",
    "hit": "hit",
    "miss": "miss",
    "no_peak": "no peak",
    "no_map": "no map of positions",
    "reads": "{good} of {tried}",
    "key_box": "the digit to read",
    "key_dot": "peak of the map",
    "key_chance": "probability of the right digit",
    "key_good": "read right, its middle there",
    "key_bad": "read wrong",
    "told": "{right} of {all} networks read it right; {hits} of {maps} maps have their peak on it.",
    "gates_of": "Gates of {name} in stage {stage}, one bar a channel",
    "none": "— it has none",
    "loading": "The networks are being loaded …",
    "failed": "The networks cannot run here: {why}",
}
"""What the page says."""


def coded(values: torch.Tensor) -> str:
    """Write pictures of bytes as base64."""
    return base64.b64encode(values.to(torch.uint8).numpy().tobytes()).decode("ascii")


def fragments(task: ClutteredDigits) -> torch.Tensor:
    """Return the first fragments of the test images that are not blank: uint8 ``(PIECES, side, side)``."""
    layout, glyphs = draw_layout(task, "test"), load_sources(task.digit).glyphs
    pieces = []
    for source, (x, y) in zip(layout.fragments.flat, layout.cuts.reshape(-1, 2), strict=True):
        piece = torch.from_numpy(glyphs[source, y : y + task.fragment, x : x + task.fragment])
        if piece.max() > 128:
            pieces.append(piece)
        if len(pieces) == PIECES:
            break
    return torch.stack(pieces)


class DigitsPlayground:
    """The playground of the digits, in a page of the book or in a notebook.

    The networks run in the reader's browser, exported by :func:`gate_by_gate.playground.export.export`.
    """

    def __repr__(self) -> str:
        """Name it, the same in every run."""
        return f"DigitsPlayground({', '.join(NETWORKS.values())})"

    def spec(self) -> dict[str, Any]:
        """Return what the front end reads."""
        task = ClutteredDigits()
        return {
            "supply": {
                "side": SIDE,
                "digit": task.digit,
                "fragment": task.fragment,
                "digits": coded(results.sample_images().digits),
                "fragments": coded(fragments(task)),
            },
            "networks": NETWORKS,
            "controls": {control.name: control.spec() for control in CONTROLS},
            "start": START | {control.name: control.default for control in CONTROLS},
            "words": WORDS,
        }

    def page_html(self) -> str:
        """Return the element that the page's script turns into the playground, and the call that does it."""
        data = json.dumps(self.spec(), separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
        return (
            '<div data-widget="playground">'
            f'<script type="application/json">{data}</script>'
            f"<p>{html.escape(QUESTION)} This box is live where JavaScript is on.</p></div>"
            "<script>window.attnPlayground?.mount(document.currentScript.previousElementSibling)</script>"
        )

    def notebook_html(self) -> str:
        """Return a frame that holds a page of its own, with everything in it: a notebook serves no files."""
        scripts = [page_script(), *(network_script(setting) for setting in NETWORKS)]
        style = style_sheet() + (STATIC / "playground.css").read_text(encoding="utf-8")
        # `</` never appears inside the script elements, so nothing in them can close one.
        head = "".join("<script>" + script.replace("</", "<\\/") + "</script>" for script in scripts)
        page = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(QUESTION)}</title>'
            f"<style>body {{ margin: 0; font-family: sans-serif; }}{style}</style>{head}"
            f"<body>{self.page_html()}</body></html>"
        )
        return (
            f'<iframe srcdoc="{html.escape(page)}" title="{html.escape(QUESTION)}" '
            'style="width: 100%; height: 46rem; border: 0"></iframe>'
        )

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        show = {"text": None, "page": self.page_html, "live": self.notebook_html}[output_mode()]
        return {"text/plain": repr(self)} | ({} if show is None else {"text/html": show()})
