"""Every page of the book on two screens, light and dark: accessible, and no wider than the screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.axe import assert_accessible
from tests.conftest import OpenPage

SHARES = 4  # no worker is left with all the pages


# Contrast hangs on the scheme and layout on the width. By day each page is looked at in one of two views that
# have both of each, at night in all four. No page is wider than a screen: test_fit.py looks at every width.
BY_DAY = {(1280, "light"): (0, 2), (375, "dark"): (1, 3)}


@pytest.mark.parametrize(
    ("width", "scheme", "share"),
    [
        pytest.param(
            width,
            scheme,
            share,
            marks=() if share in BY_DAY.get((width, scheme), ()) else pytest.mark.nightly,
        )
        for width in (1280, 375)
        for scheme in ("light", "dark")
        for share in range(SHARES)
    ],
)
def test_pages_have_no_accessibility_violation(
    book: Path, open_page: OpenPage, width: int, scheme: str, share: int
):
    pages = sorted((book / "book").glob("*.html"))[share::SHARES]
    assert len(pages) >= 3
    for path in pages:
        page = open_page(path.as_uri(), width=width, scheme=scheme)
        assert_accessible(page)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{path.name} is {overflow} px wider than the screen"
        page.close()  # a page that stays open keeps its memory
