"""Stock Firefox for the browser tests; ``python -m tests.browser.firefox`` finds one, or installs Debian's.

Playwright drives Firefox in two ways: a patched build by a protocol of its own, or any release by the
standard WebDriver BiDi. The tests take the second: readers have the release. It knows one command of
Playwright's not yet, the one that sets what a page is told of its reader's colours. So Playwright starts a
relay in Firefox's place, which starts Firefox, passes every message on, and answers that one itself. Colours
are Firefox's own preference, which is light here.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Playwright
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketClientConnection, WebSocketHandler, websocket_connect

from tests.patience import PAGE_SECONDS

NAMES = ("firefox-esr", "firefox")
LEAST = 153
"""The release from which the tests run: 140 lacks commands of Playwright's, and in it the policy of a page
binds tests, too."""
UNKNOWN_TO_FIREFOX = "emulation.setMediaFeaturesOverride"
LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
LARGEST = 2**28
"""Bytes of a message: a screenshot may be long."""

# What `prefers-color-scheme` a page sees: 0 is dark, 1 light.
PREFERENCES = {"layout.css.prefers-color-scheme.content-override": 1}

HELP = f"""No Firefox {LEAST} or newer was found, and none could be installed. Its tests need one:
  apt-get install firefox-esr                           (Debian, as root)
or put a firefox on the PATH."""


def find() -> str | None:
    """Return the path of an installed Firefox that is new enough, or ``None``."""
    return next((path for path in map(shutil.which, NAMES) if path and release(path) >= LEAST), None)


def release(path: str) -> int:
    """Return the number of a Firefox's release: 153 of "Mozilla Firefox 153.8.0esr"."""
    said = subprocess.run([path, "--version"], check=False, capture_output=True, text=True).stdout
    number = re.search(r"Firefox (\d+)\.", said)
    return int(number[1]) if number else 0


def install() -> str | None:
    """Install Debian's Firefox, if this is Debian and root; return its path, or ``None``."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "firefox-esr"]):
            print("+", *command, flush=True)
            subprocess.run(command, check=False)
    return find()


def launch(playwright: Playwright, path: str) -> Browser:
    """Start a headless Firefox behind a relay."""
    with tempfile.TemporaryDirectory() as folder:
        relay = Path(folder, "firefox")
        relay.write_text(
            f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
            f"from tests.browser.firefox import relay\nrelay({path!r}, sys.argv[1:])\n"
        )
        relay.chmod(0o755)
        # Firefox refuses to start for root where the home folder is another's.
        return playwright.firefox.launch(
            channel="moz-firefox",
            executable_path=relay,
            firefox_user_prefs=PREFERENCES,
            timeout=1000 * PAGE_SECONDS,
        )


def relay(path: str, arguments: list[str]) -> None:
    """Start Firefox, and stand between it and Playwright until it ends."""
    asyncio.run(_relay(path, arguments))


async def _relay(path: str, arguments: list[str]) -> None:
    firefox = await asyncio.create_subprocess_exec(path, *arguments, stderr=asyncio.subprocess.PIPE)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, firefox.terminate)
    assert firefox.stderr is not None
    async for line in firefox.stderr:
        text = line.decode(errors="replace")
        if found := LISTENING.search(text):
            sockets = bind_sockets(0, "127.0.0.1")
            application = Application(
                [(r"(/.*)", Messages, {"firefox": found[1]})], websocket_max_message_size=LARGEST
            )
            HTTPServer(application).add_sockets(sockets)
            text = text.replace(found[1], f"ws://127.0.0.1:{sockets[0].getsockname()[1]}")
        print(text, end="", file=sys.stderr, flush=True)
    await firefox.wait()


class Messages(WebSocketHandler):
    """Passes messages on in both directions.

    Args:
        firefox: the address at which Firefox listens.
    """

    def initialize(self, firefox: str) -> None:
        self.firefox = firefox
        self.other: WebSocketClientConnection | None = None

    async def open(self, path: str) -> None:
        self.other = await websocket_connect(
            self.firefox + path, on_message_callback=self._from_firefox, max_message_size=LARGEST
        )

    def check_origin(self, origin: str) -> bool:
        return True

    async def on_message(self, message: str | bytes) -> None:
        command = json.loads(message)
        if command["method"] == UNKNOWN_TO_FIREFOX:
            await self.write_message({"type": "success", "id": command["id"], "result": {}})
        elif self.other is not None:
            await self.other.write_message(message)

    def _from_firefox(self, message: str | bytes | None) -> None:
        if message is None:
            self.close()
        else:
            self.write_message(message)

    def on_close(self) -> None:
        if self.other is not None:
            self.other.close()


def main() -> None:
    """Print the Firefox that the tests will use, or fail."""
    path = find() or install()
    if path is None:
        sys.exit(HELP)
    print(f"Firefox for the tests: {path}")


if __name__ == "__main__":
    main()
