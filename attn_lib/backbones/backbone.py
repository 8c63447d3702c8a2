"""What all backbones share: units in numbered stages, and placements by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

from torch import nn

from attn_lib.backbones.slots import Attention, Slotted, block_factory, fill, slot_name
from attn_lib.blocks.arguments import check_choice

__all__ = ["Backbone", "Placement", "put_attention"]


ONCE_A_STAGE = {"between_stages": "after_addition", "before_last_unit": "before_unit"}
"""The placements that fill one slot of a stage; each is the name of that slot in the stage's last unit.

"Between stages" is after the last unit's addition, "before the last unit" is that unit's ``before_unit``.
"""


class Placement(NamedTuple):
    """Where blocks go.

    Args:
        name: a placement that :meth:`Backbone.places` takes.
        stages: the stages that it is meant for, counted from 1; None means every one where it makes sense.
    """

    name: str
    stages: tuple[int, ...] | None = None


class Backbone(nn.Module):
    """A network whose units have slots for attention, grouped in stages that are counted from 1.

    A subclass fills ``stages`` with the names of its units and says ``before_downsampling``, the stages after
    which the map shrinks.
    """

    usual_placement: ClassVar[Placement] = Placement("residual")
    authors_placements: ClassVar[Mapping[str, Placement]] = {}
    """Where a block's authors put it, by the block's name, unless that is the usual placement."""

    stages: tuple[tuple[str, ...], ...]
    before_downsampling: tuple[int, ...]

    def default_placement(self, attention: Attention) -> Placement:
        """Return where the authors of a named block put it, and the usual placement for a callable."""
        if not isinstance(attention, str):
            return self.usual_placement
        return self.authors_placements.get(attention, self.usual_placement)

    def places(self, placement: str, stages: Sequence[int] | None = None) -> dict[str, int]:
        """Name the slots of a placement and the channels that a block there sees.

        Args:
            placement: a slot of this network's units, such as ``"residual"``, or one slot in each stage:
                ``"between_stages"``, after its last unit, or ``"before_last_unit"``.
            stages: the numbers of the stages to use. By default every one; for ``"between_stages"`` those
                after which the map shrinks.

        Returns:
            The channels by full slot name, such as ``{"layer3.0.attention": 256}``.

        Raises:
            TypeError: ``placement`` is not a string, or ``stages`` not a list.
            ValueError: this network has no such placement or stage, or none of these stages has it.
        """
        units = {name: self.get_submodule(name) for stage in self.stages for name in stage}
        slots = {name: unit.slots for name, unit in units.items() if isinstance(unit, Slotted)}
        known = dict.fromkeys(slot for unit in slots.values() for slot in unit)
        check_choice("placement", placement, (*known, *ONCE_A_STAGE))
        if stages is None:
            every = tuple(range(1, len(self.stages) + 1))
            stages = self.before_downsampling if placement == "between_stages" else every
        chosen = self._units_of(stages)
        if placement in ONCE_A_STAGE:
            placement = ONCE_A_STAGE[placement]
            chosen = [stage[-1:] for stage in chosen]
        names = [name for stage in chosen for name in stage if placement in slots[name]]
        if not names:
            raise ValueError(f"no unit of `stages`={tuple(stages)} has the placement {placement!r}")
        return {f"{name}.{slot_name(placement)}": slots[name][placement] for name in names}

    def _units_of(self, stages: Sequence[int]) -> list[tuple[str, ...]]:
        """Return the names of the units in each of the stages, in the order of the network."""
        if not isinstance(stages, Sequence) or isinstance(stages, str):
            raise TypeError(f"`stages` must be a list of numbers, such as [3]; got {stages!r}")
        known = range(1, len(self.stages) + 1)
        if any(stage not in known for stage in stages):
            raise ValueError(f"`stages` must be within 1 .. {len(self.stages)}; got {tuple(stages)}")
        return [self.stages[number - 1] for number in known if number in stages]

    def initialise_convolutions(self) -> None:
        """Draw every convolution's weights from He et al.'s normal distribution, and set its bias to zero.

        On the ``meta`` device there is nothing to draw, and PyTorch would take long to do so.

        Source: He et al., *Delving Deep into Rectifiers*, ICCV 2015, arXiv 1502.01852, section 2.2 (fan out).
        """
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and not module.weight.is_meta:
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def initialise_classifier(self) -> None:
        """Draw every linear layer's weights with a standard deviation of 0.01, as the MobileNets do."""
        for module in self.modules():
            if isinstance(module, nn.Linear) and not module.weight.is_meta:
                nn.init.normal_(module.weight, std=0.01)
                nn.init.zeros_(module.bias)


def put_attention(
    model: Backbone,
    attention: Attention,
    *,
    placement: str | None = None,
    stages: Sequence[int] | None = None,
    block_keywords: Mapping[str, object],
) -> tuple[str, ...]:
    """Put a block into every slot of a placement of a backbone.

    Args:
        model: the backbone, changed in place.
        attention: a name out of ``attn_lib.blocks.BLOCKS`` or ``VARIANTS``, a callable
            ``channels -> block``, or None.
        placement: see :meth:`Backbone.places`; by default :meth:`Backbone.default_placement`.
        stages: see :meth:`Backbone.places`.
        block_keywords: passed on to the named block.

    Returns:
        The full names of the blocks.

    Raises:
        TypeError: ``attention`` has the wrong type, or something was said about a block that is not there.
        ValueError: no block, placement or stage has that name.
    """
    factory = block_factory(attention, block_keywords)
    if factory is None:
        if placement is not None or stages is not None:
            raise TypeError(
                f"`placement` and `stages` need `attention`; got placement={placement!r}, stages={stages!r}"
            )
        return ()
    if placement is None:
        default = model.default_placement(attention)
        placement = default.name
        stages = default.stages if stages is None else stages
    slots = model.places(placement, stages)
    fill(model, slots, factory)
    return tuple(slots)
