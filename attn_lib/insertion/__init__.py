"""Blocks into networks that exist: insertion, an identity start, pretrained weights, freezing.

The order for a pretrained network: build it bare, load its weights, insert the blocks, freeze the rest.

Example:
    >>> model = resnet18()
    >>> report = load_pretrained(model, "resnet18.pth")  # torchvision's file
    >>> names = insert_attention(model, "cbam", as_identity=True)
    >>> print(freeze(model, except_for=["*.attention", "fc"]))
"""

from __future__ import annotations

from attn_lib.insertion.freezing import FreezeReport, freeze
from attn_lib.insertion.identity import IdentityStart, start_as_identity
from attn_lib.insertion.placing import insert_attention, insert_block
from attn_lib.insertion.pretrained import LoadReport, Mismatch, load_pretrained

__all__ = [
    "FreezeReport",
    "IdentityStart",
    "LoadReport",
    "Mismatch",
    "freeze",
    "insert_attention",
    "insert_block",
    "load_pretrained",
    "start_as_identity",
]
