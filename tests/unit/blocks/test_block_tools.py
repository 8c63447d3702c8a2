"""Every block goes through PyTorch's tools: those that record a graph, those that differentiate, and more."""

import copy
import inspect
import io

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn
from torch.ao.quantization import QConfigMapping, default_qconfig
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.parallel import DistributedDataParallel

from attn_lib.blocks import BAM, BLOCKS, CBAM, ECA, SE, CoordAtt
from tests.block_tools import build_block, small_reduction
from tests.unit.blocks.test_block_contract import (
    ABLATIONS,
    CASES,
    C,
    H,
    W,
    both_modes,
    build,
    draw,
    every_block_and_ablation,
)

OTHER_SIZES = [(3, 11, 4), (1, 1, 17)]
deprecated_by_torch = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


# Graphs


@every_block_and_ablation
@deprecated_by_torch
# Sizes become numbers of the graph: with a tensor for a size, Python's own arithmetic says so.
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_a_traced_block_is_the_block(case):
    """As TensorBoard's ``add_graph`` traces it: gradients are on, and torch.jit checks the trace without."""
    block = build(case)
    traced = torch.jit.trace(block, draw())
    for n, h, w in [(2, H, W), *OTHER_SIZES]:
        torch.testing.assert_close(traced(draw(n, h, w)), block(draw(n, h, w)))


@every_block_and_ablation
@both_modes
def test_a_symbolic_trace_is_the_block(case, training):
    """What feature extractors and the FX passes of PyTorch start with."""
    block, twin = build(case, training=training), build(case, training=training)
    traced = torch.fx.symbolic_trace(twin)
    for n, h, w in [(2, H, W), (3, 11, 4)]:
        torch.testing.assert_close(traced(draw(n, h, w)), block(draw(n, h, w)))


@every_block_and_ablation
def test_a_symbolic_trace_in_half_precision_does_not_overflow(case):
    """A row of 700 values of 100 sums to more than float16 holds, and its type is not known to the graph."""
    x = torch.full((1, C, 1, 700), 100.0)
    block = build(case)
    traced = torch.fx.symbolic_trace(copy.deepcopy(block)).half()
    torch.testing.assert_close(traced(x.half()).float(), block(x), rtol=0.05, atol=0.5)


@every_block_and_ablation
def test_an_exported_graph_does_not_depend_on_the_grad_mode(case):
    block, x = build(case), draw()
    with_gradients = torch.export.export(block, (x,)).graph_module.code
    with torch.no_grad():
        assert torch.export.export(block, (x,)).graph_module.code == with_gradients


@every_block_and_ablation
@deprecated_by_torch
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_block_is_quantised_by_fx(case):
    """To 8 bits, weights and features: the same arithmetic with coarser numbers."""
    block, x = build(case), draw(n=7)
    prepared = prepare_fx(build(case), QConfigMapping().set_global(default_qconfig), (x,))
    torch.testing.assert_close(prepared(x), block(x))
    quantised = convert_fx(prepared)(x)
    assert 0 < (quantised - block(x)).pow(2).mean() < 0.01 * block(x).pow(2).mean()


@every_block_and_ablation
@pytest.mark.slow
@deprecated_by_torch
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::torch.jit.TracerWarning")
def test_the_older_onnx_exporter_takes_every_size_too(case):
    block, file = build(case), io.BytesIO()
    axes = {"x": {0: "n", 2: "h", 3: "w"}}
    torch.onnx.export(block, (draw(),), file, dynamo=False, input_names=["x"], dynamic_axes=axes)
    session = onnxruntime.InferenceSession(file.getvalue())
    for n, h, w in [(2, H, W), *OTHER_SIZES]:
        x = draw(n, h, w)
        (y,) = session.run(None, {"x": x.numpy()})
        torch.testing.assert_close(torch.from_numpy(y), block(x), rtol=1e-3, atol=1e-4)


# Transforms and derivatives


# PyTorch's fused attention runs its batches in a loop there, and says so.
in_a_loop = pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")


@every_block_and_ablation
@in_a_loop
def test_vmap_is_a_loop(case):
    block, batches = build(case), torch.stack([draw(seed=seed) for seed in range(3)])
    expected = torch.stack([block(x) for x in batches])
    torch.testing.assert_close(torch.func.vmap(block)(batches), expected)


@every_block_and_ablation
@in_a_loop
def test_gradients_of_every_sample_are_those_of_each_alone(case):
    block, x = build(case), draw(n=3)
    parameters = {name: value.detach() for name, value in block.named_parameters()}
    buffers = dict(block.named_buffers())

    def loss(parameters, sample):
        return torch.func.functional_call(block, (parameters, buffers), (sample[None],)).square().sum()

    together = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))(parameters, x)
    for index, sample in enumerate(x):
        alone = torch.func.grad(loss)(parameters, sample)
        assert alone.keys() == together.keys()
        for name, value in alone.items():
            torch.testing.assert_close(together[name][index], value, rtol=1e-3, atol=1e-4)


# PyTorch's fused attention has a first derivative backwards and no other; its own switch leads around it.


@every_block_and_ablation
@deprecated_by_torch
def test_a_derivative_forwards_agrees_with_finite_differences(case):
    block, x, direction = build(case, torch.float64), draw().double(), draw(seed=5).double()
    with sdpa_kernel(SDPBackend.MATH):
        _, derivative = torch.func.jvp(block, (x,), (direction,))
    step = 1e-6 * direction
    torch.testing.assert_close(derivative, (block(x + step) - block(x - step)) / 2e-6, rtol=1e-4, atol=1e-5)


@every_block_and_ablation
def test_a_second_derivative_agrees_with_finite_differences(case):
    block, x = build(case, torch.float64), draw(1, 2, 2).double().requires_grad_()
    with sdpa_kernel(SDPBackend.MATH):
        assert torch.autograd.gradgradcheck(block, [x], fast_mode=True)


# Training on several devices


@every_block_and_ablation
def test_conversion_to_synchronised_norms_keeps_the_block(case):
    block, x = build(case), draw()
    converted = nn.SyncBatchNorm.convert_sync_batchnorm(build(case))
    assert list(converted.state_dict()) == list(block.state_dict())
    assert not any(type(module) in (nn.BatchNorm1d, nn.BatchNorm2d) for module in converted.modules())
    torch.testing.assert_close(converted(x), block(x))


@pytest.fixture
def one_process(tmp_path):
    store = torch.distributed.FileStore(str(tmp_path / "store"), 1)
    torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.usefixtures("one_process")
@pytest.mark.filterwarnings("ignore:.*barrier.*:UserWarning")
def test_data_parallel_training_has_the_same_gradients(subtests):
    """Every parameter takes part, or DistributedDataParallel would raise in the second step."""
    for name, case in (CASES | ABLATIONS).items():
        alone, parallel = build(case, training=True), build(case, training=True)
        if not any(True for _ in parallel.parameters()):
            continue
        wrapped = DistributedDataParallel(parallel)
        with subtests.test(name):
            for seed in (1, 2):
                alone(draw(seed=seed)).square().mean().backward()
                wrapped(draw(seed=seed)).square().mean().backward()
            for one, other in zip(alone.parameters(), parallel.parameters(), strict=True):
                torch.testing.assert_close(one.grad, other.grad)


# Where and how a block is built


TAKE_A_DEVICE = [name for name, block in BLOCKS.items() if "device" in inspect.signature(block).parameters]


def test_the_blocks_of_this_package_take_a_device():
    assert {"se", "eca", "cbam", "bam", "coord_att", "self_attention"} <= set(TAKE_A_DEVICE)


@pytest.mark.parametrize("name", TAKE_A_DEVICE)
def test_device_and_type_are_those_that_are_asked_for(name):
    block = build_block(name, 13, device="meta", dtype=torch.float64)
    floating = [value for value in block.state_dict().values() if value.is_floating_point()]
    assert {(value.device.type, value.dtype) for value in floating} == {("meta", torch.float64)}


@pytest.mark.parametrize("name", BLOCKS)
def test_the_integers_of_numpy_are_integers(name):
    """Widths are often computed with it. What prints and is stored are Python's own."""
    keywords = {key: np.int64(value) for key, value in small_reduction(name).items()}
    block = BLOCKS[name](np.int64(C), **keywords)
    assert "int64" not in repr(block)
    assert type(block.channels) is int


def test_a_second_argument_is_what_it_is_in_most_ports():
    """``SELayer(channel, reduction)`` and ``eca_layer(channel, k_size)``; in CoordAtt's it is a width."""
    assert [block(64, 4).reduction for block in (SE, CBAM, BAM)] == [4, 4, 4]
    assert ECA(64, 5).kernel_size == 5
    with pytest.raises(TypeError, match="takes 2 positional arguments"):
        CoordAtt(64, 64)
