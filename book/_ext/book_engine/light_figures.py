"""Light figures: what a reader cannot see of a figure that Matplotlib drew is left out of its file.

Pictures in it are packed as WebP, without a loss and in half the bytes of PNG; places on paths, of marks and
of letters are told to a hundredth of a point. Notes, names that nothing refers to, and white space go.
"""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

from PIL import Image
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

__all__ = ["lightened"]

_PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")
_PLACES = re.compile(r'(?: (?:d|x|y)="|translate\()[^")]*')
_LONG = re.compile(r"-?\d+\.\d{3,}")
_NOTE = re.compile(r"<metadata>.*?</metadata>|<!--.*?-->|<!DOCTYPE.*?>|<\?xml.*?\?>", re.DOTALL)
_NAME = re.compile(r'(?<=<g) id="(?!patch_1")[^"]*"')  # the paper's stays, for dark_figures.py
_BETWEEN = re.compile(r"\s*\n\s*(?=<)")
_PATH = re.compile(r'(?<= d=")[^"]*')
_AROUND_LETTERS = re.compile(r"\s*([A-Za-z])\s*")
_SMALL = 64 * 64
"""Pixels of a picture that are packed as tightly as can be, which takes twenty times as long."""


def lightened(svg: str) -> str:
    """Return a figure of Matplotlib in fewer bytes."""

    def packed(picture: re.Match[str]) -> str:
        written = io.BytesIO()
        with Image.open(io.BytesIO(base64.b64decode(picture[1]))) as opened:
            method = 6 if opened.width * opened.height <= _SMALL else 4
            opened.save(written, "WEBP", lossless=True, quality=100, method=method)
        return f"data:image/webp;base64,{base64.b64encode(written.getvalue()).decode()}"

    def rounded(number: re.Match[str]) -> str:
        return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")

    svg = _BETWEEN.sub("", _NAME.sub("", _NOTE.sub("", svg)))
    svg = _PLACES.sub(lambda places: _LONG.sub(rounded, places[0]), svg)
    svg = _PATH.sub(lambda path: _AROUND_LETTERS.sub(r"\1", path[0]).strip(), svg)
    return _PICTURE.sub(packed, svg)


def _lighten(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    for figure in sorted(Path(app.outdir).glob("_images/*.svg")):
        if re.fullmatch("[0-9a-f]{64}", figure.stem):
            figure.write_text(lightened(figure.read_text("utf-8")), "utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Lighten the figures before there is a dark one beside each."""
    app.connect("build-finished", _lighten, priority=690)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
