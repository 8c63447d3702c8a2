"""What is inside a model: its attention maps, parameters, costs and shapes, as plain records.

Nothing here knows a particular block: a block is read through its ``attention(x)`` method, a model through
hooks that are always removed.
"""

from attn_lib.inspection.attention_maps import BlockRecord, attention_maps, is_block, record_blocks

__all__ = ["BlockRecord", "attention_maps", "is_block", "record_blocks"]
