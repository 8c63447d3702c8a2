"""A Sphinx extension that puts live explorers and exercises into the pages of a book.

While the HTML is built, the notebooks' kernels are told (by an environment variable) to emit the stored
values of a widget instead of the widget; the pages that hold one get the script that draws it and its style
sheet. The script is made of the very modules that the live widgets use: one file, no imports, no third party,
and no ``type="module"``, which browsers refuse to load from a folder on disk.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import minify
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from gate_by_gate.widgets import embedding
from gate_by_gate.widgets.items.picture import FOLDER

__all__ = ["bundle", "setup", "shorten"]

SCRIPT = "attn_widgets.js"
STYLE = "attn_widgets.css"
MODULES = ("exercise", "explorer")
"""In this order, what both are made of stands close together, which a page compresses better."""
EXPORT = "export default { render };"


def shorten(script: str) -> str:
    """Return a script as pages get it: without comments and indents, and with short local names."""
    short: str = minify.string("application/javascript", script)
    return short


def bundle() -> str:
    """Put the static host and the front-end modules into one short classic script.

    Raises:
        ValueError: a module cannot be put into one file; see ``embedding.module_source``.
    """
    pieces = [(embedding.STATIC / "host.js").read_text(encoding="utf-8")]
    for name in MODULES:
        body = embedding.module_source(name).replace(EXPORT, f"attnLib.widgets.{name} = {{ render }};")
        pieces.append(f'(() => {{\n"use strict";\n{body}}})();\n')
    return shorten("".join(pieces))


def begin(app: Sphinx) -> None:
    """Have the kernels that execute notebooks emit what a page needs, and write the files that draw it.

    A kernel inherits this process's environment. The files come first so that Sphinx can put a checksum into
    their addresses: a returning reader never gets an old script with a new payload.
    """
    if app.builder.format != "html":
        return
    os.environ[embedding.OUTPUT_VARIABLE] = "page"
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    (static / SCRIPT).write_text(bundle(), encoding="utf-8")
    (static / STYLE).write_text(embedding.style_sheet(), encoding="utf-8")
    copy_pictures(app)


def copy_pictures(app: Sphinx) -> None:
    """Copy the pictures that explorers show as files of their own.

    Raises:
        ExtensionError: a pattern of ``widget_pictures`` fits no file.
    """
    folder = Path(app.outdir) / FOLDER
    for pattern in app.config.widget_pictures:
        files = sorted(Path(app.srcdir).glob(pattern))
        if not files:
            raise ExtensionError(f"expected files for {pattern!r} of `widget_pictures`; found none")
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            shutil.copyfile(file, folder / file.name)


def add_assets(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Load the script and the style sheet on the pages that hold a widget, and only there."""
    if 'class="attn-host"' in context.get("body", ""):
        # Not deferred: a widget is drawn as the page is read, before what follows it is laid out.
        app.add_js_file(SCRIPT)
        app.add_css_file(STYLE)


def end(app: Sphinx, error: Exception | None) -> None:
    """Leave the environment as it was."""
    os.environ.pop(embedding.OUTPUT_VARIABLE, None)


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx."""
    app.add_config_value("widget_pictures", [], "html", [list])
    app.connect("builder-inited", begin)
    app.connect("html-page-context", add_assets)
    app.connect("build-finished", end)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
