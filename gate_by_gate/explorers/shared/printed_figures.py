"""Figures that papers and released code print for whole networks, to compare with what is counted here."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["PRINTED", "Printed", "Unit"]


class Unit(NamedTuple):
    """The unit of a printed figure: how many parameters it stands for, and its name."""

    size: int
    name: str


M = Unit(10**6, "M")
MEBI = Unit(2**20, "× 2²⁰")
STATISTICS = (
    "The count with the running statistics of the norms, which a Caffe model stores with its weights, is {}."
)
NO_BIAS = "The printed figure is that of the block without biases."


class Printed(NamedTuple):
    """One printed number of parameters.

    Attributes:
        backbone: the network, by the name of its builder.
        block: the block, or ``"none"``.
        placement: where the block sits; ``None`` where there is none.
        reduction: the reduction ratio; ``None`` for a block without one.
        text: the number as printed, such as ``"28.09"``.
        unit: what it is in.
        source: where it is printed.
        remark: why it may differ from the count; ``{}`` stands for the count with the norms' statistics.
    """

    backbone: str
    block: str
    placement: str | None
    reduction: int | None
    text: str
    unit: Unit
    source: str
    remark: str = ""

    def written(self, parameters: int) -> str:
        """Write a number of parameters in the unit and with the decimals of this figure."""
        decimals = len(self.text.partition(".")[2])
        return f"{parameters / self.unit.size:.{decimals}f} {self.unit.name}"


_SE_TABLE = "SE journal paper, table 10"
_SE_PLACES = "SE journal paper, on the place of the block"
_ECA_TABLE = "ECA paper, table 3"
_CBAM_TABLE = "CBAM paper, table 4, as others quote it"
_BAM_TABLE = "BAM paper, as others quote it"
_README = "README of the CoordAtt release"

PRINTED = (
    Printed("resnet50", "none", None, None, "24.37", MEBI, _ECA_TABLE),
    Printed("resnet50", "none", None, None, "25.56", M, _CBAM_TABLE),
    Printed("resnet101", "none", None, None, "42.49", MEBI, _ECA_TABLE),
    Printed("mobilenet_v2", "none", None, None, "3.34", MEBI, _ECA_TABLE),
    Printed("mobilenet_v2", "none", None, None, "3.5", M, _README),
    Printed("mobilenext", "none", None, None, "3.5", M, _README),
    Printed("resnet50", "se", "residual", 4, "35.7", M, _SE_TABLE, STATISTICS),
    Printed("resnet50", "se", "residual", 8, "30.7", M, _SE_TABLE, STATISTICS),
    Printed("resnet50", "se", "residual", 16, "28.1", M, _SE_TABLE),
    Printed("resnet50", "se", "residual", 32, "26.9", M, _SE_TABLE, STATISTICS),
    Printed("resnet50", "se", "after_3x3", 16, "25.8", M, _SE_PLACES, STATISTICS),
    Printed("resnet50", "se", "residual", 16, "28.09", M, _CBAM_TABLE),
    Printed("resnet50", "se", "residual", 16, "26.77", MEBI, _ECA_TABLE, NO_BIAS),
    Printed("resnet101", "se", "residual", 16, "47.01", MEBI, _ECA_TABLE, NO_BIAS),
    Printed("mobilenet_v2", "se", "residual", 8, "3.40", MEBI, _ECA_TABLE, NO_BIAS),
    Printed("resnet50", "eca", "residual", None, "24.37", MEBI, _ECA_TABLE),
    Printed("resnet101", "eca", "residual", None, "42.49", MEBI, _ECA_TABLE),
    Printed("mobilenet_v2", "eca", "residual", None, "3.34", MEBI, _ECA_TABLE),
    Printed("resnet50", "cbam", "residual", 16, "28.09", M, _CBAM_TABLE),
    Printed("resnet50", "cbam", "residual", 16, "26.77", MEBI, _ECA_TABLE, NO_BIAS),
    Printed("resnet101", "cbam", "residual", 16, "47.01", MEBI, _ECA_TABLE, NO_BIAS),
    Printed("resnet50", "bam", "between_stages", 16, "25.92", M, _BAM_TABLE),
    Printed("resnet101", "bam", "between_stages", 16, "44.91", M, _BAM_TABLE),
    Printed("mobilenet_v2", "coord_att", "hidden", 32, "3.95", M, _README),
    Printed(
        "mobilenext",
        "coord_att",
        "after_first_depthwise",
        32,
        "4.09",
        M,
        _README,
        "The printed figure is that of the block after the last depthwise convolution instead.",
    ),
    Printed("mobilenext", "coord_att", "after_last_depthwise", 32, "4.09", M, _README),
)  # fmt: skip
"""Every printed figure, by network and block. Kernel sizes are those the block has by default."""
