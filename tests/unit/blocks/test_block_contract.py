"""What every block and every ablation of it promises, checked by one harness."""

import copy
import io
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim

from attn_lib import BAM, CBAM, ECA, SE, CoordAtt, SelfAttention2d
from attn_lib.blocks import BLOCKS, VARIANTS, CoordAttStrip, ECAVariant, SEWithoutSqueeze
from tests.block_tools import randomise

N, C, H, W = 2, 13, 5, 7


@dataclass(frozen=True)
class Case:
    """A block of C channels, the shapes of its maps, and how they make its output, as the docstrings say."""

    build: Callable[[], nn.Module]
    shapes: Callable[[int, int, int], dict[str, tuple[int, ...]]]
    rebuild: Callable[[nn.Module, Tensor, dict[str, Tensor]], Tensor]


def channel_shapes(n, h, w):
    return {"channel": (n, C, 1, 1)}


def channel_and_spatial_shapes(n, h, w):
    return {"channel": (n, C, 1, 1), "spatial": (n, 1, h, w)}


def strip_shapes(n, h, w):
    return {"height": (n, C, h, 1), "width": (n, C, 1, w)}


def without(name, shapes):
    return lambda n, h, w: {key: value for key, value in shapes(n, h, w).items() if key != name}


def with_combined(shapes):
    return lambda n, h, w: {**shapes(n, h, w), "combined": (n, C, h, w)}


def scaled_by_all(block, x, maps):
    for gate in maps.values():
        x = x * gate
    return x


def scaled_by_combined(operation, residual):
    def rebuild(block, x, maps):
        scores = [maps[name] for name in ("channel", "spatial") if name in maps]
        gate = torch.sigmoid(operation(*scores))
        torch.testing.assert_close(maps["combined"], gate.expand_as(x))
        return x * gate + (x if residual else 0)

    return rebuild


def weighted_values(block, x, maps):
    n, _, h, w = x.shape
    values = block.value(x).reshape(n, block.num_heads, -1, h * w)
    gathered = values @ maps["weights"].mT
    return x + block.project(gathered.reshape(n, -1, h, w))


def gate_case(block, shapes=channel_shapes, **keywords):
    return Case(partial(block, C, **keywords), shapes, scaled_by_all)


def bam_case(shapes, operation, **keywords):
    return Case(
        partial(BAM, C, reduction=3, **keywords), with_combined(shapes), scaled_by_combined(operation, True)
    )


def self_attention_case(heads, reduction):
    def shapes(n, h, w):
        return {"weights": (n, heads, h * w, h * w)}

    return Case(partial(SelfAttention2d, C, num_heads=heads, reduction=reduction), shapes, weighted_values)


CASES = {
    "se": gate_case(SE, reduction=3),
    "eca": gate_case(ECA),
    "cbam": gate_case(CBAM, channel_and_spatial_shapes, reduction=3),
    "bam": bam_case(channel_and_spatial_shapes, torch.add),
    "coord_att": gate_case(CoordAtt, strip_shapes),
    "self_attention": self_attention_case(heads=1, reduction=3),
}
ABLATIONS = {
    "self_attention, 13 heads": self_attention_case(heads=13, reduction=1),
    "se, no bias": gate_case(SE, reduction=3, bias=False),
    "se, max": gate_case(SE, reduction=3, squeeze="max"),
    "se, tanh": gate_case(SE, reduction=3, gate="tanh"),
    "se, relu": gate_case(SE, reduction=3, gate="relu"),
    "se, no squeeze": gate_case(SEWithoutSqueeze, lambda n, h, w: {"channel": (n, C, h, w)}, reduction=3),
    "eca, k=1": gate_case(ECA, kernel_size=1),
    "eca, k=9": gate_case(ECA, kernel_size=9),
    "eca, no parameters": gate_case(ECAVariant, mixing="none"),
    "eca, per channel": gate_case(ECAVariant, mixing="per_channel"),
    "eca, full": gate_case(ECAVariant, mixing="full"),
    "eca, groups": gate_case(ECAVariant, mixing="groups", groups=13),
    "eca, band": gate_case(ECAVariant, mixing="band", kernel_size=5),
    "cbam, avg": gate_case(CBAM, channel_and_spatial_shapes, reduction=3, pooling="avg"),
    "cbam, max": gate_case(CBAM, channel_and_spatial_shapes, reduction=3, pooling="max"),
    "cbam, k=3": gate_case(CBAM, channel_and_spatial_shapes, reduction=3, kernel_size=3),
    "cbam, 1x1": gate_case(CBAM, channel_and_spatial_shapes, reduction=3, descriptor="conv"),
    "cbam, no norm": gate_case(CBAM, channel_and_spatial_shapes, reduction=3, spatial_norm=False),
    "cbam, spatial first": gate_case(CBAM, channel_and_spatial_shapes, reduction=3, order="spatial_first"),
    "cbam, parallel": Case(
        partial(CBAM, C, reduction=3, order="parallel"),
        with_combined(channel_and_spatial_shapes),
        scaled_by_combined(torch.add, False),
    ),
    "bam, product": bam_case(channel_and_spatial_shapes, torch.mul, combine="product"),
    "bam, max": bam_case(channel_and_spatial_shapes, torch.maximum, combine="max", dilation=2),
    "bam, channel": bam_case(without("spatial", channel_and_spatial_shapes), lambda c: c, combine="channel"),
    "bam, spatial": bam_case(without("channel", channel_and_spatial_shapes), lambda s: s, combine="spatial"),
    "coord_att, height": gate_case(CoordAttStrip, without("width", strip_shapes), strip="height"),
    "coord_att, width": gate_case(CoordAttStrip, without("height", strip_shapes), strip="width"),
}

every_block = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
every_block_and_ablation = pytest.mark.parametrize(
    "case", (CASES | ABLATIONS).values(), ids=(CASES | ABLATIONS).keys()
)
# Some tests hold for a block as it is used, others also while its batch norms learn.
both_modes = pytest.mark.parametrize("training", [False, True], ids=["eval", "train"])


def build(case, dtype=torch.float32, training=False):
    return randomise(case.build().to(dtype)).train(training)


def draw(n=N, h=H, w=W, dtype=torch.float32, channels=C, seed=1):
    return torch.randn(n, channels, h, w, generator=torch.Generator().manual_seed(seed)).to(dtype)


def test_the_harness_knows_every_registered_block():
    assert CASES.keys() == BLOCKS.keys()
    for name, case in CASES.items():
        assert type(case.build()) is BLOCKS[name]
    assert {type(case.build()) for case in ABLATIONS.values()} > set(VARIANTS.values())


@pytest.mark.parametrize("name", BLOCKS | VARIANTS)
def test_registered_blocks_take_a_number_of_channels_alone(name):
    x = draw(channels=32)
    assert (BLOCKS | VARIANTS)[name](32)(x).shape == x.shape


@every_block_and_ablation
@both_modes
@pytest.mark.parametrize(("n", "h", "w"), [(2, 5, 7), (3, 1, 11), (3, 11, 1), (2, 1, 1), (1, 17, 3)])
def test_maps_have_their_shapes_and_rebuild_the_output(case, training, n, h, w):
    if training and n == 1:
        n = 5
    block, x = build(case, training=training), draw(n, h, w)

    y, maps = block(x), block.attention(x)

    assert {name: tuple(value.shape) for name, value in maps.items()} == case.shapes(n, h, w)
    assert y.shape == x.shape
    torch.testing.assert_close(case.rebuild(block, x, maps), y)


@every_block_and_ablation
def test_a_single_place_of_a_single_sample_is_enough_in_evaluation(case):
    x = draw(1, 1, 1)
    assert build(case)(x).isfinite().all()


@every_block_and_ablation
def test_an_empty_batch_gives_an_empty_result_in_evaluation(case):
    assert build(case)(draw(n=0)).shape == (0, C, H, W)


@every_block_and_ablation
@both_modes
def test_gradients_agree_with_finite_differences(case, training):
    block, x = build(case, torch.float64, training), draw(h=3, w=2, dtype=torch.float64)
    names = [name for name, _ in block.named_parameters()]

    def output(x, *parameters):
        return torch.func.functional_call(block, dict(zip(names, parameters, strict=True)), x)

    inputs = [x, *(parameter.detach() for parameter in block.parameters())]
    assert torch.autograd.gradcheck(output, [value.requires_grad_() for value in inputs], fast_mode=True)


@every_block_and_ablation
def test_a_gradient_reaches_the_input_and_every_parameter(case):
    """In evaluation: a batch norm that learns cancels the bias before it, whose gradient is 0 by right."""
    block, x = build(case), draw().requires_grad_()

    (block(x) * draw(seed=2)).sum().backward()

    for name, tensor in [("x", x), *block.named_parameters()]:
        assert tensor.grad.isfinite().all(), name
        assert tensor.grad.abs().sum() > 1e-6, name


@every_block_and_ablation
@both_modes
def test_the_input_is_left_as_it_was(case, training):
    x = draw()
    build(case, training=training)(x)
    torch.testing.assert_close(x, draw(), rtol=0, atol=0)


@every_block_and_ablation
def test_samples_do_not_meet_in_evaluation(case):
    block, x = build(case), draw(n=3)
    torch.testing.assert_close(torch.cat([block(sample[None]) for sample in x]), block(x))


@every_block_and_ablation
def test_an_input_that_is_not_contiguous_gives_the_same(case):
    block, x = build(case), draw(h=H, w=2 * W)
    torch.testing.assert_close(block(x[..., ::2]), block(x[..., ::2].contiguous()))


@every_block_and_ablation
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_memory_format_is_kept(case, memory_format):
    block, x = build(case), draw().contiguous(memory_format=memory_format)

    y = block(x)

    assert y.is_contiguous(memory_format=memory_format)
    torch.testing.assert_close(y, block(draw()))


@every_block_and_ablation
@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_floating_types_are_kept(case, dtype):
    block = build(case)
    expected = block(draw())

    y = block.to(dtype)(draw(dtype=dtype))

    assert y.dtype == dtype
    tolerance = 1e-5 if dtype == torch.float64 else 0.1
    torch.testing.assert_close(y.float(), expected, rtol=tolerance, atol=tolerance)


@every_block_and_ablation
@both_modes
def test_autocast_stays_close_and_keeps_the_type_of_the_input(case, training):
    block, x = build(case, training=training), draw().requires_grad_()
    expected = block(x)

    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = block(x)
    y.sum().backward()

    assert y.dtype == torch.float32
    torch.testing.assert_close(y, expected, rtol=0.1, atol=0.1)
    assert x.grad.isfinite().all()


@every_block_and_ablation
def test_a_deep_copy_is_equal_and_independent(case):
    block, x = build(case), draw()
    before = block(x)

    twin = copy.deepcopy(block)
    torch.testing.assert_close(twin(x), before, rtol=0, atol=0)
    randomise(twin, seed=2)

    torch.testing.assert_close(block(x), before, rtol=0, atol=0)
    if any(True for _ in block.parameters()):
        assert not torch.equal(twin(x), before)


@every_block_and_ablation
def test_state_goes_through_a_file_without_pickled_code(case):
    block, x = build(case), draw()
    file = io.BytesIO()
    torch.save(block.state_dict(), file)
    file.seek(0)

    restored = case.build().eval()
    restored.load_state_dict(torch.load(file, weights_only=True))

    torch.testing.assert_close(restored(x), block(x), rtol=0, atol=0)


@pytest.fixture
def deterministic_algorithms():
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


@every_block_and_ablation
@pytest.mark.usefixtures("deterministic_algorithms")
def test_deterministic_algorithms_give_the_same_bits_twice(case):
    def gradients():
        block, x = build(case, training=True), draw().requires_grad_()
        y = block(x)
        y.square().sum().backward()
        return [y, x.grad, *(parameter.grad for parameter in block.parameters())]

    torch.testing.assert_close(gradients(), gradients(), rtol=0, atol=0)


@every_block
def test_settings_show_in_print(case):
    assert str(C) in build(case).extra_repr()


@every_block
def test_compiles_as_one_graph_of_any_size(case):
    """Traced by the front end of torch.compile, forward and backward; the backend runs the graph as it is."""
    torch.compiler.reset()
    graphs = []

    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    block = build(case, training=True)
    compiled = torch.compile(block, fullgraph=True, dynamic=True, backend=backend)
    for n, h, w in [(2, 5, 7), (3, 11, 2)]:
        x = draw(n, h, w).requires_grad_()
        torch.testing.assert_close(compiled(x), block(x))
        compiled(x).sum().backward()
        assert x.grad.isfinite().all()
    assert len(graphs) == 1


# The compiler imports parts of PyTorch that PyTorch has deprecated.
@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_compiles_to_kernels_of_any_size():
    """The whole of torch.compile, which takes its time, for the block that has both kinds of gates."""
    assert shutil.which("g++"), "torch.compile builds its CPU kernels with g++, which is missing: install it"
    torch.compiler.reset()
    block = build(CASES["cbam"], training=True)
    compiled = torch.compile(block, fullgraph=True, dynamic=True)
    for n, h, w in [(2, 5, 7), (3, 11, 2)]:
        x, twin = draw(n, h, w).requires_grad_(), draw(n, h, w).requires_grad_()
        y, expected = compiled(x), block(twin)
        torch.testing.assert_close(y, expected)
        y.square().sum().backward()
        expected.square().sum().backward()
        torch.testing.assert_close(x.grad, twin.grad, rtol=1e-3, atol=1e-4)


@every_block
# The exporter pickles a class of its own that PyTorch has deprecated.
@pytest.mark.filterwarnings("ignore:.isinstance.treespec, LeafSpec.:FutureWarning")
def test_exports_with_free_sizes_to_torch_and_to_onnx(case):
    block = build(case)
    free = {0: Dim("n"), 2: Dim("h"), 3: Dim("w")}

    program = torch.export.export(block, (draw(),), dynamic_shapes=(free,))
    file = io.BytesIO()
    torch.onnx.export(program, dynamo=True, verbose=False).save(file)
    session = onnxruntime.InferenceSession(file.getvalue())

    for n, h, w in [(3, 11, 17), (1, 1, 1), (2, 1, 19), (1, 23, 1)]:
        x = draw(n, h, w)
        expected = block(x)
        torch.testing.assert_close(program.module()(x), expected)
        (y,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
        torch.testing.assert_close(torch.from_numpy(y), expected)


@every_block_and_ablation
@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (torch.zeros(C, H, W), ValueError, r"expected shape \(N, 13, H, W\); got \(13, 5, 7\)"),
        (torch.zeros(2, C, 3, 5, 7), ValueError, r"expected shape \(N, 13, H, W\); got \(2, 13, 3, 5, 7\)"),
        (torch.zeros(2, 11, H, W), ValueError, r"expected shape \(N, 13, H, W\); got \(2, 11, 5, 7\)"),
        (torch.zeros(2, 1, H, W), ValueError, r"expected shape \(N, 13, H, W\); got \(2, 1, 5, 7\)"),
        (torch.zeros(2, H, W, C), ValueError, r"expected shape \(N, 13, H, W\); got \(2, 5, 7, 13\)"),
        (torch.zeros(2, C, 0, W), ValueError, r"expected H and W of at least 1; got \(2, 13, 0, 7\)"),
        (torch.zeros(2, C, H, 0), ValueError, r"expected H and W of at least 1; got \(2, 13, 5, 0\)"),
        (torch.zeros(2, C, H, W).int(), TypeError, "expected a floating-point Tensor; got dtype torch.int32"),
        (torch.zeros(2, C, H, W).cfloat(), TypeError, "floating-point Tensor; got dtype torch.complex64"),
        (torch.zeros(2, C, H, W).numpy(), TypeError, r"a Tensor of shape \(N, 13, H, W\); got ndarray"),
        (None, TypeError, r"a Tensor of shape \(N, 13, H, W\); got NoneType"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_wrong_inputs_are_named(case, x, error, message):
    block = build(case)
    for method in (block, block.attention):
        with pytest.raises(error, match=message):
            method(x)
