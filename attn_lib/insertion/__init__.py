"""Blocks into networks that exist: insertion, an identity start, pretrained weights, freezing.

The order for a pretrained network: build it bare, load its weights, insert the blocks, freeze the rest.

Example:
    >>> model = resnet18()
    >>> load_pretrained(model, "resnet18.pth")  # a file of torchvision's fits
    LoadReport(loaded=122, missing=0, unexpected=0, mismatched=0)
    >>> insert_attention(model, "se", as_identity=True, stages=[4])
    ('layer4.0.attention', 'layer4.1.attention')
    >>> freeze(model, except_for=["*.attention", "fc"])
    FreezeReport(trainable=579626, frozen=11176512)
"""

from __future__ import annotations

from attn_lib.insertion.freezing import FreezeReport, freeze
from attn_lib.insertion.identity import IdentityStart, start_as_identity
from attn_lib.insertion.placing import insert_attention, insert_block
from attn_lib.insertion.pretrained import LoadReport, Mismatch, load_pretrained
from attn_lib.insertion.renaming import RENAMES, Rename

__all__ = [
    "RENAMES",
    "FreezeReport",
    "IdentityStart",
    "LoadReport",
    "Mismatch",
    "Rename",
    "freeze",
    "insert_attention",
    "insert_block",
    "load_pretrained",
    "start_as_identity",
]
