"""MediaPipe's own file, and an interpreter of it that is not this book's."""

from __future__ import annotations

from collections.abc import Callable

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from gate_by_gate.segmenter import origin
from tests.conftest import ROOT


@pytest.fixture(scope="session")
def mediapipes_file():
    """The file as npm installed it with the tools of the front end: package-lock.json pins its checksum."""
    path = ROOT / "node_modules" / origin()["package"] / origin()["file"]
    assert path.exists(), "run `python -m tests.front_end` first, which installs what package.json names"
    return path


def with_a_builtin_last_layer(data: bytes) -> bytes:
    """Return the model with its one custom operator replaced by the standard one that does the same.

    MediaPipe's transposed convolution with a bias is known to its own runtime alone. Since then LiteRT's
    own has a bias, too; it wants the output's shape as its first input.
    """
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    (graph,) = model.subgraphs
    (code,) = (code for code in model.operatorCodes if code.customCode)
    assert code.customCode == b"Convolution2DTransposeBias"
    (operator,) = (one for one in graph.operators if model.operatorCodes[one.opcodeIndex] is code)
    code.customCode = None
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.TRANSPOSE_CONV
    code.version = 3

    shape = schema.TensorT()
    shape.name, shape.type, shape.shape = b"shape", schema.TensorType.INT32, np.array([4], np.int32)
    shape.buffer = len(model.buffers)
    graph.tensors.append(shape)
    numbers = schema.BufferT()
    numbers.data = np.frombuffer(graph.tensors[operator.outputs[0]].shape.astype("<i4").tobytes(), np.uint8)
    model.buffers.append(numbers)

    features, kernel, bias = operator.inputs
    operator.inputs = np.array([len(graph.tensors) - 1, kernel, features, bias], np.int32)
    operator.builtinOptionsType = schema.BuiltinOptions.TransposeConvOptions
    operator.builtinOptions = schema.TransposeConvOptionsT()
    operator.builtinOptions.padding = schema.Padding.VALID
    operator.builtinOptions.strideH = operator.builtinOptions.strideW = 2
    operator.customOptions = None

    return packed(model)


def packed(model: schema.ModelT) -> bytes:
    """A model as the content of a file."""
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.fixture(scope="session")
def mediapipes_mask(mediapipes_file) -> Callable[[np.ndarray], np.ndarray]:
    """What LiteRT computes with the file, from ``(256, 256, 3)`` to ``(256, 256)``."""
    interpreter = Interpreter(model_content=with_a_builtin_last_layer(mediapipes_file.read_bytes()))
    interpreter.allocate_tensors()
    (given,), (made,) = interpreter.get_input_details(), interpreter.get_output_details()

    def run(picture: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(given["index"], picture[None].astype(np.float32))
        interpreter.invoke()
        return interpreter.get_tensor(made["index"])[0, :, :, 0].copy()

    return run
