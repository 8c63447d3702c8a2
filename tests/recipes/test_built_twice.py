"""The book is the same, byte for byte, from the same sources: built by another run, in another folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recipes.copying import copy_tree, run


def files(folder: Path) -> dict[str, bytes]:
    """Return what a built book publishes: files whose names begin with a dot are of the build alone."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def differences(one: Path, other: Path) -> list[str]:
    """Name the files that only one folder has, and those that differ, with what first differs in them."""
    first, second = files(one), files(other)
    found = sorted(first.keys() ^ second.keys())
    for name in sorted(first.keys() & second.keys()):
        if first[name] != second[name]:
            pairs = zip(first[name], second[name], strict=False)
            at = next((at for at, (a, b) in enumerate(pairs) if a != b), 0)
            found.append(f"{name}: {first[name][max(0, at - 40) : at + 80]!r}")
    return found


def test_a_difference_is_found(tmp_path: Path):
    for name in ("one", "other"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "a.html").write_text("same")
        (tmp_path / name / ".buildinfo").write_text(name)
    assert differences(tmp_path / "one", tmp_path / "other") == []
    (tmp_path / "one" / "sub" / "a.html").write_text("sane")
    (tmp_path / "other" / "b").write_text("")
    assert differences(tmp_path / "one", tmp_path / "other") == ["b", "sub/a.html: b'sane'"]


@pytest.mark.nightly
def test_the_whole_book_built_twice_is_the_same(book: Path, tmp_path: Path):
    tree = copy_tree(tmp_path)
    run("make book", tree, timeout=7200)
    assert differences(book, tree / "_build" / "html") == []
