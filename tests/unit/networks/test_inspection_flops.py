"""Multiply-accumulates: by hand, against PyTorch's own counter and against torchinfo."""

import pytest
import torch
import torch.nn.functional as F
import torchinfo
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from attn_lib import ECA, SE
from attn_lib.inspection import Macs, count_macs


def pytorch_macs(model: nn.Module, x: torch.Tensor) -> int:
    """PyTorch's counter, which takes a multiply-accumulate for two operations."""
    model.eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(x)
    assert counter.get_total_flops() % 2 == 0
    return counter.get_total_flops() // 2


class Attend(nn.Module):
    """softmax(Q K^T) V with Q = K = X and V of its own width, written out or fused."""

    def __init__(self, fused: bool, width: int = 11):
        super().__init__()
        self.fused, self.heads = fused, 3
        self.value = nn.Linear(5, width, bias=False)

    def forward(self, x):
        q = x[:, None].expand(-1, self.heads, -1, -1)
        v = self.value(q)
        if self.fused:
            return F.scaled_dot_product_attention(q, q, v)
        return torch.softmax(q @ q.transpose(-2, -1), dim=-1) @ v


class Masked(nn.Module):
    """A learned matrix that is masked before it is used: made of weights alone, so still a linear layer."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(5, 5))
        self.register_buffer("mask", torch.eye(5))

    def forward(self, x):
        return torch.einsum("nld,de->nle", x, self.weight * self.mask)


# name, model, input shape, expected (convolution, linear, matmul)
BY_HAND = [
    (
        "convolution",
        nn.Conv2d(3, 13, (3, 5), padding=(1, 2)),
        (2, 3, 11, 7),
        (2 * 11 * 7 * 13 * 3 * 3 * 5, 0, 0),
    ),
    ("stride", nn.Conv2d(3, 13, 3, stride=2), (2, 3, 11, 7), (2 * 5 * 3 * 13 * 3 * 9, 0, 0)),
    ("groups", nn.Conv2d(6, 15, 3, groups=3), (2, 6, 5, 7), (2 * 3 * 5 * 15 * 2 * 9, 0, 0)),
    ("depthwise", nn.Conv2d(13, 13, 3, groups=13), (2, 13, 5, 7), (2 * 3 * 5 * 13 * 9, 0, 0)),
    ("dilation", nn.Conv2d(3, 5, 3, dilation=2), (1, 3, 11, 7), (7 * 3 * 5 * 3 * 9, 0, 0)),
    ("transposed", nn.ConvTranspose2d(6, 15, 3, 2, groups=3), (2, 6, 5, 7), (2 * 5 * 7 * 6 * 5 * 9, 0, 0)),
    ("one dimension", nn.Conv1d(1, 1, 3, padding=1), (2, 1, 17), (2 * 17 * 3, 0, 0)),
    ("linear", nn.Linear(5, 11), (2, 3, 5), (0, 2 * 3 * 5 * 11, 0)),
    ("linear without bias", nn.Linear(5, 11, bias=False), (2, 5), (0, 2 * 5 * 11, 0)),
    ("one vector", nn.Linear(5, 11), (5,), (0, 5 * 11, 0)),
    ("masked matrix", Masked(), (2, 7, 5), (0, 2 * 7 * 5 * 5, 0)),
    ("attention", Attend(fused=False), (2, 7, 5), (0, 2 * 3 * 7 * 5 * 11, 2 * 3 * 7 * 7 * (5 + 11))),
    ("norm and ReLU", nn.Sequential(nn.BatchNorm2d(3), nn.ReLU()), (2, 3, 5, 7), (0, 0, 0)),
]


@pytest.mark.parametrize(("name", "model", "shape", "expected"), BY_HAND, ids=[case[0] for case in BY_HAND])
def test_counted_by_hand_and_by_pytorch(name, model, shape, expected):
    x = torch.randn(shape)
    count = count_macs(model, x)
    assert count.whole == Macs(*expected)
    assert count.total == pytorch_macs(model, x)


def test_fused_attention_counts_as_the_two_products_it_replaces():
    x = torch.randn(2, 7, 5)
    fused, written_out = Attend(fused=True, width=5), Attend(fused=False, width=5)
    expected = Macs(linear=2 * 3 * 7 * 5 * 5, matmul=2 * 3 * 7 * 7 * (5 + 5))
    assert count_macs(fused, x).whole == expected
    assert count_macs(written_out, x).whole == expected
    assert pytorch_macs(written_out, x) == expected.total
    # PyTorch's counter does not know the fused kernel of the CPU, which shows that it is the one that ran.
    assert pytorch_macs(fused, x) == expected.linear


def test_fused_attention_with_values_of_another_width():
    """The kernels of the CPU take one width only, so this asks one of the GPU's for its shapes alone."""

    class Efficient(nn.Module):
        def forward(self, query):
            key, value = query.new_empty(2, 3, 11, 5), query.new_empty(2, 3, 11, 13)
            attend = torch.ops.aten._scaled_dot_product_efficient_attention
            return attend(query, key, value, None, False)[0]

    query = torch.empty(2, 3, 7, 5, device="meta")
    assert count_macs(Efficient(), query).whole == Macs(matmul=2 * 3 * 7 * 11 * (5 + 13))
    assert pytorch_macs(Efficient(), query) == 2 * 3 * 7 * 11 * (5 + 13)


def test_an_se_block_by_module():
    count = count_macs(SE(13, reduction=5), torch.randn(3, 13, 5, 7))
    assert count.by_module == {
        "": Macs(),
        "mlp": Macs(),
        "mlp.fc1": Macs(linear=3 * 13 * 2),
        "mlp.fc2": Macs(linear=3 * 2 * 13),
    }
    assert count.within("mlp") == count.whole == Macs(linear=3 * 52)


def test_bare_functions_belong_to_the_module_that_calls_them():
    count = count_macs(nn.Sequential(Attend(fused=False)), torch.randn(2, 7, 5))
    assert count.by_module["0"] == Macs(matmul=2 * 3 * 7 * 7 * 16)
    assert count.by_module["0.value"] == Macs(linear=2 * 3 * 7 * 5 * 11)
    assert count.within("0") == count.whole


def test_within_takes_whole_names_only():
    model = nn.ModuleDict({"a": nn.Linear(5, 7, bias=False), "ab": nn.Linear(7, 11, bias=False)})

    class Chain(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = model
            self.never = nn.Linear(2, 2)

        def forward(self, x):
            return self.parts["ab"](self.parts["a"](x))

    count = count_macs(Chain(), torch.randn(1, 5))
    assert count.within("parts.a") == Macs(linear=35)
    assert count.within("parts.ab") == Macs(linear=77)
    with pytest.raises(ValueError, match=r"no module named 'never' ran in this forward pass"):
        count.within("never")


def test_kinds_add_up():
    macs = Macs(convolution=2, linear=3, matmul=5) + Macs(convolution=7, linear=11, matmul=13)
    assert macs == Macs(convolution=9, linear=14, matmul=18)
    assert macs.layers == 23
    assert macs.total == 41


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 13, 3, bias=False),
        SE(13, reduction=5, bias=False),
        nn.ReLU(inplace=True),
        nn.Conv2d(13, 17, 3, stride=2, bias=False),
        ECA(17),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(17, 19, bias=False),
    )


def test_a_network_against_pytorch_and_torchinfo():
    """Without biases and norms, which torchinfo counts and others do not, all three agree."""
    model = network()
    x = torch.randn(2, 3, 11, 7)
    by_hand = 2 * (9 * 5 * 13 * 27 + 2 * 26 + 4 * 2 * 17 * 13 * 9 + 17 * 3 + 17 * 19)
    summary = torchinfo.summary(model, input_data=x, verbose=0)
    assert count_macs(model, x).layers == by_hand
    assert pytorch_macs(model, x) == by_hand
    assert summary.total_mult_adds == by_hand


def test_torchinfo_differs_by_the_biases_and_norms_that_it_counts():
    model = nn.Sequential(nn.Conv2d(3, 13, 3), nn.BatchNorm2d(13), nn.Flatten(), nn.Linear(13 * 3 * 5, 19))
    x = torch.randn(2, 3, 5, 7)
    summary = torchinfo.summary(model, input_data=x, verbose=0)
    biases = 2 * (13 * 3 * 5 + 19)
    norms = 2 * 26
    assert count_macs(model, x).total == summary.total_mult_adds - biases - norms


@pytest.mark.parametrize("heads", [2, 3])  # the fast path takes even numbers alone
def test_multi_head_attention_is_counted_though_pytorch_has_a_fast_path_for_it(heads):
    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.attend = nn.MultiheadAttention(6 * heads, heads, batch_first=True)

        def forward(self, x):
            return self.attend(x, x, x, need_weights=False)[0]

    width = 6 * heads
    assert count_macs(Layer(), torch.randn(2, 7, width)).whole == Macs(
        linear=4 * 2 * 7 * width * width, matmul=2 * 2 * 7 * 7 * width
    )
    assert torch.backends.mha.get_fastpath_enabled()


@pytest.mark.parametrize("own_input", [False, True], ids=["input from outside", "input from inside"])
def test_inference_mode_changes_nothing(own_input):
    for model, shape in (
        (network(), (2, 3, 11, 7)),
        (Attend(False), (2, 7, 5)),
        (Attend(True, width=5), (2, 7, 5)),
    ):
        x = torch.randn(shape)
        expected = count_macs(model, x)
        with torch.inference_mode():
            assert count_macs(model, x.clone() if own_input else x) == expected


def test_autocast_changes_nothing():
    """The weights are then cast: copies, made of weights alone."""
    x = torch.randn(2, 7, 5)
    expected = count_macs(Attend(False), x)
    with torch.autocast("cpu", torch.bfloat16):
        assert count_macs(Attend(False), x) == expected


def test_a_compiled_model_is_counted_as_the_plain_one():
    model = network().eval()
    x = torch.randn(2, 3, 11, 7)
    expected = count_macs(model, x)
    compiled = torch.compile(model, backend="eager")
    compiled(x)
    assert count_macs(compiled, x) == expected


def test_nothing_is_left_behind_when_the_model_raises():
    class Raising(nn.Module):
        def forward(self, x):
            raise RuntimeError("broken in forward")

    model = nn.Sequential(nn.Linear(5, 7), Raising())
    with pytest.raises(RuntimeError, match="broken in forward"):
        count_macs(model, torch.randn(2, 5))
    for module in model.modules():
        assert module.training
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
    assert torch.utils._python_dispatch._get_current_dispatch_mode() is None
