"""Timing: how long the forward pass of every network takes, measured in turns with the plain one.

What is read is the processor time of one thread, so that waiting for other work on the machine does not
count. The speed of a machine still drifts, fourfold on a shared one, and milliseconds of two networks that
were measured one after the other compare nothing. So every network runs next to the plain one, round by
round, and the ratio of the two is taken within the round.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from gate_by_gate.experiment.cluttered_digits import ClutteredDigits
from gate_by_gate.experiment.machine import cpu_name, one_thread, platform_name, versions
from gate_by_gate.experiment.model import NetworkConfig, build_network
from gate_by_gate.experiment.run import write_text

__all__ = ["PASSES", "ROUNDS", "Clock", "publish_timings", "time_in_turns", "timings"]

Clock = Callable[[], float]
"""A function that returns the present time in seconds, such as ``time.process_time``."""

ROUNDS = 40
"""Rounds of a published measurement: about ten minutes for all networks."""

PASSES = {1: 10, 50: 1}
"""Forward passes that are timed as one, by the size of a batch: about 10 ms, far above the clock's step."""

_WARM_UP = 1
"""Rounds that are not counted: in the first one memory is claimed and kernels are chosen."""


def time_in_turns(
    networks: Mapping[str, nn.Module],
    reference: nn.Module,
    x: Tensor,
    *,
    rounds: int,
    passes: int = 1,
    clock: Clock = time.process_time,
    after_round: Callable[[], None] = lambda: None,
) -> dict[str, dict[str, Any]]:
    """Time every network next to the reference, on one thread, in eval mode and without gradients.

    In each round each network has its turn, and the reference runs just before it or, in every other round,
    just after it, so that a drift slows the one as often as the other.

    Args:
        networks: by name. One that is equal to the reference shows what is noise.
        reference: what they are compared with.
        x: the batch.
        rounds: how often they take turns.
        passes: forward passes that are timed as one.
        clock: returns the time in seconds.
        after_round: called after every round, also after the one that is not counted.

    Shape:
        ``x`` is ``(N, C, H, W)``.

    Returns:
        For each network ``milliseconds``: for one image, median of the rounds; ``ratio``: its time over that
        of the reference in the same round, median of the rounds; ``quartiles``: of these ratios.

    Raises:
        ValueError: a count is below its least.
    """
    if rounds < 2:
        raise ValueError(f"`rounds` must be at least 2, since one has no quartiles; got {rounds}")
    if passes < 1:
        raise ValueError(f"`passes` must be at least 1; got {passes}")

    def seconds(network: nn.Module) -> float:
        start = clock()
        for _ in range(passes):
            network(x)
        return clock() - start

    pairs: dict[str, list[tuple[float, float]]] = {name: [] for name in networks}
    for network in (reference, *networks.values()):
        network.eval()
    with one_thread(), torch.no_grad():
        for turn in range(-_WARM_UP, rounds):
            for name, network in networks.items():
                if turn % 2:
                    own, other = seconds(network), seconds(reference)
                else:
                    other, own = seconds(reference), seconds(network)
                if turn >= 0:
                    pairs[name].append((own, other))
            after_round()
    return {name: _summary(timed, passes * len(x)) for name, timed in pairs.items()}


def _summary(pairs: Sequence[tuple[float, float]], images: int) -> dict[str, Any]:
    """Summarise the rounds of one network, each the pair of its seconds and the reference's."""
    ratios = [own / other for own, other in pairs]
    lower, middle, upper = statistics.quantiles(ratios, n=4, method="inclusive")
    return {
        "milliseconds": round(1000 * statistics.median(own for own, _ in pairs) / images, 4),
        "ratio": round(middle, 4),
        "quartiles": [round(lower, 4), round(upper, 4)],
    }


def timings(
    configs: Sequence[NetworkConfig],
    task: ClutteredDigits,
    *,
    rounds: int = ROUNDS,
    clock: Clock = time.process_time,
) -> dict[str, dict[str, Any]]:
    """Time networks on batches of every size in :data:`PASSES`.

    The weights are the initial ones and the images are noise: neither decides what is computed.

    Returns:
        What :func:`time_in_turns` says, by the network's name and then by the batch size, as text.
    """
    reference = build_network(NetworkConfig(), task, seed=0)
    networks = {config.name: build_network(config, task, seed=0) for config in configs}
    generator = torch.Generator().manual_seed(0)
    found: dict[str, dict[str, Any]] = {name: {} for name in networks}
    with tqdm(total=len(PASSES) * (rounds + _WARM_UP), unit="round") as bar:
        for batch, passes in PASSES.items():
            x = torch.rand(batch, task.channels, task.canvas, task.canvas, generator=generator)
            timed = time_in_turns(
                networks,
                reference,
                x,
                rounds=rounds,
                passes=passes,
                clock=clock,
                after_round=bar.update,
            )
            for name, summary in timed.items():
                found[name][str(batch)] = summary
    return found


def publish_timings(
    configs: Sequence[NetworkConfig], path: Path, *, rounds: int = ROUNDS, clock: Clock = time.process_time
) -> None:
    """Time networks, and write the times with how, when and on what they were measured.

    Args:
        configs: the networks, for the published task.
        path: the file; ``gate_by_gate.results.timing`` reads ``timings.json``.
        rounds: how often the networks take turns.
        clock: returns the time in seconds.
    """
    load = _load()
    found = timings(configs, ClutteredDigits(), rounds=rounds, clock=clock)
    record = {
        "command": f"python -m gate_by_gate.experiment time --rounds {rounds}",
        "date": date.today().isoformat(),
        "cpu": cpu_name(),
        "platform": platform_name(),
        "versions": versions(),
        "threads": 1,
        "load": [load, _load()],
        "rounds": rounds,
        "passes": {str(batch): passes for batch, passes in PASSES.items()},
    }
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found))
    head = json.dumps(record, indent=1).removesuffix("\n}")
    write_text(f'{head},\n "settings": {{\n{rows}\n }}\n}}\n', path)


def _load() -> float | None:
    """Return the machine's load average over the last minute, or None where the system has none."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
