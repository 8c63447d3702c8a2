"""Descriptions, the list of pages and the page for addresses that are none."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

from book_engine.finding import description
from docutils import nodes
from docutils.utils import new_document

from tests.books.conftest import PUBLISHING
from tests.conftest import OpenPage

ADDRESS = PUBLISHING["BOOK_ADDRESS"]


def page_of(text: str) -> nodes.document:
    page = new_document("page")
    page += nodes.paragraph("", "", nodes.Text(text))
    return page


def test_a_description_is_the_first_paragraph_up_to_a_whole_word():
    assert description(page_of("A  short\nparagraph.")) == "A short paragraph."
    cut = description(page_of("words " * 60))
    assert len(cut) <= 160
    assert cut.endswith("words …")
    assert description(new_document("page")) == ""


def test_every_page_has_a_description_of_its_own(mini_book: Path):
    descriptions = set()
    for name in ("book/chapter", "book/opening", "search", "genindex"):
        page = (mini_book / f"{name}.html").read_text("utf-8")
        (found,) = re.findall(r'<meta name="description" content="([^"]+)">', page)
        (previewed,) = re.findall(r'<meta property="og:description" content="([^"]+)">', page)
        assert found == previewed
        assert re.search(r'<meta property="og:title" content="[^"]+">', page)
        descriptions.add(found)
    assert len(descriptions) == 4


def test_a_published_book_lists_its_pages(mini_book: Path):
    listed = ElementTree.parse(mini_book / "sitemap.xml").getroot()
    addresses = [place.text for place in listed.iter() if place.text]
    assert f"{ADDRESS}/book/chapter.html" in addresses
    for address in addresses:
        assert (mini_book / address.removeprefix(f"{ADDRESS}/")).is_file(), address


def test_search_engines_may_read_all_of_it_and_are_told_of_the_list(mini_book: Path):
    rules = RobotFileParser()
    rules.parse((mini_book / "robots.txt").read_text("utf-8").splitlines())
    assert rules.can_fetch("anyone", f"{ADDRESS}/book/chapter.html")
    assert rules.site_maps() == [f"{ADDRESS}/sitemap.xml"]


def test_a_page_for_lost_readers_leads_to_the_opening(mini_book: Path, open_page: OpenPage):
    page = (mini_book / "404.html").read_text("utf-8")
    assert f'<base href="{ADDRESS}/">' in page
    assert page.index("<base") < page.index("<link")
    (opening,) = re.findall(r'<a href="([^"]+)">the opening</a>', page)
    assert (mini_book / opening).is_file()
