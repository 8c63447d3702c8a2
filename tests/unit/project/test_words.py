"""One word, one thing: a row and column of a map is a *place*, in code, in chapters and on the page alike."""

from __future__ import annotations

import io
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from tests.conftest import ROOT

SOURCES = ("attn_lib", "gate_by_gate", "book/_ext", "benchmarks")
KNOWN = {
    "gate_by_gate/experiment/cluttered_digits.py": "pieces are painted on a canvas",
    "gate_by_gate/experiment/probe_tasks.py": "pieces are painted on a canvas",
    "gate_by_gate/explorers/results.py": "points stand along the axis of a chart",
    "gate_by_gate/segmenter/predictions.json": "a prediction stays as it was written on its day",
    "book/07_self_attention.ipynb": "DANet calls its block position attention",
    "book/12_the_experiment.ipynb": "a heading, of sliders, whose address is published",
}
"""Files that have the word for something else, and for what."""

WORD = re.compile(r"(?<![{\w.-])positions?\b(?![}\w:=])", re.IGNORECASE)
"""The word in a sentence: a field of a template in braces, and a property of a style sheet, are code."""


def notes(source: str) -> Iterator[str]:
    """Yield the comments and strings of Python code; no string of one word, which is a name."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and " " in token.string):
            yield token.string


def texts(path: Path) -> Iterator[str]:
    """Yield what a file says to readers of the page, of the code or of its documentation."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from notes(source)
    elif path.suffix == ".js":
        yield from re.findall(r"(?://|/\*|^ \*).*|[\"'`][^\"'`\n]* [^\"'`\n]*[\"'`]", source, re.MULTILINE)
    elif path.suffix == ".ipynb":
        for cell in nbformat.reads(source, as_version=4).cells:
            yield from [cell.source] if cell.cell_type == "markdown" else strings(cell.source)
    elif path.suffix == ".json":
        yield from (text for text in leaves(json.loads(source)) if isinstance(text, str))
    else:
        yield source


def strings(cell: str) -> Iterator[str]:
    """Yield the comments and strings of a cell, with names: what it prints is a text, too."""
    lines = [line for line in cell.split("\n") if not line.startswith(("%", "!"))]
    for token in tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            yield token.string


def leaves(value: object) -> Iterator[object]:
    """Yield what stands at the ends of lists and dictionaries."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from leaves(one)
    else:
        yield value


def files() -> list[Path]:
    """Return the files in which somebody may read the word."""
    kinds = ("*.py", "*.js", "*/texts/*.json", "*/predictions.json")
    found = [path for room in SOURCES for kind in kinds for path in (ROOT / room).rglob(kind)]
    pages = [*(ROOT / "book").glob("*.ipynb"), *(ROOT / "book").glob("*.md")]
    guides = [ROOT / name for name in ("README.md", "attn_lib/README.md", "CHANGELOG.md")]
    return sorted({*found, *pages, *guides})


def of_positions(path: Path) -> list[str]:
    """Return the texts of a file that say position."""
    return [text for text in texts(path) if WORD.search(text)]


def test_a_place_of_a_map_is_called_a_place():
    found = {str(path.relative_to(ROOT)): wrong for path in files() if (wrong := of_positions(path))}
    assert {name: wrong for name, wrong in found.items() if name not in KNOWN} == {}
    assert sorted(KNOWN) == sorted(found), "an exception is needed no more"


@pytest.mark.parametrize(
    ("name", "content", "wrong"),
    [
        ("a.py", 'def f(n):\n    """The positions of it."""\n', True),
        ("a.py", "x = 1  # at every position\n", True),
        ("a.py", 'f(f"{n} positions of a map")\n', True),
        ("a.py", 'positions = {"position": "the code {position} here"}\n', False),
        ("a.js", "// the position of a map\n", True),
        ("a.js", "/**\n * Its position.\n */\n", True),
        ("a.js", "let positions = rows(position);\n", False),
        ("a.json", '{"a": ["one position"]}', True),
        ("a.md", "It looks at a position.", True),
        ("a.md", "A place.", False),
    ],
)
def test_a_text_that_says_position_is_found(name: str, content: str, wrong: bool, tmp_path: Path):
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert bool(of_positions(tmp_path / name)) is wrong


@pytest.mark.parametrize("source", ['Table({"": "", "positions": ",d"})', "# a position"])
def test_a_cell_that_says_position_is_found(source: str, tmp_path: Path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    nbformat.write(notebook, tmp_path / "a.ipynb")
    assert of_positions(tmp_path / "a.ipynb")
