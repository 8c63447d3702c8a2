"""The book in one file: complete, the same from the same pages, and live where it is unpacked."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from book_engine.archive import pack
from playwright.sync_api import expect

from tests.books.building import build_book, lay_out_mini_book
from tests.books.conftest import PUBLISHING
from tests.conftest import OpenPage


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def test_the_unpacked_book_is_the_book_and_searches(mini_book: Path, tmp_path: Path, open_page: OpenPage):
    archive = tmp_path / "gate-by-gate.zip"
    digest = pack(mini_book, archive)
    checked = subprocess.run(
        ["sha256sum", "--check", f"{archive.name}.sha256"], cwd=tmp_path, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    assert digest in (tmp_path / "gate-by-gate.zip.sha256").read_text()
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path / "elsewhere")
    unpacked = tmp_path / "elsewhere" / "gate-by-gate"
    assert files(unpacked) == files(mini_book)

    page = open_page((unpacked / "index.html").as_uri())
    page.wait_for_url("**/book/opening.html")
    page.goto(f"{unpacked.as_uri()}/search.html?q=halves")
    expect(page.locator("#search-results mark")).to_have_text("halves")


def test_the_same_pages_make_the_same_archive(mini_book: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    shutil.copytree(mini_book, copy)
    for at, path in enumerate(sorted(copy.rglob("*"))):
        os.utime(path, (1e9 + at, 1e9 + at))
        path.chmod(0o700)
    (tmp_path / "b").mkdir()
    first, second = pack(mini_book, tmp_path / "a.zip"), pack(copy, tmp_path / "b" / "a.zip")
    assert first == second
    (copy / "index.html").write_text("another")
    assert pack(copy, tmp_path / "b" / "a.zip") != first


@pytest.mark.nightly
def test_a_book_that_is_built_twice_makes_the_same_archive(mini_book: Path, tmp_path: Path):
    lay_out_mini_book(tmp_path)
    built = build_book(tmp_path, PUBLISHING)
    assert built.returncode == 0, built.stderr
    again = tmp_path / "_build" / "html"
    assert {name for name, data in files(again).items() if files(mini_book).get(name) != data} == set()


def test_a_folder_without_a_book_is_refused(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=r"expected a built book with an index\.html in "):
        pack(tmp_path, tmp_path / "a.zip")
