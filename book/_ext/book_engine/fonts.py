"""Fonts with only the characters that the book uses."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset

__all__ = ["write_subset"]

# It reports every table it touches, in colour, into the log of the build.
logging.getLogger("fontTools.subset").setLevel(logging.WARNING)


def write_subset(source: Path, target: Path, characters: Iterable[int]) -> None:
    """Write a font with only some characters of ``source``, and the larger forms that these stretch into.

    Args:
        source: a font of any format.
        target: the WOFF2 file to write; it may be ``source``.
        characters: code points; those that the font lacks are passed over.
    """
    options = subset.Options(flavor="woff2", hinting=False, layout_features=[])
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    target.parent.mkdir(parents=True, exist_ok=True)
    subset.save_font(font, str(target), options)
