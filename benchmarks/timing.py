"""Timing by turns: every contestant once per round, so that a drift of the machine meets all of them."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

__all__ = ["Comparison", "compare", "forward", "forward_and_backward"]

Step = Callable[[], None]


@dataclass(frozen=True)
class Comparison:
    """Seconds of every contestant in every round."""

    seconds: dict[str, list[float]]

    def median(self, name: str) -> float:
        """Return the median time of a contestant, in seconds."""
        return statistics.median(self.seconds[name])

    def ratio(self, name: str, to: str) -> dict[str, float]:
        """Return the time of ``name`` over that of ``to``: median and quartiles of the rounds' ratios."""
        ratios = [a / b for a, b in zip(self.seconds[name], self.seconds[to], strict=True)]
        lower, median, upper = statistics.quantiles(ratios, n=4)
        return {"median": median, "lower": lower, "upper": upper}


def compare(
    contestants: dict[str, Step],
    *,
    budget: float,
    minimum_rounds: int = 8,
    clock: Callable[[], float] = time.perf_counter,
) -> Comparison:
    """Let all ``contestants`` run in turn until ``budget`` seconds are spent.

    Every round has an order of its own, drawn from a fixed seed, since each finds the caches as the one
    before has left them. Two rounds that are not counted come first.
    """
    names, shuffle = list(contestants), random.Random(0).shuffle
    seconds: dict[str, list[float]] = {name: [] for name in names}
    start = clock()
    done = -2
    while done < minimum_rounds or clock() - start < budget:
        shuffle(names)
        for name in names:
            before = clock()
            contestants[name]()
            if done >= 0:
                seconds[name].append(clock() - before)
        done += 1
    return Comparison(seconds)


def forward(block: nn.Module, x: Tensor) -> Step:
    """Return a step that runs ``block`` in evaluation mode, without gradients."""
    block.eval()

    def step() -> None:
        with torch.no_grad():
            block(x)

    return step


def forward_and_backward(block: nn.Module, x: Tensor, gradient: Tensor) -> Step:
    """Return a step that runs ``block`` in training mode, and back to ``x`` and its parameters."""
    block.train()
    x = x.detach().requires_grad_()
    tensors = [x, *block.parameters()]

    def step() -> None:
        for tensor in tensors:
            tensor.grad = None
        block(x).backward(gradient)

    return step
