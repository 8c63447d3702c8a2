"""Links that are citations, and the bibliography that they lead to."""

from __future__ import annotations

import re
from pathlib import Path


def test_a_link_in_the_words_of_the_bibliography_is_a_citation(mini_book: Path):
    page = (mini_book / "book" / "chapter.html").read_text("utf-8")
    (citation,) = re.findall(r'<span class="bibtex-citation"[^>]*>(.*?)</span>', page, re.DOTALL)
    shown, (target,) = re.sub(r"<[^>]+>", "", citation), re.findall(r'href="opening.html#([^"]+)"', citation)
    assert shown == "Hu et al. [2018]"
    bibliography = (mini_book / "book" / "opening.html").read_text("utf-8")
    assert f'id="{target}"' in bibliography
    assert 'href="https://arxiv.org/abs/1709.01507"' in bibliography


def test_a_link_in_other_words_stays_a_link(mini_book: Path):
    page = (mini_book / "book" / "chapter.html").read_text("utf-8")
    assert re.findall(r'<a [^>]*href="https://arxiv.org/abs/1709.01507"[^>]*>(.*?)</a>', page) == [
        "the paper"
    ]


def test_the_bibliography_is_a_list_of_items(mini_book: Path):
    page = (mini_book / "book" / "opening.html").read_text("utf-8")
    assert re.search(
        r'role="list" class="citation-list">\s*<div class="citation" id="[^"]+" role="listitem"', page
    )
    assert "doc-biblioentry" not in page
