"""The inputs that the digit networks of the playground are compared on."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from gate_by_gate.experiment.cluttered_digits import ClutteredDigits, load_split, to_input

COUNT = 325


@cache
def digit_inputs() -> Tensor:
    """Return images of every sort, mixed: ``(325, 1, 40, 40)`` in [0, 1].

    220 test images; 25 each of noise, of noise of two values, of test images in full contrast (0 or 1) and
    in hardly any; 5 that are all of one value, from black to white.
    """
    test = to_input(load_split(ClutteredDigits(), "test").images)
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(50, 1, 40, 40, generator=generator)
    sorts = [
        test[:220],
        noise[:25],
        noise[25:].round(),
        test[300:325].gt(0.3).float(),
        test[400:425] / 100 + 0.5,
        torch.linspace(0, 1, 5)[:, None, None, None].expand(-1, 1, 40, 40),
    ]
    images = torch.cat(sorts)
    assert len(images) == COUNT
    return images[torch.randperm(COUNT, generator=generator)]
