"""Print how long networks of the playground take for an image in a browser: ``make bench``.

python -m benchmarks.playground                # every reference network and the segmenter, some minutes
python -m benchmarks.playground plain cbam_r4_k7

A time is

- in the page's worker: from asking it to its answer, with WebAssembly and in plain JavaScript;
- on the page's main thread, where no reader has it run: of the same program with WebAssembly, first as it is
  and then while Chromium slows the thread down four times. It slows no worker down.

The yardstick, of the same run and on the main thread of the same browser, is onnxruntime-web, with one
thread, the same operators and weights. npm fetches it, into ``_build``; without npm there is none.
"""

from __future__ import annotations

import argparse
import base64
import functools
import http.server
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.painting import quantiles
from gate_by_gate.playground.bundle import STATIC
from gate_by_gate.playground.deliveries import SEGMENTER, exported
from gate_by_gate.playground.networks import NETWORKS
from gate_by_gate.widgets.embedding import link
from tests.browser import chromium
from tests.browser.playground_page import write_page
from tests.unit.playground.onnx_session import model_of

__all__ = ["main"]

BOUNDS = {"worker": 33, "slowed": 100, SEGMENTER: 150}
"""Milliseconds that 95 of 100 images may take at most: a digit in the worker, and slowed; a photograph."""

YARDSTICK = "onnxruntime-web@1.30.0"
FETCHED = Path(__file__).parents[1] / "_build" / "onnxruntime-web"

TIMES = """async (run, size, runs) => {
    const times = [];
    for (let i = 0; i < runs + 5; i++) {
        const x = Float32Array.from({ length: size }, () => Math.random());
        const start = performance.now();
        await run(x);
        times.push(performance.now() - start);
        await new Promise((resolve) => setTimeout(resolve)); // as between two frames
    }
    return times.slice(5); // the first ones compile
}"""

SIZE = "graph.tensors[graph.input].reduce((product, side) => product * side, 1)"

IN_WORKER = f"""async ([name, simd, runs]) => {{
    const runner = attnPlayground.makeRunner({{ simd }});
    const {{ graph }} = await runner.load(name);
    const job = [{{ name, wanted: [graph.logits] }}];
    const times = await ({TIMES})((x) => runner.run(x, job), {SIZE}, runs);
    runner.stop();
    return times;
}}"""

ON_MAIN_THREAD = f"""async ([graph, weights, runs]) => {{
    const bytes = Uint8Array.from(atob(weights), (letter) => letter.charCodeAt(0));
    const network = compileNetwork(graph, new Uint16Array(bytes.buffer), {{ simd: true }});
    if (!network.simd) throw new Error("no WebAssembly with SIMD");
    return ({TIMES})((x) => {{ network.run(x); network.read(graph.logits); }}, {SIZE}, runs);
}}"""

IN_YARDSTICK = f"""async ([graph, model, runs]) => {{
    const bytes = Uint8Array.from(atob(model), (letter) => letter.charCodeAt(0));
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.proxy = false;
    const session = await ort.InferenceSession.create(bytes, {{ executionProviders: ["wasm"] }});
    const shape = graph.tensors[graph.input];
    const run = (x) => session.run({{ [graph.input]: new ort.Tensor("float32", x, shape) }}, [graph.logits]);
    return ({TIMES})(run, {SIZE}, runs);
}}"""


def in_worker(page: Page, name: str, runs: int, *, simd: bool = True) -> tuple[float, float]:
    """Return the median and the 95th of 100 times in the worker, in milliseconds."""
    return quantiles(page.evaluate(IN_WORKER, [name, simd, runs]))


def on_main_thread(page: Page, name: str, runs: int, *, slowed: int) -> tuple[float, float]:
    """Return the same on the main thread, which Chromium slows down."""
    network = exported(name)
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slowed})
    weights = base64.b64encode(network.weights).decode()
    times = page.evaluate(ON_MAIN_THREAD, [network.graph, weights, runs])
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    return quantiles(times)


def fetch_yardstick() -> Path | None:
    """Fetch onnxruntime-web, and return the folder with what a page loads of it; None if that fails."""
    folder = FETCHED / "node_modules" / "onnxruntime-web" / "dist"
    npm = shutil.which("npm")
    if not folder.is_dir() and npm:
        FETCHED.mkdir(parents=True, exist_ok=True)
        install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(FETCHED), YARDSTICK]
        subprocess.run(install, check=False)
    return folder if folder.is_dir() else None


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder; give its address. WebAssembly of another file needs a server."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def in_yardstick(page: Page, name: str, runs: int) -> tuple[float, float]:
    """Return the same of onnxruntime-web, on the page that has loaded it."""
    network = exported(name)
    model = base64.b64encode(model_of(network).SerializeToString()).decode()
    return quantiles(page.evaluate(IN_YARDSTICK, [network.graph, model, runs]))


def main() -> None:
    """Measure and print."""
    known = [*NETWORKS, SEGMENTER]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.playground", description=__doc__.split("\n\n")[0]
    )
    parser.add_argument("networks", nargs="*", metavar="network", help="by name; all by default")
    parser.add_argument("--runs", type=int, default=100, help="of each (default: %(default)s)")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.networks) - set(known)):
        parser.error(f"no such network: {', '.join(unknown)}; there are {', '.join(known)}")
    path = chromium.find_whole()
    if path is None:
        sys.exit(chromium.HELP)
    names, runs = arguments.networks or known, arguments.runs
    folder = fetch_yardstick()
    if folder is None:
        print(f"\nnpm has not fetched {YARDSTICK}: no yardstick.")
    with tempfile.TemporaryDirectory() as pages, sync_playwright() as playwright:
        browser = chromium.launch(playwright, path)
        page = browser.new_page()
        page.goto(write_page(Path(pages), *names).as_uri())
        program = link(STATIC / "executor.js")
        page.add_script_tag(content=f"(() => {{ {program}; globalThis.compileNetwork = compile; }})()")
        with served(folder or Path(pages)) as address:
            other = browser.new_page()
            if folder is not None:
                (folder / "bench.html").write_text("<!doctype html><title>bench</title>", encoding="utf-8")
                other.goto(f"{address}/bench.html")
                other.add_script_tag(url=f"{address}/ort.wasm.min.js")
            print("\nMilliseconds for an image: median and p95. The last column is the ratio of medians.\n")
            ways = ("worker", "plain", "main thread", "slowed 4x", "onnxruntime")
            print(f"{'network':<20}" + "".join(f"{way:>16}" for way in ways) + f"{'main / onnx':>14}")
            for name in names:
                times = [
                    in_worker(page, name, runs),
                    in_worker(page, name, runs, simd=False),
                    on_main_thread(page, name, runs, slowed=1),
                    on_main_thread(page, name, runs, slowed=4),
                ]
                if folder is not None:
                    times.append(in_yardstick(other, name, runs))
                cells = "".join(f"{median:>8.1f}{p95:>8.1f}" for median, p95 in times)
                ratio = f"{times[2][0] / times[4][0]:>14.1f}" if folder is not None else ""
                late = [
                    way
                    for way, (_, p95), bound in (
                        ("worker", times[0], BOUNDS.get(name, BOUNDS["worker"])),
                        ("slowed 4x", times[3], BOUNDS["slowed"] if name != SEGMENTER else float("inf")),
                    )
                    if p95 > bound
                ]
                print(f"{name:<20}{cells}{ratio}{'  LATE: ' + ', '.join(late) if late else ''}", flush=True)
        print(f"\nBounds on p95: {json.dumps(BOUNDS)}")
        browser.close()


if __name__ == "__main__":
    main()
