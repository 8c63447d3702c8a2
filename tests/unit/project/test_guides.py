"""The guides for those who build and change the house: what they name is there."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT

GUIDES = ("README.md", "CONTRIBUTING.md", "attn_lib/README.md", "benchmarks/README.md", "CHANGELOG.md")
# A part of a path that stands for any: NAME, NN_topic, <kind>.
ANY = re.compile(r"NAME|NN_topic|<\w+>")


def paths(text: str) -> list[str]:
    """The files and folders of the repository that a text names: in backticks with a slash, or by a link."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    named = re.findall(r"`((?:\.?[\w<>-]+/)+[\w<>.-]*)`", text)
    linked = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    return [ANY.sub("*", name) for name in (*named, *linked)]


@pytest.mark.parametrize("guide", GUIDES)
def test_what_a_guide_names_is_there(guide: str):
    named = paths((ROOT / guide).read_text(encoding="utf-8"))
    folder = (ROOT / guide).parent
    missing = [name for name in named if not any(ROOT.glob(name)) and not any(folder.glob(name))]
    assert missing == []


def test_the_names_are_found():
    text = "`a/b.py`, `a/NAME.py`, `.b/`, [c](d/e.md#f), [g](https://h.i/j), `k`\n```\n`l/m`\n```\n"
    assert paths(text) == ["a/b.py", "a/*.py", ".b/", "d/e.md"]
    assert len(paths((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))) > 30


def test_commands_that_a_guide_gives_are_in_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for guide in GUIDES:
        given = set(re.findall(r"(?:`|^\$ )make ([a-z-]+)", (ROOT / guide).read_text(), re.M))
        assert given <= targets, guide


def test_a_command_that_a_guide_gives_needs_no_activated_environment():
    """Tools of the environment are called by their path, as a reader of a fresh clone must."""
    for guide in GUIDES:
        words = re.findall(r"^\$ (\S+)", (ROOT / guide).read_text(encoding="utf-8"), re.M)
        tools = {word for word in words if not word.startswith(".venv/bin/")}
        assert tools <= {"make", "cp", "sed", "git", "pip"}, guide
