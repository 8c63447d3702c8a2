"""What playgrounds load when they need it: a script that hands over a network, or the pictures to try."""

from __future__ import annotations

import base64
import json
from functools import cache

from gate_by_gate import photographs, results
from gate_by_gate.playground.export import Exported, export
from gate_by_gate.segmenter import selfie_segmenter

__all__ = ["ALBUM", "SEGMENTER", "SIDE", "delivery_script", "exported"]

SEGMENTER, ALBUM = "segmenter", "photographs"

SIDE = 40
"""Height and width of the digits' images in pixels."""


@cache
def exported(name: str) -> Exported:
    """Export the segmenter, or the network of a setting that was trained with the first seed."""
    if name == SEGMENTER:
        return export(selfie_segmenter(), (1, 3, photographs.SIDE, photographs.SIDE))
    return export(results.trained_network(f"{name}_seed0"), (1, 1, SIDE, SIDE))


def delivery_script(name: str) -> str:
    """Return the script that hands a network, or the photographs, over to the page."""
    delivered: dict[str, object]
    if name == ALBUM:
        delivered = {one: coded(photographs.photograph(one).path.read_bytes()) for one in photographs.names()}
    else:
        network = exported(name)
        delivered = {"graph": network.graph, "weights": coded(network.weights)}
    return f"attnPlayground.deliver({json.dumps(name)}, {json.dumps(delivered, separators=(',', ':'))});\n"


def coded(data: bytes) -> str:
    """Write bytes as base64."""
    return base64.b64encode(data).decode("ascii")
