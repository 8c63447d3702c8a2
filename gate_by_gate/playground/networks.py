"""The trained networks of the playground."""

from __future__ import annotations

import base64
import json
from functools import cache

from gate_by_gate import results
from gate_by_gate.playground.export import Exported, export

__all__ = ["NETWORKS", "SIDE", "exported", "network_script"]

NETWORKS = {
    "plain": "no block",
    "se_r4_bias": "SE",
    "eca_k3": "ECA",
    "cbam_r4_k7": "CBAM",
    "bam_r4": "BAM",
    "coord_att_r4": "CoordAtt",
    "self_attention_r2": "self-attention",
}
"""The reference settings of the experiment, one for every block, and what each is called."""

SIDE = 40
"""Height and width of the images in pixels."""


@cache
def exported(setting: str) -> Exported:
    """Export the network of a setting that was trained with the first seed."""
    return export(results.trained_network(f"{setting}_seed0"), (1, 1, SIDE, SIDE))


def network_script(setting: str) -> str:
    """Return the script that hands the network of a setting over to the page."""
    network = exported(setting)
    delivered = {"graph": network.graph, "weights": base64.b64encode(network.weights).decode("ascii")}
    return f"attnPlayground.deliver({json.dumps(setting)}, {json.dumps(delivered, separators=(',', ':'))});\n"
