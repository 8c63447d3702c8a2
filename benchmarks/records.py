"""Print how long Python computes for a move in a notebook, and to import an explorer: ``make bench``.

python -m benchmarks.records          # every explorer
python -m benchmarks.records se cbam  # some of them

Processor time of all threads, so that other work on the machine counts little. A record is what a live
explorer computes for a new setting; by turns with it, the digits' plain network looks at one image, and the
ratio is that of the two. The import of one explorer, into a Python that has torch and anywidget, stands over
that of anywidget itself.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch

from gate_by_gate.digit_resnet import digit_resnet
from gate_by_gate.explorers import EXPLORERS
from gate_by_gate.widgets.definition import Definition

IMPORT = """\
import time
{first}
start = time.process_time()
{second}
print(time.process_time() - start)
"""


def seconds(act: Callable[[], object]) -> float:
    """Return the processor time of a call."""
    start = time.process_time()
    act()
    return time.process_time() - start


def import_seconds(first: str, second: str) -> float:
    """Return the processor time of a statement in a fresh Python, after another one."""
    program = IMPORT.format(first=first, second=second)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return float(done.stdout)


def time_moves(definition: Definition, yardstick: Callable[[], object]) -> tuple[list[float], list[float]]:
    """Return the times of the records of every value of every control, and those of the yardstick."""
    records, passes = [], []
    for name, control in definition.controls.items():
        for value in control.values:
            setting = definition.defaults | {name: value}
            records.append(seconds(lambda setting=setting: definition.record(setting)))
            passes.append(seconds(yardstick))
    return records, passes


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.records", description=__doc__.split("\n\n")[0]
    )
    parser.add_argument("explorers", nargs="*", metavar="explorer", help=f"of {', '.join(EXPLORERS)}")
    names = parser.parse_args().explorers or list(EXPLORERS)
    torch.set_num_threads(1)
    network, image = digit_resnet().eval(), torch.rand(1, 1, 40, 40)

    def forward() -> None:
        with torch.no_grad():
            network(image)

    for _ in range(10):
        forward()
    print("\nProcessor time of a new record in ms, and its ratio to a forward pass of the digits' network.\n")
    print(f"{'explorer':<28}{'median':>8}{'longest':>9}{'a pass':>9}{'ratio':>9}")
    for name in names:
        records, passes = time_moves(EXPLORERS[name].definition, forward)
        median, one_pass = statistics.median(records), statistics.median(passes)
        print(
            f"{name:<28}{1000 * median:>8.1f}{1000 * max(records):>9.1f}{1000 * one_pass:>9.2f}"
            f"{median / one_pass:>9.1f}",
            flush=True,
        )

    pairs = [
        (
            import_seconds("import torch, anywidget", "from gate_by_gate.explorers import SEExplorer"),
            import_seconds("import torch", "import anywidget"),
        )
        for _ in range(5)
    ]
    own, peer = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"\nImporting one explorer: {own:.2f} s of the processor; anywidget alone {peer:.2f} s, ", end="")
    print(f"ratio {own / peer:.2f}")


if __name__ == "__main__":
    main()
