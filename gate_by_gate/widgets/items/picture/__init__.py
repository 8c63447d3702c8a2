"""A picture with a box and marks on it."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate_by_gate.widgets.embedding import output_mode
from gate_by_gate.widgets.items.encoded import Kind, Numbers, as_list, flatten
from gate_by_gate.widgets.items.marks import Mark

__all__ = ["FOLDER", "Picture", "file", "pixels"]

FOLDER = "_static/pictures"
"""Where a built book has the pictures that are files of their own; ``sphinx_ext`` copies them there."""


@dataclass(frozen=True, eq=False)
class Picture(Kind):
    """One of the definition's pictures.

    Args:
        index: which of them.
        alt: the text equivalent.
        box: a frame on it, as ``x, y, width, height`` in its pixels, if there is one.
        frame: what the legend calls the box.
        marks: further marks on it.
        inset: which of the definition's pictures shows, in the legend, what the frame holds.

    Raises:
        ValueError: the box has not four numbers.
    """

    index: int
    alt: str
    box: Sequence[int] | None = None
    frame: str = ""
    marks: Sequence[Mark] = ()
    inset: int | None = None

    def __post_init__(self) -> None:
        if self.box is not None and len(self.box) != 4:
            raise ValueError(f"`box` must be x, y, width, height; got {self.box}")

    def encode(self) -> dict[str, Any]:
        """Return which picture it is, and what is drawn on it."""
        given = {"marks": self.marks or None, "inset": self.inset}
        options = {name: value for name, value in given.items() if value is not None}
        return {"index": self.index, "box": self.box, "frame": self.frame, "alt": self.alt} | options


def pixels(image: Numbers) -> dict[str, Any]:
    """Store an 8-bit image, grey or in colour, as a picture of a definition.

    Shape:
        ``image`` is ``(H, W)``, or ``(3, H, W)`` with red, green and blue, of whole numbers from 0 to 255. It
        is stored colour by colour, which compresses better than pixel by pixel.

    Raises:
        ValueError: it has another shape, or a number is no byte.
    """
    rows = as_list(image)
    in_colour = isinstance(rows[0][0], list)
    if in_colour and len(rows) != 3:
        raise ValueError(f"expected an image of (H, W) or (3, H, W); got {len(rows)} planes")
    plane = rows[0] if in_colour else rows
    stored = base64.b64encode(bytes(flatten(rows))).decode()  # type: ignore[arg-type]  # refuses what is no byte
    return {"shape": [len(plane), len(plane[0])], "data": stored, **({"colour": True} if in_colour else {})}


def file(path: Path, shape: tuple[int, int], small: bytes = b"") -> dict[str, Any]:
    """Let a file, such as a photograph, be a picture of a definition.

    A page loads it when its reader comes near: it names the file, which the book's ``_config.yml`` lists
    under ``widget_pictures``. A running notebook cannot reach it, and gets its content.

    Args:
        path: the file, in a format that browsers show.
        shape: rows and columns.
        small: the same in few bytes, as WebP. A page holds it: galleries show it instead of the file, so that
            only what has been chosen is loaded, and everything else until the file is there.
    """
    held: dict[str, Any] = {}
    if output_mode() == "page":
        address = f"{FOLDER}/{path.name}"
        if small:
            held["small"] = f"data:image/webp;base64,{base64.b64encode(small).decode()}"
    else:
        content = base64.b64encode(path.read_bytes()).decode()
        address = f"data:{mimetypes.guess_type(path.name)[0]};base64,{content}"
    return {"shape": list(shape), "file": address, "name": path.stem, **held}
