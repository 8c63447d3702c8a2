"""Networks with named places for attention blocks; a backbone never knows which block it holds."""

from __future__ import annotations

from attn_lib.backbones.resnet import ResNet, digit_resnet

__all__ = ["ResNet", "digit_resnet"]
