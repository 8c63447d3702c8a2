"""Another reader of an exported network: onnxruntime."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime

from gate_by_gate.playground.export import Exported


def session_of(network: Exported) -> onnxruntime.InferenceSession:
    """Load the ONNX model of a network, for one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model_of(network).SerializeToString(), options)


def model_of(network: Exported) -> onnx.ModelProto:
    """Write the exported operators and weights as an ONNX model."""
    graph = network.graph
    weights = np.frombuffer(network.weights, "<f2").astype(np.float32)
    shapes = graph["tensors"]

    def value(name: str) -> onnx.ValueInfoProto:
        return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shapes[name])

    constants = []
    for name, at in graph["constants"].items():
        values = weights[at : at + int(np.prod(shapes[name]))].reshape(shapes[name])
        constants.append(onnx.numpy_helper.from_array(values, name))
    nodes = []

    def integers(name: str, numbers: list[int]) -> str:
        constants.append(onnx.numpy_helper.from_array(np.array(numbers, np.int64), name))
        return name

    def number(name: str, one: float) -> str:
        constants.append(onnx.numpy_helper.from_array(np.array(one, np.float32), name))
        return name

    names = {
        "add": "Add", "multiply": "Mul", "divide": "Div", "relu": "Relu", "sigmoid": "Sigmoid",
        "hard_swish": "HardSwish", "matmul": "MatMul", "sum": "ReduceSum", "mean": "ReduceMean",
        "maximum": "ReduceMax",
    }  # fmt: skip

    def whole(name: str) -> str:
        return integers(f"{name}_whole", shapes[name])

    for operator in graph["operators"]:
        kind, given, out = operator["kind"], list(operator["inputs"]), operator["output"]
        rest: dict[str, object] = {}
        if kind in ("add", "multiply", "divide") and len(given) == 1:
            given.append(number(f"{out}_by", operator["by"]))
        elif kind in ("sum", "mean", "maximum"):
            # With or without the axes that are lost, the numbers are the same: the shape says which.
            axes = integers(f"{out}_axes", operator["axes"])
            nodes.append(onnx.helper.make_node(names[kind], [*given, axes], [f"{out}_kept"], keepdims=1))
            kind, given = "reshape", [f"{out}_kept"]
        if kind == "reshape":
            node = "Reshape", [*given, integers(f"{out}_shape", shapes[out])]
        elif kind in ("convolution", "depthwise"):
            rest = {
                "group": shapes[given[0]][1] if kind == "depthwise" else 1,
                "strides": operator["stride"],
                "pads": operator["padding"] * 2,
                "dilations": operator["dilation"],
            }
            node = "Conv", given
        elif kind == "linear":
            node, rest = ("Gemm", given), {"transB": 1}
            if len(shapes[given[0]]) > 2:
                rows = [-1, shapes[given[0]][-1]]
                flat = integers(f"{out}_rows", rows), integers(f"{out}_whole", shapes[out])
                nodes.append(onnx.helper.make_node("Reshape", [given[0], flat[0]], [f"{out}_x"]))
                nodes.append(onnx.helper.make_node("Gemm", [f"{out}_x", *given[1:]], [f"{out}_y"], transB=1))
                node, rest = ("Reshape", [f"{out}_y", flat[1]]), {}
        elif kind == "transposed_convolution":
            node, rest = ("ConvTranspose", given), {"strides": shapes[given[1]][2:]}
        elif kind == "pad":
            left, right, top, bottom = operator["sides"]
            node = "Pad", [*given, integers(f"{out}_sides", [0, 0, top, left, 0, 0, bottom, right])]
        elif kind == "resize":
            node, rest = ("Resize", [*given, "", "", whole(out)]), {"mode": "linear"}
        elif kind == "softmax":
            node, rest = ("Softmax", given), {"axis": -1}
        elif kind == "permute":
            node, rest = ("Transpose", given), {"perm": operator["order"]}
        elif kind == "concatenate":
            node, rest = ("Concat", given), {"axis": operator["axis"]}
        elif kind == "slice":
            places = (integers(f"{out}_{key}", [operator[key]]) for key in ("start", "stop", "axis"))
            node = "Slice", [*given, *places]
        else:
            node = names[kind], given
        nodes.append(onnx.helper.make_node(node[0], node[1], [out], **rest))
    model = onnx.helper.make_model(
        onnx.helper.make_graph(
            nodes, "network", [value(graph["input"])], [value(n) for n in network.returned], constants
        ),
        opset_imports=[onnx.helper.make_opsetid("", 18)],
        ir_version=10,
    )
    onnx.checker.check_model(model)
    return model
