"""The trace of shapes: every call in order, and the maps of blocks."""

import pytest
import torch
from torch import nn

from attn_lib import SE
from attn_lib.inspection import ShapeRecord, trace_shapes


def test_a_block_call_by_call():
    assert trace_shapes(SE(13, reduction=5), torch.zeros(2, 13, 5, 7)) == (
        ShapeRecord("", "SE", ((2, 13, 5, 7),), ((2, 13, 5, 7),), {"channel": (2, 13, 1, 1)}),
        ShapeRecord("mlp", "BottleneckMLP", ((2, 13),), ((2, 13),), {}),
        ShapeRecord("mlp.fc1", "Linear", ((2, 13),), ((2, 2),), {}),
        ShapeRecord("mlp.fc2", "Linear", ((2, 2),), ((2, 13),), {}),
    )


def test_a_model_in_the_order_of_its_calls():
    model = nn.Sequential(nn.Conv2d(3, 13, 3, stride=2), SE(13, reduction=5), nn.Flatten())
    trace = trace_shapes(model, torch.zeros(2, 3, 11, 7))
    assert [(record.name, record.inputs, record.outputs) for record in trace if "mlp" not in record.name] == [
        ("", ((2, 3, 11, 7),), ((2, 195),)),
        ("0", ((2, 3, 11, 7),), ((2, 13, 5, 3),)),
        ("1", ((2, 13, 5, 3),), ((2, 13, 5, 3),)),
        ("2", ((2, 13, 5, 3),), ((2, 195),)),
    ]


class Pair(nn.Module):
    def forward(self, x, *, scale, options):
        return {"scaled": x * scale, "rest": [x[0], (options["bias"], "not a tensor")]}


class Nested(nn.Module):
    def __init__(self):
        super().__init__()
        self.pair = Pair()
        self.again = nn.Identity()

    def forward(self, x):
        self.pair(x, scale=torch.ones(7), options={"bias": torch.ones(3, 1), "name": "none"})
        return self.again(self.again(x))


def test_tensors_inside_containers_and_repeated_calls_are_seen():
    trace = trace_shapes(Nested(), torch.zeros(5, 7))
    assert [record.name for record in trace] == ["", "pair", "again", "again"]
    assert trace[1].inputs == ((5, 7), (7,), (3, 1))
    assert trace[1].outputs == ((5, 7), (7,), (3, 1))


class Raising(nn.Module):
    def forward(self, x):
        raise RuntimeError("broken in forward")


def test_hooks_and_modes_are_restored_when_the_model_raises():
    model = nn.Sequential(SE(5, reduction=2), Raising())
    with pytest.raises(RuntimeError, match="broken in forward"):
        trace_shapes(model, torch.zeros(1, 5, 2, 3))
    for module in model.modules():
        assert module.training
        assert not module._forward_hooks
        assert not module._forward_pre_hooks


def test_a_compiled_model_has_the_trace_of_the_plain_one():
    model = nn.Sequential(nn.Conv2d(3, 13, 3), SE(13, reduction=5)).eval()
    x = torch.zeros(2, 3, 5, 7)
    expected = trace_shapes(model, x)
    compiled = torch.compile(model, backend="eager")
    compiled(x)
    assert trace_shapes(compiled, x) == expected
