"""Finds a Chromium for the browser tests, or installs one: ``python -m tests.browser.chromium``.

A browser that is already there is taken first; then Playwright's own build; then, as root on Debian, the
distribution's package. If none can be had, the command says what to do and fails.

Chromium without its windows, the headless shell, opens a page for a third of the work and lays it out by the
same code. Where it can be had for the Chromium that is there, the tests take it. `make nightly` and what
measures times take the whole browser, which readers have.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.patience import HANG_SECONDS, PAGE_SECONDS

SHELL = "chromium-headless-shell"
WHOLE = "GATE_BY_GATE_WHOLE_BROWSER"
"""The environment variable that has the tests take the browser with its windows."""
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

# As whoever asks, and without long waits where there is no network.
NO_PATIENCE = ("-o", "APT::Sandbox::User=", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=20")

HELP = """No Chromium was found, and none could be installed. The browser tests need one:
  python -m playwright install --with-deps chromium     (downloads Playwright's own build)
  apt-get install chromium                              (Debian, as root)
or put a chromium or google-chrome on the PATH."""


def find() -> str | None:
    """Return the path of the browser that the tests take, or ``None``."""
    shell = None if os.environ.get(WHOLE) else find_shell()
    return shell or find_whole()


def shells() -> Path:
    """Return the folder of the shell, which is of no use to another Chromium than the one that is installed.

    Raises:
        OSError: this is no Debian.
        subprocess.CalledProcessError: Chromium is not installed as its package.
    """
    asked = ["dpkg-query", "--show", "--showformat=${Version}", "chromium"]
    version = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    return Path(sys.prefix) / f"{SHELL}-{version}"


def find_shell() -> str | None:
    """Return the path of the headless shell, or ``None``."""
    path = shutil.which(SHELL)
    if path is None:
        try:
            path = shutil.which(SHELL, path=shells())
        except (OSError, subprocess.CalledProcessError):
            return None
    return path


def unpack_shell() -> None:
    """Put Debian's headless shell into the environment, if there is one for the Chromium that is installed.

    It is unpacked and not installed: nothing outside of the environment changes, and nobody need be root.
    What it shares with Chromium it finds where that is.
    """
    try:
        folder = shells()
        with tempfile.TemporaryDirectory() as fetched:
            version = folder.name.removeprefix(f"{SHELL}-")
            command = ["apt-get", *NO_PATIENCE, "download", "-qq", f"{SHELL}={version}"]
            subprocess.run(command, cwd=fetched, check=True, capture_output=True, timeout=HANG_SECONDS)
            (package,) = Path(fetched).glob("*.deb")
            subprocess.run(["dpkg-deb", "--extract", package, fetched], check=True)
            unpacked = Path(fetched, "usr", "lib", "chromium")
            for shared in Path("/usr/lib/chromium").iterdir():
                (unpacked / shared.name).symlink_to(shared)
            # What it is linked with may be missing.
            subprocess.run([unpacked / SHELL, "--version"], check=True, capture_output=True)
            shutil.copytree(unpacked, folder, symlinks=True, dirs_exist_ok=True)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        print(f"No headless shell could be had, so the whole browser is used: {error}")


def find_whole() -> str | None:
    """Return the path of an installed Chromium with its windows, or ``None``."""
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
    if not find() and not install():
        sys.exit(HELP)
    if not find_shell():
        unpack_shell()
    print(f"Browser for the tests: {find()}")


if __name__ == "__main__":
    main()
