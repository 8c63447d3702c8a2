"""What every block and every ablation of it promises, checked by one harness."""

import copy
import io
import re
import shutil
from functools import partial

import onnxruntime
import pytest
import torch
from torch.export import Dim

from attn_lib import BAM, CBAM, ECA, SE, SelfAttention2d
from attn_lib.blocks import (
    BLOCKS,
    VARIANTS,
    AttentionBlock,
    BAMBranch,
    CBAMVariant,
    CoordAttStrip,
    ECAVariant,
    SEVariant,
    SEWithoutSqueeze,
)
from tests.block_tools import build_block, randomise

N, C, H, W = 2, 13, 5, 7


# Every registered block is a case, without a line here; the ablations of the papers are listed.
CASES = {name: partial(build_block, name, C) for name in BLOCKS}
ABLATIONS = {
    "self_attention, 13 heads": partial(SelfAttention2d, C, num_heads=13, reduction=1),
    "se, no bias": partial(SE, C, reduction=3, bias=False),
    "se, max": partial(SEVariant, C, reduction=3, squeeze="max"),
    "se, tanh": partial(SEVariant, C, reduction=3, gate="tanh"),
    "se, relu": partial(SEVariant, C, reduction=3, gate="relu"),
    "se, no squeeze": partial(SEWithoutSqueeze, C, reduction=3),
    "eca, k=1": partial(ECA, C, kernel_size=1),
    "eca, k=9": partial(ECA, C, kernel_size=9),
    "eca, no parameters": partial(ECAVariant, C, mixing="none"),
    "eca, per channel": partial(ECAVariant, C, mixing="per_channel"),
    "eca, full": partial(ECAVariant, C, mixing="full"),
    "eca, groups": partial(ECAVariant, C, mixing="groups", groups=13),
    "eca, band": partial(ECAVariant, C, mixing="band", kernel_size=5),
    "cbam, avg": partial(CBAMVariant, C, reduction=3, pooling="avg"),
    "cbam, max": partial(CBAMVariant, C, reduction=3, pooling="max"),
    "cbam, k=3": partial(CBAM, C, reduction=3, kernel_size=3),
    "cbam, 1x1": partial(CBAMVariant, C, reduction=3, descriptor="conv"),
    "cbam, no norm": partial(CBAMVariant, C, reduction=3, spatial_norm=False),
    "cbam, spatial first": partial(CBAMVariant, C, reduction=3, order="spatial_first"),
    "cbam, centred": partial(CBAMVariant, C, reduction=3, maximum="centred"),
    "cbam, own MLP": partial(CBAMVariant, C, reduction=2, maximum="own_mlp"),
    "cbam, parallel": partial(CBAMVariant, C, reduction=3, order="parallel"),
    "bam, product": partial(BAM, C, reduction=3, combine="product"),
    "bam, max": partial(BAM, C, reduction=3, combine="max", dilation=2),
    "bam, channel": partial(BAMBranch, C, reduction=3, combine="channel"),
    "bam, spatial": partial(BAMBranch, C, reduction=3, combine="spatial"),
    "coord_att, height": partial(CoordAttStrip, C, strip="height"),
    "coord_att, width": partial(CoordAttStrip, C, strip="width"),
}

every_block = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
every_block_and_ablation = pytest.mark.parametrize(
    "case", (CASES | ABLATIONS).values(), ids=(CASES | ABLATIONS).keys()
)
SIZES = [(2, 5, 7), (3, 1, 11), (3, 11, 1), (2, 1, 1), (1, 17, 3)]
# Some tests hold for a block as it is used, others also while its batch norms learn.
both_modes = pytest.mark.parametrize("training", [False, True], ids=["eval", "train"])


def build(case, dtype=torch.float32, training=False):
    return randomise(case().to(dtype)).train(training)


def draw(n=N, h=H, w=W, dtype=torch.float32, channels=C, seed=1):
    return torch.randn(n, channels, h, w, generator=torch.Generator().manual_seed(seed)).to(dtype)


def test_every_variant_is_among_the_ablations():
    built = {type(case()) for case in ABLATIONS.values()}
    assert built > {*VARIANTS.values(), SEVariant, CBAMVariant, BAMBranch}


@pytest.mark.parametrize("name", BLOCKS | VARIANTS)
def test_registered_blocks_take_a_number_of_channels_alone(name):
    x = draw(channels=32)
    block = (BLOCKS | VARIANTS)[name](32)
    assert block(x).shape == x.shape
    assert isinstance(block, AttentionBlock)


CHANNEL = {"channel": (N, C, 1, 1)}
SPATIAL = {"spatial": (N, 1, H, W)}
COMBINED = {"combined": (N, C, H, W)}
HEIGHT, WIDTH = {"height": (N, C, H, 1)}, {"width": (N, C, 1, W)}


@torch.no_grad()
def test_maps_are_named_and_shaped_as_the_docstrings_say(subtests):
    every = {
        **{name: CHANNEL for name in (CASES | ABLATIONS) if name.split(",")[0] in ("se", "eca")},
        **{name: CHANNEL | SPATIAL for name in (CASES | ABLATIONS) if name.startswith("cbam")},
        **{name: CHANNEL | SPATIAL | COMBINED for name in (CASES | ABLATIONS) if name.startswith("bam")},
        "se, no squeeze": {"channel": (N, C, H, W)},
        "cbam, parallel": CHANNEL | SPATIAL | COMBINED,
        "bam, channel": CHANNEL | COMBINED,
        "bam, spatial": SPATIAL | COMBINED,
        "coord_att": HEIGHT | WIDTH,
        "coord_att, height": HEIGHT,
        "coord_att, width": WIDTH,
        "self_attention": {"weights": (N, 1, H * W, H * W)},
        "self_attention, 13 heads": {"weights": (N, 13, H * W, H * W)},
    }
    for name, shapes in every.items():
        with subtests.test(name):
            maps = build((CASES | ABLATIONS)[name]).attention(draw())
            assert {key: tuple(value.shape) for key, value in maps.items()} == shapes


@every_block_and_ablation
@both_modes
def test_a_block_is_what_it_combines_its_maps_to(case, training, subtests):
    """``forward`` may save work, in a fused kernel or by keeping what it has computed, and nothing else."""
    for n, h, w in SIZES:
        with subtests.test(n=n, h=h, w=w):
            n = 5 if training and n == 1 else n
            block, x = build(case, training=training), draw(n, h, w)
            y, maps = block(x), block.attention(x)
            assert y.shape == x.shape
            torch.testing.assert_close(block.combine(x, maps), y)
            assert all(len(value) == n and value.dim() == 4 for value in maps.values())
            assert set(block.gates) <= maps.keys()


@every_block_and_ablation
@torch.no_grad()
def test_other_maps_make_another_output(case):
    """Were the maps ignored, the test above would pass for a block that is simply called."""
    block, x = build(case), draw()
    maps = block.attention(x)
    others = {name: value + 0.25 for name, value in maps.items()}
    assert not torch.allclose(block.combine(x, others), block.combine(x, maps), atol=1e-3)


@every_block_and_ablation
@torch.no_grad()
def test_maps_of_one_image_serve_all(case):
    block, x = build(case), draw()
    first = {name: value[:1] for name, value in block.attention(x).items()}
    for_all = {name: value.expand(N, *value.shape[1:]) for name, value in first.items()}
    torch.testing.assert_close(block.combine(x, first), block.combine(x, for_all))


@every_block_and_ablation
@torch.no_grad()
def test_neutral_maps_know_nothing(case):
    """They are as many and shaped as the maps are, and what they make of an input is the same for all."""
    block, x = build(case), draw()
    maps, others = block.attention(x), block.attention(draw(seed=3))
    neutral = block.neutral(maps)
    assert {name: value.shape for name, value in neutral.items()} == {
        name: value.shape for name, value in maps.items()
    }
    without = block.combine(x, neutral)
    torch.testing.assert_close(block.combine(x, block.neutral(others)), without)
    assert not torch.allclose(without, block(x), atol=1e-3)


@every_block_and_ablation
@torch.no_grad()
def test_a_block_whose_maps_differ_between_positions_has_a_map_over_them(case):
    block, x = build(case), draw()
    maps = block.attention(x)
    found = block.spatial_map(maps)

    def differ(value):
        return value.dim() == 4 and bool((value - value[:, :, :1, :1]).abs().max() > 1e-6)

    assert (found is not None) == any(differ(value) for value in maps.values())
    if found is not None:
        assert found.shape in [(N, H, W), (N, H, 1), (N, 1, W), (N, H * W)]
        assert found.std(dim=tuple(range(1, found.dim()))).min() > 1e-6


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

    restored = case().eval()
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


@pytest.mark.slow
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


# At night, since not every machine that runs `make test` has a C++ compiler.
@pytest.mark.nightly
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
@pytest.mark.slow
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


WRONG_INPUTS = [
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
]


def refusal(method, x):
    """Return the type and the message of the error that a call raises, or None."""
    try:
        method(x)
    except Exception as error:
        return type(error), str(error)
    return None


def test_wrong_inputs_are_named():
    for name, case in (CASES | ABLATIONS).items():
        block = build(case)
        for x, error, message in WRONG_INPUTS:
            for method in (block, block.attention):
                found = refusal(method, x)
                assert found is not None, (name, message)
                assert found[0] is error, (name, message, found)
                assert re.search(message, found[1]), (name, message, found)
