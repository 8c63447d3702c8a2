"""Every page of the book on two screens, light and dark: accessible, and no wider than the screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.axe import assert_accessible
from tests.conftest import OpenPage

SHARES = 4  # no worker is left with all the pages


# Contrast hangs on the scheme and layout on the width: two views have both of each, the night has all four.
@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (1280, "light"),
        (375, "dark"),
        pytest.param(1280, "dark", marks=pytest.mark.nightly),
        pytest.param(375, "light", marks=pytest.mark.nightly),
    ],
)
@pytest.mark.parametrize("share", range(SHARES))
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
