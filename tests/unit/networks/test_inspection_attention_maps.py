"""Reading attention maps: of real blocks and of any module that keeps their contract."""

import copy

import pytest
import torch
from torch import Tensor, nn

from attn_lib import ECA, SE
from attn_lib.inspection import attention_maps, is_block, record_blocks


class Halver(nn.Module):
    """A block with a constant map, that overwrites its input: the unkindest one that keeps the contract."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Parameter(torch.tensor(0.5))

    def attention(self, x):
        return {"gate": self.gate}

    def forward(self, x):
        return x.mul_(self.gate)


class Outer(nn.Module):
    """A block that holds another one and calls it, also while its maps are read."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Halver()

    def attention(self, x):
        return {"doubled": 2 * self.inner(x.clone())}

    def forward(self, x):
        return self.attention(x)["doubled"]


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 13, 3),
        nn.BatchNorm2d(13),
        SE(13, reduction=5),
        nn.ReLU(inplace=True),
        nn.Sequential(nn.Conv2d(13, 17, 1), ECA(17)),
        nn.ReLU(inplace=True),
    )


def hook_count(model: nn.Module) -> int:
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules())


def test_maps_come_from_the_input_that_each_block_really_received():
    model = network()
    x = torch.randn(2, 3, 11, 7)

    maps = attention_maps(model, x)

    reference = copy.deepcopy(model).eval()
    with torch.no_grad():
        before_se = reference[1](reference[0](x))
        before_eca = reference[4][0](torch.relu(reference[2](before_se)))
    assert list(maps) == ["2", "4.1"]
    torch.testing.assert_close(maps["2"], reference[2].attention(before_se))
    torch.testing.assert_close(maps["4.1"], reference[4][1].attention(before_eca))
    assert maps["2"]["channel"].shape == (2, 13, 1, 1)
    assert not maps["2"]["channel"].requires_grad


def test_records_hold_the_map_before_and_after_each_block_despite_operations_in_place():
    model = network()
    records = record_blocks(model, torch.randn(2, 3, 11, 7))

    assert list(records) == ["2", "4.1"]
    assert records["2"].input.shape == (2, 13, 9, 5)
    assert (records["2"].output < 0).any(), "the ReLU after the block must not have reached the record"
    for record in records.values():
        torch.testing.assert_close(record.output, record.input * record.maps["channel"])


def test_a_single_block_is_a_model_with_an_empty_name():
    block = SE(13, reduction=5)
    x = torch.randn(2, 13, 5, 7)
    torch.testing.assert_close(attention_maps(block, x), {"": block.eval().attention(x)})


def test_a_model_without_blocks_has_no_maps():
    assert attention_maps(nn.Conv2d(3, 5, 1), torch.zeros(1, 3, 2, 2)) == {}


def test_records_are_copies_even_of_a_block_that_overwrites_its_input():
    model = nn.Sequential(nn.Identity(), Halver())
    x = torch.full((1, 1, 1, 2), 6.0)

    record = record_blocks(model, x.clone())["1"]
    with torch.no_grad():
        model[1].gate.fill_(7.0)

    assert record.input.flatten().tolist() == [6.0, 6.0]
    assert record.output.flatten().tolist() == [3.0, 3.0]
    assert record.maps["gate"].item() == 0.5
    assert not record.maps["gate"].requires_grad


def test_a_block_within_a_block_is_listed_after_it_and_only_for_its_real_calls():
    maps = attention_maps(nn.Sequential(Outer()), torch.full((1, 1, 1, 2), 6.0))
    assert list(maps) == ["0", "0.inner"]
    assert maps["0"]["doubled"].flatten().tolist() == [6.0, 6.0]


def test_a_block_that_is_called_again_is_numbered():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.gate = SE(5, reduction=2)
            self.unused = SE(5, reduction=2)

        def forward(self, x):
            return self.gate(self.gate(x))

    model = Twice()
    records = record_blocks(model, torch.randn(2, 5, 3, 7))

    assert list(records) == ["gate", "gate#2"]
    assert torch.equal(records["gate#2"].input, records["gate"].output)
    assert not torch.equal(records["gate#2"].maps["channel"], records["gate"].maps["channel"])


def test_a_block_registered_under_two_names_is_numbered_under_the_first():
    block = SE(5, reduction=2)
    assert list(attention_maps(nn.Sequential(block, block), torch.randn(1, 5, 2, 3))) == ["0", "0#2"]


class Keyword(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = SE(5, reduction=2)

    def forward(self, x):
        return self.gate(x=x)


def test_a_block_may_be_called_by_keyword():
    x = torch.randn(2, 5, 3, 7)
    model = Keyword()
    record = record_blocks(model, x)["gate"]
    assert torch.equal(record.input, x)
    torch.testing.assert_close(record.maps, model.gate.attention(x))


def test_training_modes_and_hooks_are_as_before():
    model = network()
    model[1].eval()  # a frozen norm inside a model in training
    modes = [module.training for module in model.modules()]
    statistics = model[1].running_mean.clone()

    record_blocks(model, torch.randn(2, 3, 11, 7))

    assert [module.training for module in model.modules()] == modes
    assert True in modes
    assert False in modes
    assert hook_count(model) == 0
    assert torch.equal(model[1].running_mean, statistics)


def test_a_class_that_keeps_itself_frozen_gets_the_mode_back_that_it_had():
    class Frozen(nn.Dropout):
        def train(self, mode=True):
            return super().train(False)

    model = nn.Sequential(Frozen(), SE(5, reduction=2))
    model[0].training = True
    attention_maps(model, torch.randn(2, 5, 3, 7))
    assert model[0].training


def test_the_pass_is_in_eval_mode_so_dropout_and_norms_do_not_disturb():
    model = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm2d(5), SE(5, reduction=2))
    x = torch.randn(1, 5, 1, 1)  # one value per channel: a BatchNorm in training mode refuses it
    first, second = attention_maps(model, x), attention_maps(model, x)
    assert torch.equal(first["2"]["channel"], second["2"]["channel"])
    assert model[1].num_batches_tracked == 0


class Raising(nn.Module):
    def forward(self, x):
        raise RuntimeError("broken in forward")


@pytest.mark.parametrize("read", [attention_maps, record_blocks])
def test_everything_is_restored_when_the_model_raises(read):
    model = nn.Sequential(SE(5, reduction=2), Raising())
    user_hook = model[0].register_forward_hook(lambda *args: None)

    with pytest.raises(RuntimeError, match="broken in forward"):
        read(model, torch.randn(2, 5, 3, 7))

    assert hook_count(model) == 1
    user_hook.remove()
    assert all(module.training for module in model.modules())
    assert torch.is_grad_enabled()


def test_a_call_that_failed_and_was_caught_inside_the_model_leaves_no_trace():
    class Fallback(nn.Module):
        def __init__(self):
            super().__init__()
            self.wrong = nn.Sequential(SE(5, reduction=2), SE(3, reduction=2))
            self.right = SE(5, reduction=2)

        def forward(self, x):
            try:
                return self.wrong(x)
            except ValueError:
                return self.right(x)

    class Block(Fallback):
        def attention(self, x):
            return {"mean": x.mean()}

    records = record_blocks(nn.Sequential(Fallback()), torch.randn(2, 5, 3, 7))
    assert list(records) == ["0.wrong.0", "0.right"]
    # Reading the maps of `wrong.1` raises before its own forward would, so the model sees the same error.
    records = record_blocks(nn.Sequential(Block()), torch.randn(2, 5, 3, 7))
    assert list(records) == ["0", "0.wrong.0", "0.right"]
    assert torch.equal(records["0"].output, records["0.right"].output)


def test_an_error_after_the_maps_were_read_is_not_mistaken_for_a_return():
    class Fails(nn.Module):
        def attention(self, x):
            return {"mean": x.mean()}

        def forward(self, x):
            raise RuntimeError("caught by the model")

    class Cautious(nn.Module):
        def __init__(self):
            super().__init__()
            self.fails = Fails()

        def attention(self, x):
            return {"max": x.max()}

        def forward(self, x):
            try:
                return self.fails(x)
            except RuntimeError:
                return x + 1

    records = record_blocks(Cautious(), torch.tensor([1.0, 2.0]))
    assert list(records) == [""]
    assert records[""].output.tolist() == [2.0, 3.0]
    assert records[""].maps["max"].item() == 2.0


@pytest.mark.parametrize("in_place", [False, True], ids=["wrapped", "in place"])
def test_a_compiled_model_gives_the_maps_and_names_of_the_plain_one(in_place):
    model = network().eval()
    x = torch.randn(2, 3, 11, 7)
    expected = attention_maps(model, x)

    if in_place:
        model.compile(backend="eager")
        compiled = model
    else:
        compiled = torch.compile(model, backend="eager")
    with torch.no_grad():
        compiled(x)  # so that the graph is older than any hook

    torch.testing.assert_close(attention_maps(compiled, x), expected)


def test_a_compiled_part_of_a_model_is_read_too():
    model = network().eval()
    x = torch.randn(2, 3, 11, 7)
    expected = attention_maps(model, x)
    model[4] = torch.compile(model[4], backend="eager")
    with torch.no_grad():
        model(x)
    maps = attention_maps(model, x)
    assert list(maps) == ["2", "4.1"]
    torch.testing.assert_close(maps, expected)


@pytest.mark.parametrize("read", [attention_maps, record_blocks])
def test_a_compiled_model_is_compiled_by_its_next_ordinary_call(read):
    graphs = []

    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    x = torch.randn(2, 3, 11, 7)
    compiled = torch.compile(network(), backend=backend)
    read(compiled, x)
    with pytest.raises(RuntimeError, match="to have 3 channels"):
        read(compiled, torch.randn(2, 5, 11, 7))
    assert graphs == []

    with torch.no_grad():
        compiled(x)
    assert graphs != []


def test_works_inside_inference_mode_and_keeps_grad_mode():
    model = network()
    x = torch.randn(2, 3, 11, 7)
    expected = attention_maps(model, x)
    with torch.inference_mode():
        torch.testing.assert_close(attention_maps(model, x), expected)
    assert torch.is_grad_enabled()


class WithSubmodule(nn.Module):
    """As in many transformers: ``attention`` is a layer, not a method that returns maps."""

    def __init__(self):
        super().__init__()
        self.attention = nn.Conv2d(5, 5, 1)

    def forward(self, x):
        return self.attention(x)


class WithThreeArguments(nn.Module):
    def attention(self, query, key, value):
        return query

    def forward(self, x):
        return self.attention(x, x, x)


@pytest.mark.parametrize("other", [WithSubmodule(), WithThreeArguments()])
def test_another_use_of_the_word_attention_makes_no_block(other):
    assert not is_block(other)
    assert attention_maps(other, torch.randn(2, 5, 3, 7)) == {}


def test_blocks_are_blocks_and_layers_are_not():
    assert is_block(SE(5, reduction=2))
    assert is_block(Halver())
    assert not is_block(nn.Conv2d(3, 5, 1))
    assert not is_block(nn.MultiheadAttention(6, 2))


class Returning(nn.Module):
    def __init__(self, maps, output=None):
        super().__init__()
        self.maps, self.output = maps, output

    def attention(self, x: Tensor):
        return self.maps

    def forward(self, x: Tensor):
        return self.output


@pytest.mark.parametrize(
    ("maps", "described"),
    [
        (torch.zeros(1), "returned Tensor"),
        (None, "returned NoneType"),
        ({"channel": 3.0}, "returned a dict of 'channel': float"),
    ],
)
def test_maps_that_break_the_contract_are_named(maps, described):
    model = nn.Sequential(Returning(maps))
    with pytest.raises(TypeError, match=rf"dict of names to Tensors; that of '0' \(Returning\) {described}"):
        attention_maps(model, torch.zeros(1))


class Nothing(nn.Module):
    def forward(self, x):
        return None


def test_a_record_needs_a_tensor_in_and_a_tensor_out():
    with pytest.raises(TypeError, match="a block must return a Tensor; Returning returned NoneType"):
        record_blocks(Returning({}), torch.zeros(1))
    model = nn.Sequential(Nothing(), Returning({}, torch.zeros(1)))
    with pytest.raises(TypeError, match=r"a block must receive a Tensor; '1' \(Returning\) received none"):
        record_blocks(model, torch.zeros(1))
