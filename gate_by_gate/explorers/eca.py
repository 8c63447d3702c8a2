"""The ECA explorer: how far a gate looks, what that costs, and what trained blocks do to an image."""

from __future__ import annotations

from functools import cache

import torch

from attn_lib.blocks import ECA, SE, eca_kernel_size
from attn_lib.inspection import count_parameters
from gate_by_gate.explorers.shared.samples import (
    PICTURES,
    STAGE,
    image_control,
    image_index,
    look,
    picked_stage,
    trained_network,
)
from gate_by_gate.explorers.shared.setting_names import FAMILIES
from gate_by_gate.explorers.shared.trained import READING, Trained
from gate_by_gate.widgets.controls import Control, Value
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.bars import Bars
from gate_by_gate.widgets.items.chart import Axis, Chart, Here, HereBy, Line, Point, Step
from gate_by_gate.widgets.items.encoded import round_off
from gate_by_gate.widgets.items.number import Number, count
from gate_by_gate.widgets.items.picture import Picture
from gate_by_gate.widgets.items.shapes import Shapes
from gate_by_gate.widgets.live import Explorer
from gate_by_gate.widgets.snippets import Code
from gate_by_gate.widgets.wording import amount

__all__ = ["DEFINITION", "ECAExplorer"]

ADAPTIVE = 0
"""The value of the control ``kernel_size`` that leaves k to the formula."""

TRAINED_SIZES = (1, 3, 5, 7, 9)
CHANNELS = Control("channels", "channels C", (8, 16, 32, 64, 128, 256, 512, 1024, 2048), 256)
GAMMA = Control("gamma", "γ", (1, 2, 3, 4), 2)
B = Control("b", "b", (0, 1, 2), 1)
KERNEL_SIZE = Control(
    "kernel_size",
    "kernel k",
    (ADAPTIVE, *TRAINED_SIZES),
    ADAPTIVE,
    "choice",
    ("by the formula", *(str(k) for k in TRAINED_SIZES)),
)
TRAINED = Control("trained", "trained with k", TRAINED_SIZES, 3, "choice")
IMAGE = image_control("image", "test image", 5)

MOST_CHANNELS = 4096
"""The number of channels at which the staircase ends."""

SE_REDUCTION = 16
"""The reduction of the SE block whose cost is drawn beside ECA's: the paper's."""


def by_hand(setting: Setting) -> int | None:
    """Return the ``kernel_size`` that ECA is given: None leaves it to the formula."""
    size = setting["kernel_size"]
    return None if size == ADAPTIVE else size  # type: ignore[return-value]


def build(setting: Setting, channels: Value) -> ECA:
    """Build the block of a setting for a number of channels: it has shapes, and no weights are drawn."""
    with torch.device("meta"):
        return ECA(channels, kernel_size=by_hand(setting), gamma=setting["gamma"], b=setting["b"])  # type: ignore[arg-type]


def size(setting: Setting) -> Data:
    """Give k, the parameters, and the share of the channels that a gate sees."""
    block = build(setting, setting["channels"])
    k, channels = block.kernel_size, block.channels
    # Next to its middle a gate has k channels, unless there are fewer.
    seen = min(k, channels)
    return {
        "k": count(k),
        "parameters": count(count_parameters(block).total),
        "sees": Number(
            round(100 * seen / channels, 2), f"{seen} of {channels:,}: {100 * seen / channels:.2g} %"
        ),
    }


def shapes(setting: Setting) -> Data:
    """Follow the shape through one call of the block: k changes none of it."""
    with torch.device("meta"):
        block = ECA(setting["channels"])  # type: ignore[arg-type]
        x = torch.zeros(1, block.channels, 7, 7)
    gate = block.attention(x)["channel"]
    steps = {
        "input x": x.shape,
        "squeeze: mean over H × W, a sequence": (1, 1, block.channels),
        "convolution along it, then sigmoid": (1, 1, block.channels),
        "the gates ω": gate.shape,
        "output ω · x": block(x).shape,
    }
    return {"shapes": Shapes(steps)}


@cache
def corners(gamma: Value, b: Value) -> list[tuple[int, int]]:
    """Return the corners of the staircase of k over C: its beginning, every C at which k changes, its end."""
    found: list[tuple[int, int]] = []
    for channels in range(2, MOST_CHANNELS + 1):
        k = eca_kernel_size(channels, gamma, b)  # type: ignore[arg-type]
        if not found or found[-1][1] != k or channels == MOST_CHANNELS:
            found.append((channels, k))
    return found


def staircase(setting: Setting) -> Data:
    """Draw k over C by the formula, with the paper's gamma and b for comparison, and the point of each C."""
    gamma, b = setting["gamma"], setting["b"]
    stairs = {
        f"γ = {gamma}, b = {b}": corners(gamma, b),
        "the paper's γ = 2, b = 1": corners(2, 1),
    }
    heres = {}
    for channels in dict.fromkeys((*CHANNELS.values, setting["channels"])):
        k = build(setting, channels).kernel_size
        formula = eca_kernel_size(channels, gamma, b)  # type: ignore[arg-type]
        how = "by the formula" if by_hand(setting) is None else f"by hand, where the formula gives {formula}"
        heres[channels] = Here(float(channels), k, f"C = {channels:,}: k = {k}, {how}")
    return {
        "staircase": Chart(
            Axis("channels C", 2, MOST_CHANNELS, [8, 32, 128, 512, 2048], log=True),
            Axis("kernel size k", 0, 17, [1, 3, 5, 7, 9, 11, 13, 15]),
            [Step(name, [Point(c, k) for c, k in points]) for name, points in stairs.items()],
            f"k over C for γ = {gamma} and b = {b}: "
            + ", ".join(f"{k} from C = {c:,}" for c, k in corners(gamma, b)[:-1])
            + ".",
            here=HereBy("channels", heres),
        )
    }


def against_se(setting: Setting) -> Data:
    """Draw the parameters of this block and of an SE block over C, with the point of each C."""
    widths = [int(c) for c in CHANNELS.values if int(c) >= SE_REDUCTION]
    with torch.device("meta"):  # a block of 2,048 channels costs nothing to count
        own = {c: count_parameters(build(setting, c)).total for c in widths}
        other = {c: count_parameters(SE(c, reduction=SE_REDUCTION)).total for c in widths}
        heres = {
            c: count_parameters(build(setting, c)).total for c in (*CHANNELS.values, setting["channels"])
        }
    return {
        "against_se": Chart(
            Axis("channels C", 8, 2048, [8, 32, 128, 512, 2048], log=True),
            Axis("parameters", 1, 1e6, [(10**i, amount(10**i)) for i in (0, 2, 4, 6)], log=True),
            [
                Line("ECA", [Point(c, n) for c, n in own.items()], FAMILIES.index("ECA")),
                Line(
                    f"SE, r = {SE_REDUCTION}", [Point(c, n) for c, n in other.items()], FAMILIES.index("SE")
                ),
            ],
            f"Parameters over C. ECA: {own[widths[0]]:,} at C = {widths[0]} and {own[2048]:,} at C = 2,048; "
            f"SE with r = {SE_REDUCTION}: {other[widths[0]]:,} and {other[2048]:,}.",
            here=HereBy(
                "channels",
                {c: Here(float(c), n, f"C = {c:,}: ECA has {n:,}") for c, n in heres.items()},
            ),
        )
    }


def network_name(setting: Setting) -> str:
    """Name the run whose blocks have this kernel size."""
    return f"eca_k{setting['trained']}_seed0"


def why_missing(setting: Setting) -> str:
    """Say why there is nothing to show."""
    return f"No network was trained with k = {setting['trained']}."


SHOWN = Trained(network_name, why_missing)


def gates(setting: Setting) -> Data:
    """Give the squeezed vector, the k weights and the gates of one stage."""
    seen = SHOWN.block(setting)
    if seen is None:
        return SHOWN.missing(setting)
    stage, index = picked_stage(setting), image_index(setting)
    block = trained_network(network_name(setting)).get_submodule(f"layer{stage}.0.attention")
    weights = block.state_dict()["conv.weight"].flatten()
    reach = len(weights) // 2
    squeezed, gate = seen.input.mean(dim=(2, 3)), seen.maps["channel"][index, :, 0, 0]
    low, high = round_off(min(squeezed.min().item(), 0)), round_off(max(squeezed.max().item(), 0))
    extent = max(round_off(weights.abs().max().item()), 0.001)
    smallest, mean, largest = (round_off(v.item()) for v in (gate.min(), gate.mean(), gate.max()))
    middle = len(gate) // 2
    return {
        "squeeze": Bars(
            squeezed[index],
            low,
            high,
            f"Means of {len(gate)} channels over the map, between {round_off(squeezed[index].min().item())} "
            f"and {round_off(squeezed[index].max().item())}. The gate of channel {middle} sees "
            f"{2 * reach + 1} of them.",
            band=range(middle - reach, middle + reach + 1),
            reach=reach,
        ),
        "gates": Bars(
            gate,
            0,
            1,
            f"{len(gate)} gates between {smallest} and {largest}, mean {mean}.",
            band=[middle],
        ),
        "weights": Bars(
            weights,
            -extent,
            extent,
            f"The {len(weights)} weights that all gates of this stage share: "
            + ", ".join(str(round_off(w)) for w in weights.tolist()),
            what="weight",
        ),
    }


# A size by hand leaves nothing to the formula.
BY_HAND = {name: ("kernel_size", tuple(TRAINED_SIZES)) for name in ("gamma", "b")}

CODE = Code(
    """\
from attn_lib import ECA
from gate_by_gate.explorers.shared.samples import INPUTS, trained_network
from attn_lib.inspection import attention_maps, count_parameters

parameters = count_parameters(ECA({channels}, kernel_size={size}, gamma={gamma}, b={b})).total
maps = attention_maps(trained_network("eca_k{trained}_seed0"), INPUTS[{image}, None])
gates = maps["layer{stage}.0.attention"]["channel"].flatten()
""",
    {"size": ("kernel_size", lambda size: repr(None if size == ADAPTIVE else size))},
)

DEFINITION = Definition(
    name="eca",
    question="Double C: how many neighbours does a gate see?",
    controls=(CHANNELS, GAMMA, B, KERNEL_SIZE, TRAINED, IMAGE, STAGE),
    panels=(
        Panel(
            "size",
            "How far a gate looks",
            (
                Part(
                    "size",
                    ("channels", "gamma", "b", "kernel_size"),
                    (
                        Item("k", Number, "kernel size k"),
                        Item("parameters", Number, "parameters"),
                        Item("sees", Number, "sees channels"),
                    ),
                    size,
                    "line",
                    irrelevant_when=BY_HAND,
                ),
                Part(
                    "staircase",
                    ("gamma", "b", "kernel_size"),
                    (Item("staircase", Chart, "k by the formula; ring: this block"),),
                    staircase,
                    "half",
                    view_controls=("channels",),
                ),
                Part(
                    "against_se",
                    ("gamma", "b", "kernel_size"),
                    (Item("against_se", Chart, "parameters; ring: this block"),),
                    against_se,
                    "half",
                    view_controls=("channels",),
                    irrelevant_when=BY_HAND,
                ),
            ),
        ),
        Panel(
            "gates",
            "One image",
            (
                Part("look", ("image",), (Item("picture", Picture, "the image"),), look, "main"),
                Part(
                    "reading",
                    ("trained", "image"),
                    READING,
                    SHOWN.read,
                    "side",
                ),
                Part(
                    "gates",
                    ("trained", "stage", "image"),
                    (
                        Item("squeeze", Bars, "squeezed means; marked: what one gate sees"),
                        Item("gates", Bars, "gates: point at one to mark its band"),
                        Item("weights", Bars, "the k weights, shared by all gates"),
                    ),
                    gates,
                    "side",
                ),
            ),
        ),
        Panel(
            "shapes",
            "Shapes",
            (
                Part(
                    "shapes",
                    ("channels",),
                    (Item("shapes", Shapes, "shape after every step, for one map of 7 × 7"),),
                    shapes,
                ),
            ),
        ),
    ),
    pictures=PICTURES,
    code=CODE,
)


class ECAExplorer(Explorer):
    """Efficient Channel Attention: how far a gate looks, what it costs, and what a trained one does."""

    definition = DEFINITION
    room = (39.9, 69.3, 67.9)
