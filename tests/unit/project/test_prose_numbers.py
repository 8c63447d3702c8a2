"""The numbers of the prose are bound to what was computed, cited or defined."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest

from gate_by_gate import results
from gate_by_gate.digit_resnet import digit_resnet
from gate_by_gate.results.comparison import accuracy
from tests import prose_numbers
from tests.conftest import ROOT
from tests.prose_numbers import (
    CITED,
    Accounts,
    Section,
    numbers,
    stale_quotes,
    stands_in,
    unaccounted,
    without_account,
)

PAGES = sorted([*(ROOT / "book").glob("*.ipynb"), *(ROOT / "book").glob("*.md")])


def of(sentence: str) -> list[tuple[str, str]]:
    return [(number.text, number.kind) for number in numbers(sentence)]


def accounts(*, outputs: str = "", code: str = "") -> Accounts:
    return Accounts.of(Section("", [], [outputs], [code]))


def account(sentence: str, *, outputs: str = "", code: str = "") -> list[str | None]:
    """Return what accounts for each number of a sentence."""
    given = accounts(outputs=outputs, code=code)
    return [given.account(number) for number in numbers(sentence)]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_number_of_the_prose_is_accounted_for(page: Path):
    assert unaccounted(page) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_assertion_quotes_a_sentence_that_is_there(page: Path):
    assert stale_quotes(page) == []


def test_every_exception_is_needed_and_has_a_reason():
    for name, exceptions in prose_numbers.KNOWN.items():
        (page,) = (path for path in PAGES if path.stem == name)
        missing = [number for _, number in without_account(page)]
        for piece, reason in exceptions.items():
            assert any(stands_in(number, piece) for number in missing), (name, piece)
            assert len(reason.split()) >= 3


def test_what_the_chapters_say_of_the_experiment_holds():
    record = results.record("se_r4_bias_seed0")
    assert record["test"]["total"] == 2000
    network = digit_resnet(**record["network"])
    assert [network.get_submodule(f"layer{i}")[0].attention.channels for i in (1, 2, 3)] == [16, 32, 64]
    share = accuracy("plain").mean
    assert round(100 * (share * (1 - share) / 2000) ** 0.5, 1) == 0.8
    assert record["data"]["fragments"] == 14
    assert len(prose_numbers.EXPERIMENT) == 5


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("It reads 86.3 % of 2,000 images.", [("86.3", "share"), ("2,000", "count")]),
        (
            "Solved by 3 of 5, or by four of the six.",
            [*zip("35", ["of"] * 2, strict=True), ("four", "of"), ("six", "of")],
        ),
        ("It has 28.09 M and 1.5 million.", [("28.09", "decimal"), ("1.5", "decimal")]),
        (
            "Two of them lose a third of the digits, eight points.",
            [("Two", "words"), ("a third", "words"), ("eight", "share")],
        ),
        ("one of the two in ResNet-50, top-1, v2, x1.5, and the third one", []),
    ],
)
def test_numbers_are_found_in_digits_and_in_words(sentence: str, found: list[tuple[str, str]]):
    assert of(sentence) == found


@pytest.mark.parametrize(
    ("sentence", "output", "holds"),
    [
        ("It reads 86.3 % of them.", "plain 86.3%", True),
        ("It reads 86.4 % of them.", "plain 86.3%", False),
        ("It reads 86.3 % of them.", "plain 86.4%", False),
        ("It reads 86 % of them.", "plain 0.863", True),
        ("It reads 87 % of them.", "plain 0.863", False),
        ("It reads 86 % of them.", "plain 86 images", False),
        ("It has 28.09 M.", "28,088,024", True),
        ("It has 28.08 M.", "28,088,024", False),
        ("It loses 27.6 points.", "-27.6 [-68.2, +13.0]", True),
        ("It adds 15,104 gates.", "15104", True),
        ("It adds 15,104 gates.", "15105", False),
        ("It is about 300 images.", "312", True),
        ("It is just 300 images.", "312", False),
        ("It solves 3 of 5.", "SE 3/5", True),
        ("It solves three of the five.", "3 of 5", True),
        ("It solves 4 of 5.", "SE 3/5, 4, 5", False),
    ],
)
def test_an_output_accounts_for_the_number_that_it_prints(sentence: str, output: str, holds: bool):
    assert set(account(sentence, outputs=output)) == {"printed" if holds else None}


@pytest.mark.parametrize(
    ("code", "holds"),
    [
        ('assert found == 0.863, "It reads 86.3 %"', True),
        ('assert found == 0.864, "It reads 86.3 %"', False),
        ('assert found == 0.863, "It reads 86.4 %"', False),
        ('assert found == 0.863, "It reads"', False),
        ('assert found, "It reads 86.3 %"', False),
        ("assert found == 0.863", False),
        ("found = 86.3", False),
    ],
)
def test_an_assertion_accounts_for_the_number_that_it_quotes_and_compares(code: str, holds: bool):
    assert account("It reads 86.3 % of the digits.", code=code) == ["quoted" if holds else None]


def test_code_accounts_for_a_number_that_it_sets_but_for_no_result():
    assert account("It sees 400 images at 0.002.", code="x = images[:400]; rate = 0.002") == ["set", "set"]
    assert account("It reads 40 % and 3 of 5.", code="x = 40, 3, 5") == [None, None, None]


def test_a_source_accounts_for_the_numbers_of_its_sentence():
    assert account(f"{CITED} print 77.3 %.") == ["cited"]
    assert account("The paper's Table 3 has 77.3 %.") == ["defined", "cited"]
    assert account("We find 77.3 %.") == [None]


def planted(tmp_path: Path, page: str, kind: str, old: str, new: str) -> list[str]:
    """Return what is found in a copy of a page whose prose or outputs were changed."""
    path = tmp_path / f"{page}.ipynb"
    shutil.copy(ROOT / "book" / path.name, path)
    notebook = nbformat.read(path, as_version=4)
    changed = 0
    for cell in notebook.cells:
        if kind == "prose" and cell.cell_type == "markdown" and old in cell.source:
            cell.source, changed = cell.source.replace(old, new), changed + 1
        for output in cell.get("outputs", []):
            for held, key in ((output, "text"), (output.get("data", {}), "text/plain")):
                if kind == "output" and old in held.get(key, ""):
                    held[key], changed = held[key].replace(old, new), changed + 1
    assert changed, f"{old!r} is no longer there"
    nbformat.write(notebook, path)
    return unaccounted(path) + stale_quotes(path)


@pytest.mark.parametrize(
    ("page", "kind", "old", "new", "told"),
    [
        ("02_squeeze_and_excitation", "prose", "Six of the ten", "Seven of the ten", "Seven"),
        ("02_squeeze_and_excitation", "prose", "one: 1.4 %", "one: 1.5 %", "1.5"),
        ("02_squeeze_and_excitation", "prose", "moves most, by\n0.13", "moves most, by\n0.14", "0.14"),
        ("02_squeeze_and_excitation", "output", "0.13", "0.14", "0.13"),
        ("03_eca", "output", "26.79", "26.78", "26.79"),
        ("05_bam", "prose", "is 3.3 in the box", "is 3.4 in the box", "is 3.3 in the box"),
        (
            "11_what_each_block_can_see",
            "prose",
            "in 6 to 16 passes",
            "in 6 to 15 passes",
            "in 6 to 16 passes",
        ),
        ("13_choosing_a_block", "prose", "2,000 images", "2,100 images", "2,100"),
    ],
)
def test_a_number_changed_in_the_prose_or_in_an_output_is_found(
    tmp_path: Path, page: str, kind: str, old: str, new: str, told: str
):
    found = planted(tmp_path, page, kind, old, new)
    assert any(line.startswith(told) or f": {told} (" in line for line in found), found
