"""Random integers that are the same on every platform and in every version of NumPy and torch."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

__all__ = ["IntegerStream"]

_HALF_WORD = np.uint64(32)


class IntegerStream:
    """A random stream of integers that follows from its key: ``IntegerStream("data order", seed, epoch)``.

    NumPy promises that the raw words of PCG64 never change for a seed, and promises nothing of the kind for
    the methods of ``numpy.random.Generator`` (its *Compatibility policy*, after NEP 19). So only the words
    are taken from NumPy, and the two things made of them here are integer arithmetic.

    Args:
        key: what the numbers are for, then whatever else tells this stream from others. Another key is an
            independent stream. The purpose matters: were the images drawn from the words by which they are
            later shuffled, the shuffle would sort them by their digit.
    """

    def __init__(self, *key: str | int) -> None:
        # Hashed, because NumPy takes the keys (7,) and (7, 0) for one and the same.
        self._words = np.random.PCG64(int.from_bytes(hashlib.sha256(repr(key).encode()).digest(), "big"))

    def below(self, bound: int, shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
        """Draw integers from 0 to ``bound - 1``.

        The high half of a word is scaled to the bound; no value is off its fair share by more than one part
        in ``2**32 / bound``.

        Raises:
            ValueError: ``bound`` is not in ``1 .. 2**32``.
        """
        if not 1 <= bound <= 2**32:
            raise ValueError(f"`bound` must be between 1 and 2**32; got bound={bound}")
        words = self._words.random_raw(shape) >> _HALF_WORD
        return ((words * np.uint64(bound)) >> _HALF_WORD).astype(np.int64)

    def permutation(self, length: int) -> npt.NDArray[np.int64]:
        """Draw a random order of the integers from 0 to ``length - 1``: the one that sorts as many words."""
        return np.argsort(self._words.random_raw(length), kind="stable").astype(np.int64)
