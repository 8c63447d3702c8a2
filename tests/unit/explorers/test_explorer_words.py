"""One word, one thing: what readers of an explorer see says *place* of a map, as the chapters do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import gate_by_gate.explorers

EXPLORERS = Path(gate_by_gate.explorers.__file__).parent


def is_explorer(found: ast.ClassDef) -> bool:
    """Tell whether it is an explorer, whose docstring stands in the book's page of the package."""
    return any(isinstance(base, ast.Name) and base.id == "Explorer" for base in found.bases)


def texts(source: str) -> Iterator[str]:
    """Yield the texts of a module that readers may see: no docstring but an explorer's, no word alone."""
    tree = ast.parse(source)
    notes = {
        id(node.value): isinstance(above, ast.ClassDef) and above.body[0] is node and is_explorer(above)
        for above in ast.walk(tree)
        for node in ast.iter_child_nodes(above)
        if isinstance(node, ast.Expr)
    }
    for node in ast.walk(tree):
        seen = isinstance(node, ast.Constant) and isinstance(node.value, str) and notes.get(id(node), True)
        if seen and " " in node.value:
            yield node.value


def of_positions(source: str) -> list[str]:
    """Find the texts that call a place a position; a field of a template in braces is code."""
    return [text for text in texts(source) if re.search(r"(?<!\{)\bpositions?\b(?!\})", text)]


def test_a_place_of_a_map_is_called_a_place():
    found = {
        path.name: wrong
        for path in sorted(EXPLORERS.rglob("*.py"))
        if (wrong := of_positions(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_a_text_that_says_position_is_found():
    source = '''
"""A module of positions here."""
def f(n):
    """Return the positions of it."""
    return f"{n} positions of a map", "the code {position} and", "position"
class C(Explorer):
    """A class of one position here."""
    x: int
    """Its positions are no text."""
class D:
    """A class of positions that no reader sees."""
'''
    assert of_positions(source) == ["A class of one position here.", " positions of a map"]
