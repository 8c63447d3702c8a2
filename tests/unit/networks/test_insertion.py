"""Blocks into existing networks: names stay, outputs stay with an identity start, and what trains first."""

import copy
import pickle

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from attn_lib.backbones import mobilenet_v2, resnet18, yolov4_tiny
from attn_lib.backbones.resnet import BasicBlock, ResNet
from attn_lib.blocks import BAM, BLOCKS, CBAM, ECA, SE, SelfAttention2d
from attn_lib.insertion import IdentityStart, insert_attention, insert_block, start_as_identity
from gate_by_gate.digit_resnet import digit_resnet
from tests.block_tools import randomise, small_reduction


def plain_network():
    """A network of nobody in particular: containers in containers, with indices, as most code has them."""
    return nn.Sequential(
        nn.Conv2d(3, 13, 3),
        nn.BatchNorm2d(13),
        nn.ReLU(),
        nn.Sequential(nn.Conv2d(13, 17, 3, stride=2), nn.ReLU()),
        nn.Conv2d(17, 5, 1),
    )


# insert_attention


@pytest.mark.parametrize("attention", BLOCKS)
@pytest.mark.parametrize(
    ("build", "shape"),
    [(digit_resnet, (2, 1, 23, 29)), (mobilenet_v2, (2, 3, 37, 41)), (yolov4_tiny, (2, 3, 32, 64))],
)
def test_a_pretrained_network_is_unchanged_at_step_0(build, shape, attention):
    torch.manual_seed(0)
    model = build().eval()
    x = torch.randn(shape)
    with torch.no_grad():
        before = model(x)
        names = insert_attention(model, attention, as_identity=True, **small_reduction(attention))
        after = model(x)

    assert names
    for old, new in zip(*((y if isinstance(y, tuple) else (y,)) for y in (before, after)), strict=True):
        assert torch.equal(old, new)


@pytest.mark.parametrize("attention", ["se", "eca", "cbam", "bam", "coord_att"])
def test_without_the_identity_start_the_output_changes(attention):
    """So that the test above cannot pass because nothing was inserted."""
    torch.manual_seed(0)
    model = digit_resnet().eval()
    x = torch.randn(2, 1, 23, 29)
    with torch.no_grad():
        before = model(x)
        insert_attention(model, attention, **small_reduction(attention))
        assert not torch.allclose(before, model(x), atol=1e-4)


@pytest.mark.parametrize("attention", BLOCKS)
def test_a_block_that_starts_as_the_identity_learns(attention):
    """Step 1 moves only what holds it at the identity; from step 2 on every parameter has a gradient."""
    torch.manual_seed(0)
    model = digit_resnet()
    insert_attention(model, attention, as_identity=True, **small_reduction(attention))
    block = model.layer2[0].attention
    x, y = torch.randn(7, 1, 23, 29), torch.arange(7)
    optimizer = torch.optim.SGD(block.parameters(), lr=0.5)

    def gradients():
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        return {name: p.grad.abs().sum().item() for name, p in block.named_parameters()}

    moved = {name for name, size in gradients().items() if size > 0}
    if isinstance(block, IdentityStart):
        assert moved == {"gain"}
    elif attention == "self_attention":
        assert moved == {"project.weight"}
    else:
        assert moved
    before = {name: parameter.clone() for name, parameter in block.named_parameters()}
    optimizer.step()
    assert {name for name, p in block.named_parameters() if not torch.equal(p, before[name])} == moved
    # A bias before a norm in training mode has no effect, so its gradient is rounding noise around zero.
    without_effect = {"bam": ("bias",), "coord_att": ("bias",), "cbam": ()}.get(attention, ())
    for name, size in gradients().items():
        assert size > 0 or name.endswith(without_effect), name


def test_the_state_of_an_identity_start_is_one_number_and_that_of_its_block():
    """Its names and shapes are those of networks that were saved."""
    start, block = IdentityStart(SE(13, reduction=3)), SE(13, reduction=3)
    shapes = {name: tuple(value.shape) for name, value in start.state_dict().items()}
    of_block = {f"block.{name}": tuple(value.shape) for name, value in block.state_dict().items()}
    assert shapes == {"gain": (), **of_block}


def test_blocks_inserted_later_and_built_in_are_the_same_network():
    torch.manual_seed(0)
    built = resnet18(attention="cbam", reduction=4)
    inserted = resnet18()
    names = insert_attention(inserted, "cbam", reduction=4)

    assert names == tuple(f"layer{i}.{j}.attention" for i in (1, 2, 3, 4) for j in (0, 1))
    assert set(inserted.state_dict()) == set(built.state_dict())
    inserted.load_state_dict(built.state_dict())
    x = torch.rand(1, 3, 33, 47)
    assert torch.equal(inserted.eval()(x), built.eval()(x))


@pytest.mark.parametrize(
    ("attention", "placement", "stages", "names"),
    [
        ("bam", None, None, ("layer1.0", "layer2.0")),
        ("self_attention", None, None, ("layer3.0",)),
        ("self_attention", None, [2], ("layer2.0",)),
        ("se", "identity", [1], ("layer1.0",)),
    ],
)
def test_insertion_knows_the_usual_places(attention, placement, stages, names):
    model = ResNet(BasicBlock, (1, 1, 1), (16, 32, 64))
    found = insert_attention(model, attention, placement=placement, stages=stages, reduction=4)
    assert tuple(name.rpartition(".")[0] for name in found) == names
    assert all(isinstance(model.get_submodule(name), BLOCKS[attention]) for name in found)


def test_blocks_of_different_kinds_share_a_network():
    model = digit_resnet()
    insert_attention(model, "eca")
    insert_attention(model, BAM, placement="between_stages")
    kinds = [type(m).__name__ for m in model.modules() if isinstance(m, ECA | BAM)]
    assert sorted(kinds) == ["BAM", "BAM", "ECA", "ECA", "ECA"]


def test_a_block_takes_the_dtype_and_mode_of_the_network():
    model = digit_resnet().double().eval()
    insert_attention(model, "bam", as_identity=True)
    for block in (m for m in model.modules() if isinstance(m, BAM | IdentityStart)):
        assert not any(m.training for m in block.modules())
        assert all(p.dtype == torch.float64 for p in block.parameters())


def test_a_failed_insertion_leaves_the_network_as_it_was():
    model = digit_resnet()
    with pytest.raises(ValueError, match=r"got reduction=20 for channels=16"):
        insert_attention(model, "se", reduction=20)
    assert not any(isinstance(m, SE) for m in model.modules())

    insert_attention(model, "se", stages=[2], reduction=4)
    with pytest.raises(ValueError, match=r"slot must be empty .*; layer2.0.attention holds one"):
        insert_attention(model, "eca")
    assert not any(isinstance(m, ECA) for m in model.modules())


@pytest.mark.parametrize(
    ("model", "attention", "error", "message"),
    [
        (
            plain_network(),
            "se",
            TypeError,
            r"a network of attn_lib.backbones; got Sequential. insert_block puts",
        ),
        (digit_resnet(), None, TypeError, r"a name or a callable; got None"),
        (digit_resnet(), "ses", ValueError, r"`attention` must name a block, one of 'se'.*; got 'ses'"),
        (digit_resnet(), 1, TypeError, r"`attention` must be a name.*; got 1 of type int"),
        (digit_resnet(), str, TypeError, r"must build an nn.Module; got str for 16 channels"),
        (digit_resnet(), "CBAM", ValueError, r"got 'CBAM'; did you mean 'cbam'\?"),
        (digit_resnet(), "coordatt", ValueError, r"got 'coordatt'; did you mean 'coord_att'"),
        (digit_resnet(), "senet", ValueError, r"got 'senet'; did you mean 'se'"),
        (digit_resnet(), SE(16), TypeError, r"every slot gets its own; got a SE\. Pass the class, or lambda"),
        (
            digit_resnet(),
            lambda channels: SE(16),
            ValueError,
            r"for the channels that it is given; got a SE for 16 where layer2.0.attention has 32",
        ),
    ],
)
def test_wrong_insertions_are_named(model, attention, error, message):
    with pytest.raises(error, match=message):
        insert_attention(model, attention)


# insert_block


@pytest.mark.parametrize(
    ("name", "channels"), [("0", 13), ("1", 13), ("2", 13), ("3.0", 17), ("3.1", 17), ("4", 5)]
)
def test_a_block_refines_the_output_of_a_named_module(name, channels):
    torch.manual_seed(0)
    model = plain_network().eval()
    x = torch.randn(2, 3, 11, 19)
    block = SE(channels, reduction=2)
    reference = copy.deepcopy(model)
    # The network written out, with the block where it belongs.
    expected = x
    for index, layer in reference.named_modules():
        if not isinstance(layer, nn.Sequential):
            expected = layer(expected)
            expected = block(expected) if index == name else expected

    insert_block(model, name, block)

    assert torch.equal(model(x), expected)
    assert model.get_submodule(f"{name}.attention") is block


@pytest.mark.parametrize("name", ["", "0", "2", "3", "3.0"])
def test_no_name_of_the_network_changes(name):
    model = plain_network()
    before = model.state_dict()
    channels = {"": 5, "3": 17, "3.0": 17}.get(name, 13)

    insert_block(model, name, SE(channels, reduction=2))

    after = model.state_dict()
    added = [key for key in after if key not in before]
    prefix = f"{name}.attention.mlp" if name else "attention.mlp"
    assert added == [f"{prefix}.{layer}.{entry}" for layer in ("fc1", "fc2") for entry in ("weight", "bias")]
    assert [key for key in after if key in before] == list(before)
    loaded = model.load_state_dict(before, strict=False)
    assert loaded.missing_keys == added
    assert loaded.unexpected_keys == []


def test_a_sequential_runs_the_block_once_and_last():
    torch.manual_seed(0)
    model = plain_network()
    x = torch.randn(2, 3, 11, 19)
    block = SE(17, reduction=2)
    expected = model[4](block(model[3](model[2](model[1](model[0](x))))))

    insert_block(model, "3", block)

    assert torch.equal(model.train()(x), expected)


def test_shifted_indices_are_what_this_avoids():
    """The usual recipe puts a new member between two others and renames all that follow."""
    old = nn.Sequential(nn.Conv2d(3, 13, 3), nn.Conv2d(13, 17, 3), nn.Conv2d(17, 5, 1))
    shifted = nn.Sequential(old[0], SE(13, reduction=2), *old[1:])
    with pytest.raises(RuntimeError, match=r"size mismatch for 2.weight"):
        shifted.load_state_dict(old.state_dict(), strict=False)

    weights = old.state_dict()
    insert_block(old, "0", SE(13, reduction=2))
    assert old.load_state_dict(weights, strict=False).unexpected_keys == []


@pytest.mark.parametrize(
    ("name", "holder"),
    [
        ("layer2.0.attention", "layer2.0.attention"),
        ("layer2.0.attention_identity", "layer2.0.attention_identity"),
        ("layer2.0", "layer2.0.attention_after_addition"),
        ("layer2.0.bn2", "layer2.0.bn2.attention"),
        ("layer2", "layer2.attention"),
    ],
)
def test_backbones_have_slots_for_single_blocks_too(name, holder):
    model = digit_resnet()
    block = SE(32)
    insert_block(model, name, block)
    assert [n for n, m in model.named_modules() if m is block] == [holder]

    calls = []
    block.register_forward_hook(lambda *_: calls.append(1))
    model(torch.rand(2, 1, 23, 29))
    assert len(calls) == 1


def test_the_end_of_the_branch_and_its_last_norm_are_the_same_place():
    torch.manual_seed(0)
    by_slot = randomise(digit_resnet()).eval()
    by_norm = copy.deepcopy(by_slot)
    block = randomise(CBAM(64, reduction=3)).eval()
    insert_block(by_slot, "layer3.0.attention", block)
    insert_block(by_norm, "layer3.0.bn2", copy.deepcopy(block))
    x = torch.randn(2, 1, 23, 29)
    assert torch.equal(by_slot(x), by_norm(x))


def test_an_inserted_block_is_copied_pickled_and_compiled_with_its_network():
    torch.manual_seed(0)
    model = plain_network().eval()
    insert_block(model, "2", SE(13, reduction=2))
    x = torch.randn(2, 3, 11, 19)
    expected = model(x)

    copied, pickled = copy.deepcopy(model), pickle.loads(pickle.dumps(model))
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    exported = torch.export.export(model, (x,)).module()
    assert torch.equal(compiled(x), expected)
    torch.testing.assert_close(exported(x), expected)

    with torch.no_grad():
        model[2].attention.mlp.fc2.bias.add_(3)
    for other in (copied, pickled):
        assert torch.equal(other(x), expected)
    assert not torch.equal(model(x), expected)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("5", r"a module of the network; the children of the network are 0, 1, 2, 3, 4; got '5'"),
        ("3.2", r"a module of the network; the children of '3' are 0, 1; got '3.2'"),
        ("0.weight", r"a module of the network; got '0.weight'"),
        ("4", r"'4' must have no attribute 'attention' yet; got one in Refined"),
    ],
)
def test_wrong_names_are_named(name, message):
    model = plain_network()
    insert_block(model, "4", SE(5, reduction=2))
    with pytest.raises(ValueError, match=message):
        insert_block(model, name, SE(5, reduction=2))


def test_what_is_never_called_cannot_take_a_block():
    model = nn.Module()
    model.parts = nn.ModuleList([nn.ReLU()])
    with pytest.raises(ValueError, match=r"'parts' must be a module that is called; got a ModuleList"):
        insert_block(model, "parts", SE(5, reduction=2))


def test_a_block_must_be_a_module():
    with pytest.raises(TypeError, match=r"`block` must be an nn.Module; got type"):
        insert_block(plain_network(), "2", SE)


def test_a_taken_slot_is_named():
    model = digit_resnet(attention="se", reduction=4)
    with pytest.raises(ValueError, match=r"'layer1.0.attention' must have no attribute 'attention' yet"):
        insert_block(model, "layer1.0.attention", SE(16))


# IdentityStart


@pytest.mark.parametrize("gain", [0.0, 0.25, 1.0])
def test_the_gain_goes_from_the_identity_to_the_block(gain):
    block = randomise(CBAM(13, reduction=3)).eval()
    wrapped = IdentityStart(block)
    x = torch.randn(2, 13, 5, 7)
    with torch.no_grad():
        wrapped.gain.fill_(gain)
        torch.testing.assert_close(wrapped(x), (1 - gain) * x + gain * block(x))
    if gain == 0:
        assert torch.equal(wrapped(x), x)


def test_attention_stays_readable_at_gain_zero():
    block = SE(13, reduction=3)
    x = torch.randn(2, 13, 5, 7)
    found = IdentityStart(block).attention(x)
    assert list(found) == ["channel"]
    assert torch.equal(found["channel"], block.attention(x)["channel"])


def test_a_module_without_maps_can_start_as_the_identity_too():
    wrapped = IdentityStart(nn.Conv2d(13, 13, 3, padding=1))
    assert wrapped.attention(torch.randn(2, 13, 5, 7)) == {}
    # A submodule of that name is not the method.
    unit = BasicBlock(7, 7)
    unit.attention = SE(7, reduction=2)
    assert IdentityStart(unit).attention(torch.randn(2, 7, 5, 11)) == {}


def test_a_block_that_is_the_identity_already_is_left_alone():
    """Behind a second gain of zero neither would ever have a gradient, as the last lines show."""
    block = SelfAttention2d(16, reduction=4)
    assert start_as_identity(block, 16) is block

    wrapped = IdentityStart(block)
    wrapped(torch.randn(2, 16, 5, 7)).square().sum().backward()
    assert wrapped.gain.grad == 0
    assert not block.project.weight.grad.any()


def test_looking_at_a_block_does_not_touch_it():
    block = BAM(16, reduction=4)
    before = copy.deepcopy(block.state_dict())
    generator = torch.get_rng_state()

    wrapped = start_as_identity(block, 16)

    assert wrapped.block is block
    assert block.training
    assert all(torch.equal(value, before[name]) for name, value in block.state_dict().items())
    assert torch.equal(torch.get_rng_state(), generator)


def test_the_gain_takes_the_dtype_of_the_block():
    assert start_as_identity(SE(16).double(), 16).gain.dtype == torch.float64


def test_an_identity_start_needs_numbers():
    with torch.device("meta"):
        model = ResNet(BasicBlock, (1,), (5,))
        with pytest.raises(ValueError, match=r"on a real device to see whether it is the identity; got meta"):
            insert_attention(model, "eca", as_identity=True)
