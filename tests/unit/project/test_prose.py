"""The words of the book: spelled right, in British English, and free of what a style tool knows to avoid."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

from tests.conftest import ROOT

SOURCES = ("attn_lib", "gate_by_gate", "benchmarks", "book/_ext", "tests", "_config.yml", "requirements.txt")
SOURCES += ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")

# Fenced directives whose body is prose; the bodies of the others are formulas, code or names.
PROSE_DIRECTIVES = ("note", "glossary")

# What the style tool checks beyond its preset is left out where the field's or the house's habits differ.
STYLE = {
    "checks": {
        "typography": False,  # straight quotes in the source become curly ones on the page
        "dates_times.am_pm": False,  # it takes "1 among all" for a time
        "misc.but": False,  # a paragraph may start with "But"
        "misc.phrasal_adjectives.ly": False,  # it takes the noun "multiply-accumulate" for an adverb
    }
}


def prose(markdown: str) -> list[str]:
    """Return the paragraphs, headings and cells of a text as plain lines; code and formulas become ``it``."""
    parser = MarkdownIt("commonmark").enable("table")
    parser.use(dollarmath_plugin, allow_labels=True).use(amsmath_plugin).use(myst_role_plugin)
    lines = []
    for token in parser.parse(markdown):
        if token.type == "inline":
            line = _plain(token.children or [])
            # A heading ends without a stop, and must not run into the paragraph below.
            lines.append(line if line.endswith((".", ":", "?", "!", ";")) else line + ".")
        elif token.type == "fence" and token.info.strip("{} ").split("}")[0] in PROSE_DIRECTIVES:
            lines += prose(token.content)
    return lines


def _plain(children: list[Token]) -> str:
    words: list[str] = []
    for child in children:
        if child.type == "em_close" and len(words[-1].split()) > 3:
            words[-1] = "`it`"  # the title of a paper, whose style is not ours
        elif child.type == "text":
            words.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            words.append(" ")
        elif child.type in ("code_inline", "math_inline", "myst_role"):
            words.append("`it`")
    return "".join(words)


def pages() -> dict[str, list[str]]:
    """Return the prose of every page by file name, one line per paragraph."""
    texts = {path.name: prose(path.read_text(encoding="utf-8")) for path in (ROOT / "book").glob("*.md")}
    for path in (ROOT / "book").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        written = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
        texts[path.name] = [line for text in written for line in prose(text)]
    return dict(sorted(texts.items()))


def check_spelling(paths: list[str], folder: Path = ROOT) -> list[str]:
    """Return what ``typos`` finds; ``pyproject.toml`` says in which English each kind of file is written."""
    command = [Path(sys.executable).with_name("typos"), "--config", ROOT / "pyproject.toml"]
    done = subprocess.run([*command, "--format", "brief", *paths], cwd=folder, capture_output=True, text=True)
    # 0: nothing found, 2: something found; anything else is a failure of the tool itself.
    assert done.returncode in (0, 2), done.stderr
    return done.stdout.splitlines()


def check_style(paths: list[str], folder: Path) -> list[str]:
    """Return what ``proselint`` finds in files of ``folder``."""
    config = folder / "style.json"
    config.write_text(json.dumps(STYLE), encoding="utf-8")
    command = [Path(sys.executable).with_name("proselint"), "check", "--config", config]
    done = subprocess.run(
        [*command, "--output-format", "json", *paths], cwd=folder, capture_output=True, text=True
    )
    return [
        f"{Path(url).name}: {one['check_path']}: {one['message']}"
        for url, found in json.loads(done.stdout)["result"].items()
        for one in found["diagnostics"]
    ]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Store the prose of every page as a plain text."""
    folder = tmp_path_factory.mktemp("prose")
    for name, lines in pages().items():
        (folder / f"{Path(name).stem}.md").write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_every_page_of_the_book_has_prose(texts: Path):
    words = {path.stem: len(path.read_text(encoding="utf-8").split()) for path in texts.glob("*.md")}
    assert len(words) >= 18
    # The words of the bibliography are in references.bib.
    empty = sorted(name for name, count in words.items() if count < 20 and name != "bibliography")
    assert not empty, f"pages without prose, or none that `prose` reads: {', '.join(empty)}"


def test_the_pages_are_spelled_right(texts: Path):
    assert check_spelling(sorted(path.name for path in texts.glob("*.md")), texts) == []


def test_the_sources_are_spelled_right():
    assert check_spelling(list(SOURCES)) == []


def test_the_style_tool_finds_nothing(texts: Path):
    assert check_style(sorted(path.name for path in texts.glob("*.md")), texts) == []


@pytest.mark.parametrize(
    ("sentence", "word"),
    [
        ("It recieves a map.", "recieves"),
        ("The color of a curve.", "color"),
        ("We normalize it.", "normalize"),
    ],
)
def test_a_misspelled_or_american_word_is_found(sentence: str, word: str, tmp_path: Path):
    (tmp_path / "a.md").write_text(sentence + "\n", encoding="utf-8")
    assert [f"`{word}`" in line for line in check_spelling(["a.md"], tmp_path)] == [True]


def test_a_repeated_word_and_a_cliche_are_found(tmp_path: Path):
    (tmp_path / "a.md").write_text("It is what what it is, at the end of the day.\n", encoding="utf-8")
    found = [line.split(": ")[1].split(".")[0] for line in check_style(["a.md"], tmp_path)]
    assert found == ["lexical_illusions", "cliches", "industrial_language"]


def test_prose_leaves_out_code_formulas_and_directives():
    markdown = (
        "# A *head*\n\nThe `recieve` of $teh$ is\nhere {cite:t}`teh`.\n\n"
        "```{math}\nteh\n```\n\n```{note}\nRead **this**.\n```\n\n```python\nteh\n```\n"
    )
    assert prose(markdown) == ["A head.", "The `it` of `it` is here `it`.", "Read this."]
