"""Pretrained weights: what fits is loaded, what does not is named, and nothing is guessed."""

import argparse

import numpy as np
import pytest
import torch
from torch import nn

from attn_lib.backbones import ResNet, mobilenet_v2, resnet50
from attn_lib.backbones.resnet import BasicBlock, Bottleneck
from attn_lib.blocks import SE
from attn_lib.insertion import LoadReport, Mismatch, insert_attention, insert_block, load_pretrained
from gate_by_gate.digit_resnet import digit_resnet
from tests.block_tools import randomise


class Named(nn.Module):
    """A network with the names that a careless replacement of ``module.`` corrupts."""

    def __init__(self):
        super().__init__()
        self.my_module = nn.Linear(3, 5)
        self.module = nn.Linear(5, 7)


def entries(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def assert_same(model, expected):
    found = model.state_dict()
    assert all(torch.equal(found[name], value) for name, value in expected.items())


def test_everything_fits():
    source = entries(randomise(digit_resnet()))
    model = digit_resnet()

    report = load_pretrained(model, source)

    assert report == LoadReport(loaded=tuple(source), missing=(), unexpected=(), mismatched=())
    assert report.complete
    assert_same(model, source)


def test_a_bare_network_loads_around_inserted_blocks():
    source = entries(randomise(digit_resnet()))
    torch.manual_seed(0)
    model = digit_resnet(attention="se", reduction=4)
    untouched = {name: value for name, value in entries(model).items() if "attention" in name}

    report = load_pretrained(model, source)

    assert report.loaded == tuple(source)
    assert report.missing == tuple(untouched)
    assert len(untouched) == 3 * 4
    assert report.unexpected == ()
    assert not report.complete
    assert_same(model, source)
    assert_same(model, untouched)


def test_the_order_load_then_insert_gives_the_same_network():
    source = entries(randomise(digit_resnet()))
    torch.manual_seed(0)
    first = digit_resnet()
    load_pretrained(first, source)
    insert_attention(first, "se", reduction=4)
    second = digit_resnet(attention="se", reduction=4)
    load_pretrained(second, source)

    assert set(first.state_dict()) == set(second.state_dict())
    assert_same(first, source)
    assert_same(second, source)


def test_resnet50_to_cbam_misses_ten_entries_for_each_block():
    """160: the MLP's four, the convolution's one, the norm's five. Without ``num_batches_tracked``, which
    PyTorch did not have when CBAM was released, it is the 144 that is often quoted.
    """
    with torch.device("meta"):
        source, names = resnet50().state_dict(), resnet50(attention="cbam").state_dict()
    missing = [name for name in names if name not in source]
    assert len(missing) == 16 * 10
    assert len([name for name in missing if not name.endswith("num_batches_tracked")]) == 144

    build = lambda: ResNet(Bottleneck, (3, 4, 6, 3), (4, 5, 6, 7), num_classes=3)  # noqa: E731
    narrow = build()
    insert_attention(narrow, "cbam", reduction=2)
    report = load_pretrained(narrow, build().state_dict())
    assert report.missing == tuple(missing)
    assert report.unexpected == report.mismatched == ()


def test_a_new_classifier_is_mismatched_and_keeps_its_values():
    source = entries(digit_resnet(num_classes=10))
    model = digit_resnet(num_classes=7)
    untouched = {"fc.weight": model.fc.weight.detach().clone(), "fc.bias": model.fc.bias.detach().clone()}

    report = load_pretrained(model, source)

    assert report.mismatched == (
        Mismatch("fc.weight", expected=(7, 64), got=(10, 64)),
        Mismatch("fc.bias", expected=(7,), got=(10,)),
    )
    assert report.missing == report.unexpected == ()
    assert len(report.loaded) == len(source) - 2
    assert_same(model, untouched)


def test_shapes_are_never_broadcast():
    model = nn.Linear(3, 5)
    report = load_pretrained(model, {"weight": torch.ones(5, 3), "bias": torch.ones(1)})
    assert report.mismatched == (Mismatch("bias", expected=(5,), got=(1,)),)


def test_module_is_stripped_only_at_the_start():
    """``name.replace("module.", "")``, as it circulates, turns ``my_module.weight`` into ``my_weight``."""
    source = entries(Named())
    model = Named()
    parallel = {f"module.{name}": value for name, value in source.items()}

    report = load_pretrained(model, parallel)

    assert report.complete
    assert set(report.loaded) == {"my_module.weight", "my_module.bias", "module.weight", "module.bias"}
    assert_same(model, source)


def test_a_module_called_module_keeps_its_name():
    source = entries(Named())
    model = Named()
    assert load_pretrained(model, source).complete
    assert_same(model, source)


def test_weights_of_data_parallel_load():
    source = nn.DataParallel(randomise(digit_resnet()))
    model = digit_resnet()
    assert load_pretrained(model, source.state_dict()).complete
    assert_same(model, source.module.state_dict())


def test_another_prefix():
    source = entries(digit_resnet())
    model = digit_resnet()
    saved = {f"backbone.{name}": value for name, value in source.items()}
    assert load_pretrained(model, saved, prefix="backbone.").complete
    assert_same(model, source)


def test_two_names_that_become_one_are_refused():
    with pytest.raises(ValueError, match=r"names must differ without 'module.'; got 'a' twice"):
        load_pretrained(nn.Linear(3, 5), {"module.a": torch.zeros(1), "a": torch.zeros(1)})


@pytest.mark.parametrize("as_path", [str, lambda path: path], ids=["str", "Path"])
def test_a_file(tmp_path, as_path):
    source = entries(randomise(digit_resnet()))
    torch.save(source, tmp_path / "weights.pth")
    model = digit_resnet()
    assert load_pretrained(model, as_path(tmp_path / "weights.pth")).complete
    assert_same(model, source)


def test_an_entry_of_a_larger_checkpoint(tmp_path):
    source = entries(digit_resnet())
    torch.save({"epoch": 3, "state_dict": source}, tmp_path / "checkpoint.pth")
    model = digit_resnet()

    assert load_pretrained(model, tmp_path / "checkpoint.pth", entry="state_dict").complete
    assert_same(model, source)

    with pytest.raises(
        TypeError, match=r"map names to Tensors; got int for 'epoch'.*name that one with `entry`"
    ):
        load_pretrained(model, tmp_path / "checkpoint.pth")
    with pytest.raises(ValueError, match=r"must have the entry 'model'; got 2: 'epoch', 'state_dict'"):
        load_pretrained(model, tmp_path / "checkpoint.pth", entry="model")


class Dangerous:
    """Would run code if it were unpickled."""

    def __reduce__(self):
        return (print, ("this must not run",))


def test_a_file_runs_no_code(tmp_path, capsys):
    torch.save({"conv1.weight": Dangerous()}, tmp_path / "weights.pth")
    with pytest.raises(
        ValueError, match=r"tensors by name alone; got a print in it, which takes running code"
    ):
        load_pretrained(digit_resnet(), tmp_path / "weights.pth")
    assert "must not run" not in capsys.readouterr().out


def test_other_dtypes_are_converted():
    source = {
        name: value.half() if value.is_floating_point() else value
        for name, value in entries(digit_resnet()).items()
    }
    model = digit_resnet()
    assert load_pretrained(model, source).complete
    assert model.conv1.weight.dtype == torch.float32
    assert torch.equal(model.conv1.weight, source["conv1.weight"].float())


def test_an_inserted_block_does_not_hide_its_host():
    """Weights of a network without the block fit the network with it, hooks and containers included."""
    source = entries(randomise(mobilenet_v2()))
    model = mobilenet_v2()
    insert_block(model, "features.3.conv.1.1", SE(144))
    insert_block(model, "features.5", SE(32))
    insert_block(model, "features.18", SE(1280))
    report = load_pretrained(model, source)
    assert report.loaded == tuple(source)
    assert len(report.missing) == 3 * 4


def test_a_source_of_which_nothing_fits_is_refused():
    model = digit_resnet()
    before = entries(model)
    with pytest.raises(
        ValueError,
        match=r"got none\. The model has 56: conv1.weight, bn1.weight, bn1.bias, \.\.\. \(53 more\); "
        r"the source has 1: net.conv1.weight; mismatched: 0",
    ):
        load_pretrained(model, {"net.conv1.weight": torch.zeros(16, 1, 3, 3)})
    assert_same(model, before)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (nn.Linear(3, 5), r"got a Linear: pass its \.state_dict\(\)"),
        ({"epoch": 3, "ema": {"weight": torch.zeros(5, 3)}}, r"got int for 'epoch'.*entry='ema'$"),
        (3, r"a state dict or a file with one; got int"),
        ([("weight", torch.zeros(1))], r"a state dict or a file with one; got list"),
        ({"weight": 1.5}, r"map names to Tensors; got float for 'weight'"),
    ],
)
def test_what_is_no_state_dict_is_named(source, message):
    with pytest.raises(TypeError, match=message):
        load_pretrained(nn.Linear(3, 5), source)


def test_the_report_prints_well():
    model = ResNet(BasicBlock, (1, 1), (5, 7), num_classes=11)
    source = {**entries(model), "extra": torch.zeros(1), "fc.weight": torch.zeros(13, 7)}
    insert_attention(model, "se", reduction=3)

    report = load_pretrained(model, source)

    assert repr(report) == "LoadReport(loaded=37, missing=8, unexpected=1, mismatched=1)"
    assert str(report).splitlines() == [
        "loaded      37 of the model's 46 entries",
        "missing     8: layer1.0.attention.mlp.fc1.weight, layer1.0.attention.mlp.fc1.bias, "
        "layer1.0.attention.mlp.fc2.weight, ... (5 more)",
        "unexpected  1: extra",
        "mismatched  1: fc.weight (expected (11, 7), got (13, 7))",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty file. Download it again"),
        (b"<!DOCTYPE html><html></html>", "an HTML page, which a server sends in place of the file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a Git LFS pointer"),
        (b"conv1.weight 0.25\n", "a text file"),
        (b"PK\x03\x04 cut off", r"one that cannot be read \(12 bytes\). Is its download complete"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path, content, message):
    (tmp_path / "weights.pth").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_pretrained(nn.Linear(3, 5), tmp_path / "weights.pth")


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"args": argparse.Namespace(lr=0.1)}, "argparse.Namespace"),
        ({"best": np.float64(76.1)}, r"numpy.*scalar"),
        ({"model": nn.Linear(3, 5)}, r"torch.nn.modules.linear.Linear"),
    ],
)
def test_a_file_that_holds_more_than_tensors_says_what_can_be_done(tmp_path, more, named):
    """What the message says is carried out."""
    path = tmp_path / "checkpoint.pth"
    torch.save({"state_dict": entries(nn.Linear(3, 5)), **more}, path)
    with pytest.raises(ValueError, match=rf"got a {named} in it.*weights_only=False\).*\.state_dict\(\)"):
        load_pretrained(nn.Linear(3, 5), path)
    read = torch.load(path, map_location="cpu", weights_only=False)
    assert load_pretrained(nn.Linear(3, 5), read, entry="state_dict").complete


def test_less_than_half_is_refused_unless_it_is_meant():
    source = entries(digit_resnet())
    few = dict(list(source.items())[:10])
    assert len(load_pretrained(digit_resnet(), few).loaded) == 10  # all of a small source

    other = {**few, **{f"layer9.{name}": value for name, value in few.items()}, "extra": torch.zeros(1)}
    with pytest.raises(ValueError, match=r"got 10 of 21\. .*allow_partial=True accepts it"):
        load_pretrained(digit_resnet(), other)
    assert len(load_pretrained(digit_resnet(), other, allow_partial=True).loaded) == 10
