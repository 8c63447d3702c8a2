"""Make the weights of the segmenter from MediaPipe's file.

::

    npm pack @mediapipe/selfie_segmentation@0.1.1675465747
    tar xzf mediapipe-selfie_segmentation-0.1.1675465747.tgz
    python -m gate_by_gate.segmenter.convert package/selfie_segmentation.tflite weights.pt

The file is a TensorFlow Lite model: a list of operators with constant tensors in half precision. Its
convolutions stand in the order in which the network uses them, which is the order of the network's own
layers, so the one list is laid on the other, and every shape is compared.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gate_by_gate.segmenter import origin
from gate_by_gate.segmenter.network import SelfieSegmenter

try:
    from ai_edge_litert import schema_py_generated as schema
except ImportError as error:
    raise ImportError("converting needs ai-edge-litert: pip install -r requirements.txt") from error

__all__ = ["convert", "main", "state_dict_of"]

CONVOLUTIONS = (
    schema.BuiltinOperator.CONV_2D,
    schema.BuiltinOperator.DEPTHWISE_CONV_2D,
    schema.BuiltinOperator.CUSTOM,  # Convolution2DTransposeBias, the last layer
)


def convert(path: Path) -> dict[str, Tensor]:
    """Return the weights in MediaPipe's file as a state dict of the segmenter, in half precision.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is another file than that of ``origin.json``.
    """
    data, expected = path.read_bytes(), origin()
    got = sha256(data).hexdigest()
    if got != expected["sha256"]:
        raise ValueError(
            f"expected {expected['file']} of {expected['package']} {expected['version']}, "
            f"{expected['bytes']} bytes with SHA-256 {expected['sha256']}; "
            f"got {path}, {len(data)} bytes with SHA-256 {got}"
        )
    return state_dict_of(data)


def state_dict_of(data: bytes) -> dict[str, Tensor]:
    """Return the kernels and biases of a TensorFlow Lite model as a state dict of the segmenter.

    Raises:
        ValueError: the model has other layers than the segmenter.
    """
    layers = [(name, layer) for name, layer in SelfieSegmenter().named_modules() if hasattr(layer, "weight")]
    found = list(_convolutions(data))
    if len(found) != len(layers):
        raise ValueError(f"expected a model with {len(layers)} convolutions; got {len(found)}")
    state = {}
    for (name, layer), (their_name, kernel, bias) in zip(layers, found, strict=True):
        weight = _in_pytorchs_order(kernel, layer)
        if weight.shape != layer.weight.shape or bias.shape != layer.bias.shape:
            raise ValueError(
                f"expected a weight {tuple(layer.weight.shape)} with a bias {tuple(layer.bias.shape)} "
                f"for {name}; got {tuple(weight.shape)} and {tuple(bias.shape)} from {their_name}"
            )
        state[f"{name}.weight"], state[f"{name}.bias"] = weight.contiguous(), bias
    return state


def _in_pytorchs_order(kernel: Tensor, layer: nn.Module) -> Tensor:
    """Turn TensorFlow's kernel, (out, height, width, in) or (1, height, width, out), as ``layer`` has it."""
    if isinstance(layer, nn.Linear):
        return kernel.flatten(1)
    turned = isinstance(layer, nn.ConvTranspose2d) or (isinstance(layer, nn.Conv2d) and layer.groups > 1)
    return kernel.permute((3, 0, 1, 2) if turned else (0, 3, 1, 2))


def _convolutions(data: bytes) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Yield the name, kernel and bias of each convolution of a TensorFlow Lite model, in its own order."""
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    (graph,) = model.subgraphs
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    # What is stored in half precision goes through an operator that makes it single precision.
    stored = {
        operator.outputs[0]: operator.inputs[0]
        for operator in graph.operators
        if codes[operator.opcodeIndex] == schema.BuiltinOperator.DEQUANTIZE
    }

    def read(index: int) -> Tensor:
        tensor = graph.tensors[stored[index]]
        numbers: Any = model.buffers[tensor.buffer].data
        return torch.frombuffer(bytearray(numbers), dtype=torch.float16).view(*tensor.shape.tolist())

    for operator in graph.operators:
        if codes[operator.opcodeIndex] in CONVOLUTIONS:
            _, kernel, bias = operator.inputs
            yield graph.tensors[kernel].name.decode(), read(kernel), read(bias)


def main(arguments: list[str] | None = None) -> None:
    """Convert the file that is named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file", type=Path, help="selfie_segmentation.tflite of the npm package")
    parser.add_argument("weights", type=Path, help="where to write the state dict")
    options = parser.parse_args(arguments)
    try:
        state = convert(options.file)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    torch.save(state, options.weights)
    numbers = sum(value.numel() for value in state.values())
    checksum = sha256(options.weights.read_bytes()).hexdigest()
    print(f"{options.weights}: {numbers:,} numbers, SHA-256 {checksum}")


if __name__ == "__main__":
    main()
