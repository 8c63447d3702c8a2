"""timm's layers, set to the widths of the blocks they are compared with.

``pip install --no-deps timm==1.0.31`` is enough: of timm only its layers are imported, not its models.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType

from torch import nn

__all__ = ["VERSION", "timm_peers"]

VERSION = "1.0.31"


def timm_peers() -> dict[str, Callable[[int], nn.Module]]:
    """Return builders of timm's layers by the name of the block that each is compared with.

    There is none for BAM. timm's CBAM has no biases in its MLP, and its non-local block has biases and a
    batch norm more than ``SelfAttention2d``.

    Raises:
        ModuleNotFoundError: timm is not installed.
    """
    if "timm" not in sys.modules:
        _prepare_import()
    names = ("squeeze_excite", "eca", "cbam", "coord_attn", "non_local_attn")
    layers = {name: importlib.import_module(f"timm.layers.{name}") for name in names}
    return {
        "se": lambda c: layers["squeeze_excite"].SEModule(c, rd_channels=c // 16),
        "eca": lambda c: layers["eca"].EcaModule(c),
        "cbam": lambda c: layers["cbam"].CbamModule(c),
        "coord_att": lambda c: layers["coord_attn"].CoordAttn(c, rd_channels=max(8, c // 32), bias=True),
        "self_attention": lambda c: layers["non_local_attn"].NonLocalAttn(c, rd_channels=c // 2),
    }


def _prepare_import() -> None:
    """Let ``timm.layers`` be imported without ``timm/__init__.py``, which imports every model.

    The layers need one class of torchvision, which none of the layers here makes; where torchvision is not
    installed, an empty class stands in for it.
    """
    spec = importlib.util.find_spec("timm")
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(f"timm is not installed: pip install --no-deps timm=={VERSION}")
    package = ModuleType("timm")
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules["timm"] = package
    if importlib.util.find_spec("torchvision") is None:
        for name in ("torchvision", "torchvision.ops", "torchvision.ops.misc"):
            sys.modules[name] = ModuleType(name)
        vars(sys.modules["torchvision.ops.misc"])["FrozenBatchNorm2d"] = nn.Module
