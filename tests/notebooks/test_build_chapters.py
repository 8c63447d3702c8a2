"""``make book CHAPTER=03``: what is kept from one draft to the next, and what is not."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.books.building import lay_out_mini_book
from tests.notebooks.build_chapters import DRAFT, SOURCES, build, fingerprint, prepare
from tests.notebooks.store_outputs import named

# It counts its runs in a file, and shows what it reads from a source.
CODE = """\
from pathlib import Path
runs = Path("../runs")
runs.write_text(f"{len(runs.read_text()) * '.'}.") if runs.exists() else runs.write_text(".")
print("computed from", Path("../attn_lib/block.py").read_text())"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small book with something of each source, and a chapter of one cell beside its own."""
    lay_out_mini_book(tmp_path)
    (tmp_path / "requirements.lock").write_text("torch==1\n")
    for folder in ("attn_lib", "gate_by_gate", "benchmarks"):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "block.py").write_text("one")
    toc = tmp_path / "_toc.yml"
    toc.write_text(toc.read_text() + "  - file: book/counted\n")
    write(tmp_path, "Old words.")
    return tmp_path


def write(tree: Path, words: str, code: str = CODE, tags: tuple[str, ...] = ()) -> Path:
    """Write the chapter of one cell, without outputs."""
    cells = [new_markdown_cell(f"# Counted\n\n{words}", id="a"), new_code_cell(code, id="b")]
    cells[1].metadata["tags"] = list(tags)
    chapter = tree / "book" / "counted.ipynb"
    nbformat.write(new_notebook(cells=cells), chapter)
    return chapter


def test_a_fingerprint_is_of_names_and_contents(tmp_path: Path):
    folder = tmp_path / "folder"
    (folder / "__pycache__").mkdir(parents=True)
    seen = []

    def note() -> str:
        seen.append(fingerprint(tmp_path, ["folder"]))
        return seen[-1]

    (folder / "one").write_text("1")
    note()
    (folder / "__pycache__" / "one.pyc").write_text("compiled")
    assert note() == seen[0]
    (folder / "one").write_text("2")
    note()
    (folder / "one").rename(folder / "two")
    note()
    (folder / "three").write_text("")
    note()
    assert len(set(seen)) == 4
    with pytest.raises(FileNotFoundError, match=r"expected a file or a folder; got .*nowhere"):
        fingerprint(tmp_path, ["nowhere"])


@pytest.mark.parametrize("source", SOURCES)
def test_another_source_begins_the_draft_anew(tree: Path, source: str):
    chapter = write(tree, "Words.")
    prepare(tree, [chapter])
    kept = tree / DRAFT / "page.html"
    kept.touch()
    prepare(tree, [write(tree, "Other words.")])
    assert kept.exists()
    path = tree / source
    path = path / "new" if path.is_dir() else path
    path.write_text((path.read_text() if path.exists() else "") + "# changed\n")
    prepare(tree, [chapter])
    assert not kept.exists()


def test_another_python_or_another_choice_of_chapters_begins_the_draft_anew(
    tree: Path, monkeypatch: pytest.MonkeyPatch
):
    chapter, other = write(tree, "Words."), tree / "book" / "chapter.ipynb"
    kept = tree / DRAFT / "page.html"
    for change, chapters in (("", [chapter]), ("", [chapter, other]), ("3.99", [chapter, other])):
        if change:
            monkeypatch.setattr("sys.version", change)
        prepare(tree, chapters)
        assert not kept.exists()
        kept.touch()


def test_other_code_or_another_tag_forgets_the_run(tree: Path):
    chapter = write(tree, "Words.")
    config = yaml.safe_load(prepare(tree, [chapter]).read_text())
    assert config["execute"]["execute_notebooks"] == "cache"
    assert config["execute"]["exclude_patterns"] == ["chapter.ipynb"]
    cache = Path(config["execute"]["cache"])
    for change in ({"code": "print(2)"}, {"code": "print(2)", "tags": ("hide-input",)}):
        cache.mkdir()
        write(tree, "Other words.", **change)
        prepare(tree, [chapter])
        assert not cache.exists()
        cache.mkdir()
        write(tree, "And others.", **change)
        prepare(tree, [chapter])
        assert cache.exists()
        cache.rmdir()


@pytest.mark.nightly  # five builds
def test_a_draft_executes_its_chapter_when_a_result_may_have_changed_and_not_else(tree: Path):
    page = tree / DRAFT / "_build" / "html" / "book" / "counted.html"

    def runs(words: str, **change: object) -> int:
        assert build(tree, [write(tree, words, **change)]) == 0
        assert words in page.read_text()
        return len((tree / "runs").read_text())

    assert runs("Old words.") == 1
    assert "computed from one" in page.read_text()
    assert runs("New words.") == 1
    assert "computed from one" in page.read_text()
    (tree / "attn_lib" / "block.py").write_text("two")
    assert runs("New words.") == 2
    assert "computed from two" in page.read_text()
    assert runs("New words.", code=f"{CODE}\nprint('more')") == 3
    # A page that would warn fails, as in the whole build.
    assert build(tree, [write(tree, "[A link](nowhere.md)")]) != 0


def test_a_chapter_is_named_by_its_beginning():
    assert [path.name for path in named(["03", "appendix_b"])] == [
        "03_eca.ipynb",
        "appendix_b_the_papers_in_one_page.ipynb",
    ]
    with pytest.raises(ValueError, match=r"expected the beginning of 00_opening, .*; got '3'"):
        named(["3"])
