"""The six blocks that the book teaches; ``attn_lib.blocks.BLOCKS`` may hold more."""

from __future__ import annotations

from attn_lib.blocks import BLOCKS

__all__ = ["BOOK_BLOCKS"]

BOOK_BLOCKS = {name: BLOCKS[name] for name in ("se", "eca", "cbam", "bam", "coord_att", "self_attention")}
"""The blocks by name, in the order of the chapters; a loop of a chapter runs over these."""
