"""A printed line stays one line, however the kernel cuts it."""

from __future__ import annotations

import nbformat
from book_engine import streams
from myst_nb.core import render


def stream(name: str, text: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_output("stream", name=name, text=text)


def test_the_pieces_of_a_stream_are_joined_as_they_came():
    figure = nbformat.v4.new_output("display_data", data={"text/plain": "a figure"})
    outputs = [stream("stdout", "one "), figure, stream("stderr", "oh"), stream("stdout", "line\ntwo\n")]
    joined = streams.join_streams(outputs)
    assert [output["output_type"] for output in joined] == ["stream", "display_data", "stream"]
    assert (joined[0]["text"], joined[2]["text"]) == ("one line\ntwo\n", "oh")
    assert outputs[0]["text"] == "one "  # the executed notebook, which is compared with the stored one


def test_the_book_uses_it_when_it_renders(monkeypatch):
    monkeypatch.setattr(render, "coalesce_streams", None)
    streams.setup(app=None)
    assert render.coalesce_streams is streams.join_streams
