"""The records of the network explorer, against whole networks built and counted, and against print."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from traitlets import TraitError

from attn_lib.backbones import Backbone
from attn_lib.blocks import BLOCKS, keyword_defaults
from attn_lib.insertion import insert_attention
from attn_lib.inspection import count_macs, count_parameters
from gate_by_gate.explorers import NetworkExplorer, network
from gate_by_gate.explorers.shared import network_costs
from gate_by_gate.explorers.shared.printed_figures import NO_BIAS, PRINTED, STATISTICS, Printed
from gate_by_gate.widgets.items.chain import Chain
from tests.unit.explorers.explorer_code import run_code

PART = network.DEFINITION.parts
BUILDERS = network_costs.BACKBONES


def setting(**changes: object) -> dict[str, object]:
    return network.DEFINITION.defaults | changes


INSIDE = {
    "mobilenet_v2": "hidden",
    "mobilenext": "after_first_depthwise",
    "resnet50": "after_3x3",
    "resnet101": "after_3x3",
}


def plain(backbone: str) -> Backbone:
    with torch.device("meta"):
        return network_costs.builder(backbone)()


def insert(model: Backbone, published: dict[str, object]) -> tuple[str, ...]:
    """Put the block of a setting into a whole network, as a reader would; return the slots that it took."""
    backbone, block, placement = (str(published[name]) for name in ("backbone", "block", "placement"))
    if block == "none":
        return ()
    if placement == "inside":
        placement = INSIDE.get(backbone, placement)
    takes = keyword_defaults(block)
    keywords = {
        name: published[name] for name in ("reduction", "kernel_size") if name in takes and published[name]
    }
    place = None if placement == "usual" else placement
    with torch.device("meta"):
        return insert_attention(model, block, placement=place, **keywords)


def remove(model: Backbone, names: tuple[str, ...]) -> None:
    for name in names:
        owner, _, slot = name.rpartition(".")
        setattr(model.get_submodule(owner), slot, None)


def total(chain: Chain, name: str, side: int | None = None) -> tuple[int, int]:
    """Return the sum of a column, and how much of it is added."""
    column = chain["columns"][name]
    costs = column["costs"] if side is None else column["by"][str(side)]
    return sum(costs["own"]) + sum(costs["added"]), sum(costs["added"])


def added_by_stage(chain: Chain) -> list[int]:
    added: list[int] = chain["columns"]["parameters"]["costs"]["added"]
    return added


def channels_of(backbone: str) -> int:
    return 1 if backbone == "digit_resnet" else 3


@pytest.mark.slow
@pytest.mark.parametrize("backbone", BUILDERS)
@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.nightly)], ids=["a share", "all"])
def test_a_published_number_of_parameters_is_that_of_the_whole_network(backbone: str, every: int):
    """A network that cannot be built must be missing; every other must have its count.

    By day one of seven settings is looked at, at each network others.
    """
    model = plain(backbone)
    bare = count_parameters(model).total
    settings = list(network.DEFINITION.settings(PART["drawn"]))[::every]
    of_this = [published for published in settings if published["backbone"] == backbone]
    assert {published["block"] for published in of_this} >= set(BLOCKS)
    for published in of_this:
        chain = network.draw(setting(**published))["chain"]
        try:
            names = insert(model, published)
        except ValueError:
            assert not any(chain["filled"])
            assert chain["caption"].endswith(".")
            names = ()
        whole = sum(parameter.numel() for parameter in model.parameters())
        remove(model, names)
        assert total(chain, "parameters") == (whole, whole - bare)
        assert chain["caption"].startswith(f"{len(names)} × ") or not names


@pytest.mark.slow
@pytest.mark.parametrize("backbone", BUILDERS)
def test_macs_are_those_of_the_whole_network(backbone: str):
    side = 96  # not a published one
    x = torch.empty(1, channels_of(backbone), side, side, device="meta")
    model = plain(backbone)
    bare = count_macs(model, x).total
    for block in ("none", "cbam", "coord_att", "self_attention"):
        here = setting(backbone=backbone, block=block, side=side)
        names = insert(model, here)
        whole = count_macs(model, x).total
        remove(model, names)
        assert total(network.draw(here)["chain"], "macs", side) == (whole, whole - bare)


def test_the_sections_of_a_backbone_hold_all_of_its_parameters():
    for backbone in BUILDERS:
        chain = network.draw(setting(backbone=backbone, block="none"))["chain"]
        assert total(chain, "parameters") == (count_parameters(plain(backbone)).total, 0)
    resnet = network.draw(setting(backbone="resnet50"))["chain"]["columns"]["parameters"]["costs"]["own"]
    assert resnet == [9536, 215808, 1219584, 7098368, 14964736, 2049000]


def test_blocks_are_counted_and_drawn_in_their_stage():
    chain = network.draw(setting(backbone="resnet50", block="eca"))["chain"]
    assert added_by_stage(chain) == [0, 3 * 5, 4 * 5, 6 * 5, 3 * 7, 0]
    assert chain["filled"] == ["", *["residual"] * 4, ""]
    yolo = network.draw(setting(backbone="yolov4_tiny", block="se"))["chain"]
    sizes = {3: 256, 4: 512, 5: 128}
    assert added_by_stage(yolo) == [
        2 * sizes[i] ** 2 // 16 + sizes[i] // 16 + sizes[i] if i in sizes else 0 for i in range(7)
    ]
    assert yolo["filled"] == ["", "", "", "backbone_outputs", "backbone_outputs", "upsample", ""]
    inside = network.draw(setting(backbone="mobilenet_v2", block="coord_att"))["chain"]
    assert inside["filled"] == ["", "", *["inside"] * 6, ""]  # the first stage does not expand
    assert inside["caption"] == "16 × CoordAtt, on the hidden channels of every unit that expands"


@pytest.mark.parametrize("backbone", BUILDERS)
def test_a_slot_that_is_drawn_can_be_filled_from_the_control(backbone: str):
    offered = network.draw(setting(backbone=backbone, block="none"))["chain"]["stages"]
    for name in {slot for stage in offered for slot in stage["slots"]}:
        chain = network.draw(setting(backbone=backbone, placement=name))["chain"]
        assert chain["filled"] == [name if name in stage["slots"] else "" for stage in offered]
        assert [more > 0 for more in added_by_stage(chain)] == [bool(filled) for filled in chain["filled"]]


def test_the_boxes_are_as_the_maps_of_the_stages():
    stages = network.draw(setting(backbone="resnet50"))["chain"]["stages"]
    assert [stage["repeats"] for stage in stages] == [1, 3, 4, 6, 3, 1]
    # 64 to 2,048 channels and a classifier of 1,000; maps of 112 to 7, and a vector.
    channels, sides = (64, 256, 512, 1024, 2048, 1000), (112, 56, 28, 14, 7, 1)
    assert [stage["width"] ** 2 for stage in stages] == pytest.approx([c / 2048 for c in channels], abs=1e-3)
    assert [stage["height"] ** 2 for stage in stages] == pytest.approx([s / 112 for s in sides], abs=1e-3)


def test_every_registered_block_is_offered_and_one_with_keywords_of_its_own_is_counted(monkeypatch):
    class Scale(nn.Module):
        def __init__(self, channels: int, *, start: float = 1.0) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.full((channels, 1, 1), start))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * self.scale

    assert set(network.CHOICES) == {"none", *BLOCKS}
    monkeypatch.setitem(BLOCKS, "scale", Scale)
    monkeypatch.setitem(network.CHOICES, "scale", "Scale")
    chain = network.draw(setting(backbone="resnet18", block="scale", reduction=8))["chain"]
    # Two units in each of four stages.
    assert total(chain, "parameters")[1] == 2 * (64 + 128 + 256 + 512)
    assert total(chain, "macs", 224)[1] == 0
    assert 'resnet18(attention="scale")' in network.DEFINITION.code(
        setting(backbone="resnet18", block="scale", reduction=8)
    )


@pytest.mark.parametrize("figure", PRINTED, ids=lambda f: f"{f.backbone}-{f.block}-{f.placement}-{f.text}")
def test_a_printed_figure_is_the_count_or_its_remark_says_why_not(figure: Printed):
    keywords = {} if figure.reduction is None else {"reduction": figure.reduction}
    arguments = {} if figure.block == "none" else {"attention": figure.block, "placement": figure.placement}
    stages = {"stages": (1, 2, 3)} if figure.placement == "between_stages" else {}
    with torch.device("meta"):
        model = network_costs.builder(figure.backbone)(**arguments, **stages, **keywords)
    counted = count_parameters(model).total
    printed = f"{figure.text} {figure.unit.name}"
    if figure.remark == STATISTICS:
        counted += sum(2 * m.num_features for m in model.modules() if isinstance(m, nn.BatchNorm2d))
    if figure.remark == NO_BIAS:
        blocks = [m for m in model.modules() if isinstance(m, BLOCKS[figure.block])]
        counted -= sum(p.numel() for block in blocks for p in block.parameters() if p.dim() == 1)
    agrees = figure.written(counted) == printed
    assert agrees == ("instead" not in figure.remark)


def test_a_printed_figure_stands_beside_its_setting_alone():
    text = network.printed(setting(backbone="resnet50", block="se", reduction=8))["printed"]["text"]
    assert text == (
        "SE journal paper, table 10: 30.7 M; counted: 30.6 M. The count with the running statistics of the "
        "norms, which a Caffe model stores with its weights, is 30.7 M."
    )
    for other in (
        {"reduction": 3},
        {"placement": "before_unit"},
        {"block": "cbam", "kernel_size": 3},
        {"backbone": "resnet34"},
    ):
        text = network.printed(setting(**{"backbone": "resnet50", "block": "se"} | other))["printed"]["text"]
        assert text == "No printed figure for this setting is known here."


def test_a_place_that_a_backbone_does_not_have_is_named_with_those_it_has():
    nowhere = network.draw(setting(backbone="resnet18", placement="inside"))["chain"]
    assert nowhere["caption"] == (
        "ResNet-18 has no such place. A block can go where its authors put it, before a unit, at "
        "the end of the branch, after the addition and between stages."
    )
    assert not any(nowhere["filled"])
    assert total(nowhere, "parameters")[1] == total(nowhere, "macs", 224)[1] == 0
    assert network.draw(setting(backbone="yolov4_tiny", side=40)) == {
        "missing": "YOLOv4-tiny does not take this image: expected H and W to be multiples of 32; got "
        "(1, 3, 40, 40)."
    }
    refused = network.draw(setting(backbone="digit_resnet", block="bam", reduction=32))["chain"]["caption"]
    assert "`reduction` must be between 1 and `channels`; got reduction=32 for channels=16" in refused


def test_a_control_that_does_not_matter_moves_nothing():
    for part in ("drawn", "printed"):
        compute = PART[part].compute
        assert compute(setting(block="eca", reduction=8)) == compute(setting(block="eca"))
        assert compute(setting(block="se", kernel_size=3)) == compute(setting(block="se"))
        assert compute(setting(block="none", placement="upsample")) == compute(setting(block="none"))


@pytest.mark.slow
@pytest.mark.parametrize("backbone", BUILDERS)
def test_the_code_computes_what_is_shown(backbone: str):
    for changes in ({}, {"block": "none"}, {"block": "cbam", "reduction": 8, "kernel_size": 3}):
        here = setting(backbone=backbone, side=64, **changes)
        names, chain = run_code(network.DEFINITION, here), network.draw(here)["chain"]
        assert names["total"] == total(chain, "parameters")[0]
        assert names["macs"] == total(chain, "macs", 64)[0]
    inside = network.DEFINITION.code(setting(backbone="mobilenet_v2", block="se", placement="inside"))
    assert 'mobilenet_v2(attention="se", placement="hidden")' in inside


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"backbone": "vgg"}, r"`backbone` must be one of \('resnet18', .*\); got 'vgg'"),
        ({"block": "</script>"}, r"`block` must be one of \('none', .*\); got '</script>'"),
        ({"placement": "roof"}, r"`placement` must be one of \('usual', .*\); got 'roof'"),
        ({"reduction": -1}, "`reduction` must be at least 0; got reduction=-1"),
        ({"kernel_size": 4}, "`kernel_size` must be odd; got kernel_size=4"),
        ({"side": 0}, "`side` must be at least 1; got side=0"),
    ],
)
def test_a_value_that_means_nothing_is_refused(changes, message):
    with pytest.raises(TraitError, match=message):
        NetworkExplorer(**changes)
