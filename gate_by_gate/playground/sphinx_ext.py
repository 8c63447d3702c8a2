"""A Sphinx extension that gives the pages with a playground its scripts, its style sheet and its networks.

To export all networks takes longer than to write all pages. It is done in a process of its own, which begins
with those of a page as soon as the page has been read.
"""

from __future__ import annotations

import re
import zlib
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from gate_by_gate.playground.bundle import ADDRESS, MOUNT, SCRIPT, STATIC, page_script
from gate_by_gate.widgets.embedding import style_sheet
from gate_by_gate.widgets.sphinx_ext import shorten

__all__ = ["setup"]

STYLE, WIDGETS = "playground.css", "attn_widgets.css"

LOADS = re.compile(r'data-playground="\w+" data-loads="([^"]*)"')
"""What a playground says that it loads."""


def deliver(name: str) -> str:
    """Return the script that hands over what a playground loads."""
    # Only a page that runs networks needs torch.
    from gate_by_gate.playground.deliveries import delivery_script

    return delivery_script(name)


class Ahead:
    """Makes the scripts that playgrounds load, while other pages are read and written."""

    def __init__(self) -> None:
        self.process: ProcessPoolExecutor | None = None
        self.begun: dict[str, Future[str]] = {}

    def expect(self, text: str) -> list[str]:
        """Begin with what the playgrounds of a page load; return the names of it."""
        names = list(dict.fromkeys(" ".join(LOADS.findall(text)).split()))
        for name in names:
            if name not in self.begun:
                # Not forked: this process may have threads, which wait for kernels.
                self.process = self.process or ProcessPoolExecutor(1, mp_context=get_context("spawn"))
                self.begun[name] = self.process.submit(deliver, name)
        return names

    def read(self, app: Sphinx, doctree: nodes.document) -> None:
        """Begin with what a page needs that has been read."""
        if app.builder.format == "html":
            self.expect("".join(node.astext() for node in doctree.findall(nodes.raw)))

    def write(self, text: str, folder: Path) -> None:
        """Write what the playgrounds of a page load, once it is made."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in self.expect(text):
            (folder / f"{name}.js").write_text(self.begun[name].result(), encoding="utf-8")

    def end(self, app: Sphinx, error: Exception | None) -> None:
        """End the process, and begin nothing more."""
        if self.process is not None:
            self.process.shutdown(cancel_futures=True)


def begin(app: Sphinx) -> None:
    """Write the script and the style sheets, so that Sphinx can put checksums into their addresses."""
    if app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    (static / SCRIPT).write_text(page_script(shorten), encoding="utf-8")
    (static / STYLE).write_text((STATIC / STYLE).read_text(encoding="utf-8"), encoding="utf-8")
    (static / WIDGETS).write_text(style_sheet(), encoding="utf-8")


def add_assets(app: Sphinx, context: dict[str, Any], ahead: Ahead) -> None:
    """Load what a page with a playground needs; write what its playgrounds deliver."""
    if 'data-widget="playground"' not in (context.get("body") or ""):
        return
    if MOUNT in context["body"]:
        app.add_js_file(SCRIPT)
    # As Sphinx does for the others: no reader gets an old script with a new page.
    checksum = zlib.crc32(page_script(shorten).encode())
    context["body"] = context["body"].replace(f'"{ADDRESS}"', f'"{ADDRESS}?v={checksum:08x}"')
    app.add_css_file(WIDGETS)
    app.add_css_file(STYLE)
    ahead.write(context["body"], Path(app.outdir) / "_static" / "networks")


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx."""
    ahead = Ahead()
    app.connect("builder-inited", begin)
    app.connect("doctree-read", ahead.read)
    app.connect(
        "html-page-context", lambda app, page, template, context, doctree: add_assets(app, context, ahead)
    )
    app.connect("build-finished", ahead.end)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
