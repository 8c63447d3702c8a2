"""The families of comparisons: which differences are tested together, and so corrected together.

A family is a list of pairs of settings that one table of the book compares. It is written down here and not
made up beside a table, so that a pair has the same corrected p-value wherever it is printed.
"""

from __future__ import annotations

from collections.abc import Callable

from gate_by_gate import results

__all__ = [
    "ABLATIONS",
    "CONDITIONS",
    "FAMILIES",
    "GENTLE",
    "PROBES",
    "REFERENCE",
    "WIDER",
    "Pair",
    "family_of",
]

Pair = tuple[str, str]
"""A setting and the one that is subtracted."""

PLAIN = "plain"

REFERENCE = {
    "plain": PLAIN,
    "SE": "se_r4_bias",
    "ECA": "eca_k3",
    "CBAM": "cbam_r4_k7",
    "BAM": "bam_r4",
    "CoordAtt": "coord_att_r4",
    "self-attention": "self_attention_r2",
}
"""The setting of the main comparison that stands for each block, and the plain network."""

WIDER = {"SE": "plain_widths16x33x65", "BAM": "plain_widths17x34x68"}
"""The plain networks that are wider by about as many parameters as a block adds."""

ABLATIONS = {
    "se_r4_bias": (
        "se_r4_bias_max",
        "se_r4_bias_tanh",
        "se_r4_bias_relu",
        "se_r4_bias_before_unit",
        "se_r4_bias_after_addition",
        "se_r4_bias_identity",
        "se_r4_bias_stages1",
        "se_r4_bias_stages2",
        "se_r4_bias_stages3",
        "se_without_squeeze_r4_bias",
    ),
    "eca_k3": (
        "eca_variant_none_k3",
        "eca_variant_per_channel_k3",
        "eca_variant_full_k3",
        "eca_variant_groups_groups4_k3",
        "eca_variant_k3",
    ),
    "cbam_r4_k7": (
        "cbam_r4_k7_avg",
        "cbam_r4_k7_max",
        "cbam_r4_k7_conv",
        "cbam_r4_k3",
        "cbam_r4_k7_spatial_first",
        "cbam_r4_k7_parallel",
    ),
    "bam_r4": (
        "bam_r4_product",
        "bam_r4_max",
        "bam_r4_channel",
        "bam_r4_spatial",
        "bam_r4_between_stages",
    ),
    "plain_depths2x2x1": ("bam_r4_between_stages",),
    "coord_att_r4": ("coord_att_strip_r4", "coord_att_strip_width_r4"),
}
"""For each setting the variants of it that its paper tried."""

CONDITIONS = {
    "7 pieces": "_fragments7",
    "21 pieces": "_fragments21",
    "5,000 images": "_train_images5000_epochs18",
    "45,000 images": "_train_images45000_epochs2",
}
"""The other tasks on which the main comparison was repeated, by what their settings' names end with."""

GENTLE = "_max_learning_rate0.003"
"""What the names of the settings end with that were trained at a gentler rate."""


PROBES: dict[str, tuple[Pair, ...]] = {
    "colour_cue": (
        ("cbam_r4_k7", "cbam_r4_k7_avg"),
        ("cbam_r4_k7", "coord_att_r4"),
        ("cbam_r4_k7_max", "cbam_r4_k7_avg"),
    ),
    "row_cue": (("coord_att_r4", "cbam_r4_k7"), ("coord_att_r4", "bam_r4_dilation1")),
    "matching_pair": (("cbam_r4_k7", "coord_att_r4"), ("cbam_r4_k7", PLAIN)),
    "frame_cue": (
        ("se_r4_bias", "cbam_r4_k7"),
        ("se_r4_bias", PLAIN),
        ("cbam_r4_k7_avg", "cbam_r4_k7"),
    ),
    "colour_count": (("se_r4_bias", "coord_att_r4"), ("se_r4_bias", "se_r4_bias_max")),
}
"""For each probe task the pairs of networks that chapter 11 compares."""

_PROBE_ENDS = {
    "colour_cue": "_train_images24000_epochs8_max_learning_rate0.003",
    "row_cue": "",
    "matching_pair": "_epochs10_max_learning_rate0.005",
    "frame_cue": "_epochs16_max_learning_rate0.001",
    "colour_count": "_epochs8_max_learning_rate0.005",
}
"""What the names of a probe task's settings end with."""


def _main() -> list[Pair]:
    """Return each block and each wider network against the plain network."""
    others = [*REFERENCE.values(), *WIDER.values()]
    return [(setting, PLAIN) for setting in others if setting != PLAIN]


def _wider() -> list[Pair]:
    """Return each block against the plain network that is as large as the largest of them."""
    return [(setting, WIDER["BAM"]) for setting in REFERENCE.values() if setting != PLAIN]


def _settings() -> list[Pair]:
    """Return every other setting of the main group against the plain network."""
    tested = {PLAIN, *REFERENCE.values(), *WIDER.values()}
    return [(setting, PLAIN) for setting in results.settings("main") if setting not in tested]


def _ablations() -> list[Pair]:
    """Return every variant of a paper against the block that it is a variant of."""
    return [(variant, whole) for whole, variants in ABLATIONS.items() for variant in variants]


def _robustness() -> list[Pair]:
    """Return the main comparison on other tasks and at a gentler rate, and BAM against the wider network."""
    wider, pairs = WIDER["BAM"], []
    for end in CONDITIONS.values():
        pairs += [
            (setting + end, PLAIN + end) for setting in (*REFERENCE.values(), wider) if setting != PLAIN
        ]
        pairs.append((REFERENCE["BAM"] + end, wider + end))
    late = (REFERENCE[name] for name in ("CBAM", "CoordAtt", "self-attention"))
    return [*pairs, *((setting + GENTLE, PLAIN + GENTLE) for setting in late)]


def _probes() -> list[Pair]:
    """Return the pairs of networks that are compared on the probe tasks."""
    return [
        (f"{task}_{first}{_PROBE_ENDS[task]}", f"{task}_{second}{_PROBE_ENDS[task]}")
        for task, pairs in PROBES.items()
        for first, second in pairs
    ]


FAMILIES: dict[str, Callable[[], list[Pair]]] = {
    "main": _main,
    "against wider": _wider,
    "settings": _settings,
    "ablations": _ablations,
    "robustness": _robustness,
    "probes": _probes,
}
"""The families by name, each as a function that lists its pairs. No pair is in two of them."""


def family_of(setting: str, other: str) -> str | None:
    """Return the name of the family that a pair belongs to, in either order; None if it is in none."""
    for name, pairs in FAMILIES.items():
        if {(setting, other), (other, setting)} & set(pairs()):
            return name
    return None
