"""Where a widget of this package is shown, and what it shows there.

A cell's output depends on who asks, which the environment variable ``ATTN_LIB_OUTPUT`` tells:

- unset (a notebook that somebody runs): the live widget;
- ``"page"`` (set by ``attn_lib.sphinx_ext`` while the book is built): the widget's stored values as HTML,
  which the page's script draws without a kernel;
- ``"text"`` (set while stored outputs are written): the text alone, so that notebooks stay small and two runs
  of one notebook give the same file.

Every output carries the same short text, which is what ``pytest --nbval`` compares.
"""

from __future__ import annotations

import html
import json
import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["OUTPUT_VARIABLE", "STATIC", "output_mode", "page_html"]

OUTPUT_VARIABLE = "ATTN_LIB_OUTPUT"

STATIC = Path(__file__).parent / "static"
"""The front-end modules and their style sheet."""


def output_mode() -> str:
    """Return ``"live"``, ``"page"`` or ``"text"``.

    Raises:
        ValueError: the environment variable holds something else.
    """
    mode = os.environ.get(OUTPUT_VARIABLE, "live")
    if mode not in ("live", "page", "text"):
        raise ValueError(f"{OUTPUT_VARIABLE} must be 'live', 'page' or 'text'; got {mode!r}")
    return mode


def page_html(module: str, values: Mapping[str, object], text: str) -> str:
    """Write the element that ``static/host.js`` turns into a widget, and the call that does it.

    The call stands right behind the element, so that the widget is drawn before what follows is laid out.
    Without JavaScript the reader sees ``text``.

    Args:
        module: name of the front-end module: ``"explorer"`` or ``"exercise"``.
        values: what the module reads from its model.
        text: a plain-text equivalent.
    """
    # `<` never appears inside the script element, so no label can close it.
    data = json.dumps(values, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    return (
        f'<div class="attn-host" data-widget="{module}">'
        f'<script type="application/json">{data}</script>'
        f"<p>{html.escape(text)}</p></div>"
        "<script>window.attnLib?.mount(document.currentScript.previousElementSibling)</script>"
    )
