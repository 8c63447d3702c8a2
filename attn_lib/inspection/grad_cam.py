"""Grad-CAM: where in a layer's feature map the evidence for a class lies, from the gradient of its score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import torch
from torch import Tensor, nn

from attn_lib.inspection.hooks import Inputs, as_arguments, evaluating, named_modules
from attn_lib.inspection.localization import enlarge

__all__ = ["GradCam", "grad_cam"]


@dataclass(frozen=True, repr=False)
class GradCam:
    """Grad-CAM of a batch of images.

    Attributes:
        maps: ``(N, H, W)``, at least 0 everywhere.
        classes: ``(N,)``, the class that each map is about; None if a ``score`` was given.
        scores: ``(N,)``, the score (logit) of that class, or what ``score`` returned.
        normalized: whether each map was divided by its own maximum. If not, the values are in units of the
            score and can be compared between images.
    """

    maps: Tensor
    classes: Tensor | None
    scores: Tensor
    normalized: bool

    def __repr__(self) -> str:
        """Give the shape of the maps."""
        about = "a score" if self.classes is None else f"classes {self.classes[:9].tolist()}"
        return f"GradCam(maps {tuple(self.maps.shape)}, about {about}, normalized={self.normalized})"


def grad_cam(
    model: nn.Module,
    x: Inputs,
    layer: str | nn.Module,
    *,
    classes: int | Sequence[int] | Tensor | None = None,
    score: Callable[[Any], Tensor] | None = None,
    grid: tuple[int, int] | None = None,
    upsample: bool = False,
    normalize: bool = False,
) -> GradCam:
    r"""Compute Grad-CAM for any layer that returns a feature map.

    .. math::
        \alpha_k^c = \frac{1}{HW} \sum_{i,j} \frac{\partial y^c}{\partial A^k_{ij}}, \qquad
        L^c = \mathrm{ReLU}\Bigl(\sum_k \alpha_k^c A^k\Bigr)

    Source: Selvaraju et al., *Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
    Localization*, ICCV 2017, equations 1 and 2. :math:`y^c` is the score of class c before the softmax, and
    :math:`A^k` is channel k of what the layer returned, before a later in-place operation changes it.

    The model runs in eval mode. Its parameters may be frozen; their ``requires_grad`` and ``grad`` are left
    as they are, the hook is removed and training modes are restored, also when the model raises.

    Args:
        model: a classifier that returns scores ``(N, classes)``; with a ``score``, any model.
        x: a batch of images, ``(N, C, H, W)``, or a tuple of the model's inputs, of which it is the first.
        layer: the layer whose feature map is read, or its qualified name, such as ``"layer4"``.
        classes: the class to explain: one for all images, or one per image. ``None``: the predicted class of
            each image.
        score: for what is no classifier: from the model's output to one number, or one for every image, that
            the map is to explain. Of a segmenter's logits, ``lambda y: y[:, 5].mean((1, 2))`` is a class; of
            a detector's raw map, ``lambda y: y[0][:, 4].amax((1, 2))`` its surest object.
        grid: for a layer that returns tokens ``(N, L, C)``: height and width of their map. The last
            ``height * width`` tokens are its places, row by row; those before them, such as a class token,
            are left out.
        upsample: whether to enlarge the maps to the images' size, for drawing, as :func:`enlarge` does. To be
            scored, by :func:`pointing_hits` say, a map stays small.
        normalize: whether to divide each map by its maximum (a map of zeros stays as it is). Done last.

    Shape:
        ``maps`` is ``(N, H', W')`` with the layer's resolution, or ``(N, H, W)`` if ``upsample``.

    Raises:
        TypeError: ``layer`` is no module or name, ``classes`` are not integers, or came with a ``score``, or
            the layer, the model or the score returned no Tensor.
        ValueError: the layer is not in the model, was not called exactly once, or returned no feature map;
            the model did not return ``(N, classes)``; a class is out of range, or not one per image; the
            scores do not depend on the layer; a map to be enlarged is larger than its image.

    Example:
        >>> model = nn.Sequential(nn.Conv2d(3, 16, 5), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        >>> grad_cam(model, torch.zeros(2, 3, 11, 7), "0", classes=13).maps.shape
        torch.Size([2, 7, 3])
    """
    if score is not None and classes is not None:
        raise TypeError("`classes` and `score` exclude each other: a score says itself what it is about")
    name, module = _find(model, layer)
    inputs = as_arguments(x)
    # The caller may be in no_grad or in inference_mode, whose tensors cannot take part in a gradient.
    with evaluating(model), torch.inference_mode(False), torch.enable_grad():
        inputs = tuple(value.clone() if value.is_inference() else value for value in inputs)
        feature_map, output = _run(model, inputs, name, module, dimensions=4 if grid is None else 3)
        chosen = None
        if score is None:
            logits = _logits(output, len(inputs[0]))
            chosen = _choose(classes, logits)
            scores = logits.gather(1, chosen[:, None])[:, 0]
        else:
            scores = _scored(score(output), len(inputs[0]))
        gradient = _gradient(scores, feature_map, name)

    feature_map = feature_map.detach()
    if grid is not None:
        feature_map, gradient = _as_map(feature_map, grid), _as_map(gradient, grid)
    maps = evidence(feature_map, gradient)
    if upsample:
        maps = enlarge(maps, (inputs[0].shape[-2], inputs[0].shape[-1]))
    if normalize:
        peak = maps.amax(dim=(1, 2), keepdim=True)
        maps = maps / peak.where(peak > 0, 1)
    return GradCam(maps, chosen, scores.detach(), normalize)


def evidence(feature_map: Tensor, gradient: Tensor) -> Tensor:
    """Weigh the channels by their mean gradients, add them up, and keep what speaks for the class.

    Shape:
        ``(N, C, H, W)`` each to ``(N, H, W)``.
    """
    return torch.relu((gradient.mean(dim=(2, 3), keepdim=True) * feature_map).sum(dim=1))


def _find(model: nn.Module, layer: str | nn.Module) -> tuple[str, nn.Module]:
    """Return the name and the module of a layer that was given as either."""
    modules = named_modules(model)
    for name, module in modules:
        if layer is module or (isinstance(layer, str) and layer == name):
            return name, module
    if isinstance(layer, nn.Module):
        raise ValueError(
            f"`layer` must be a module of the model; got {type(layer).__name__}, which is not in it"
        )
    if not isinstance(layer, str):
        raise TypeError(f"`layer` must be a module or the name of one; got {layer!r}")
    close = get_close_matches(layer, [name for name, _ in modules])
    hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
    raise ValueError(f"`layer` must name a module of the model; got {layer!r}{hint}")


def _run(
    model: nn.Module, inputs: tuple[Tensor, ...], name: str, layer: nn.Module, *, dimensions: int
) -> tuple[Tensor, object]:
    """Return what the layer returned, as the start of a graph, and what the model makes of it."""
    feature_maps: list[Tensor] = []

    def keep(module: nn.Module, args: tuple[object, ...], output: object) -> Tensor:
        if not isinstance(output, Tensor):
            raise TypeError(f"layer {name!r} must return a Tensor; got {type(output).__name__}")
        if output.dim() != dimensions:
            wanted = "a map (N, C, H, W)" if dimensions == 4 else "tokens (N, L, C), as `grid` says"
            advice = ". Tokens (N, L, C) need their `grid`" if output.dim() == 3 else ""
            raise ValueError(f"layer {name!r} must return {wanted}; got {tuple(output.shape)}{advice}")
        # The graph starts anew here, so that it exists with frozen parameters too and costs nothing before
        # the layer. The model goes on with a copy, because a later layer may work in place.
        feature_maps.append(output.detach().clone().requires_grad_())
        return feature_maps[-1].clone()

    handle = layer.register_forward_hook(keep)
    try:
        result: object = model(*inputs)
    finally:
        handle.remove()
    if len(feature_maps) != 1:
        raise ValueError(
            f"layer {name!r} must be called once in a forward pass; got {len(feature_maps)} calls"
        )
    return feature_maps[0], result


def _logits(output: object, images: int) -> Tensor:
    """Return a classifier's output if it is scores ``(N, classes)``."""
    if not isinstance(output, Tensor):
        raise TypeError(
            f"the model must return a Tensor of scores; got {type(output).__name__}. `score` says what of it "
            "to explain"
        )
    if output.dim() != 2 or output.shape[0] != images:
        raise ValueError(
            f"the model must return scores ({images}, classes); got {tuple(output.shape)}. `score` says what "
            "of it to explain"
        )
    return output


def _scored(score: object, images: int) -> Tensor:
    """Return what a user's score returned if it is a number, or one for every image."""
    if not isinstance(score, Tensor):
        raise TypeError(f"`score` must return a Tensor; got {type(score).__name__}")
    if score.dim() > 1 or (score.dim() == 1 and len(score) != images):
        raise ValueError(
            f"`score` must return one number, or one for each image ({images}); got {tuple(score.shape)}"
        )
    return score


def _as_map(tokens: Tensor, grid: tuple[int, int]) -> Tensor:
    """Lay out the last tokens as a map: ``(N, L, C)`` to ``(N, C, H, W)``."""
    places = grid[0] * grid[1]
    if tokens.shape[1] < places:
        raise ValueError(f"`grid` must have no more than {tokens.shape[1]} places; got {grid}")
    on_grid: Tensor = tokens[:, -places:].transpose(1, 2).unflatten(2, grid)
    return on_grid


def _choose(classes: int | Sequence[int] | Tensor | None, logits: Tensor) -> Tensor:
    """Return the class to explain for each image: the predicted one if none is given."""
    images, available = logits.shape
    if classes is None:
        return logits.detach().argmax(dim=1)
    try:
        chosen = torch.as_tensor(classes, device=logits.device)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"`classes` must be an int or one int per image; got {classes!r}") from error
    if chosen.is_floating_point() or chosen.is_complex() or chosen.dtype == torch.bool:
        raise TypeError(f"`classes` must be an int or one int per image; got {classes!r}")
    if chosen.dim() > 1 or (chosen.dim() == 1 and len(chosen) != images):
        raise ValueError(f"`classes` must be an int or one int per image ({images}); got {classes!r}")
    if not ((chosen >= 0) & (chosen < available)).all():
        raise ValueError(f"`classes` must be in 0 .. {available - 1}; got {classes!r}")
    return chosen.long().expand(images).clone()


def _gradient(scores: Tensor, feature_map: Tensor, name: str) -> Tensor:
    """Return the gradient of each image's score in its own feature map; no ``grad`` is touched."""
    gradient = None
    if scores.requires_grad:
        # In eval mode the images of a batch do not see each other, so one backward pass serves them all.
        (gradient,) = torch.autograd.grad(scores.sum(), feature_map, allow_unused=True)
    if gradient is None:
        raise ValueError(f"the class scores do not depend on layer {name!r} in a differentiable way")
    return gradient
