"""A fork's book links to the fork: Binder, repository, issues and the book's own address."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from book_engine.header import flatten
from book_engine.repository import repository_options

BINDER = "https://mybinder.org/v2/gh/ada/gates/trunk?urlpath=lab/tree/book/chapter.ipynb"


@pytest.mark.parametrize(
    ("variables", "options"),
    [
        ({}, {}),
        ({"GITHUB_REF_NAME": "main"}, {}),
        (
            {"GITHUB_REPOSITORY": "ada/gates"},
            {"repository_url": "https://github.com/ada/gates", "repository_provider": "github"},
        ),
        (
            {
                "GITHUB_REPOSITORY": "ada/gates",
                "GITHUB_SERVER_URL": "https://git.example.org/",
                "GITHUB_REF_NAME": "two/words",
            },
            {
                "repository_url": "https://git.example.org/ada/gates",
                "repository_provider": "github",
                "repository_branch": "two/words",
            },
        ),
    ],
)
def test_the_options_follow_githubs_environment(variables, options):
    assert repository_options(variables) == options


def links(page: Path) -> dict[str, str]:
    """The addresses above a page by their tooltips."""
    anchors = re.findall(r"<a\s[^>]*>", page.read_text("utf-8"))
    titled = [(re.search(r'title="([^"]+)"', tag), re.search(r'href="([^"]+)"', tag)) for tag in anchors]
    return {title[1]: address[1] for title, address in titled if title and address}


def test_a_chapter_links_to_its_notebook_in_the_fork(mini_source: Path, mini_book: Path):
    found = links(mini_book / "book" / "chapter.html")
    assert found["Launch on Binder"] == BINDER
    assert (mini_source / BINDER.split("lab/tree/")[1]).is_file()
    assert found["Source repository"] == "https://github.com/ada/gates"
    assert found["Open an issue"].startswith("https://github.com/ada/gates/issues/new?")
    assert found["Download source file"] == "../_sources/book/chapter.ipynb"


def test_the_book_knows_its_own_address(mini_book: Path):
    page = (mini_book / "book" / "chapter.html").read_text("utf-8")
    assert '<link rel="canonical" href="https://ada.github.io/gates/book/chapter.html"' in page


def test_menus_become_plain_links():
    launch = {
        "type": "link",
        "text": "Binder",
        "icon": "logo.svg",
        "url": "/b",
        "tooltip": "Launch on Binder",
    }
    lab = {"type": "link", "text": "Lab", "icon": "lab.svg", "url": "/l"}
    source = {"type": "link", "text": "Edit", "icon": "fas fa-pen", "url": "/e", "label": "edit-button"}
    full_screen = {"type": "javascript", "javascript": "go()", "icon": "fas fa-expand"}
    buttons = [
        {"type": "group", "icon": "fas fa-rocket", "label": "launch-buttons", "buttons": [launch, lab]},
        full_screen,
        {"type": "group", "icon": "fab fa-github", "label": "source-buttons", "buttons": [source]},
    ]
    assert flatten(buttons) == [
        {**launch, "icon": "fas fa-rocket", "label": "launch-buttons"},
        {**lab, "icon": "fas fa-cloud", "label": "launch-buttons"},
        full_screen,
        {**source, "icon": "fab fa-github", "text": None},
    ]
    assert buttons[0]["buttons"] == [launch, lab]


def test_no_page_has_a_menu_left(mini_book: Path):
    assert 'data-bs-toggle="dropdown"' not in (mini_book / "book" / "chapter.html").read_text("utf-8")


def test_the_launch_buttons_have_words_and_icons_and_no_logo_is_in_the_header(mini_book: Path):
    """The theme draws a logo as large as its file, over the title of the page."""
    page = (mini_book / "book" / "chapter.html").read_text("utf-8")
    header = page.split('class="article-header-buttons"')[1].split("</article>")[0].split("<h1")[0]
    assert [name in header for name in ("Binder</span>", "Colab</span>")] == [True, True]
    assert [icon in header for icon in ("fa-rocket", "fa-cloud")] == [True, True]
    assert "<img" not in header
