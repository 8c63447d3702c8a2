"""Finds a Chromium for the browser tests, or installs one: ``python -m tests.browser.chromium``.

A browser that is already there is taken first; then Playwright's own build; then, as root on Debian, the
distribution's package. If none can be had, the command says what to do and fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.patience import PAGE_SECONDS

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# --no-sandbox: Chromium refuses to start its sandbox as root, and in most containers.
# --disable-dev-shm-usage: the shared memory of a container may be too small for a page.
# The others keep a browser without a network from trying to reach its maker's servers.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

HELP = """No Chromium was found, and none could be installed. The browser tests need one:
  python -m playwright install --with-deps chromium     (downloads Playwright's own build)
  apt-get install chromium                              (Debian, as root)
or put a chromium or google-chrome on the PATH."""


def find() -> str | None:
    """Return the path of an installed Chromium, or ``None``."""
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> str | None:
    """Try the ways of installing a Chromium, in order; return its path, or ``None``."""
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        attempts += [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]]
    for command in attempts:
        print("+", *command, flush=True)
        subprocess.run(command, check=False)
        path = find()
        if path:
            return path
    return None


def launch(playwright: Playwright, path: str) -> Browser:
    """Start a headless Chromium."""
    return playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS), timeout=1000 * PAGE_SECONDS)


def main() -> None:
    """Print the browser that the tests will use, or fail."""
    path = find() or install()
    if path is None:
        sys.exit(HELP)
    print(f"Browser for the tests: {path}")


if __name__ == "__main__":
    main()
