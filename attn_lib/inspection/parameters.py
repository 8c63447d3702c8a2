"""How many learned numbers a model holds: by parameter, by part, by block and in total."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from torch import nn

from attn_lib.inspection.attention_maps import is_block
from attn_lib.inspection.hooks import named_modules
from attn_lib.inspection.printing import MOST_ROWS, Records, table

__all__ = ["ParameterCount", "ParameterRecord", "count_parameters", "count_parameters_by_block"]


@dataclass(frozen=True)
class ParameterRecord:
    """One parameter tensor.

    Attributes:
        name: its qualified name, as in the model's ``state_dict``.
        part_type: the class of the module that holds it, such as ``"Conv2d"``.
        shape: its shape; ``()`` for a single number.
        trainable: whether it requires a gradient.
    """

    name: str
    part_type: str
    shape: tuple[int, ...]
    trainable: bool

    @property
    def part(self) -> str:
        """The qualified name of the module that holds it."""
        return self.name.rpartition(".")[0]

    @property
    def count(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)

    @property
    def formula(self) -> str:
        """The shape as a product and its value, such as ``"16 × 256 = 4096"``."""
        return _equation([self])


@dataclass(frozen=True, repr=False)
class ParameterCount:
    """The parameters of a model, or of a part of one; ``print`` shows its parts.

    Attributes:
        name: the qualified name of the module; ``""`` for a whole model.
        type: the class of the module.
        parameters: its parameters and those of everything in it, in the order of the model's definition.
    """

    name: str
    type: str
    parameters: tuple[ParameterRecord, ...]

    def __repr__(self) -> str:
        """Count the whole."""
        return f"ParameterCount({self.name!r}, {self.type}, total={self.total}, trainable={self.trainable})"

    def __str__(self) -> str:
        """Count the parts, one by one with their formulas; where they are many, those of the first level."""
        parts = [(part.name or "itself", part.total, part.formula) for part in self.parts.values()]
        if len(parts) > MOST_ROWS:
            inside = f"{self.name}." if self.name else ""
            by_child: dict[str, int] = {}
            for parameter in self.parameters:
                child = inside + parameter.name.removeprefix(inside).partition(".")[0]
                by_child[child] = by_child.get(child, 0) + parameter.count
            parts = [(name, count, "") for name, count in by_child.items()]
        rows = [(self.name or f"(the {self.type})", self.total, ""), *parts]
        return table(rows, header=("parameters of", "number", "formula"))

    @property
    def total(self) -> int:
        """How many numbers all parameters hold."""
        return sum(parameter.count for parameter in self.parameters)

    @property
    def trainable(self) -> int:
        """How many of them training would change."""
        return sum(parameter.count for parameter in self.parameters if parameter.trainable)

    @property
    def frozen(self) -> int:
        """How many of them training would leave alone."""
        return self.total - self.trainable

    @property
    def formula(self) -> str:
        """The sum of the shapes as products, and its value, such as ``"16 × 256 + 16 = 4112"``."""
        return _equation(self.parameters)

    @property
    def parts(self) -> dict[str, ParameterCount]:
        """The parameters by the module that holds them itself, such as a convolution or a norm."""
        by_part: dict[str, list[ParameterRecord]] = {}
        for parameter in self.parameters:
            by_part.setdefault(parameter.part, []).append(parameter)
        return {
            name: ParameterCount(name, parameters[0].part_type, tuple(parameters))
            for name, parameters in by_part.items()
        }


def count_parameters(model: nn.Module) -> ParameterCount:
    """Count the parameters of a model.

    A parameter that is used twice counts once, under its first name. Buffers, such as the running
    statistics of a BatchNorm, are not learned and do not count.

    The formulas are written with the numbers of this model. Naming the numbers, such as writing 16 as C / r,
    takes knowledge of the block that a shape does not hold: 16 may be C / r, C or a kernel's side.

    Args:
        model: any model, on any device, ``meta`` included.

    Example:
        >>> count = count_parameters(SE(256, reduction=16))
        >>> count.formula
        '16 × 256 + 16 + 256 × 16 + 256 = 8464'
        >>> count.parts["mlp.fc1"].formula
        '16 × 256 + 16 = 4112'
    """
    return _count("", model)


def count_parameters_by_block(model: nn.Module) -> dict[str, ParameterCount]:
    """Count the parameters of every attention block in a model, by the block's qualified name.

    Which modules are blocks is decided by :func:`~attn_lib.inspection.is_block`. Every block is counted as
    if it stood alone: a block inside another one counts in both, and so does a parameter that two blocks
    share, so the sum over blocks may then exceed what the model holds.
    """
    return Records({name: _count(name, module) for name, module in named_modules(model) if is_block(module)})


def _count(name: str, module: nn.Module) -> ParameterCount:
    records = []
    seen: set[nn.Parameter] = set()
    for inner_name, part in named_modules(module):
        for parameter_name, parameter in part.named_parameters(recurse=False):
            if parameter in seen:
                continue
            seen.add(parameter)
            records.append(
                ParameterRecord(
                    name=".".join(step for step in (name, inner_name, parameter_name) if step),
                    part_type=type(part).__name__,
                    shape=tuple(parameter.shape),
                    trainable=parameter.requires_grad,
                )
            )
    return ParameterCount(name, _type_name(module), tuple(records))


def _type_name(module: nn.Module) -> str:
    """The class of a module; of the module inside, if ``torch.compile`` wrapped it."""
    return type(named_modules(module)[0][1]).__name__


def _equation(parameters: tuple[ParameterRecord, ...] | list[ParameterRecord]) -> str:
    """Write the shapes as a sum of products; a lone number needs no equals sign."""
    value = str(sum(parameter.count for parameter in parameters))
    terms = [" × ".join(str(size) for size in parameter.shape) or "1" for parameter in parameters]
    formula = " + ".join(terms) or "0"
    return formula if formula == value else f"{formula} = {value}"
