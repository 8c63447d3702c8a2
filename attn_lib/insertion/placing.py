"""Put blocks into a network that exists, without renaming a parameter of it."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from attn_lib.backbones.backbone import Backbone, put_attention
from attn_lib.backbones.slots import Attention, Slotted, block_factory, slot_name
from attn_lib.insertion.identity import start_as_identity

__all__ = ["Refined", "insert_attention", "insert_block"]


def insert_attention(
    model: Backbone,
    attention: Attention,
    *,
    placement: str | None = None,
    stages: Sequence[int] | None = None,
    as_identity: bool = False,
    **block_keywords: object,
) -> tuple[str, ...]:
    """Put a block into every slot of a placement of a backbone that exists.

    The blocks take the device, dtype and training mode of the backbone.

    Args:
        model: a network of ``attn_lib.backbones``, changed in place.
        attention: a name out of ``attn_lib.blocks.BLOCKS`` or ``VARIANTS``, or a callable
            ``channels -> block``.
        placement: a name listed at the top of the backbone's module, such as ``"residual"``; by default
            where the block's authors put it.
        stages: see :meth:`attn_lib.backbones.Backbone.places`.
        as_identity: whether the blocks change nothing at first, so that the network's output stays what
            it was; see :func:`attn_lib.insertion.start_as_identity`.
        block_keywords: passed on to the named block.

    Returns:
        The full names of the blocks.

    Raises:
        TypeError: ``model`` is not a backbone, ``attention`` has the wrong type, or keywords came without a
            named block.
        ValueError: no block, placement or stage has that name, or a slot is taken.
    """
    if not isinstance(model, Backbone):
        raise TypeError(
            f"`model` must be a network of attn_lib.backbones; got {type(model).__name__}. "
            "insert_block puts a block into any network"
        )
    build = block_factory(attention, block_keywords)
    if build is None:
        raise TypeError("`attention` must be a name or a callable; got None")
    default = model.default_placement(attention)
    if placement is None:
        placement = default.name
        stages = default.stages if stages is None else stages

    def build_to_fit(channels: int) -> nn.Module:
        block = build(channels)
        if as_identity:
            block = start_as_identity(block, channels)
        return _fitted(block, model)

    return put_attention(model, build_to_fit, placement=placement, stages=stages, block_keywords={})


def insert_block(model: nn.Module, name: str, block: nn.Module) -> None:
    """Let a block refine the output of the module called ``name``, in any network.

    No entry of the network's state dict changes its name, and no index of a ``Sequential`` shifts, so its
    weights still load.

    - An empty slot of a backbone, such as ``layer3.0.attention``, takes the block. A whole unit, such as
      ``layer3.0``, takes it in its slot after the addition.
    - A ``Sequential`` takes it as its last member, under the name ``attention``.
    - A layer of PyTorch's, such as a norm, gives its place to a :class:`Refined`, which runs the layer and
      then the block. So what fuses, quantises or synchronises layers can replace the layer and not the block.
    - Any other module takes it as its child ``attention``, and a forward hook calls it on the output.

    The block takes the device, dtype and training mode of the network. A module that the network calls more
    than once, such as a shared ReLU, is refined every time.

    Args:
        model: the network, changed in place.
        name: a module's full name, as ``model.named_modules()`` gives it.
        block: any module that takes and returns what that module returns.

    Raises:
        TypeError: ``block`` is not a module, or ``name`` not a name.
        ValueError: there is no such module, it is never called, or it has an attribute ``attention`` already.

    Example:
        >>> model = nn.Sequential(nn.Conv2d(3, 32, 3), nn.ReLU(), nn.Conv2d(32, 8, 3))
        >>> insert_block(model, "1", SE(32))
        >>> list(model.state_dict())[:3]
        ['0.weight', '0.bias', '1.attention.mlp.fc1.weight']
    """
    if not isinstance(block, nn.Module):
        raise TypeError(f"`block` must be an nn.Module; got {type(block).__name__}")
    if not isinstance(name, str):
        found = [repr(other) for other, module in model.named_modules() if module is name]
        advice = f". It is called {found[0]}" if found else ""
        raise TypeError(f"`name` must be a module's name; got {type(name).__name__}{advice}")
    host, attribute = _host(model, name)
    if getattr(host, attribute, None) is not None:
        raise ValueError(
            f"{name!r} must have no attribute {attribute!r} yet; got one in {type(host).__name__}"
        )
    if isinstance(host, nn.ModuleList | nn.ModuleDict):
        raise ValueError(f"{name!r} must be a module that is called; got a {type(host).__name__}")
    if _is_layer(host) and host is not model:
        refined = Refined(host, _fitted(block, model)).train(host.training)
        for owner in list(model.modules()):
            for child, module in owner.named_children() if owner is not refined else ():
                if module is host:
                    setattr(owner, child, refined)
        return
    setattr(host, attribute, _fitted(block, model))
    # A unit calls what is in its slots, and a Sequential calls its children; no other module knows the block.
    is_called = _has_slot(host, attribute) or type(host).forward is nn.Sequential.forward
    if not is_called:
        host.register_forward_hook(_refine)


class Refined(nn.Module):
    """A layer, and a block that refines what it returns, in the layer's place.

    In a state dict the layer's entries keep the names that they had without the block.

    Args:
        layer: what runs first.
        attention: the block, called on what the layer returns.

    Shape:
        That of what the layer returns.
    """

    def __init__(self, layer: nn.Module, attention: nn.Module) -> None:
        super().__init__()
        self.layer = layer
        self.attention = attention
        self.register_state_dict_post_hook(_hide_step)  # type: ignore[no-untyped-call]  # in torch, too
        self.register_load_state_dict_pre_hook(_show_step)  # type: ignore[no-untyped-call]

    def forward(self, *args: object, **kwargs: object) -> Tensor:
        """Refine what the layer returns."""
        refined: Tensor = self.attention(self.layer(*args, **kwargs))
        return refined


def _hide_step(module: nn.Module, state: dict[str, Tensor], prefix: str, metadata: object) -> None:
    """Rename ``bn2.layer.weight`` to ``bn2.weight``; what comes later keeps its place by going last again."""
    for name in [name for name in state if name.startswith(prefix)]:
        value = state.pop(name)
        state[prefix + name.removeprefix(prefix).removeprefix("layer.")] = value


def _show_step(module: nn.Module, state: dict[str, Tensor], prefix: str, *rest: object) -> None:
    """Rename ``bn2.weight`` back to ``bn2.layer.weight``."""
    for name in [name for name in state if name.startswith(prefix)]:
        if not name.startswith(f"{prefix}attention."):
            state[f"{prefix}layer.{name.removeprefix(prefix)}"] = state.pop(name)


def _is_layer(module: nn.Module) -> bool:
    """Whether a module is a single layer of PyTorch's, or derived from its batch norms."""
    is_torchs = type(module).__module__.startswith("torch.nn.") and not any(module.children())
    return isinstance(module, _BatchNorm) or (is_torchs and not isinstance(module, nn.Sequential))


def _host(model: nn.Module, name: str) -> tuple[nn.Module, str]:
    """Find the module that is to hold the block, and the attribute for it."""
    modules = dict(model.named_modules(remove_duplicate=False))
    owner_name, _, attribute = name.rpartition(".")
    if owner_name in modules and _has_slot(modules[owner_name], attribute):
        return modules[owner_name], attribute
    if name not in modules:
        raise ValueError(f"`name` must be a module of the network{_nearest(name, modules)}; got {name!r}")
    after_unit = slot_name("after_addition")
    return modules[name], after_unit if _has_slot(modules[name], after_unit) else "attention"


def _has_slot(module: nn.Module, attribute: str) -> bool:
    return isinstance(module, Slotted) and attribute in map(slot_name, module.slots)


def _refine(host: nn.Module, inputs: tuple[object, ...], output: Tensor) -> Tensor:
    # A function of the module, not a closure over the block: copies and pickles of the host use their own.
    refined: Tensor = host.get_submodule("attention")(output)
    return refined


def _fitted(block: nn.Module, model: nn.Module) -> nn.Module:
    """Give the block the device, dtype and mode of the network."""
    reference = next((p for p in model.parameters() if p.is_floating_point()), None)
    if reference is not None:
        block = block.to(device=reference.device, dtype=reference.dtype)
    return block.train(model.training)


def _nearest(name: str, modules: dict[str, nn.Module]) -> str:
    """Say what there is next to a name that does not exist."""
    parent = name
    while parent not in modules:
        parent = parent.rpartition(".")[0]
    children = [child for child, _ in modules[parent].named_children()]
    where = f" {parent!r}" if parent else ""
    return f"; the children of{where or ' the network'} are {', '.join(children)}" if children else ""
