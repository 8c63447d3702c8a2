"""The side-by-side explorer: one image, the plain network and six blocks, one stage of all of them."""

from __future__ import annotations

import statistics
from functools import cache

from torch import Tensor

from attn_lib.inspection import grad_cam, spatial_map
from gate_by_gate import results
from gate_by_gate.explorers.shared.image_maps import map_over_image, points_at_digit
from gate_by_gate.explorers.shared.samples import MAP_STAGE as STAGE
from gate_by_gate.explorers.shared.samples import (
    PICTURES,
    Observation,
    image_control,
    image_index,
    inputs,
    observe,
    picked_stage,
    samples,
    trained_network,
)
from gate_by_gate.results.families import REFERENCE
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.encoded import round_off
from gate_by_gate.widgets.items.heatmap import Heatmap
from gate_by_gate.widgets.items.number import Number, count, verdict
from gate_by_gate.widgets.items.table import Table
from gate_by_gate.widgets.items.text import Text
from gate_by_gate.widgets.live import Explorer
from gate_by_gate.widgets.snippets import Code

__all__ = ["DEFINITION", "SideBySideExplorer"]

NETWORKS = {setting: title for title, setting in REFERENCE.items()}
"""What the reference network of each block is called, by its setting."""

WITHOUT_SPATIAL_MAP = ("plain", "se_r4_bias", "eca_k3")
"""Networks whose blocks have no spatial map."""

SIDES = {1: 20, 2: 10, 3: 5}
"""Height and width of the maps of every stage."""

# It opens with the digit that one network reads and six do not, though most maps point at it.
IMAGE = image_control("image", "test image", 8)

CHANCE = "by chance"


def run_name(setting: str) -> str:
    """Name the run of a setting whose weights are shown: that of the first seed."""
    return f"{setting}_seed0"


def observed(setting: str) -> Observation:
    """Return what the network of a setting does with the sample images."""
    found = observe(run_name(setting))
    assert found is not None  # for the type checker: the reference settings are published
    return found


@cache
def maps_of(setting: str, stage: int) -> Tensor:
    """Return the map of a network for every sample image: ``(images, H, W)``.

    It is the block's own spatial map, or, where it has none, Grad-CAM of what the stage returns, for the
    digit that the network reads.
    """
    name, network = f"layer{stage}.0.attention", trained_network(run_name(setting))
    seen = observed(setting).blocks.get(name)
    if seen is not None:
        own = spatial_map(network.get_submodule(name), seen.maps, (SIDES[stage], SIDES[stage]))
        if own is not None:
            return own
    return grad_cam(network, inputs(), f"layer{stage}").maps


def says(setting: str, index: int) -> tuple[int, bool]:
    """Return the digit that a network reads in an image, and whether it is right."""
    digit = int(observed(setting).probabilities[index].argmax())
    return digit, digit == int(samples().labels[index])


def draw(setting: str, index: int, stage: int) -> Heatmap:
    """Draw the map of one network over an image, with the digit's box and the map's peak."""
    name, (digit, right) = NETWORKS[setting], says(setting, index)
    if setting in WITHOUT_SPATIAL_MAP:
        what = f"Grad-CAM of stage {stage}, {name}, for the digit {digit} that it reads"
    else:
        what = f"The map of {name} in stage {stage}"
    values = maps_of(setting, stage)[index]
    hit = points_at_digit(values, index)
    return map_over_image(
        values,
        index,
        f"{name}\nreads {digit}, {'right' if right else 'wrong'}",
        what,
        f"peak: {peak_text(hit)}",
        alone=False,
    )


def peak_text(hit: bool | None) -> str:
    """Write whether a map points at the digit; None if its peak is no single place."""
    return "no peak" if hit is None else "hit" if hit else "miss"


def maps(setting: Setting) -> Data:
    """Draw the map of every network over one image."""
    index, stage = image_index(setting), picked_stage(setting)
    return {
        "of_stage": Text(
            f"Grad-CAM of what stage {stage} returns, for the digit that is read: these three have no map."
        ),
        "of_block": Text(
            f"The block's own map in stage {stage}: gates, in the mean over C, or the attention received."
        ),
        **{name: draw(name, index, stage) for name in NETWORKS},
    }


def one_image(setting: Setting) -> Data:
    """Say what every network makes of one image."""
    index, stage = image_index(setting), picked_stage(setting)
    label = int(samples().labels[index])
    rows = {}
    for name, title in NETWORKS.items():
        digit, right = says(name, index)
        probabilities = observed(name).probabilities[index]
        sure, true = (round_off(probabilities[one].item()) for one in (digit, label))
        hit = points_at_digit(maps_of(name, stage)[index], index)
        rows[title] = [
            verdict(digit, str(digit), right),
            Number(sure, f"{sure:.2f}"),
            Number(true, f"{true:.2f}"),
            verdict(int(bool(hit)), peak_text(hit), bool(hit)),
        ]
    columns = {
        "prediction": "reads",
        "probability": "prob.",
        "of_label": f"prob. of {label}",
        "points": "peak",
    }
    return {"one": Table("network", columns, rows)}


def percent(share: float) -> Number:
    """Write a share in per cent."""
    return Number(round_off(share), f"{100 * share:.1f} %")


def share_right(setting: str, seed: int) -> float:
    """Return the share of test images that a network reads rightly."""
    test = results.record(f"{setting}_seed{seed}")["test"]
    return float(test["correct"] / test["total"])


def all_images(setting: Setting) -> Data:
    """Say how often every network is right on the whole test split, and how often its map points."""
    stage = picked_stage(setting)
    rows = {}
    for name, title in NETWORKS.items():
        scores = results.record(run_name(name))["localization"][f"layer{stage}"]
        score = scores["grad_cam" if name in WITHOUT_SPATIAL_MAP else "attention"]
        seeds = results.seeds(name)
        mean = statistics.fmean(share_right(name, seed) for seed in seeds)
        rows[title] = [
            percent(share_right(name, 0)),
            Number(round_off(mean), f"{100 * mean:.1f} % ({len(seeds)})"),
            percent(score["hits"] / score["total"]),
        ]
    chance = results.record(run_name("cbam_r4_k7"))["localization"][f"layer{stage}"]["attention"]["chance"]
    guess = 1 / results.record(run_name("plain"))["network"]["num_classes"]
    rows[CHANCE] = [percent(guess), percent(guess), percent(chance)]
    columns = {"accuracy": "reads right", "mean": "mean (n seeds)", "pointing": "peak in box"}
    return {"all": Table("network", columns, rows)}


def cost(setting: Setting) -> Data:
    """Say how many parameters and multiply-accumulates every network has."""
    records = {name: results.record(run_name(name)) for name in NETWORKS}
    plain = records["plain"]["parameters"]
    rows = {}
    for name, title in NETWORKS.items():
        parameters, macs = records[name]["parameters"], records[name]["macs"]
        added = parameters - plain
        rows[title] = [
            count(parameters),
            Number(added, f"+{added:,}" if added else "–"),
            Number(macs, f"{macs / 1e6:.2f} M"),
        ]
    columns = {"parameters": "parameters", "added": "added", "macs": "mult.-acc."}
    return {"cost": Table("network", columns, rows)}


def times(batch: int) -> Table:
    """Say how long every network takes for an image in a batch of that size, over the plain one."""
    rows = {}
    for name, title in NETWORKS.items():
        timed = results.timing(name)[batch]
        ratios = (timed.ratio, *timed.quartiles)
        rows[title] = [
            *(Number(round_off(ratio), f"{ratio:.2f}") for ratio in ratios),
            Number(round_off(timed.milliseconds), f"{timed.milliseconds:.2f}"),
        ]
    columns = {
        "ratio": "over plain",
        "lower": "lower quartile",
        "upper": "upper quartile",
        "milliseconds": "ms",
    }
    return Table("network", columns, rows)


def alone(setting: Setting) -> Data:
    """Say how long every network takes for an image that comes alone."""
    return {"alone": times(1)}


def in_batch(setting: Setting) -> Data:
    """Say how long every network takes for an image that comes with others."""
    return {"in_batch": times(50)}


def measured(setting: Setting) -> Data:
    """Say how the times were measured, and on which machine."""
    how = results.timing_conditions()
    versions, loads = how["versions"], [load for load in how["load"] if load is not None]
    busy = " that other work shared" if loads and max(loads) > how["threads"] + 0.5 else ""
    return {
        "machine": Text(
            "Times are processor time of a forward pass for one image, on one thread of an "
            f"{how['cpu']} ({how['platform']}){busy}, PyTorch {versions['torch']}, {how['date']}. Each "
            f"network took turns with the plain one; its ratio is the median of {how['rounds']} rounds. The "
            "plain network's own ratio, to a second copy of it, shows the noise."
        )
    }


CODE = Code(
    """\
from gate_by_gate import results
from gate_by_gate.explorers.shared.samples import INPUTS, SAMPLES, trained_network
from attn_lib.inspection import attention_maps, grad_cam, pointing_hits, spatial_map

x, box = INPUTS[{image}, None], SAMPLES.boxes[{image}, None]
reads, maps, hits, added, ratios = {}, {}, {}, {}, {}
for name in {names}:
    network, record = trained_network(name + "_seed0"), results.record(name + "_seed0")
    evidence = grad_cam(network, x, "layer{stage}")
    block = network.get_submodule("layer{stage}").get_submodule("0").attention
    own = {} if block is None else attention_maps(network, x)["layer{stage}.0.attention"]
    places = None if block is None else spatial_map(block, own, ({side}, {side}))
    reads[name] = evidence.classes.item()
    maps[name] = evidence.maps[0] if places is None else places[0]
    hits[name] = pointing_hits(maps[name][None], box, 40).item()
    added[name] = record["parameters"] - results.record("plain_seed0")["parameters"]
    ratios[name] = results.timing(name)[1].ratio
""",
    {
        "side": ("stage", lambda stage: str(SIDES[stage])),
        "names": ((), lambda: "(\n" + "".join(f'    "{name}",\n' for name in NETWORKS) + ")"),
    },
)

DEFINITION = Definition(
    name="side_by_side",
    question="Change the image: which block finds the digit?",
    controls=(IMAGE, STAGE),
    panels=(
        Panel(
            "maps",
            "Maps",
            (
                Part(
                    "maps",
                    ("image", "stage"),
                    (
                        Item("of_stage", Text),
                        *(Item(name, Heatmap) for name in WITHOUT_SPATIAL_MAP),
                        Item("of_block", Text),
                        *(Item(name, Heatmap) for name in NETWORKS if name not in WITHOUT_SPATIAL_MAP),
                    ),
                    maps,
                    "cards",
                ),
            ),
        ),
        Panel(
            "tables",
            "Tables",
            (
                Part(
                    "one_image",
                    ("image", "stage"),
                    (Item("one", Table, "this image"),),
                    one_image,
                    "half",
                ),
                Part(
                    "all_images",
                    ("stage",),
                    (Item("all", Table, "all 2,000 test images (Grad-CAM: the first 500)"),),
                    all_images,
                    "half",
                ),
            ),
        ),
        Panel(
            "cost",
            "Cost",
            (
                Part(
                    "cost",
                    (),
                    (Item("cost", Table, "the whole network; multiply-accumulates are for one image"),),
                    cost,
                    "half",
                ),
                Part("measured", (), (Item("machine", Text),), measured, "half"),
                Part("alone", (), (Item("alone", Table, "time of one image alone"),), alone, "half"),
                Part(
                    "in_batch",
                    (),
                    (Item("in_batch", Table, "time per image, fifty at once"),),
                    in_batch,
                    "half",
                ),
            ),
        ),
    ),
    pictures=PICTURES,
    code=CODE,
)


class SideBySideExplorer(Explorer):
    """One image and the same stage of seven networks: maps, predictions, hits, costs and times."""

    definition = DEFINITION
    room = (47.5, 88.9, 92.2)
