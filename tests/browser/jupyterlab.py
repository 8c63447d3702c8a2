"""A running JupyterLab, or Notebook 7, for the tests of what is live there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client import BlockingKernelClient

from tests.patience import HANG_SECONDS


@dataclass
class Lab:
    """A server on this machine."""

    url: str
    folder: Path
    runtime: Path

    def api(self, path: str, method: str = "GET") -> Any:
        """Call the server's REST interface."""
        request = urllib.request.Request(f"{self.url}/api/{path}", method=method)
        with urllib.request.urlopen(request, timeout=HANG_SECONDS) as response:
            body = response.read()
        return json.loads(body) if body else None

    def write_notebook(self, name: str, *sources: str, text: str = "") -> str:
        """Write a notebook of code cells, below a text; return the address that opens it in JupyterLab."""
        notebook = nbformat.v4.new_notebook(
            cells=[
                *([nbformat.v4.new_markdown_cell(text)] if text else []),
                *(nbformat.v4.new_code_cell(source) for source in sources),
            ],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(notebook, self.folder / name)
        # A workspace of its own, so that tests do not open each other's tabs.
        return f"{self.url}/lab/workspaces/{Path(name).stem}/tree/{name}"

    def kernel_of(self, name: str) -> str:
        """Return the id of a notebook's kernel."""
        [session] = [session for session in self.api("sessions") if session["path"] == name]
        return session["kernel"]["id"]

    @contextmanager
    def client(self, kernel: str) -> Iterator[BlockingKernelClient]:
        """Talk to a kernel beside the front end that is connected to it."""
        client = BlockingKernelClient(connection_file=str(self.runtime / f"kernel-{kernel}.json"))
        client.load_connection_file()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=HANG_SECONDS)
            yield client
        finally:
            client.stop_channels()


def run(client: BlockingKernelClient, code: str) -> str:
    """Run code in a kernel; return what it printed, or fail with its traceback."""
    printed = []

    def listen(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            printed.append(message["content"]["text"])

    reply = client.execute_interactive(code, timeout=HANG_SECONDS, output_hook=listen)["content"]
    assert reply["status"] == "ok", "\n".join(reply.get("traceback", []))
    return "".join(printed)


# What each front end is told: that the page may call it, and that it need not ask its maker for news.
OPTIONS = {
    "jupyterlab": (
        *("--LabApp.news_url=", "--LabApp.collaborative=False", "--LabApp.expose_app_in_browser=True"),
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ),
    "notebook": ("--JupyterNotebookApp.expose_app_in_browser=True",),
}


@contextmanager
def jupyterlab(folder: Path, python: str = sys.executable, application: str = "jupyterlab") -> Iterator[Lab]:
    """Serve ``folder`` from a JupyterLab on a fresh account until the block ends.

    Args:
        folder: what is served; the account's files are put there, too.
        python: the interpreter of the environment whose JupyterLab it is.
        application: ``"jupyterlab"``, or ``"notebook"`` for Notebook 7.
    """
    runtime = folder / "runtime"
    runtime.mkdir()
    log = folder / "jupyterlab.log"
    environment = os.environ | {
        "HOME": str(folder),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
    }
    # What the book build tells its kernels is not for this one.
    environment.pop("GATE_BY_GATE_OUTPUT", None)
    command = [
        *(python, "-m", application, "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0"),
        *("--IdentityProvider.token=", f"--ServerApp.root_dir={folder}", *OPTIONS[application]),
    ]
    with log.open("w") as output:
        server = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield Lab(_wait_for(server, runtime, log), folder, runtime)
        finally:
            server.terminate()
            try:
                server.wait(timeout=60)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_for(server: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    """Return the server's address once it answers."""
    deadline = time.monotonic() + HANG_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            try:
                url = json.loads(file.read_text())["url"].rstrip("/")
                urllib.request.urlopen(f"{url}/api", timeout=60).close()
                return str(url)
            except (json.JSONDecodeError, KeyError, OSError):
                continue  # half written, or not yet listening
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not answer within {HANG_SECONDS} s:\n{log.read_text()[-3000:]}")
