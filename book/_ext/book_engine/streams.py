"""Streams: what a cell prints is joined into one output.

A kernel hands its output over in pieces, cut where its buffer happened to be flushed: on a busy machine in
the middle of a line. With ``nb_merge_streams`` MyST-NB joins the pieces of a stream, but it puts a line end
behind each of them (MyST-NB 1.4), which breaks such a line in two. Here they are joined as they came.
"""

from __future__ import annotations

from myst_nb.core import render
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.typing import ExtensionMetadata

__all__ = ["join_streams"]


def join_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return the outputs with the pieces of each stream joined, where the first of them stood."""
    joined: list[NotebookNode] = []
    streams: dict[str, NotebookNode] = {}
    for output in outputs:
        if output["output_type"] != "stream":
            joined.append(output)
        elif output["name"] in streams:
            streams[output["name"]]["text"] += output["text"]
        else:
            # A copy: what was executed is stored in its pieces, as it came.
            streams[output["name"]] = NotebookNode(output)
            joined.append(streams[output["name"]])
    return joined


def setup(app: Sphinx) -> ExtensionMetadata:
    """Put :func:`join_streams` in the place of MyST-NB's own function.

    Raises:
        ExtensionError: MyST-NB has no such function any more; then this module may have become unnecessary.
    """
    if not hasattr(render, "coalesce_streams"):
        raise ExtensionError("book_engine.streams: myst_nb.core.render has no coalesce_streams to replace")
    render.coalesce_streams = join_streams
    return {"parallel_read_safe": True, "parallel_write_safe": True}
