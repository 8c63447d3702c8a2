"""The addresses that others may have linked to; ``make addresses`` writes them into ``addresses.txt``.

A page with its sections, and a setting of each control of each explorer, one to a line. What stands in the
list stays: a test compares it with the built book. It is written anew before a release, and by whoever takes
an address away on purpose.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from gate_by_gate.explorers import EXPLORERS
from gate_by_gate.widgets.controls import Value

ROOT = Path(__file__).parent.parent
STORED = Path(__file__).with_name("addresses.txt")


def written(value: Value) -> str:
    """Write the value of a control as an address does."""
    return json.dumps(value) if isinstance(value, (bool, int, float)) else str(value)


def sections(book: Path) -> Iterator[str]:
    """Yield the address of every page and section of text of a built book."""
    script = (book / "searchtexts.js").read_text("utf-8")
    for page, parts in json.loads(script.partition("=")[2].strip().rstrip(";")).items():
        yield f"{page}.html"
        # What autodoc documents has the name of the code, which its own rules keep.
        yield from (
            f"{page}.html#{anchor}"
            for anchor, *_ in parts
            if not anchor.startswith(("attn_lib.", "gate_by_gate."))
        )


def settings() -> Iterator[str]:
    """Yield every setting of one control of an explorer."""
    for name, explorer in EXPLORERS.items():
        for control, moved in explorer.definition.controls.items():
            yield from (f"#{name}:{control}={written(value)}" for value in moved.values)


def lost(stored: Iterable[str], present: Iterable[str]) -> list[str]:
    """Return what is stored and not there any more."""
    return sorted(set(stored) - set(present))


def main() -> None:
    """Write the list anew, and say what it has lost."""
    present = sorted({*sections(ROOT / "_build" / "html"), *settings()})
    if STORED.exists():
        print(
            *(f"lost: {address}" for address in lost(STORED.read_text("utf-8").split("\n"), present)),
            sep="\n",
        )
    STORED.write_text("\n".join(present) + "\n", "utf-8")
    print(f"{len(present)} addresses")


if __name__ == "__main__":
    main()
