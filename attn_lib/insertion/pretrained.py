"""Load the weights that fit, and say exactly which did not."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor, nn

from attn_lib.insertion.files import read_file
from attn_lib.insertion.renaming import RENAMES, Rules, rename_entries

__all__ = ["LoadReport", "Mismatch", "load_pretrained", "shorten"]


class Mismatch(NamedTuple):
    """A name that both sides have, with different shapes."""

    name: str
    expected: tuple[int, ...]
    got: tuple[int, ...]

    def __str__(self) -> str:
        """Name the two shapes."""
        return f"{self.name} (expected {self.expected}, got {self.got})"


@dataclass(frozen=True, repr=False)
class LoadReport:
    """What :func:`load_pretrained` did with each entry; ``print`` it.

    Attributes:
        loaded: entries that were copied.
        missing: entries of the model that the source lacks; they keep their values.
        unexpected: entries of the source that the model lacks.
        mismatched: entries that both have, with different shapes; the model's keep their values.
    """

    loaded: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mismatched: tuple[Mismatch, ...]

    @property
    def complete(self) -> bool:
        """Whether every entry of both sides was used."""
        return not (self.missing or self.unexpected or self.mismatched)

    def __repr__(self) -> str:
        """Count the entries."""
        return (
            f"LoadReport(loaded={len(self.loaded)}, missing={len(self.missing)}, "
            f"unexpected={len(self.unexpected)}, mismatched={len(self.mismatched)})"
        )

    def __str__(self) -> str:
        """Count the entries and name some of them."""
        entries = len(self.loaded) + len(self.missing) + len(self.mismatched)
        return "\n".join(
            [
                f"loaded      {len(self.loaded)} of the model's {entries} entries",
                f"missing     {shorten(self.missing)}",
                f"unexpected  {shorten(self.unexpected)}",
                f"mismatched  {shorten(map(str, self.mismatched))}",
            ]
        )


def load_pretrained(
    model: nn.Module,
    source: str | os.PathLike[str] | Mapping[str, Tensor],
    *,
    entry: str | None = None,
    prefix: str = "module.",
    rename: Rules | None = None,
    allow_partial: bool = False,
) -> LoadReport:
    """Load from a state dict what fits the model by name and shape.

    Args:
        model: the network, changed in place.
        source: a state dict, or a file with one. A file is read with ``weights_only=True``, so it can hold
            tensors but run no code.
        entry: the key of the state dict, if the source is a larger checkpoint, such as ``"state_dict"``.
        prefix: stripped from the start of a name of the source, unless the model has that very name.
            ``DataParallel`` puts ``module.`` there. A ``module.`` elsewhere in a name, as in
            ``my_module.weight``, is left alone.
        rename: rules from the names of the source to those of the model: a repository's, by a key of
            :data:`~attn_lib.insertion.renaming.RENAMES` such as ``"attention-module"``; regular expressions
            with what takes their place; or a function of a name.
        allow_partial: whether a load is accepted that leaves more than half of the entries out, on both
            sides. It is an error otherwise, since what then runs is mostly random.

    Returns:
        What was loaded and what was not.

    Raises:
        TypeError: the source is not a state dict: a mapping of names to tensors.
        ValueError: the file holds something else, the source has no such ``entry``, two of its names are the
            same without the prefix or by ``rename``, nothing in it fits, or too little does.
    """
    own = model.state_dict()
    offered = _without_prefix(_read(source, entry), prefix, keep=own)
    if rename is not None:
        offered = rename_entries(offered, rename, own)
    common = [name for name in own if name in offered]
    fitting = {name: offered[name] for name in common if own[name].shape == offered[name].shape}
    report = LoadReport(
        loaded=tuple(fitting),
        missing=tuple(name for name in own if name not in offered),
        unexpected=tuple(name for name in offered if name not in own),
        mismatched=tuple(
            Mismatch(name, tuple(own[name].shape), tuple(offered[name].shape))
            for name in common
            if name not in fitting
        ),
    )
    if not fitting or (2 * len(fitting) < min(len(own), len(offered)) and not allow_partial):
        few = f"got {len(fitting)} of {len(offered)}" if fitting else "got none"
        advice = "" if rename else _advise_rules(own, offered, at_least=len(fitting) + 1)
        accept = ". allow_partial=True accepts it" if fitting else ""
        raise ValueError(
            f"`source` must have entries that fit the model; {few}. The model has {shorten(own)}; "
            f"the source has {shorten(offered)}; mismatched: {shorten(map(str, report.mismatched))}"
            f"{advice}{accept}"
        )
    model.load_state_dict(fitting, strict=False)
    return report


def _advise_rules(own: Mapping[str, Tensor], offered: Mapping[str, Tensor], *, at_least: int) -> str:
    """Name the shipped rules by which the most entries would fit, if more than half of the source does."""
    fits = {}
    for rules in RENAMES:
        with suppress(ValueError):  # meant for other names, which they do not keep apart
            renamed = rename_entries(offered, rules, own)
            fits[rules] = sum(
                name in own and own[name].shape == value.shape for name, value in renamed.items()
            )
    best = max(fits, key=lambda rules: fits[rules])
    if fits[best] < max(at_least, len(offered) / 2):
        return ""
    return f". With rename={best!r}, {fits[best]} would fit"


def _read(source: object, entry: str | None) -> dict[str, Tensor]:
    """Return the state dict in ``source``."""
    if isinstance(source, str | os.PathLike):
        source = read_file(source)
    if isinstance(source, nn.Module):
        raise TypeError(
            f"`source` must be a state dict or a file with one; got a {type(source).__name__}: pass its "
            ".state_dict()"
        )
    if entry is not None:
        if not isinstance(source, Mapping) or entry not in source:
            found = shorten(map(repr, source)) if isinstance(source, Mapping) else type(source).__name__
            raise ValueError(f"`source` must have the entry {entry!r}; got {found}")
        source = source[entry]
    if not isinstance(source, Mapping):
        raise TypeError(f"`source` must be a state dict or a file with one; got {type(source).__name__}")
    for name, value in source.items():
        if not isinstance(value, Tensor):
            held = [key for key, inner in source.items() if _is_state_dict(inner)]
            where = f": entry={' or '.join(map(repr, held))}" if held else ""
            raise TypeError(
                f"`source` must map names to Tensors; got {type(value).__name__} for {name!r}. "
                f"If it is a checkpoint that holds a state dict, name that one with `entry`{where}"
            )
    return dict(source)


def _is_state_dict(value: object) -> bool:
    return (
        isinstance(value, Mapping) and bool(value) and all(isinstance(one, Tensor) for one in value.values())
    )


def _without_prefix(
    source: Mapping[str, Tensor], prefix: str, keep: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Strip the prefix from the start of every name but those in ``keep``."""
    stripped: dict[str, Tensor] = {}
    for name, value in source.items():
        short = name if name in keep else name.removeprefix(prefix)
        if short in stripped:
            raise ValueError(f"names must differ without {prefix!r}; got {short!r} twice")
        stripped[short] = value
    return stripped


def shorten(names: Iterable[str], limit: int = 3) -> str:
    """Count the names and list the first few."""
    listed = list(names)
    if not listed:
        return "0"
    rest = f", ... ({len(listed) - limit} more)" if len(listed) > limit else ""
    return f"{len(listed)}: {', '.join(listed[:limit])}{rest}"
