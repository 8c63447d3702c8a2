"""The script of the playground, as a page loads it.

It is a classic script: a page that was opened from a folder may load nothing else. It holds the source of the
worker as a text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

from gate_by_gate.widgets.embedding import link

__all__ = ["ADDRESS", "MOUNT", "MOUNT_NEAR", "SCRIPT", "STATIC", "page_script"]

STATIC = Path(__file__).parent / "static"
"""The front-end modules and the style sheet."""

SCRIPT = "playground.js"
"""The script of the playgrounds in the folder of a book's scripts."""

ADDRESS = f"_static/{SCRIPT}"
"""Where it lies, from the root of a book."""

MOUNT = "window.attnPlayground?.mount(document.currentScript.previousElementSibling)"
"""Draws the playground at once: the page has loaded the script."""

MOUNT_NEAR = f"""\
((host) => new IntersectionObserver((entries, watch) => {{
if (!entries.some((entry) => entry.isIntersecting)) return;
watch.disconnect();
const script = document.createElement("script");
script.src = (document.documentElement.dataset.content_root ?? "") + "{ADDRESS}";
script.onload = () => attnPlayground.mount(host);
document.head.append(script);
}}, {{ rootMargin: "600px" }}).observe(host))(document.currentScript.previousElementSibling)"""
"""Loads the script when the reader comes near the playground, and then draws it."""

_WORKER = 'const WORKER = "";\n'


@cache
def page_script(shorten: Callable[[str], str] = str) -> str:
    """Return what draws playgrounds, with the worker in it.

    Args:
        shorten: leaves out of a script what only its authors read. A page wants it short; a notebook need not
            have what shortens it.
    """
    worker = shorten(f'"use strict";\n{link(STATIC / "worker.js")}')
    page = link(STATIC / "page.js").replace(_WORKER, f"const WORKER = {json.dumps(worker)};\n")
    return shorten(f'(() => {{\n"use strict";\n{page}}})();\n')
