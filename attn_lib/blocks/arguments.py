"""Checks of what a user passes to a block, so that a mistake is named here and not deep inside torch.

Every message says what was expected and what came. While torch.fx records a graph there is no input yet, so
nothing is checked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Integral

from torch import Tensor, nn
from torch.fx import Proxy

__all__ = [
    "check_batch_statistics",
    "check_choice",
    "check_flag",
    "check_heads",
    "check_int",
    "check_kernel_size",
    "check_map",
    "check_number",
    "check_reduction",
    "check_sequence",
    "check_sides",
    "did_you_mean",
]


def check_int(name: str, value: object, *, minimum: int = 1) -> int:
    """Return ``value`` as an ``int`` if it is an integer, such as NumPy's, of at least ``minimum``.

    A ``bool`` is refused although Python counts it as an ``int``: ``SE(True)`` is a mistake.

    Raises:
        TypeError: ``value`` is not an integer.
        ValueError: ``value`` is smaller than ``minimum``.
    """
    checked = _integer(name, value)
    if checked < minimum:
        raise ValueError(f"`{name}` must be at least {minimum}; got {name}={checked}")
    return checked


def _integer(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"`{name}` must be an int; got {value!r} of type {type(value).__name__}")
    return int(value)


def check_kernel_size(kernel_size: object) -> int:
    """Return ``kernel_size`` if it is odd and positive, so that a window has a centre.

    Raises:
        TypeError: it is not an ``int``.
        ValueError: it is even or not positive.
    """
    checked = check_int("kernel_size", kernel_size)
    if checked % 2 == 0:
        raise ValueError(f"`kernel_size` must be odd; got kernel_size={checked}")
    return checked


def check_number(name: str, value: object, *, positive: bool = False) -> float:
    """Return ``value`` if it is a finite ``int`` or ``float``, and above zero if ``positive``.

    Raises:
        TypeError: ``value`` is not a number, or is a ``bool``.
        ValueError: ``value`` is infinite or NaN, or not above zero where it must be.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"`{name}` must be a number; got {value!r} of type {type(value).__name__}")
    if not math.isfinite(value):
        raise ValueError(f"`{name}` must be finite; got {name}={value}")
    if positive and value <= 0:
        raise ValueError(f"`{name}` must be above 0; got {name}={value}")
    return value


def check_heads(num_heads: object, qk_dim: int, v_dim: int) -> int:
    """Return ``num_heads`` if queries (and keys) and values can be cut into that many equal slices.

    Raises:
        TypeError: it is not an ``int``.
        ValueError: it is not positive, or does not divide both widths.
    """
    checked = check_int("num_heads", num_heads)
    if qk_dim % checked or v_dim % checked:
        raise ValueError(
            "`num_heads` must divide the widths of the queries and of the values; "
            f"got num_heads={checked} for widths {qk_dim} and {v_dim}"
        )
    return checked


def check_flag(name: str, value: object) -> bool:
    """Return ``value`` if it is ``True`` or ``False``.

    Raises:
        TypeError: ``value`` is anything else.
    """
    if not isinstance(value, bool):
        raise TypeError(f"`{name}` must be True or False; got {value!r} of type {type(value).__name__}")
    return value


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """Return ``"; did you mean 'cbam'?"`` for the names that are close to a word, or else an empty string.

    Capitals and underscores do not matter, and a name may be the beginning of the word or the reverse.
    """
    plain = {re.sub(r"[\W_]", "", name).lower(): name for name in names}
    typed = re.sub(r"[\W_]", "", word).lower()
    begun = [name for name in plain if _one_begins_the_other(name, typed)]
    close = [typed] if typed in plain else list(dict.fromkeys([*begun, *get_close_matches(typed, plain)]))[:2]
    return f"; did you mean {' or '.join(repr(plain[name]) for name in close)}?" if close else ""


def _one_begins_the_other(one: str, other: str) -> bool:
    return min(len(one), len(other)) > 1 and (one.startswith(other) or other.startswith(one))


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> str:
    """Return ``value`` if it is one of ``choices``.

    Raises:
        TypeError: ``value`` is not a string.
        ValueError: ``value`` is not among ``choices``.
    """
    expected = ", ".join(repr(choice) for choice in choices)
    if not isinstance(value, str):
        raise TypeError(f"`{name}` must be one of {expected}; got {value!r} of type {type(value).__name__}")
    if value not in choices:
        raise ValueError(
            f"`{name}` must be one of {expected}; got {name}={value!r}{did_you_mean(value, choices)}"
        )
    return value


def check_reduction(channels: object, reduction: object) -> tuple[int, int]:
    """Return ``(channels, reduction)`` if ``channels // reduction`` is at least one hidden unit.

    Without this check ``channels < reduction`` builds ``Linear(channels, 0)`` in silence, and an SE block
    then multiplies every feature by ``sigmoid(0) = 0.5``.

    Raises:
        TypeError: either is not an ``int``.
        ValueError: ``channels`` is not positive, or ``reduction`` is not in ``1 .. channels``.
    """
    whole, divisor = check_int("channels", channels), _integer("reduction", reduction)
    if not 1 <= divisor <= whole:
        raise ValueError(
            f"`reduction` must be between 1 and `channels`; got reduction={divisor} for channels={whole}"
        )
    return whole, divisor


def check_map(x: Tensor, channels: int) -> None:
    """Accept only a non-empty floating-point feature map of shape ``(N, channels, H, W)``.

    Raises:
        TypeError: ``x`` is not a floating-point tensor.
        ValueError: the rank or the number of channels differs, or a side is empty.
    """
    if isinstance(x, Proxy):
        return
    _check_floating(x, f"(N, {channels}, H, W)")
    if x.dim() != 4 or x.shape[1] != channels:
        raise ValueError(f"expected shape (N, {channels}, H, W); got {tuple(x.shape)}{_advice(x, channels)}")
    if x.shape[2] == 0 or x.shape[3] == 0:
        raise ValueError(f"expected H and W of at least 1; got {tuple(x.shape)}")


def check_sides(x: Tensor, divisor: int) -> None:
    """Accept only a feature map or an image whose height and width are multiples of ``divisor``.

    Raises:
        ValueError: a side is not.
    """
    if isinstance(x, Proxy):
        return
    if x.shape[2] % divisor or x.shape[3] % divisor:
        raise ValueError(f"expected H and W to be multiples of {divisor}; got {tuple(x.shape)}")


def check_sequence(x: Tensor, features: int) -> None:
    """Accept only a non-empty floating-point sequence of shape ``(N, L, features)``.

    Raises:
        TypeError: ``x`` is not a floating-point tensor.
        ValueError: the rank or the number of features differs, or L is 0.
    """
    if isinstance(x, Proxy):
        return
    _check_floating(x, f"(N, L, {features})")
    if x.dim() != 3 or x.shape[2] != features:
        raise ValueError(f"expected shape (N, L, {features}); got {tuple(x.shape)}")
    if x.shape[1] == 0:
        raise ValueError(f"expected L of at least 1; got {tuple(x.shape)}")


def _advice(x: Tensor, channels: int) -> str:
    """Say what can be done with an input that has too few or too many axes, but the right channels."""
    if x.dim() == 3 and x.shape[0] == channels:
        return ". One image needs an axis for the batch: x[None]"
    if x.dim() == 3 and x.shape[1] == channels:
        return ". A signal (N, C, L) is a map of one column: x[..., None]"
    if x.dim() == 5 and x.shape[1] == channels:
        return ". Volumes are not supported; to a block without a spatial map, x.flatten(3) is the same"
    return ""


def _check_floating(x: object, shape: str) -> None:
    if not isinstance(x, Tensor):
        raise TypeError(f"expected a Tensor of shape {shape}; got {type(x).__name__}")
    if not x.is_floating_point():
        raise TypeError(f"expected a floating-point Tensor; got dtype {x.dtype}")


def check_batch_statistics(norm: nn.Module, values: int) -> None:
    """Refuse a training batch that gives the batch norm ``norm`` fewer than two values per channel.

    A norm in evaluation mode takes its statistics from earlier batches, and a synchronised one from other
    processes too; both are let through.

    Raises:
        ValueError: ``norm`` is a batch norm in training mode, and ``values`` is below 2.
    """
    if isinstance(values, Proxy):
        return
    if isinstance(norm, (nn.BatchNorm1d, nn.BatchNorm2d)) and norm.training and values < 2:
        raise ValueError(
            f"batch norm in training mode needs at least 2 values per channel; got {values}. Pass more "
            "samples (DataLoader(..., drop_last=True) leaves out an incomplete last batch), or call .eval() "
            "to use the running statistics"
        )
