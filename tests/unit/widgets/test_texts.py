"""The words of the interface: all are in the catalogue, and another language is another file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gate_by_gate.widgets import embedding, texts

SOURCES = sorted([*embedding.STATIC.glob("*.js"), *embedding.ITEMS.glob("*/draw.js")])

COMMENTS = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
LITERALS = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')
FIELDS = re.compile(r"\$\{(?:[^{}]|\{[^{}]*\})*\}")
CHILDREN = re.compile(r'\},\s*"([^"]*)"|textContent = "([^"]*)"|setText\(\w+, "([^"]*)"')
CODE = re.compile(r"attn-|^use strict$|[\[\]=#{};<>]")
"""What is no text for a reader: names of classes, selectors, markup."""


def interface_literals(source: str) -> list[str]:
    """Return the literals of a source that a reader would see as words.

    Those are literals of two words or more that are no code, and literals of letters that stand where an
    element takes its text.
    """
    plain = COMMENTS.sub("", source)
    found = [FIELDS.sub("", one or other) for one, other in LITERALS.findall(plain)]
    sentences = [
        text
        for text in found
        if re.search(r"[^\W\d_]{2,} ?[,.:;]? +[^\W\d_]{2,}|[^\W\d_]{2,}\.$", text) and not CODE.search(text)
    ]
    children = [text for match in CHILDREN.findall(plain) for text in match if re.search(r"[^\W\d_]", text)]
    return sentences + children


@pytest.mark.parametrize(
    "source", SOURCES, ids=[path.relative_to(embedding.STATIC.parent).as_posix() for path in SOURCES]
)
def test_no_word_of_the_interface_is_left_in_the_front_end(source: Path):
    assert interface_literals(source.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (
            'make("p", {}, "The kernel does not answer.")',
            ["The kernel does not answer.", "The kernel does not answer."],
        ),
        ('make("button", { type: "submit" }, "Check")', ["Check"]),
        ("tell(`row ${row}, column ${column}`)", ["row , column "]),
        ('summary.textContent = "values";', ["values"]),
        ('// "A comment is no text"\nmake("p", { class: "attn-note attn-quiet" }, phrase("values"))', []),
        ('element.querySelector("script[type=application/json] p")', []),
    ],
)
def test_a_word_in_the_front_end_would_be_seen(source: str, found: list[str]):
    assert interface_literals(source) == found


def test_every_text_of_the_catalogue_is_used():
    python = "".join(path.read_text(encoding="utf-8") for path in embedding.STATIC.parent.glob("*.py"))
    source = python + "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    shown = {
        key
        for argument in re.findall(r"\bphrase\(([^()]*?)[,)]", source)
        for key in re.findall(r'"(\w+)"', argument)
    }
    assert shown == set(texts.catalogue("en"))


@pytest.fixture
def catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    english = (texts.CATALOGUES / "en.json").read_text(encoding="utf-8")
    (tmp_path / "en.json").write_text(english, encoding="utf-8")
    monkeypatch.setattr(texts, "CATALOGUES", tmp_path)
    return tmp_path


def test_a_language_is_a_file_and_what_it_lacks_is_said_in_english(catalogues: Path, monkeypatch):
    (catalogues / "eo.json").write_text(
        json.dumps({"row": "vico", "place": "vico {row}, {column}"}), encoding="utf-8"
    )
    monkeypatch.setenv(texts.LANGUAGE_VARIABLE, "eo")
    assert texts.phrase("place", row=2, column=3) == "vico 2, 3"
    assert texts.phrase("values") == "values"
    assert '"row": "vico"' in embedding.module_source("explorer")


def test_an_unknown_language_or_key_is_refused(catalogues: Path):
    with pytest.raises(
        ValueError, match=r"expected a language out of \['en'\], or a file eo\.json; got 'eo'"
    ):
        texts.catalogue("eo")
    (catalogues / "fy.json").write_text(json.dumps({"rows": "rigen"}), encoding="utf-8")
    with pytest.raises(ValueError, match=r"fy\.json must have the keys of en\.json; got also rows"):
        texts.catalogue("fy")


def test_a_text_that_no_catalogue_has_is_refused():
    with pytest.raises(ValueError, match=r"explorer\.js shows texts that no catalogue has: nothing_such"):
        embedding.texts_of("explorer", 'phrase("nothing_such")')
