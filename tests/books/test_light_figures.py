"""A figure says in fewer bytes what it said."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

from book_engine.light_figures import lightened
from PIL import Image


def picture() -> bytes:
    image = Image.new("RGBA", (13, 7))
    image.putdata([(x * 17 % 256, x * 5 % 256, x % 256, 255 if x % 3 else 128) for x in range(91)])
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def test_pictures_stay_what_they_are_to_the_last_bit():
    png = picture()
    lines = "\n".join(re.findall(".{1,76}", base64.b64encode(png).decode()))
    svg = lightened(f'<svg><image xlink:href="data:image/png;base64,{lines}" width="9.123456"/></svg>')
    packed = re.search(r'xlink:href="data:image/webp;base64,([^"\s]+)" width="9.123456"', svg)
    assert packed
    with Image.open(io.BytesIO(base64.b64decode(packed[1]))) as new, Image.open(io.BytesIO(png)) as old:
        assert new.convert("RGBA").tobytes() == old.tobytes()


def test_places_are_rounded_and_nothing_else():
    svg = (
        "<!DOCTYPE svg>\n<svg><metadata>\n<dc:date>1970</dc:date></metadata>\n  <!-- 1.5 -->\n"
        '<path d="M 0 449.51952 \nL -0.004 7.2 C 1.005001 2.999 3 4" id="a1.23456" style="width: 0.12345"/>'
        '<use xlink:href="#a1.23456" x="1.23456" y="-0.125001"/>'
        '<g transform="translate(1.23456 7) scale(0.015625)"><text>1.23456</text></g></svg>'
    )
    assert lightened(svg) == (
        '<svg><path d="M0 449.52L-0 7.2C1.01 3 3 4" id="a1.23456" style="width: 0.12345"/>'
        '<use xlink:href="#a1.23456" x="1.23" y="-0.13"/>'
        '<g transform="translate(1.23 7) scale(0.015625)"><text>1.23456</text></g></svg>'
    )


def test_the_figures_of_the_book_are_light(mini_book: Path):
    figures = [path for path in mini_book.glob("_images/*.svg") if re.match("[0-9a-f]{64}", path.stem)]
    assert figures
    for figure in figures:
        text = figure.read_text("utf-8")
        assert "<metadata>" not in text
        assert "image/png" not in text
        assert re.search(r' (?:d|x|y)="[^"]*\.\d{3}', text) is None
