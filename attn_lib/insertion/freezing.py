"""Freeze a network but for some of its parameters, and say what still trains."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from torch import Tensor, nn

from attn_lib.blocks.arguments import did_you_mean
from attn_lib.insertion.pretrained import LoadReport, shorten

__all__ = ["FreezeReport", "freeze"]


@dataclass(frozen=True, repr=False)
class FreezeReport:
    """What :func:`freeze` left to train; ``print`` it.

    Attributes:
        trainable: how many numbers each parameter that trains has, by name.
        frozen: the same for those that do not.
        moving_norms: norms of which no parameter trains, but whose running mean and variance still follow the
            data in training mode. To stop that too, call ``eval()`` on them after ``model.train()``.
        never_loaded: frozen parameters that no weights were loaded into, so that they stay random; known if
            :func:`freeze` was given the report of the load.
    """

    trainable: dict[str, int]
    frozen: dict[str, int]
    moving_norms: tuple[str, ...]
    never_loaded: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Count the parameters."""
        return f"FreezeReport(trainable={sum(self.trainable.values())}, frozen={sum(self.frozen.values())})"

    def __str__(self) -> str:
        """Count the parameters and name some of those that train."""
        trainable, frozen = sum(self.trainable.values()), sum(self.frozen.values())
        lines = [
            f"trains  {trainable:,} of {trainable + frozen:,} parameters",
            f"        in tensors  {shorten(self.trainable)}",
            f"frozen  {frozen:,} parameters",
            f"        norms whose running statistics still move  {shorten(self.moving_norms)}",
        ]
        if self.never_loaded:
            lines.append(f"        random, since never loaded  {shorten(self.never_loaded)}")
        return "\n".join(lines)


def freeze(
    model: nn.Module, *, except_for: str | Iterable[str] = (), loaded: LoadReport | None = None
) -> FreezeReport:
    """Freeze every parameter of a model but those named.

    The parameters named train afterwards, also if they were frozen before.

    Args:
        model: the network, changed in place.
        except_for: full names of parameters or modules; ``*`` stands for any characters. ``"fc"`` is the
            classifier, ``"layer4"`` a stage, ``"*.attention"`` every block on a residual branch. The
            names that ``insert_attention`` returns are its blocks, in whatever slots.
        loaded: what :func:`load_pretrained` returned for this model. What is frozen without weights, and so
            would stay random, is then named.

    Returns:
        What still trains, what does not, and which norms still move.

    Raises:
        TypeError: ``except_for`` is neither a name nor several.
        ValueError: a name fits no parameter, so that a misspelt name cannot freeze what it should not.
    """
    patterns = _patterns(model, except_for)
    parameters = dict(model.named_parameters())
    for pattern in patterns:
        if not any(_fits(name, pattern) for name in parameters):
            modules = [name for name, _ in model.named_modules() if name]
            raise ValueError(
                f"`except_for` must name parameters of the model; got {pattern!r}, which fits none"
                f"{did_you_mean(pattern, modules)}"
            )

    for name, parameter in parameters.items():
        parameter.requires_grad_(any(_fits(name, pattern) for pattern in patterns))
    return FreezeReport(
        trainable={name: p.numel() for name, p in parameters.items() if p.requires_grad},
        frozen={name: p.numel() for name, p in parameters.items() if not p.requires_grad},
        moving_norms=tuple(
            name
            for name, module in model.named_modules()
            if isinstance(getattr(module, "running_mean", None), Tensor)
            and not any(parameter.requires_grad for parameter in module.parameters())
        ),
        never_loaded=() if loaded is None else _never_loaded(model, loaded),
    )


def _patterns(model: nn.Module, except_for: object) -> list[str]:
    """Return the names in ``except_for``; a module in it is told its name."""
    patterns = [except_for] if isinstance(except_for, (str, nn.Module)) else except_for
    if not isinstance(patterns, Iterable):
        raise TypeError(f"`except_for` must be a name or several, such as ['fc']; got {except_for!r}")
    found = []
    for pattern in patterns:
        if not isinstance(pattern, str):
            called = [repr(name) for name, module in model.named_modules() if module is pattern]
            advice = f". It is called {called[0]}" if called else ""
            kind = type(pattern).__name__
            raise TypeError(f"`except_for` must hold names; got {kind}{advice}")
        found.append(pattern)
    return found


def _never_loaded(model: nn.Module, loaded: LoadReport) -> tuple[str, ...]:
    """Name the entries that are frozen and not among those loaded."""
    entries = model.state_dict(keep_vars=True)
    return tuple(
        name
        for name, value in entries.items()
        if isinstance(value, nn.Parameter) and not value.requires_grad and name not in loaded.loaded
    )


def _fits(name: str, pattern: str) -> bool:
    """Whether a parameter's name is the pattern or lies below a module that is."""
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")
