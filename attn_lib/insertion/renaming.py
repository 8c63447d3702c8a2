"""Weights that others trained, under this package's names: rules from their names to these, by repository."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from torch import Tensor

from attn_lib.blocks.arguments import did_you_mean

__all__ = ["RENAMES", "Rename", "Rules", "rename_entries"]


class Rename(NamedTuple):
    """Rules from the names of a repository's state dicts to those of this package.

    Args:
        rules: regular expressions with what takes their place. All are applied, in their order, to every
            name. A ``*`` in the result stands for the one name of the model that fits.
        mean_first: the new names, as a regular expression, of the convolutions that read the mean before the
            maximum. Those of this package read the maximum first, so the two input channels change places.
    """

    rules: Mapping[str, str]
    mean_first: str = "$^"


Rules = str | Mapping[str, str] | Callable[[str], str]
"""A key of :data:`RENAMES`, regular expressions with what takes their place, or a function of a name."""

# The layers of a sandglass unit, which its authors number: with both depthwise convolutions, or no first one.
_BOTH_DEPTHWISE = {"first": (0, 1), "reduce": (3, 4), "expand": (5, 6), "last": (8, 9)}
_NO_FIRST_DEPTHWISE = {"reduce": (0, 1), "expand": (2, 3), "last": (5, 6)}


def _sandglass(units: str, layers: Mapping[str, tuple[int, int]]) -> dict[str, str]:
    numbered = [(number, f"{name}.{i}") for name, pair in layers.items() for i, number in enumerate(pair)]
    return {rf"^(features\.{units})\.conv\.{number}\.": rf"\1.{name}." for number, name in numbered}


RENAMES: dict[str, Rename] = {
    "attention-module": Rename(
        {
            r"\.cbam\.": ".attention.",
            r"\.ChannelGate\.mlp\.1\.": ".channel.mlp.fc1.",
            r"\.ChannelGate\.mlp\.3\.": ".channel.mlp.fc2.",
            r"\.SpatialGate\.spatial\.conv\.": ".spatial.conv.",
            r"\.SpatialGate\.spatial\.bn\.": ".spatial.norm.",
            # After the last unit of a stage, whose number depends on the depth.
            r"^bam(\d)\.": r"layer\1.*.attention_after_addition.",
            r"\.channel_att\.gate_c\.gate_c_fc_0\.": ".channel.fc1.",
            r"\.channel_att\.gate_c\.gate_c_bn_1\.": ".channel.norm.",
            r"\.channel_att\.gate_c\.gate_c_fc_final\.": ".channel.fc2.",
            r"\.spatial_att\.gate_s\.gate_s_conv_reduce0\.": ".spatial.reduce.",
            r"\.spatial_att\.gate_s\.gate_s_bn_reduce0\.": ".spatial.norm1.",
            r"\.spatial_att\.gate_s\.gate_s_conv_di_0\.": ".spatial.context1.",
            r"\.spatial_att\.gate_s\.gate_s_bn_di_0\.": ".spatial.norm2.",
            r"\.spatial_att\.gate_s\.gate_s_conv_di_1\.": ".spatial.context2.",
            r"\.spatial_att\.gate_s\.gate_s_bn_di_1\.": ".spatial.norm3.",
            r"\.spatial_att\.gate_s\.gate_s_conv_final\.": ".spatial.score.",
        }
    ),
    "CBAM.PyTorch": Rename(
        {
            r"\.ca\.fc(1|\.0)\.": ".attention.channel.mlp.fc1.",
            r"\.ca\.fc(2|\.2)\.": ".attention.channel.mlp.fc2.",
            r"\.sa\.conv1\.": ".attention.spatial.conv.",
        },
        mean_first=r"\.attention\.spatial\.conv\.weight$",
    ),
    "CoordAttention": Rename(
        {
            r"^features\.1\.conv\.([01])\.": r"features.1.conv.0.\1.",
            r"^features\.1\.conv\.3\.": "features.1.conv.1.",
            r"^features\.1\.conv\.4\.": "features.1.conv.2.",
            r"^(features\.\d+)\.conv\.6\.conv1\.": r"\1.attention_hidden.reduce.",
            r"^(features\.\d+)\.conv\.6\.bn1\.": r"\1.attention_hidden.norm.",
            r"^(features\.\d+)\.conv\.6\.conv2\.": r"\1.attention_hidden.height.",
            r"^(features\.\d+)\.conv\.6\.conv3\.": r"\1.attention_hidden.width.",
            r"^(features\.(?!1\.)\d+)\.conv\.([01])\.(?!\d)": r"\1.conv.0.\2.",
            r"^(features\.(?!1\.)\d+)\.conv\.3\.": r"\1.conv.1.0.",
            r"^(features\.(?!1\.)\d+)\.conv\.4\.": r"\1.conv.1.1.",
            r"^(features\.(?!1\.)\d+)\.conv\.7\.": r"\1.conv.2.",
            r"^(features\.(?!1\.)\d+)\.conv\.8\.": r"\1.conv.3.",
            r"^conv\.": "features.18.",
        }
    ),
    "ECANet": Rename(
        {
            r"\.eca\.": ".attention.",
            r"^features\.1\.conv\.3\.conv\.": "features.1.attention.conv.",
            r"^(features\.\d+)\.conv\.4\.conv\.": r"\1.attention.conv.",
        }
    ),
    "MobileNeXt": Rename(
        _sandglass("(?:3|6|9|13|17)", _NO_FIRST_DEPTHWISE) | _sandglass(r"\d+", _BOTH_DEPTHWISE)
    ),
    "senet.pytorch": Rename(
        {r"\.se\.fc\.0\.": ".attention.mlp.fc1.", r"\.se\.fc\.2\.": ".attention.mlp.fc2."}
    ),
    "timm": Rename({r"\.se\.(fc[12])\.": r".attention.mlp.\1.", r"\.se\.conv\.": ".attention.conv."}),
    "torchvision": Rename({r"(^|\.)(fc[12])\.": r"\1mlp.\2."}),
    "yolov4-tiny-pytorch": Rename(
        {
            r"\.conv\.(?=weight$)": ".0.",
            r"\.bn\.": ".1.",
            r"^backbone\.conv1\.": "stem.0.",
            r"^backbone\.conv2\.": "stem.1.",
            r"^backbone\.conv3\.": "last.",
            r"^backbone\.resblock_body(\d)\.": r"csp\1.",
            r"^conv_for_P5\.": "reduce.",
            r"^upsample\.upsample\.0\.": "lateral.",
            r"^yolo_headP5\.": "coarse_head.",
            r"^yolo_headP4\.": "fine_head.",
            r"^feat1_att\.": "attention_fine.",
            r"^feat2_att\.": "attention_coarse.",
            r"^upsample_att\.": "attention_upsample.",
            r"^(attention_\w+)\.0\.": r"\1.conv.",
            r"^(attention_\w+)\.fc\.0\.": r"\1.mlp.fc1.",
            r"^(attention_\w+)\.fc\.2\.": r"\1.mlp.fc2.",
            r"\.channelattention\.": ".channel.mlp.",
            r"\.spatialattention\.conv1\.": ".spatial.conv.",
        },
        mean_first=r"^attention_\w+\.spatial\.conv\.weight$",
    ),
}
"""Rules for what circulates, by the name of the repository.

- ``"attention-module"``: the authors' ResNets with CBAM and BAM (Jongchan/attention-module).
- ``"CBAM.PyTorch"``: ResNets with a CBAM of neither biases nor norm (luuuyi/CBAM.PyTorch).
- ``"CoordAttention"``: the authors' MobileNetV2 with CoordAtt (houqb/CoordAttention).
- ``"ECANet"``: the authors' ResNets and MobileNetV2 with ECA (BangguWu/ECANet).
- ``"MobileNeXt"``: the authors' network (yitu-opensource/MobileNeXt).
- ``"senet.pytorch"``: ResNets with an SE of no biases (moskomule/senet.pytorch).
- ``"timm"``: ResNets with SE or ECA and the stem of the paper.
- ``"torchvision"``: an SE block, alone or in a network that holds blocks of this package in its place.
- ``"yolov4-tiny-pytorch"``: YOLOv4-tiny, bare or with SE, ECA or CBAM (bubbliiiing/yolov4-tiny-pytorch).
"""


def rename_entries(
    source: Mapping[str, Tensor], rename: Rules, own: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Give the entries of a state dict the names, and where it loses nothing the shapes, of a model's.

    A kernel of a 1x1 convolution is the matrix of a linear layer, and becomes one where the model has that.

    Args:
        source: the state dict.
        rename: a key of :data:`RENAMES`, regular expressions with what takes their place, or a function of a
            name.
        own: the state dict of the model.

    Raises:
        TypeError: ``rename`` is none of these.
        ValueError: there are no rules of this name, or two entries get one name.
    """
    if isinstance(rename, str):
        if rename not in RENAMES:
            expected = ", ".join(map(repr, RENAMES))
            raise ValueError(
                f"`rename` must name rules, one of {expected}; got {rename!r}{did_you_mean(rename, RENAMES)}"
            )
        chosen = RENAMES[rename]
    elif isinstance(rename, Mapping):
        chosen = Rename(rename)
    elif callable(rename):
        chosen = Rename({})
    else:
        raise TypeError(
            f"`rename` must be a name, a dict of regular expressions or a function of a name; got {rename!r}"
        )

    renamed: dict[str, Tensor] = {}
    for old, value in source.items():
        name = rename(old) if callable(rename) else _apply(chosen.rules, old, own)
        if name in renamed:
            raise ValueError(f"`rename` must keep names apart; got {name!r} twice, the second from {old!r}")
        if re.search(chosen.mean_first, name):
            value = value.flip(1)
        if name in own and _is_matrix_of(own[name], value):
            value = value.flatten(1)
        renamed[name] = value
    return renamed


def _apply(rules: Mapping[str, str], name: str, own: Mapping[str, Tensor]) -> str:
    for pattern, replacement in rules.items():
        name = re.sub(pattern, replacement, name)
    fitting = [other for other in own if fnmatchcase(other, name)] if "*" in name else []
    return fitting[0] if len(fitting) == 1 else name


def _is_matrix_of(matrix: Tensor, kernel: Tensor) -> bool:
    return matrix.dim() == 2 and kernel.dim() == 4 and kernel.shape == (*matrix.shape, 1, 1)
