"""A Sphinx extension that gives the pages with a playground its scripts, its style sheet and its networks."""

from __future__ import annotations

import re
import zlib
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


def begin(app: Sphinx) -> None:
    """Write the script and the style sheets, so that Sphinx can put checksums into their addresses."""
    if app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    (static / SCRIPT).write_text(page_script(shorten), encoding="utf-8")
    (static / STYLE).write_text((STATIC / STYLE).read_text(encoding="utf-8"), encoding="utf-8")
    (static / WIDGETS).write_text(style_sheet(), encoding="utf-8")


def add_assets(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Load what a page with a playground needs; write what its playgrounds deliver."""
    if 'data-widget="playground"' not in (context.get("body") or ""):
        return
    # Only a page that runs networks needs torch.
    from gate_by_gate.playground.deliveries import delivery_script

    if MOUNT in context["body"]:
        app.add_js_file(SCRIPT)
    # As Sphinx does for the others: no reader gets an old script with a new page.
    checksum = zlib.crc32(page_script(shorten).encode())
    context["body"] = context["body"].replace(f'"{ADDRESS}"', f'"{ADDRESS}?v={checksum:08x}"')
    app.add_css_file(WIDGETS)
    app.add_css_file(STYLE)
    folder = Path(app.outdir) / "_static" / "networks"
    folder.mkdir(parents=True, exist_ok=True)
    for name in dict.fromkeys(" ".join(LOADS.findall(context["body"])).split()):
        (folder / f"{name}.js").write_text(delivery_script(name), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx."""
    app.connect("builder-inited", begin)
    app.connect("html-page-context", add_assets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
