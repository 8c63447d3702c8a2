"""Freeze a network but for some of its parameters, and say what still trains."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from torch import Tensor, nn

from attn_lib.insertion.pretrained import shorten

__all__ = ["FreezeReport", "freeze"]


@dataclass(frozen=True, repr=False)
class FreezeReport:
    """What :func:`freeze` left to train; ``print`` it.

    Attributes:
        trainable: how many numbers each parameter that trains has, by name.
        frozen: the same for those that do not.
        moving_norms: norms of which no parameter trains, but whose running mean and variance still follow the
            data in training mode. To stop that too, call ``eval()`` on them after ``model.train()``.
    """

    trainable: dict[str, int]
    frozen: dict[str, int]
    moving_norms: tuple[str, ...]

    def __repr__(self) -> str:
        """Count the parameters."""
        return f"FreezeReport(trainable={sum(self.trainable.values())}, frozen={sum(self.frozen.values())})"

    def __str__(self) -> str:
        """Count the parameters and name some of those that train."""
        trainable, frozen = sum(self.trainable.values()), sum(self.frozen.values())
        return "\n".join(
            [
                f"trains  {trainable:,} of {trainable + frozen:,} parameters",
                f"        in tensors  {shorten(self.trainable)}",
                f"frozen  {frozen:,} parameters",
                f"        norms whose running statistics still move  {shorten(self.moving_norms)}",
            ]
        )


def freeze(model: nn.Module, *, except_for: str | Iterable[str] = ()) -> FreezeReport:
    """Freeze every parameter of a model but those named.

    The parameters named train afterwards, also if they were frozen before.

    Args:
        model: the network, changed in place.
        except_for: full names of parameters or modules; ``*`` stands for any characters. ``"fc"`` is the
            classifier, ``"layer4"`` a stage, ``"*.attention"`` every block on a residual branch. The
            names that ``insert_attention`` returns are its blocks, in whatever slots.

    Returns:
        What still trains, what does not, and which norms still move.

    Raises:
        ValueError: a name fits no parameter, so that a misspelt name cannot freeze what it should not.
    """
    patterns = [except_for] if isinstance(except_for, str) else list(except_for)
    parameters = dict(model.named_parameters())
    for pattern in patterns:
        if not any(_fits(name, pattern) for name in parameters):
            raise ValueError(
                f"`except_for` must name parameters of the model; got {pattern!r}, which fits none"
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
    )


def _fits(name: str, pattern: str) -> bool:
    """Whether a parameter's name is the pattern or lies below a module that is."""
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")
