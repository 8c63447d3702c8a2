"""Addresses last: no page, section or setting of the stored list is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.addresses import STORED, lost, sections, settings

STORED_ADDRESSES = STORED.read_text("utf-8").splitlines()


def test_no_setting_that_was_published_is_lost():
    assert lost((one for one in STORED_ADDRESSES if one.startswith("#")), settings()) == [], (
        "links to these lead nowhere now; if that is meant, run `make addresses`"
    )


def test_no_page_and_no_section_that_was_published_is_lost(book: Path):
    assert lost((one for one in STORED_ADDRESSES if not one.startswith("#")), sections(book)) == [], (
        "links to these lead nowhere now; if that is meant, run `make addresses`"
    )


@pytest.fixture(scope="module")
def anchors(book: Path) -> dict[str, set[str]]:
    pages = {one.partition("#")[0] for one in sections(book)}
    return {page: set(re.findall(r'\bid="([^"]+)"', (book / page).read_text("utf-8"))) for page in pages}


def test_a_section_is_an_anchor_of_its_page(book: Path, anchors: dict[str, set[str]]):
    named = [one.split("#") for one in sections(book) if "#" in one]
    assert len(named) > 100
    assert [(page, anchor) for page, anchor in named if anchor not in anchors[page]] == []


def test_what_is_lost_is_named():
    assert lost(["a.html", "a.html#b", "#se:reduction=4"], ["a.html", "#se:reduction=4"]) == ["a.html#b"]
