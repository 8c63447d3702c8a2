"""Networks with named slots for attention blocks; a backbone never knows which block it holds."""

from __future__ import annotations

from attn_lib.backbones.backbone import Backbone
from attn_lib.backbones.efficientnet_lite0 import EfficientNetLite0, efficientnet_lite0
from attn_lib.backbones.mobilenet_v2 import MobileNetV2, mobilenet_v2
from attn_lib.backbones.mobilenext import MobileNeXt, mobilenext
from attn_lib.backbones.resnet import ResNet, resnet18, resnet34, resnet50, resnet101
from attn_lib.backbones.yolov4_tiny import YOLOv4Tiny, yolov4_tiny

__all__ = [
    "Backbone",
    "EfficientNetLite0",
    "MobileNeXt",
    "MobileNetV2",
    "ResNet",
    "YOLOv4Tiny",
    "efficientnet_lite0",
    "mobilenet_v2",
    "mobilenext",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "yolov4_tiny",
]
