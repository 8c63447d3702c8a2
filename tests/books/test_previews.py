"""The pictures beside links to the pages."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from book_engine.previews import SIZE, preview
from PIL import Image

from tests.books.conftest import PUBLISHING

ADDRESS = PUBLISHING["BOOK_ADDRESS"]


def test_every_page_of_text_names_a_picture_of_its_own(mini_book: Path):
    pictures = set()
    for name in ("chapter", "opening"):
        page = (mini_book / "book" / f"{name}.html").read_text("utf-8")
        (address,) = re.findall(r'<meta property="og:image" content="([^"]+)">', page)
        assert f'<meta property="og:url" content="{ADDRESS}/book/{name}.html">' in page
        with Image.open(mini_book / address.removeprefix(f"{ADDRESS}/")) as picture:
            assert picture.size == SIZE
            pictures.add(picture.tobytes())
    assert len(pictures) == 2
    assert "og:image" not in (mini_book / "search.html").read_text("utf-8")


def test_the_longest_title_stays_on_the_picture():
    title = "What circulating code gets wrong, and how to tell it from a port that is right, at length"
    ink = np.asarray(preview(title, "Gate by Gate", "Attention blocks, live").convert("L")) < 128
    assert ink.any(axis=1).nonzero()[0].max() < SIZE[1] - 20
    assert ink.any(axis=0).nonzero()[0].max() < SIZE[0] - 40
    assert not np.array_equal(ink, np.asarray(preview("", "Gate by Gate", "").convert("L")) < 128)
