"""Serves a built book as a web server sends it: compressed where that helps. It notes what was asked for."""

from __future__ import annotations

import functools
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

__all__ = ["Server", "as_sent", "served"]

LEVEL = 6
"""How hard a server compresses, if nobody has told it."""


def as_sent(content: bytes) -> bytes:
    """Return what is sent of a file: photographs and fonts are as small as they get."""
    return min(content, gzip.compress(content, LEVEL, mtime=0), key=len)


class Server:
    """A server that runs.

    Attributes:
        address: of its folder, without a stroke at the end.
        sent: the paths that were asked for, in their order, with the bytes that were sent of each. What is
            fetched ahead of a click is left out: Firefox does so with the page that is said to be the next.
    """

    def __init__(self, address: str, sent: list[tuple[str, int]]) -> None:
        self.address = address
        self.sent = sent


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, sent: list[tuple[str, int]], *arguments: object, **options: object) -> None:
        self.sent = sent
        super().__init__(*arguments, **options)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        content = path.read_bytes() if path.is_file() else b""
        body = as_sent(content)
        if "prefetch" not in (self.headers.get("Sec-Purpose"), self.headers.get("X-Moz")):
            self.sent.append((self.path, len(body)))
        self.send_response(HTTPStatus.OK if path.is_file() else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(body)))
        if len(body) < len(content):
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[Server]:
    """Serve a folder until the end of the block."""
    sent: list[tuple[str, int]] = []
    handler = functools.partial(_Handler, sent, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield Server(f"http://127.0.0.1:{server.server_port}", sent)
        server.shutdown()
