"""The published times per image of the main group's networks, and how they were measured."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Timing", "timing", "timing_conditions"]

_PATH = Path(__file__).parent / "timings.json"


class Timing(NamedTuple):
    """The time of a network's forward pass, measured in turns with the plain network's, round by round."""

    ratio: float
    """Its time over that of the plain network in the same round, as the median of the rounds."""
    quartiles: tuple[float, float]
    """Lower and upper quartile of these ratios."""
    milliseconds: float
    """Processor time of one thread for one image, as the median of the rounds. The ratio is what compares
    networks, since the speed of a machine drifts."""


@lru_cache(maxsize=1)
def _timings() -> dict[str, Any]:
    timings: dict[str, Any] = json.loads(_PATH.read_text(encoding="utf-8"))
    return timings


def timing(setting: str) -> dict[int, Timing]:
    """Return the time of a setting's network by the number of images in a batch: 1 and 50.

    The plain network was timed next to a copy of itself, so that its ratio shows what is noise.

    Args:
        setting: a setting of the main group, such as ``"se_r4_bias"``: a run's name without its seed, which
            changes weights but not times.

    Raises:
        KeyError: the setting was not timed.
    """
    settings = _timings()["settings"]
    if setting not in settings:
        raise KeyError(f"expected a setting out of {sorted(settings)}; got {setting!r}")
    return {
        int(batch): Timing(one["ratio"], tuple(one["quartiles"]), one["milliseconds"])
        for batch, one in settings[setting].items()
    }


def timing_conditions() -> dict[str, Any]:
    """Return when, where and how the times were measured.

    Its entries:

    - ``command``: repeats the measurement; ``date``: the day, as ``2026-11-20``;
    - ``cpu``, ``platform``, ``versions``, ``threads``: what it ran on;
    - ``load``: the machine's load average in the minute before and in the last minute, or None where the
      system has none: on a quiet machine 0 and 1;
    - ``rounds``: how often the networks took turns; ``passes``: by the size of a batch, as text, how many
      forward passes were timed as one.
    """
    return {key: value for key, value in _timings().items() if key != "settings"}
