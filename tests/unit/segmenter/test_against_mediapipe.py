"""The segmenter is MediaPipe's: weights, counts and masks are those of its own file, which LiteRT runs."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from ai_edge_litert import schema_py_generated as schema

from attn_lib.inspection import count_macs
from gate_by_gate.photographs import names, photographs
from gate_by_gate.segmenter import WEIGHTS, origin, selfie_segmenter
from gate_by_gate.segmenter.convert import convert, main, state_dict_of
from tests.unit.segmenter.conftest import packed


@pytest.fixture(scope="module")
def network():
    return selfie_segmenter()


@pytest.mark.parametrize("name", names())
@torch.no_grad()
def test_the_mask_of_a_photograph_is_mediapipes(network, mediapipes_mask, name):
    picture = photographs([name])
    theirs = mediapipes_mask(picture[0].permute(1, 2, 0).numpy())
    ours = network(picture)[0, 0].numpy()
    assert np.abs(ours - theirs).max() < 1e-3
    if name in ("astronaut", "hopper", "cameraman"):  # so that it is not nothing with nothing
        assert theirs.max() > 0.9


@torch.no_grad()
def test_the_comparison_sees_a_change_of_one_gate(network, mediapipes_mask):
    picture = photographs(["astronaut"])
    theirs = mediapipes_mask(picture[0].permute(1, 2, 0).numpy())
    changed = selfie_segmenter()
    changed.unit8.attention.mlp.fc2.bias[0] += 0.5
    assert np.abs(changed(picture)[0, 0].numpy() - theirs).max() > 1e-3


def test_the_published_weights_are_those_of_the_file(mediapipes_file):
    converted, published = convert(mediapipes_file), torch.load(WEIGHTS, weights_only=True)
    assert list(converted) == list(published)
    assert all(value.dtype == torch.float16 for value in published.values())
    assert all(torch.equal(converted[name], published[name]) for name in converted)


def test_the_file_says_what_origin_says(mediapipes_file):
    data = mediapipes_file.read_bytes()
    assert len(data) == origin()["bytes"]
    assert schema.ModelT.InitFromPackedBuf(data, 0).description.decode() == origin()["description"]


def counted_in_the_file(data: bytes) -> tuple[int, int]:
    """Weights and multiply-accumulates, from the shapes in the file alone."""
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    (graph,) = model.subgraphs
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    shape = [[int(side) for side in tensor.shape] for tensor in graph.tensors]
    weights = macs = 0
    for operator in graph.operators:
        code, inputs = codes[operator.opcodeIndex], operator.inputs
        if code == schema.BuiltinOperator.DEQUANTIZE:
            weights += int(np.prod(shape[inputs[0]]))
        elif code == schema.BuiltinOperator.CONV_2D:
            macs += int(np.prod(shape[operator.outputs[0]]) * np.prod(shape[inputs[1]][1:]))
        elif code == schema.BuiltinOperator.DEPTHWISE_CONV_2D:
            macs += int(np.prod(shape[operator.outputs[0]]) * np.prod(shape[inputs[1]][1:3]))
        elif code == schema.BuiltinOperator.CUSTOM:  # transposed: every input meets every weight
            macs += int(np.prod(shape[inputs[0]]) * np.prod(shape[inputs[1]][:3]))
    return weights, macs


def test_parameters_and_macs_are_the_files(network, mediapipes_file):
    weights, macs = counted_in_the_file(mediapipes_file.read_bytes())
    assert weights == sum(parameter.numel() for parameter in network.parameters()) == 106_401
    assert macs == count_macs(network, torch.zeros(1, 3, 256, 256)).total
    assert round(macs / 1e6, 1) == 59.2


def test_the_command_writes_the_published_weights(mediapipes_file, tmp_path, capsys):
    main([str(mediapipes_file), str(tmp_path / "weights.pt")])
    assert re.search(r"106,401 numbers, SHA-256 [0-9a-f]{64}", capsys.readouterr().out)
    written, published = torch.load(tmp_path / "weights.pt"), torch.load(WEIGHTS)
    assert all(torch.equal(written[name], published[name]) for name in published)


def test_another_file_is_refused_with_both_checksums(tmp_path, mediapipes_file, capsys):
    other = tmp_path / "other.tflite"
    other.write_bytes(mediapipes_file.read_bytes()[:-1] + b"x")
    with pytest.raises(ValueError, match=rf"249024 bytes with SHA-256 {origin()['sha256']}; got .*other\.t"):
        convert(other)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        convert(tmp_path / "nowhere.tflite")
    with pytest.raises(SystemExit):
        main([str(other), str(tmp_path / "weights.pt")])
    assert "expected selfie_segmentation.tflite" in capsys.readouterr().err
    assert not (tmp_path / "weights.pt").exists()


def test_a_model_with_other_layers_is_refused(mediapipes_file):
    model = schema.ModelT.InitFromPackedBuf(mediapipes_file.read_bytes(), 0)
    (graph,) = model.subgraphs

    first = next(one for one in graph.operators if len(one.inputs) == 3)
    kernel = next(one.inputs[0] for one in graph.operators if one.outputs[0] == first.inputs[1])
    graph.tensors[kernel].shape = graph.tensors[kernel].shape[::-1]
    with pytest.raises(
        ValueError, match=r"\(16, 3, 3, 3\) with a bias \(16,\) for stem; got \(3, 16, 3, 3\) and"
    ):
        state_dict_of(packed(model))

    del graph.operators[-2]  # the transposed convolution
    with pytest.raises(ValueError, match="a model with 55 convolutions; got 54"):
        state_dict_of(packed(model))
