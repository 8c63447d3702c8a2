"""Print how long each block takes, over timm's and the textbook form, and over the time the memory needs.

python -m benchmarks                 # all blocks, a few minutes
python -m benchmarks cbam bam        # some of them
python -m benchmarks --json out.json # the numbers, too
"""

from __future__ import annotations

import argparse
import copy
import json
import platform
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from attn_lib.blocks import BLOCKS
from benchmarks.textbook import TEXTBOOK
from benchmarks.timing import compare, forward, forward_and_backward
from benchmarks.timm_peers import VERSION, timm_peers

SHAPES = [(16, 256, 28, 28), (8, 64, 56, 56), (16, 512, 14, 14)]

# How often a map of the input's size must cross the memory, if it is too large for a cache and nothing of its
# size is kept but input, output and their gradients. Forward: read for the summary, read again and written.
# CBAM reads once more, since its second summary depends on its first gate. Backward: input and gradient are
# read for the gradient of the gate (in CBAM of each gate), then the gradient is read and written; BAM reads
# the input once more for the weights of its 1x1 convolution. Self-attention is bound by arithmetic instead.
# A block that is not listed here, or has no textbook form, is measured without.
PASSES = {
    "se": (3, 7),
    "eca": (3, 7),
    "cbam": (4, 10),
    "bam": (3, 8),
    "coord_att": (3, 7),
    "self_attention": (2, 5),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n\n")[0])
    parser.add_argument("blocks", nargs="*", metavar="block", help=f"of {', '.join(BLOCKS)}; all by default")
    parser.add_argument("--seconds", type=float, default=4.0, help="budget of a row (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="of PyTorch (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.blocks) - set(BLOCKS))
    if unknown:
        parser.error(f"no such block: {', '.join(unknown)}; there are {', '.join(BLOCKS)}")

    torch.set_num_threads(arguments.threads)
    print(f"torch {torch.__version__}, timm {VERSION}, {platform.machine()}, {arguments.threads} threads")
    print(
        "floor: the time that the memory alone needs. over: time of attn_lib over that of the other, median"
    )
    print("of the rounds [quartiles]; below 1 is faster, and over itself shows the noise.\n")
    print(HEADER)
    rows = []
    for name in arguments.blocks or BLOCKS:
        for shape in SHAPES:
            for training in (False, True):
                rows.append(measure(name, shape, training=training, budget=arguments.seconds))
                print(line(rows[-1]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")


HEADER = (
    f"{'block':<15}{'shape':<19}{'mode':<18}{'ms':>8}{'floor':>8}"
    f"{'over timm':>22}{'over textbook':>22}{'over itself':>22}"
)


def line(row: dict[str, Any]) -> str:
    """Write a row of the table."""
    cells = [f"{row['block']:<15}{row['shape']!s:<19}{row['mode']:<18}"]
    floor = row["floor_milliseconds"]
    cells += [f"{row['milliseconds']['attn_lib']:>8.2f}{'-' if floor is None else f'{floor:.2f}':>8}"]
    for peer in ("timm", "textbook", "again"):
        ratio = row["ratio"].get(peer)
        text = "-" if ratio is None else "{median:.2f} [{lower:.2f}, {upper:.2f}]".format(**ratio)
        cells.append(f"{text:>22}")
    return "".join(cells)


def measure(name: str, shape: tuple[int, int, int, int], *, training: bool, budget: float) -> dict[str, Any]:
    """Compare one block with its peers at one shape."""
    torch.manual_seed(0)
    x, gradient = torch.randn(shape), torch.randn(shape)
    block = BLOCKS[name](shape[1])
    blocks = {"attn_lib": block, "again": copy.deepcopy(block)}
    if name in TEXTBOOK:
        blocks["textbook"] = textbook = TEXTBOOK[name](shape[1])
        give_weights(block, textbook)
        torch.testing.assert_close(textbook.eval()(x), block.eval()(x), rtol=1e-4, atol=1e-4)
    if name in (peers := timm_peers()):
        blocks["timm"] = peers[name](shape[1])
    contestants = {
        key: forward_and_backward(peer, x, gradient) if training else forward(peer, x)
        for key, peer in blocks.items()
    }
    target = torch.empty_like(x)
    contestants["copy"] = lambda: copy_into(target, x)
    times = compare(contestants, budget=budget)
    copies = PASSES[name][training] / 2 if name in PASSES else None
    return {
        "block": name,
        "shape": shape,
        "mode": "forward+backward" if training else "forward",
        "milliseconds": {key: 1000 * times.median(key) for key in contestants},
        "floor_milliseconds": None if copies is None else 1000 * times.median("copy") * copies,
        "rounds": len(times.seconds["copy"]),
        "ratio": {
            key: times.ratio("attn_lib", key) for key in contestants if key not in ("attn_lib", "copy")
        },
    }


def give_weights(source: nn.Module, target: nn.Module) -> None:
    """Copy parameters and statistics in their order, whatever their names; shapes may differ by ones."""
    pairs = zip(source.state_dict().values(), target.state_dict().values(), strict=True)
    for value, place in pairs:
        place.copy_(value.view_as(place))


def copy_into(target: Tensor, x: Tensor) -> None:
    """Read a map and write one: two passes."""
    target.copy_(x)


if __name__ == "__main__":
    main()
