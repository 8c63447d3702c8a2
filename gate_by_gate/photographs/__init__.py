"""Nine free photographs, and a reader of pictures for networks.

Next to this file lie the photographs, ``NAME.jpg``, 256 x 256 pixels each: the largest square about the
middle of the original, scaled down (Lanczos), in sRGB. ``table.json`` says of each who took it, under which
licence it may be passed on, where that is said, and which file it was made from.

The order is that of the table: three people, two animals, four things. The motorcycle that scikit-image has
is not among them: it comes from a stereo benchmark, and no licence of it could be found.
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Iterable
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

try:
    from PIL import Image, ImageOps, UnidentifiedImageError
except ImportError as error:
    raise ImportError("reading photographs needs Pillow: pip install -r requirements.txt") from error

__all__ = ["SIDE", "SMALLEST", "Photograph", "names", "photograph", "photographs", "read_picture", "small"]

SIDE = 256
"""Rows and columns of the photographs."""

SMALL_SIDE = 72
"""Rows and columns of a small one: twice what a gallery has."""

SMALLEST = 16
"""The shortest side of a picture that :func:`read_picture` takes, in pixels."""

_DIRECTORY = Path(__file__).parent


class Photograph(NamedTuple):
    """What is known about a photograph; a row of ``table.json``."""

    name: str
    """How it is called here: ``"cat"``."""
    shows: str
    """What is on it, in a few words."""
    author: str
    """Who took it, as far as the source says."""
    licence: str
    """Under which terms it may be passed on: ``"CC0 1.0"``, ``"CC BY 2.0"`` or ``"Public domain"``."""
    licence_address: str
    """Where the terms stand; empty for the public domain."""
    source: str
    """Where the original was published."""
    found_in: str
    """The package and the file in it that this one was made from."""
    found_sha256: str
    """The checksum of that file."""
    licence_said_in: str
    """Where the licence is stated."""
    bytes: int
    """The size of the file here."""
    sha256: str
    """Its checksum."""

    @property
    def path(self) -> Path:
        """The file itself."""
        return _DIRECTORY / f"{self.name}.jpg"


@lru_cache(maxsize=1)
def _table() -> dict[str, Photograph]:
    rows = json.loads((_DIRECTORY / "table.json").read_text(encoding="utf-8"))
    return {row["name"]: Photograph(**row) for row in rows}


def names() -> tuple[str, ...]:
    """Return the names of the photographs, in their order: people, animals, things."""
    return tuple(_table())


def photograph(name: str) -> Photograph:
    """Return what is known about a photograph.

    Raises:
        KeyError: there is none of that name.
    """
    if name not in _table():
        raise KeyError(f"expected a photograph out of {list(names())}; got {name!r}")
    return _table()[name]


def small(name: str) -> bytes:
    """Return a photograph of 72 x 72 pixels in about a kilobyte, as WebP, to choose from.

    Raises:
        KeyError: there is none of that name.
    """
    written = io.BytesIO()
    with Image.open(photograph(name).path) as opened:
        scaled = opened.convert("RGB").resize((SMALL_SIDE, SMALL_SIDE), Image.Resampling.LANCZOS)
    scaled.save(written, "WEBP", quality=60, method=6)
    return written.getvalue()


def photographs(which: Iterable[str] | None = None, *, side: int = SIDE) -> Tensor:
    """Return photographs as a batch for a network.

    Args:
        which: their names; by default all of them.
        side: rows and columns of each.

    Shape:
        float32 ``(N, 3, side, side)``, from 0 to 1.

    Raises:
        KeyError: there is no photograph of one of the names.
        TypeError: ``which`` is a single name.
        ValueError: as :func:`read_picture`.
    """
    if isinstance(which, str):
        raise TypeError(f"`which` must be several names; got {which!r}. Did you mean [{which!r}]?")
    chosen = [photograph(name) for name in (names() if which is None else which)]
    return torch.stack([read_picture(one.path, side=side) for one in chosen])


def read_picture(path: str | PathLike[str], *, side: int = SIDE) -> Tensor:
    """Read a picture as a square for a network: the largest square about its middle, scaled.

    A picture is turned as its camera says it was held. A grey one becomes three equal channels, a transparent
    one is laid on white, of an animation the first picture is read, and 16 bits become 8. Colours are taken
    as they are stored, whatever profile the file has.

    Args:
        path: a file in any format that Pillow reads, such as JPEG, PNG or WebP.
        side: rows and columns of the square.

    Shape:
        float32 ``(3, side, side)``, from 0 to 1.

    Raises:
        FileNotFoundError: there is no such file.
        TypeError: ``side`` is not a whole number.
        ValueError: the file is not a whole picture, a side of it is shorter than 16 pixels, it has more
            pixels than Pillow takes without a warning (some 89 million), or ``side`` is less than 1.
    """
    if not isinstance(side, int) or isinstance(side, bool):
        raise TypeError(f"`side` must be an int; got {side!r}")
    if side < 1:
        raise ValueError(f"`side` must be at least 1; got {side}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as opened:
                opened.load()
                picture = _in_colour(ImageOps.exif_transpose(opened))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise ValueError(f"expected a picture that is not huge; got {path}: {error}") from error
    except FileNotFoundError:
        raise
    except UnidentifiedImageError as error:
        raise ValueError(f"expected a picture; got {path}, which no format of Pillow fits") from error
    except (OSError, SyntaxError, EOFError) as error:  # what Pillow raises for a broken file, by format
        raise ValueError(f"expected a whole picture; got {path}, which is damaged: {error}") from error
    if min(picture.size) < SMALLEST:
        raise ValueError(
            f"expected a picture of at least {SMALLEST} x {SMALLEST} pixels; "
            f"got {path} with {picture.width} x {picture.height}"
        )
    if picture.size != (side, side):
        picture = ImageOps.fit(picture, (side, side), Image.Resampling.LANCZOS)
    rows = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).view(side, side, 3)
    return rows.permute(2, 0, 1).to(torch.float32) / 255


def _in_colour(picture: Image.Image) -> Image.Image:
    """Return the picture in red, green and blue, eight bits each."""
    if picture.mode.startswith("I"):  # 16 bits, of which `convert` would cut off the bright ones
        picture = picture.point(lambda value: value / 256).convert("L")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return picture.convert("RGB")
