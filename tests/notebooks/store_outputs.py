"""Runs the chapters and stores their outputs, as ``pytest --nbval`` will compare them: ``make outputs``.

``make outputs CHAPTER=03`` takes only the chapters whose names begin so; ``CHAPTER="03 04"`` takes both.

Nothing of the run itself is stored: no times, no state of widgets, no pieces of a stream as they happened to
be flushed. (The options by which `jupyter nbconvert` and `jupyter execute` name these do not reach the
client.)
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from gate_by_gate.widgets.embedding import OUTPUT_VARIABLE
from tests.notebooks.front_ends import CHAPTERS, write

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def store_outputs(path: Path) -> None:
    """Execute a notebook from top to bottom and write it back."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        coalesce_streams=True,
        store_widget_state=False,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        # A plain ipywidget names its view by an identifier of this run; what is compared is its text.
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)
    notebook.metadata.pop("widgets", None)
    write(path, notebook)


def named(beginnings: list[str]) -> list[Path]:
    """Return the chapters whose names begin so; all of them if none is named.

    Raises:
        ValueError: no chapter begins so.
    """
    paths = sorted(CHAPTERS.glob("*.ipynb"))
    for one in beginnings:
        if not any(path.name.startswith(one) for path in paths):
            raise ValueError(
                f"expected the beginning of {', '.join(path.stem for path in paths)}; got {one!r}"
            )
    return [path for path in paths if path.name.startswith(tuple(beginnings) or "")]


if __name__ == "__main__":
    os.environ |= {
        OUTPUT_VARIABLE: "text",
        # What Matplotlib writes into an SVG: the date, and names of parts, at random by default.
        "SOURCE_DATE_EPOCH": "0",
        "MATPLOTLIBRC": str(CHAPTERS / "_ext/book_engine/matplotlibrc"),
    }
    for chapter in named(sys.argv[1:]):
        print(chapter.name, flush=True)
        store_outputs(chapter)
