"""Print how long networks of the playground take for an image in a browser: ``make bench``.

python -m benchmarks.playground                # every network, two minutes
python -m benchmarks.playground plain cbam_r4_k7

A time is from asking the page's worker to its answer, with and without WebAssembly, and with WebAssembly
while Chromium slows the page down four times. The yardstick, of the same run, is onnxruntime on one thread,
in Python, with the same operators and weights.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.painting import quantiles
from gate_by_gate.playground.deliveries import SEGMENTER, exported
from gate_by_gate.playground.networks import NETWORKS
from tests.browser import chromium
from tests.browser.playground_page import write_page
from tests.unit.playground.onnx_session import session_of

__all__ = ["main"]

TIMES = """async ([name, simd, runs]) => {
    const runner = attnPlayground.makeRunner({ simd });
    const { graph } = await runner.load(name);
    const size = graph.tensors[graph.input].reduce((product, side) => product * side, 1);
    const job = [{ name, wanted: [graph.logits] }];
    const times = [];
    for (let i = 0; i < runs + 5; i++) {
        const x = Float32Array.from({ length: size }, () => Math.random());
        const start = performance.now();
        await runner.run(x, job);
        times.push(performance.now() - start);
    }
    runner.stop();
    return times.slice(5); // the first ones compile
}"""


def in_page(page: Page, name: str, runs: int, *, simd: bool = True, slowed: int = 1) -> tuple[float, float]:
    """Return the median and the 95th of 100 times in the page, in milliseconds."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slowed})
    times: list[float] = page.evaluate(TIMES, [name, simd, runs])
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    return quantiles(times)


def in_onnxruntime(name: str, runs: int) -> float:
    """Return the median time of onnxruntime, in milliseconds."""
    network = exported(name)
    session, given = session_of(network), network.graph["input"]
    random = np.random.default_rng(0)
    times = []
    for _ in range(runs + 5):
        x = random.random(network.graph["tensors"][given], np.float32)
        start = time.perf_counter()
        session.run([network.graph["logits"]], {given: x})
        times.append(1000 * (time.perf_counter() - start))
    return quantiles(times[5:])[0]


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
    names = arguments.networks or known
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = chromium.launch(playwright, path)
        page = browser.new_page()
        page.goto(write_page(Path(folder), *names).as_uri())
        print("\nMilliseconds for an image in the page: median, p95; onnxruntime's median; their ratio.\n")
        print(
            f"{'network':<20}{'SIMD':>8}{'p95':>8}{'plain':>9}{'p95':>8}{'slowed 4x':>12}{'p95':>8}", end=""
        )
        print(f"{'onnxruntime':>14}{'SIMD over it':>14}")
        for name in names:
            yardstick = in_onnxruntime(name, arguments.runs)
            ways = [
                in_page(page, name, arguments.runs),
                in_page(page, name, arguments.runs, simd=False),
                in_page(page, name, arguments.runs, slowed=4),
            ]
            (fast, fast95), (plain, plain95), (slow, slow95) = ways
            print(f"{name:<20}{fast:>8.1f}{fast95:>8.1f}{plain:>9.1f}{plain95:>8.1f}", end="")
            print(f"{slow:>12.1f}{slow95:>8.1f}{yardstick:>14.2f}{fast / yardstick:>14.1f}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
