"""Interventions: a block computed from its maps, and networks with other attention than their own."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from attn_lib.blocks import BAM, BLOCKS, CBAM, ECA, SE, VARIANTS, CBAMVariant, CoordAtt, SelfAttention2d
from attn_lib.insertion.identity import IdentityStart
from attn_lib.inspection import attention_maps
from attn_lib.interventions import (
    apply_maps,
    exchanged,
    frozen,
    interventions_for,
    mean_maps,
    opened,
    squeezed_from,
    with_maps,
    without_max,
)
from tests.block_tools import build_block, randomise

N, C, H, W = 3, 13, 5, 7


def maps_of(seed=0, channels=C):
    return torch.randn(N, channels, H, W, generator=torch.Generator().manual_seed(seed))


def built(name, **keywords):
    return randomise(build_block(name, C, **keywords)).eval()


class Two(nn.Module):
    """Two blocks with a convolution before each, so that the second sees what the first has changed."""

    def __init__(self, first, second):
        super().__init__()
        self.conv1, self.first = nn.Conv2d(2, C, 3, padding=1), first
        self.conv2, self.second = nn.Conv2d(C, C, 3, padding=1), second
        randomise(self, seed=5).eval()

    def forward(self, x):
        return self.second(self.conv2(self.first(self.conv1(x))))


def two_se():
    return Two(SE(C, reduction=3), SE(C, reduction=5))


def hooks_in(network):
    return sum(len(module._forward_hooks) for module in network.modules())


@torch.no_grad()
def test_exchanged_gates_are_those_of_a_run_with_the_donors():
    network, x, donors = two_se(), maps_of(1, 2), maps_of(2, 2)
    given = network.conv1(donors)
    gate1 = network.first.attention(given)["channel"]
    gate2 = network.second.attention(network.conv2(given * gate1))["channel"]
    expected = network.conv2(network.conv1(x) * gate1) * gate2
    before = network(x)

    with exchanged(network, donors):
        found = network(x)

    torch.testing.assert_close(found, expected)
    assert not torch.allclose(found, before, atol=1e-3)
    torch.testing.assert_close(network(x), before, rtol=0, atol=0)


@torch.no_grad()
def test_the_maps_that_were_used_can_be_read():
    network, x, donors = Two(CBAM(C, reduction=3), CoordAtt(C)), maps_of(1, 2), maps_of(2, 2)
    given = attention_maps(network, donors)
    with exchanged(network, donors) as used:
        assert used == {}
        network(x)
    assert list(used) == ["first", "second"]
    for name, maps in used.items():
        assert maps.keys() == given[name].keys()
        for key, value in maps.items():
            torch.testing.assert_close(value, given[name][key], rtol=0, atol=0)

    with frozen(network, x) as used:
        network(x)
    own = network.first.attention(network.conv1(x))
    torch.testing.assert_close(used["first"]["spatial"], own["spatial"].mean(dim=0, keepdim=True))

    with opened(network, only="spatial") as used, pytest.raises(KeyError, match="spatial"):
        network(x)  # the second block has no such map
    assert used["first"]["spatial"].eq(1).all()
    torch.testing.assert_close(used["first"]["channel"], own["channel"])


@torch.no_grad()
def test_without_its_maximum_the_gates_that_were_used_are_those_of_the_means():
    network, x = Two(CBAM(C, reduction=3), nn.Identity()), maps_of(1, 2)
    scores = network.first.channel.mlp(network.conv1(x).mean(dim=(2, 3)))
    with without_max(network) as used:
        network(x)
    torch.testing.assert_close(used["first"]["channel"][:, :, 0, 0], torch.sigmoid(scores))


@torch.no_grad()
@pytest.mark.parametrize("average", [False, True])
@pytest.mark.parametrize("squeeze", ["avg", "max"])
def test_one_squeeze_of_cbam_is_taken_from_other_images_and_the_other_stays(squeeze, average):
    network, x, donors = Two(built("cbam", reduction=3), nn.Identity()), maps_of(1, 2), maps_of(2, 2)
    own, other = network.conv1(x), network.conv1(donors)
    pools = {"avg": own.mean(dim=(2, 3)), "max": own.amax(dim=(2, 3))}
    given = other.mean(dim=(2, 3)) if squeeze == "avg" else other.amax(dim=(2, 3))
    pools[squeeze] = given.mean(dim=0, keepdim=True).expand(N, C) if average else given
    mlp = network.first.channel.mlp
    with squeezed_from(network, squeeze, donors, average=average) as used:
        network(x)
    expected = torch.sigmoid(mlp(pools["avg"]) + mlp(pools["max"]))
    torch.testing.assert_close(used["first"]["channel"][:, :, 0, 0], expected)


@torch.no_grad()
def test_a_squeeze_of_the_same_images_changes_nothing_and_none_is_left_behind():
    network, x = Two(built("cbam", reduction=3), built("cbam", reduction=3)).double(), maps_of(1, 2).double()
    before = network(x)
    with squeezed_from(network, "max", x):
        torch.testing.assert_close(network(x), before)
    with squeezed_from(network, "max", maps_of(2, 2).double()):
        assert not torch.allclose(network(x), before)
    torch.testing.assert_close(network(x), before)


@pytest.mark.parametrize("name", ["se", "bam"])
def test_a_network_that_squeezes_in_one_way_alone_has_no_squeeze_to_exchange(name):
    network = Two(built(name), nn.Identity())
    with (
        pytest.raises(ValueError, match="a block that squeezes by 'avg' too; found none"),
        squeezed_from(network, "avg", maps_of(1, 2)),
    ):
        pass


@torch.no_grad()
@pytest.mark.parametrize("name", BLOCKS | VARIANTS)
def test_an_exchange_with_itself_changes_nothing(name):
    network, x = Two(built(name), built(name)).double(), maps_of(1, 2).double()
    with exchanged(network, x):
        found = network(x)
    torch.testing.assert_close(found, network(x))


@torch.no_grad()
@pytest.mark.parametrize("name", ["se", "bam", "cbam"])
def test_a_block_behind_a_gain_is_changed_and_its_gain_stays(name):
    """``IdentityStart`` goes a quarter of the way, say, from its input to what the block inside returns."""
    inner = built(name, **({"order": "parallel"} if name == "cbam" else {}))
    network, x = Two(IdentityStart(inner), nn.Identity()), maps_of(1, 2)
    network.first.gain.fill_(0.25)
    with with_maps(network, lambda name, own: own) as used:
        found = network(x)
    assert list(used) == ["first.block"]
    torch.testing.assert_close(found, network(x), rtol=1e-4, atol=1e-4)
    with opened(network):
        found = network(x)
    hidden = network.conv1(x)
    factor = 2 if name == "bam" else 1
    expected = network.conv2(hidden + 0.25 * (factor * hidden - hidden))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert set(interventions_for(network)) == set(interventions_for(Two(inner, nn.Identity())))


@torch.no_grad()
def test_frozen_gates_are_the_means_over_the_batch_of_a_pass_with_nothing_changed():
    """The second block's mean is over what it sees while the first still uses its own gates."""
    network, x = two_se(), maps_of(1, 2)
    hidden = network.conv1(x)
    own = network.first.attention(hidden)["channel"]
    second = network.second.attention(network.conv2(hidden * own))["channel"]
    expected = network.conv2(hidden * own.mean(dim=0)) * second.mean(dim=0)

    with frozen(network, x) as used:
        found = network(x)

    torch.testing.assert_close(found, expected)
    assert not torch.allclose(found, network(x), atol=1e-3)
    for name, maps in mean_maps(network, x).items():
        torch.testing.assert_close(used[name], maps, rtol=0, atol=0)


@torch.no_grad()
def test_gates_may_be_frozen_at_the_mean_of_other_images():
    network, x, others = two_se(), maps_of(1, 2), maps_of(2, 2)
    means = mean_maps(network, others)
    with frozen(network, others):
        found = network(x)
    expected = network.conv2(network.conv1(x) * means["first"]["channel"]) * means["second"]["channel"]
    torch.testing.assert_close(found, expected)


@torch.no_grad()
def test_a_frozen_batch_of_one_is_as_it_was():
    network, x = two_se(), maps_of(1, 2)[:1]
    with frozen(network, x):
        found = network(x)
    torch.testing.assert_close(found, network(x))


@torch.no_grad()
@pytest.mark.parametrize(
    ("build", "factor"),
    [
        (lambda: SE(C, reduction=3), 1),
        (lambda: ECA(C), 1),
        (lambda: CBAM(C, reduction=3), 1),
        (lambda: CBAMVariant(C, reduction=3, order="parallel"), 1),
        (lambda: CoordAtt(C), 1),
        (lambda: BAM(C, reduction=3), 2),  # x + x * 1
    ],
    ids=["se", "eca", "cbam", "cbam-parallel", "coord_att", "bam"],
)
def test_open_gates_let_everything_through(build, factor):
    network, x = Two(build(), build()), maps_of(1, 2)
    expected = factor * network.conv2(factor * network.conv1(x))
    with opened(network):
        found = network(x)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-4)


@torch.no_grad()
def test_open_self_attention_adds_the_mean_of_all_values():
    """The projection is linear and without a bias, so the mean may be taken before both layers."""
    block = SelfAttention2d(C, num_heads=3)
    network, x = Two(block, nn.Identity()), maps_of(1, 2)
    hidden = network.conv1(x)
    mean = hidden.mean(dim=(2, 3), keepdim=True)
    gain = F.conv2d(F.conv2d(mean, block.value.weight), block.project.weight)

    with opened(network):
        found = network(x)

    torch.testing.assert_close(found, network.conv2(hidden + gain), rtol=1e-4, atol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("opened_map", ["height", "width"])
def test_one_strip_opened_leaves_the_other_as_the_block_has_it(opened_map):
    block = built("coord_att")
    network, x = Two(block, nn.Identity()), maps_of(1, 2)
    hidden = network.conv1(x)
    (kept,) = {"height", "width"} - {opened_map}
    expected = network.conv2(hidden * block.attention(hidden)[kept])

    with opened(network, only=opened_map):
        found = network(x)

    torch.testing.assert_close(found, expected)
    assert not torch.allclose(found, network(x), atol=1e-3)


@torch.no_grad()
def test_a_map_that_no_block_has_cannot_be_opened():
    network = two_se()
    with pytest.raises(KeyError, match="height"), opened(network, only="height"):
        network(maps_of(1, 2))
    assert hooks_in(network) == 0


@torch.no_grad()
def test_a_score_is_no_gate_to_open():
    """BAM scales by what it makes of two scores together; a score of 1 would say nothing."""
    network = Two(built("bam"), nn.Identity())
    refusal = r"expected a map out of \['combined'\] .*; got 'channel'"
    with pytest.raises(KeyError, match=refusal), opened(network, only="channel"):
        network(maps_of(1, 2))


class Doubling(nn.Module):
    """A user's block without `combine`: it multiplies its input by its map."""

    def attention(self, x):
        return {"combined": x.mean(dim=1, keepdim=True).sigmoid()}

    def forward(self, x):
        return x * self.attention(x)["combined"]


class Residual(Doubling):
    """One that does something else with its map, and does not say what."""

    def forward(self, x):
        return x + x * self.attention(x)["combined"]


class Weighing(nn.Module):
    """One whose map cannot scale its input, and which does not say what it does with it."""

    def attention(self, x):
        return {"weights": torch.ones(N, 2, 3)}

    def forward(self, x):
        return x


class Explained(Residual):
    """The same, and says so."""

    def combine(self, x, maps):
        return x + x * maps["combined"]


@torch.no_grad()
def test_a_block_of_the_users_own_is_not_taken_for_bam():
    """Its map is called `combined` as BAM's is, and scales alone: opened, it lets everything through."""
    network, x = Two(Doubling(), nn.Identity()), maps_of(1, 2)
    with opened(network):
        found = network(x)
    torch.testing.assert_close(found, network.conv2(network.conv1(x)))
    ones = {"combined": torch.ones(1, 1, 1, 1)}
    torch.testing.assert_close(apply_maps(Doubling(), network.conv1(x), ones), network.conv1(x))


@torch.no_grad()
def test_a_block_that_does_not_say_how_it_combines_is_refused_unless_it_multiplies():
    network, x = Two(Residual(), nn.Identity()), maps_of(1, 2)
    message = r"must have a method `combine\(x, maps\)`.*'first' \(Residual\) has none.*\['combined'\]"
    with pytest.raises(TypeError, match=message), opened(network):
        network(x)
    assert hooks_in(network) == 0
    with pytest.raises(TypeError, match=r"\(Residual\) has none"):
        apply_maps(Residual(), network.conv1(x), {"combined": torch.ones(1)})


@torch.no_grad()
def test_a_block_without_combine_whose_maps_do_not_fit_its_input_is_refused():
    with pytest.raises(TypeError, match=r"x times its maps \['weights'\] is not its output"):
        apply_maps(Weighing(), maps_of(), {"weights": torch.ones(N, 2, 3)})


@torch.no_grad()
def test_a_block_that_combines_but_has_no_neutral_maps_is_frozen_and_not_opened():
    network, x = Two(Explained(), nn.Identity()), maps_of(1, 2)
    hidden = network.conv1(x)
    mean = network.first.attention(hidden)["combined"].mean(dim=0)
    with frozen(network, x):
        torch.testing.assert_close(network(x), network.conv2(hidden + hidden * mean))
    with pytest.raises(TypeError, match=r"method `neutral\(maps\)`.*'first' \(Explained\)"), opened(network):
        network(x)


def test_blocks_of_two_kinds_share_the_interventions_that_suit_both():
    found = interventions_for(Two(CBAM(C, reduction=3), SE(C, reduction=3)))
    assert list(found) == [*ALWAYS, "without_max"]


ALWAYS = ["exchanged", "frozen", "opened"]


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: nn.Conv2d(C, C, 1), []),
        (lambda: SE(C, reduction=3), ALWAYS),
        (lambda: BAM(C, reduction=3), ALWAYS),
        (lambda: SelfAttention2d(C, num_heads=3), ALWAYS),
        (lambda: VARIANTS["coord_att_strip"](C, strip="height"), ALWAYS),
        (lambda: CoordAtt(C), [*ALWAYS, "without_height", "without_width"]),
        (lambda: CBAM(C, reduction=3), [*ALWAYS, "without_max", "without_channel", "without_spatial"]),
        (lambda: CBAMVariant(C, reduction=3, pooling="max"), [*ALWAYS, "without_channel", "without_spatial"]),
        (lambda: CBAMVariant(C, reduction=3, order="parallel"), [*ALWAYS, "without_max"]),
    ],
    ids=["plain", "se", "bam", "self_attention", "strip", "coord_att", "cbam", "cbam-max", "cbam-parallel"],
)
def test_every_block_has_the_interventions_that_mean_something_for_it(build, expected):
    assert list(interventions_for(Two(build(), nn.Identity()))) == expected


@torch.no_grad()
@pytest.mark.parametrize("block", [CBAM(C, reduction=3), CoordAtt(C)], ids=["cbam", "coord_att"])
def test_interventions_by_name_are_what_their_names_say(block):
    network, x, donors = Two(block, nn.Identity()), maps_of(1, 2), maps_of(2, 2)
    by_hand = {
        "exchanged": lambda: exchanged(network, donors),
        "frozen": lambda: frozen(network, x),
        "opened": lambda: opened(network),
        "without_max": lambda: without_max(network),
    }
    found = {}
    for name, intervention in interventions_for(network).items():
        with intervention(x, donors):
            found[name] = network(x)
        expected = by_hand.get(name, lambda name=name: opened(network, only=name.removeprefix("without_")))
        with expected():
            torch.testing.assert_close(found[name], network(x), rtol=0, atol=0)
    outputs = [network(x), *found.values()]
    assert not any(torch.allclose(a, b, atol=1e-4) for i, a in enumerate(outputs) for b in outputs[:i])
    assert hooks_in(network) == 0


@torch.no_grad()
@pytest.mark.parametrize("order", ["channel_first", "spatial_first", "parallel"])
def test_without_its_maximum_a_cbam_is_the_variant_that_pools_means(order):
    network = Two(
        CBAMVariant(C, reduction=3, order=order), CBAMVariant(C, reduction=3, pooling="max", order=order)
    )
    variant = Two(
        CBAMVariant(C, reduction=3, order=order, pooling="avg"),
        CBAMVariant(C, reduction=3, pooling="max", order=order),
    )
    variant.load_state_dict(network.state_dict())
    variant.eval()
    x = maps_of(1, 2)
    before = network(x)

    with without_max(network):
        found = network(x)

    torch.testing.assert_close(found, variant(x))
    assert not torch.allclose(found, before, atol=1e-3)
    torch.testing.assert_close(network(x), before, rtol=0, atol=0)


@pytest.mark.parametrize(
    "network", [two_se(), Two(CBAMVariant(C, reduction=3, pooling="avg"), nn.Identity())], ids=["se", "avg"]
)
def test_a_network_without_a_maximum_to_take_out_is_refused(network):
    with (
        pytest.raises(ValueError, match="a block that squeezes by a maximum too; found none"),
        without_max(network),
    ):
        pass


@torch.no_grad()
def test_a_change_is_told_every_block_and_its_own_maps_in_order():
    network, x = two_se(), maps_of(1, 2)
    told = []

    def double_the_second(name, own):
        told.append((name, own["channel"]))
        return {"channel": own["channel"] * 2} if name == "second" else own

    with with_maps(network, double_the_second):
        found = network(x)

    torch.testing.assert_close(found, 2 * network(x))
    hidden = network.conv1(x)
    assert [name for name, _ in told] == ["first", "second"]
    torch.testing.assert_close(told[0][1], network.first.attention(hidden)["channel"])


class InterventionError(Exception):
    pass


@torch.no_grad()
@pytest.mark.parametrize(
    "intervene",
    [
        lambda network: with_maps(network, lambda name, own: own),
        lambda network: exchanged(network, maps_of(2, 2)),
        lambda network: frozen(network, maps_of(2, 2)),
        opened,
        without_max,
    ],
    ids=["with_maps", "exchanged", "frozen", "opened", "without_max"],
)
def test_the_network_is_as_it_was_after_an_error(intervene):
    network, x = Two(CBAM(C, reduction=3), CBAM(C, reduction=3)), maps_of(1, 2)
    before = network(x)

    with pytest.raises(InterventionError), intervene(network):
        raise InterventionError

    assert hooks_in(network) == 0
    assert list(network.first.channel.squeezes) == list(network.second.channel.squeezes) == ["avg", "max"]
    torch.testing.assert_close(network(x), before, rtol=0, atol=0)


@torch.no_grad()
def test_hooks_are_removed_after_an_error_of_the_change_itself():
    network = two_se()

    def fail(name, own):
        raise InterventionError(name)

    with pytest.raises(InterventionError, match="first"), with_maps(network, fail):
        network(maps_of(1, 2))

    assert hooks_in(network) == 0


@torch.no_grad()
def test_donors_in_another_number_are_refused_and_leave_no_hook():
    network = two_se()
    with pytest.raises(RuntimeError, match="must match"), exchanged(network, maps_of(2, 2)[:2]):
        network(maps_of(1, 2))
    assert hooks_in(network) == 0
