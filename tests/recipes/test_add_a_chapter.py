"""The recipe "Add a chapter": the page it leads to is in the book, with a live explorer."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.recipes.copying import copy_tree, recipe, run, touched

CHAPTER = "book/15_what_a_gate_costs"


@pytest.mark.nightly  # it executes a chapter twice, and builds a book
def test_the_recipe_puts_a_page_into_the_book(tmp_path: Path):
    tree = copy_tree(tmp_path)
    *written, book = recipe("Add a chapter")
    assert book.startswith("make book CHAPTER=15")
    for command in written:
        run(command, tree)
    assert touched(tree) == ["_toc.yml", f"{CHAPTER}.ipynb"]

    # The other chapters take minutes, and do not change: the book of this test has the new one alone.
    toc = yaml.safe_load((tree / "_toc.yml").read_text())
    named = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    assert named[named.index("book/14_playground") + 1] == CHAPTER
    (tree / "_toc.yml").write_text(
        yaml.safe_dump({"format": "jb-book", "root": CHAPTER, "chapters": [{"file": "book/bibliography"}]})
    )
    run(book, tree)
    page = (tree / "_build/draft/_build/html" / f"{CHAPTER}.html").read_text()
    assert page.count('<div class="attn-host" data-widget="explorer"') == 1
    assert page.count('<div class="attn-host" data-widget="exercise">') == 1
