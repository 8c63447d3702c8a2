"""The blocks at settings, sizes, types, layouts and contents that nobody chose by hand."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from attn_lib import SelfAttention
from attn_lib.blocks import BLOCKS, eca_kernel_size, keyword_defaults
from tests import numpy_blocks
from tests.block_tools import build_block, count_parameters, randomise

ODD = st.integers(0, 5).map(lambda half: 2 * half + 1)
WITH_REFERENCE = ("se", "eca", "cbam", "bam", "coord_att", "self_attention")
"""The blocks that are written in NumPy too, with a formula for their parameters."""
MEMORY_FORMATS = st.sampled_from([torch.contiguous_format, torch.channels_last])


@dataclass(frozen=True)
class Setting:
    """A block by name, with what it is built from."""

    name: str
    channels: int
    keywords: dict[str, Any]

    def build(self):
        return randomise(build_block(self.name, self.channels, **self.keywords))


@st.composite
def block_settings(draw, names=tuple(BLOCKS)):
    name = draw(st.sampled_from(names))
    channels = draw(st.integers(1, 24))
    reduction = st.integers(1, channels)
    if name == "se":
        keywords = {
            "reduction": reduction,
            "bias": st.booleans(),
            "squeeze": st.sampled_from(["avg", "max"]),
            "gate": st.sampled_from(["sigmoid", "tanh", "relu"]),
        }
    elif name == "eca":
        keywords = {"kernel_size": st.none() | ODD, "gamma": st.floats(0.5, 4), "b": st.floats(-3, 3)}
    elif name == "cbam":
        keywords = {
            "reduction": reduction,
            "kernel_size": ODD,
            "pooling": st.sampled_from(["both", "avg", "max"]),
            "descriptor": st.sampled_from(["pool", "conv"]),
            "order": st.sampled_from(["channel_first", "spatial_first", "parallel"]),
            "maximum": st.sampled_from(["shared", "centred", "own_mlp"]),
            "spatial_norm": st.booleans(),
            "bias": st.booleans(),
        }
    elif name == "bam":
        keywords = {
            "reduction": reduction,
            "dilation": st.integers(1, 5),
            "combine": st.sampled_from(["sum", "product", "max", "channel", "spatial"]),
        }
    elif name == "coord_att":
        keywords = {"reduction": st.integers(1, 40), "min_channels": st.integers(1, 9)}
    else:
        keywords = {"reduction": reduction} if "reduction" in keyword_defaults(name) else {}
    drawn = {key: draw(values) for key, values in keywords.items()}
    if drawn.get("pooling", "both") != "both":
        drawn["maximum"] = "shared"
    if name == "self_attention":
        hidden = channels // drawn["reduction"]
        heads = [h for h in range(1, hidden + 1) if hidden % h == 0]
        drawn["num_heads"] = draw(st.sampled_from(heads))
    return Setting(name, channels, drawn)


@st.composite
def maps(draw, channels, smallest_batch=1):
    """Draw a feature map in float64: noise, values with many ties, a constant, or one bright place."""
    shape = (draw(st.integers(smallest_batch, 4)), channels, draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32 - 1)))
    noise = torch.randn(shape, dtype=torch.float64, generator=generator)
    content = draw(st.sampled_from(["noise", "ties", "constant", "bright place"]))
    if content == "ties":
        return noise.round()
    if content == "constant":
        return noise[:1, :, :1, :1].expand(shape).contiguous()
    if content == "bright place":
        bright = torch.zeros(shape, dtype=torch.float64)
        bright[:, :, -1, 0] = noise[:, :, -1, 0]
        return bright
    return noise


def reference(setting, x, parameters, training):
    """Compute the output with NumPy."""
    keywords = setting.keywords
    if setting.name == "se":
        switches = {name: keywords[name] for name in ("squeeze", "gate")}
        return numpy_blocks.se(x, parameters, **switches)
    if setting.name == "eca":
        return numpy_blocks.eca(x, parameters)
    if setting.name == "cbam":
        names = ("pooling", "descriptor", "order", "maximum", "spatial_norm")
        switches = {name: keywords[name] for name in names}
        return numpy_blocks.cbam(x, parameters, training=training, **switches)
    if setting.name == "bam":
        switches = {name: keywords[name] for name in ("dilation", "combine")}
        return numpy_blocks.bam(x, parameters, training=training, **switches)
    if setting.name == "coord_att":
        return numpy_blocks.coord_att(x, parameters, training=training)
    return numpy_blocks.self_attention_2d(x, parameters, num_heads=keywords["num_heads"])


@given(
    data=st.data(),
    setting=block_settings(names=WITH_REFERENCE),
    training=st.booleans(),
    memory_format=MEMORY_FORMATS,
)
@settings(max_examples=600)
def test_every_block_agrees_with_numpy(data, setting, training, memory_format):
    x = data.draw(maps(setting.channels, smallest_batch=2 if training else 1))
    block = setting.build().double().train(training)
    parameters = numpy_blocks.parameters_of(block)

    y = block(x.contiguous(memory_format=memory_format))

    np.testing.assert_allclose(
        y.detach().numpy(), reference(setting, x.numpy(), parameters, training), rtol=1e-10, atol=1e-10
    )


@given(
    data=st.data(),
    setting=block_settings(),
    dtype=st.sampled_from([torch.float64, torch.float32, torch.bfloat16, torch.float16]),
    memory_format=MEMORY_FORMATS,
)
@settings(max_examples=400)
def test_shape_type_and_layout_are_those_of_the_input(data, setting, dtype, memory_format):
    x = data.draw(maps(setting.channels)).to(dtype).contiguous(memory_format=memory_format)
    untouched = x.clone()
    block = setting.build().to(dtype).eval()

    y = block(x)

    assert y.shape == x.shape
    assert y.dtype == dtype
    assert y.is_contiguous(memory_format=memory_format)
    assert y.isfinite().all()
    assert torch.equal(x, untouched)
    for name, value in block.attention(x).items():
        assert value.dtype == dtype, name
        assert value.isfinite().all(), name


@given(data=st.data(), setting=block_settings(names=("se", "eca", "cbam", "bam", "coord_att")))
@settings(max_examples=300)
def test_gates_never_turn_a_sign_and_stay_within_their_bounds(data, setting):
    assume(setting.keywords.get("gate", "sigmoid") == "sigmoid")
    x = data.draw(maps(setting.channels))
    y = setting.build().double().eval()(x)

    smallest, largest = (1, 2) if setting.name == "bam" else (0, 1)
    assert (y * x >= smallest * x * x).all()
    assert (y * x <= largest * x * x).all()


@given(data=st.data(), setting=block_settings(names=("se", "eca", "self_attention")))
@settings(max_examples=200)
def test_blocks_that_do_not_know_places_follow_any_shuffle(data, setting):
    x = data.draw(maps(setting.channels))
    places = x.shape[2] * x.shape[3]
    order = torch.tensor(data.draw(st.permutations(range(places))))
    block = setting.build().double()

    def shuffle(values):
        return values.flatten(2)[:, :, order].reshape(x.shape)

    torch.testing.assert_close(block(shuffle(x)), shuffle(block(x)))


@given(data=st.data(), setting=block_settings(names=("se", "eca", "coord_att", "self_attention")))
@settings(max_examples=200)
def test_blocks_without_a_window_follow_a_mirrored_image(data, setting):
    x = data.draw(maps(setting.channels))
    block = setting.build().double().eval()
    torch.testing.assert_close(block(x.flip(3)), block(x).flip(3))
    torch.testing.assert_close(block(x.flip(2)), block(x).flip(2))


@given(data=st.data(), setting=block_settings())
@settings(max_examples=200)
def test_samples_do_not_meet_in_evaluation(data, setting):
    x = data.draw(maps(setting.channels, smallest_batch=2))
    block = setting.build().double().eval()
    alone = torch.cat([block(sample[None]) for sample in x])
    torch.testing.assert_close(alone, block(x), rtol=1e-10, atol=1e-10)


@given(setting=block_settings(names=WITH_REFERENCE))
@settings(max_examples=200)
def test_parameters_are_what_the_formula_counts(setting):
    channels, keywords = setting.channels, setting.keywords
    hidden = channels // keywords.get("reduction", 1)
    mlp = 2 * channels * hidden
    if setting.name == "se":
        expected = mlp + (hidden + channels if keywords["bias"] else 0)
    elif setting.name == "eca":
        given_size = keywords["kernel_size"]
        expected = given_size or eca_kernel_size(channels, keywords["gamma"], keywords["b"])
    elif setting.name == "cbam":
        window = keywords["kernel_size"] ** 2
        described = 2 * window if keywords["descriptor"] == "pool" else channels + window
        biases = hidden + channels if keywords["bias"] else 0
        mlps = 2 if keywords["maximum"] == "own_mlp" else 1
        expected = mlps * (mlp + biases) + described + (2 if keywords["spatial_norm"] else 0)
    elif setting.name == "bam":
        channel = mlp + hidden + channels + 2 * hidden
        spatial = channels * hidden + hidden + 2 * (9 * hidden**2 + hidden) + 6 * hidden + hidden + 1
        expected = {"channel": channel, "spatial": spatial}.get(keywords["combine"], channel + spatial)
    elif setting.name == "coord_att":
        hidden = max(keywords["min_channels"], hidden)
        expected = 3 * channels * hidden + hidden + 2 * channels + 2 * hidden
    else:
        expected = 2 * mlp

    assert count_parameters(setting.build()) == expected


NOT_AN_INT = st.one_of(
    st.booleans(), st.floats(), st.text(max_size=3), st.complex_numbers(), st.lists(st.integers(), max_size=2)
)
INT_ARGUMENTS = [
    ("se", "channels"),
    ("se", "reduction"),
    ("eca", "channels"),
    ("eca", "kernel_size"),
    ("cbam", "channels"),
    ("cbam", "reduction"),
    ("cbam", "kernel_size"),
    ("bam", "channels"),
    ("bam", "reduction"),
    ("bam", "dilation"),
    ("coord_att", "channels"),
    ("coord_att", "reduction"),
    ("coord_att", "min_channels"),
    ("self_attention", "channels"),
    ("self_attention", "reduction"),
    ("self_attention", "num_heads"),
]


@pytest.mark.parametrize(("name", "argument"), INT_ARGUMENTS)
@given(value=NOT_AN_INT)
@settings(max_examples=30)
def test_what_is_not_an_int_is_refused_by_name(name, argument, value):
    message = f"`{argument}` must be an int; got {value!r} of type {type(value).__name__}"
    with pytest.raises(TypeError, match=re.escape(message)):
        BLOCKS[name](**{"channels": 32, argument: value})


@pytest.mark.parametrize(("name", "argument"), INT_ARGUMENTS)
@given(value=st.integers(max_value=0))
@settings(max_examples=10)
def test_what_is_not_positive_is_refused_by_name(name, argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` must be .*; got .*{argument}={value}"):
        BLOCKS[name](**{"channels": 32, argument: value})


@pytest.mark.parametrize("name", ["se", "cbam", "bam", "self_attention"])
@given(channels=st.integers(1, 64), excess=st.integers(1, 1000))
@settings(max_examples=20)
def test_fewer_channels_than_the_reduction_are_refused(name, channels, excess):
    reduction = channels + excess
    message = f"between 1 and `channels`; got reduction={reduction} for channels={channels}$"
    with pytest.raises(ValueError, match=message):
        BLOCKS[name](channels, reduction=reduction)


@given(embed_dim=st.integers(1, 40), num_heads=st.integers(1, 40))
@settings(max_examples=100)
def test_heads_divide_the_width_or_are_refused(embed_dim, num_heads):
    if embed_dim % num_heads == 0:
        x = torch.ones(1, 2, embed_dim)
        assert SelfAttention(embed_dim, num_heads=num_heads)(x).shape == x.shape
    else:
        message = f"got num_heads={num_heads} for widths {embed_dim} and {embed_dim}$"
        with pytest.raises(ValueError, match=message):
            SelfAttention(embed_dim, num_heads=num_heads)


@given(setting=block_settings(), shape=st.lists(st.integers(0, 5), max_size=6))
@settings(max_examples=300)
def test_a_shape_is_taken_or_refused_with_both_shapes_named(setting, shape):
    block, x = setting.build().eval(), torch.zeros(shape)
    if len(shape) == 4 and shape[1] == setting.channels and shape[2] and shape[3]:
        assert block(x).shape == x.shape
        return
    fits = len(shape) == 4 and shape[1] == setting.channels
    expected = "H and W of at least 1" if fits else f"shape (N, {setting.channels}, H, W)"
    with pytest.raises(ValueError, match=re.escape(f"expected {expected}; got {tuple(shape)}") + r"($|\. )"):
        block(x)
