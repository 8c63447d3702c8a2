"""The frame of the recipes: commands are found as they are written, and a copy is apart from the tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recipes.copying import ROOT, copy_tree, recipe, run, touched

TEXT = """\
# Contributing
## Add a thing
Write it down:
```console
$ echo one \\
    two  # and a comment
one two
$ cat <(echo three)
# a line of output, and no heading
```
```python
$ not a command
```
```console
$ echo four
```
### Why
```console
$ echo five
```
## Add nothing
Just think of it.
"""


def test_the_commands_of_a_section_are_read_in_order_and_nothing_else_is():
    assert recipe("Add a thing", TEXT) == [
        "echo one \\\n    two  # and a comment",
        "cat <(echo three)",
        "echo four",
    ]
    assert recipe("Why", TEXT) == ["echo five"]


def test_a_section_that_is_missing_or_empty_is_refused():
    for title in ("Add a", "Add nothing"):
        with pytest.raises(ValueError, match=rf"expected a section of .* with commands.*; got '{title}'"):
            recipe(title, TEXT)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_tree(tmp_path_factory.mktemp("tree"))


def test_commands_run_in_the_copy_and_import_its_packages(tree: Path):
    assert touched(tree) == []
    run(
        "echo '__version__ = \"9.9\"' > gate_by_gate/__init__.py; rm LICENSE; mkdir a; touch a/new",
        tree,
    )
    assert touched(tree) == ["LICENSE", "a/new", "gate_by_gate/__init__.py"]
    for python in ("python", ".venv/bin/python", "cd book && ../.venv/bin/python"):
        assert run(f"{python} -c 'import gate_by_gate as g; print(g.__version__)'", tree) == "9.9\n"
    assert (ROOT / "LICENSE").is_file()


def test_make_finds_the_environment_ready(tree: Path):
    assert "pip install" not in run("make --dry-run setup", tree)


def test_a_command_that_fails_says_so(tree: Path):
    with pytest.raises(AssertionError, match="no such thing here"):
        run("false | echo no such thing here", tree)
