"""The explorers by the names of their classes."""

from __future__ import annotations

from gate_by_gate.explorers import (
    bam,
    cbam,
    coord_att,
    eca,
    gate_swap,
    network,
    probe,
    results,
    se,
    self_attention,
    side_by_side,
)
from gate_by_gate.widgets.live import Explorer, control_trait


class SEExplorer(Explorer):
    """Squeeze-and-Excitation: what a block costs, and what a trained one does to an image."""

    definition = se.EXPLORER
    channels = control_trait(se.CHANNELS)
    reduction = control_trait(se.REDUCTION)
    bias = control_trait(se.BIAS)
    image = control_trait(se.IMAGE)
    stage = control_trait(se.STAGE)
    order = control_trait(se.ORDER)


class ECAExplorer(Explorer):
    """Efficient Channel Attention: how far a gate looks, what it costs, and what a trained one does."""

    definition = eca.EXPLORER
    channels = control_trait(eca.CHANNELS)
    gamma = control_trait(eca.GAMMA)
    b = control_trait(eca.B)
    kernel_size = control_trait(eca.KERNEL_SIZE)
    trained = control_trait(eca.TRAINED)
    stage = control_trait(eca.STAGE)
    image = control_trait(eca.IMAGE)


class CBAMExplorer(Explorer):
    """CBAM: what a block costs, and what the two gates of a trained one do to an image."""

    definition = cbam.EXPLORER
    channels = control_trait(cbam.CHANNELS)
    reduction = control_trait(cbam.REDUCTION)
    kernel_size = control_trait(cbam.KERNEL_SIZE)
    variant = control_trait(cbam.VARIANT)
    stage = control_trait(cbam.STAGE)
    image = control_trait(cbam.IMAGE)


class BAMExplorer(Explorer):
    """BAM: what a block costs, how far its spatial branch looks, and what a trained one does to an image."""

    definition = bam.EXPLORER
    channels = control_trait(bam.CHANNELS)
    reduction = control_trait(bam.REDUCTION)
    dilation = control_trait(bam.DILATION)
    combine = control_trait(bam.COMBINE)
    stage = control_trait(bam.STAGE)
    image = control_trait(bam.IMAGE)


class CoordAttExplorer(Explorer):
    """Coordinate Attention: what a block costs, and the two strips of a trained one over an image."""

    definition = coord_att.EXPLORER
    channels = control_trait(coord_att.CHANNELS)
    reduction = control_trait(coord_att.REDUCTION)
    strips = control_trait(coord_att.STRIPS)
    channel = control_trait(coord_att.CHANNEL)
    stage = control_trait(coord_att.STAGE)
    image = control_trait(coord_att.IMAGE)


class SelfAttentionExplorer(Explorer):
    """Self-attention: where a place of the map looks, and what that costs as the map grows."""

    definition = self_attention.EXPLORER
    heads = control_trait(self_attention.HEADS)
    image = control_trait(self_attention.IMAGE)
    stage = control_trait(self_attention.STAGE)
    query = control_trait(self_attention.QUERY)
    channels = control_trait(self_attention.CHANNELS)
    side = control_trait(self_attention.SIDE)


class NetworkExplorer(Explorer):
    """A block in every slot of a backbone: what the whole network then costs."""

    definition = network.EXPLORER
    backbone = control_trait(network.BACKBONE)
    block = control_trait(network.BLOCK)
    placement = control_trait(network.PLACEMENT)
    reduction = control_trait(network.REDUCTION)
    kernel_size = control_trait(network.KERNEL)
    side = control_trait(network.SIDE)


class ResultsExplorer(Explorer):
    """Where the result stands: every setting of the main comparison, and any two side by side."""

    definition = results.EXPLORER
    measure = control_trait(results.MEASURE)
    cost = control_trait(results.COST)
    map = control_trait(results.MAP)
    stage = control_trait(results.STAGE)
    first = control_trait(results.FIRST)
    second = control_trait(results.SECOND)


class SideBySideExplorer(Explorer):
    """One image and the same stage of seven networks: maps, predictions, hits, costs and times."""

    definition = side_by_side.EXPLORER
    image = control_trait(side_by_side.IMAGE)
    stage = control_trait(side_by_side.STAGE)


class GateSwapExplorer(Explorer):
    """A trained network and its gates: swap them for another image's, freeze them, open them all."""

    definition = gate_swap.EXPLORER
    image = control_trait(gate_swap.IMAGE)
    donor = control_trait(gate_swap.DONOR)


class ColourCueExplorer(Explorer):
    """The probe with a small cue: what its networks answer, and what an intervention changes."""

    definition = probe.COLOUR_CUE
    network = control_trait(definition.controls["network"])
    intervention = control_trait(definition.controls["intervention"])
    image = control_trait(definition.controls["image"])
    stage = control_trait(definition.controls["stage"])


class FrameCueExplorer(Explorer):
    """The same for the probe with a cue that every mean sees."""

    definition = probe.FRAME_CUE
    network = control_trait(definition.controls["network"])
    intervention = control_trait(definition.controls["intervention"])
    image = control_trait(definition.controls["image"])
    stage = control_trait(definition.controls["stage"])


class RowCueExplorer(Explorer):
    """The same for the probe with a cue along a row."""

    definition = probe.ROW_CUE
    network = control_trait(definition.controls["network"])
    intervention = control_trait(definition.controls["intervention"])
    image = control_trait(definition.controls["image"])
    stage = control_trait(definition.controls["stage"])


class MatchingPairExplorer(Explorer):
    """The same for the probe with two equal patterns, and no cue."""

    definition = probe.MATCHING_PAIR
    network = control_trait(definition.controls["network"])
    intervention = control_trait(definition.controls["intervention"])
    image = control_trait(definition.controls["image"])
    stage = control_trait(definition.controls["stage"])


EXPLORERS: dict[str, type[Explorer]] = {
    explorer.definition.name: explorer
    for explorer in (
        SEExplorer,
        ECAExplorer,
        CBAMExplorer,
        BAMExplorer,
        CoordAttExplorer,
        SelfAttentionExplorer,
        NetworkExplorer,
        SideBySideExplorer,
        ResultsExplorer,
        GateSwapExplorer,
        ColourCueExplorer,
        FrameCueExplorer,
        RowCueExplorer,
        MatchingPairExplorer,
    )
}
"""Every explorer by the name in its page's ``data-explorer``."""
