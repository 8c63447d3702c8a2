"""The inputs that the networks of the playground are compared on."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from gate_by_gate import photographs
from gate_by_gate.experiment.cluttered_digits import ClutteredDigits, load_split, to_input

COUNT = 325
PICTURES = 313


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


@cache
def pictures() -> Tensor:
    """Return pictures of every sort, mixed: uint8 ``(313, 3, 256, 256)``, as a page has them.

    Each of the nine photographs in 24 versions, and in full contrast (0 or 255) and in hardly any; noise of
    all values and of two, and pictures that are all of one value, from black to white.
    """
    generator = torch.Generator().manual_seed(0)
    side = photographs.SIDE
    noise = torch.rand(70, 3, side, side, generator=generator)
    originals = photographs.photographs()
    sorts = [version for photograph in originals for version in versions(photograph)]
    sorts += [*(originals > 0.5).float(), *(originals / 50 + 0.5), *noise[:40], *noise[40:].round()]
    sorts += [torch.full((3, side, side), value) for value in torch.linspace(0, 1, 9).tolist()]
    assert len(sorts) == PICTURES
    # A page has whole numbers: a network is given each of them over 255.
    every = torch.stack([(255 * one).round().to(torch.uint8) for one in sorts])
    return every[torch.randperm(PICTURES, generator=generator)]


def versions(photograph: Tensor) -> list[Tensor]:
    """Return a photograph itself, mirrored, cut, shifted, in other light and without colours."""
    side = photographs.SIDE
    found = [photograph, photograph.flip(2), photograph.flip(1)]
    for size, (top, left) in (
        (192, (0, 0)), (192, (0, 64)), (192, (64, 0)), (192, (64, 64)), (128, (64, 64)), (96, (20, 90))
    ):  # fmt: skip
        cut = photograph[None, :, top : top + size, left : left + size]
        found.append(interpolate(cut, (side, side), mode="bilinear", align_corners=False)[0])
    for down, across in ((40, 0), (-40, 0), (0, 40), (0, -40), (70, 70), (-70, -70)):
        # What is shifted in is black.
        moved = pad(photograph, (across, -across, down, -down))
        found.append(moved)
    found += [(photograph * light).clamp(0, 1) for light in (0.1, 0.3, 0.6, 1.5, 3)]
    found += [1 - photograph, photograph.mean(dim=0, keepdim=True).expand(3, -1, -1)]
    found += [photograph[[2, 1, 0]], (photograph - 0.5).mul(2).add(0.5).clamp(0, 1)]
    return found
