"""Runs the Python examples of Markdown files: ``python -I tests/recipes/examples.py README.md ...``.

``-I`` leaves the working folder out of the search for packages: what is imported is what was installed. The
blocks of a file are one program. A comment after an expression begins with the value of that expression.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from textwrap import dedent


def check(markdown: str) -> int:
    """Run the examples and return how many values were compared with a comment.

    Raises:
        AssertionError: a value is not what its comment says.
    """
    blocks = re.findall(r"^( *)```python\n(.*?)^\1```", markdown, re.M | re.S)
    source = "\n".join(dedent(block) for _, block in blocks)
    lines = source.splitlines()
    compared = 0
    names: dict[str, object] = {}
    for statement in ast.parse(source).body:
        code = "\n".join(lines[statement.lineno - 1 : statement.end_lineno])
        _, hash_, comment = code.partition("  # ")
        if isinstance(statement, ast.Expr) and hash_:
            value = repr(eval(code, names))
            assert comment.startswith(value), f"expected {value}, the value of {code!r}"
            compared += 1
        else:
            exec(code, names)
    return compared


if __name__ == "__main__":
    for path in sys.argv[1:]:
        compared = check(Path(path).read_text(encoding="utf-8"))
        print(f"{path}: {compared} values are as their comments say, by {sys.modules['attn_lib'].__file__}")
