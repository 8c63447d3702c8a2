"""What is inside a model: its attention maps, parameters, costs and shapes, as plain records.

Nothing here knows a particular block: a block is asked through its methods ``attention(x)`` and
``spatial_map(maps)``, and a model is read through hooks that are always removed.
"""

from attn_lib.inspection.attention_maps import (
    BlockRecord,
    attention_maps,
    is_block,
    is_innermost_block,
    record_blocks,
)
from attn_lib.inspection.flops import MacCount, Macs, count_macs
from attn_lib.inspection.grad_cam import GradCam, grad_cam
from attn_lib.inspection.localization import energy_inside, enlarge, pointing_hits, share_inside, spatial_map
from attn_lib.inspection.overlay import overlay
from attn_lib.inspection.parameters import (
    ParameterCount,
    ParameterRecord,
    count_parameters,
    count_parameters_by_block,
)
from attn_lib.inspection.shapes import ShapeRecord, trace_shapes

__all__ = [
    "BlockRecord",
    "GradCam",
    "MacCount",
    "Macs",
    "ParameterCount",
    "ParameterRecord",
    "ShapeRecord",
    "attention_maps",
    "count_macs",
    "count_parameters",
    "count_parameters_by_block",
    "energy_inside",
    "enlarge",
    "grad_cam",
    "is_block",
    "is_innermost_block",
    "overlay",
    "pointing_hits",
    "record_blocks",
    "share_inside",
    "spatial_map",
    "trace_shapes",
]
