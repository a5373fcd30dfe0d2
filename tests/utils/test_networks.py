"""What a network may be asked, and the answers of one that says nothing."""

import pytest
import torch
from torch import nn

from sklearn_gradlasso.modules import (
    MLP,
    KHotGate,
    LogProbabilities,
    RecurrentNet,
    WeightGenerator,
)
from sklearn_gradlasso.paths._stack import Stack
from sklearn_gradlasso.utils import networks


def test_a_module_that_says_nothing():
    silent = nn.Linear(3, 2)
    assert networks.n_networks_of(silent) is None
    assert networks.raw_scores_of(silent) is silent
    assert networks.outputs_at(silent) is None
    assert networks.many_to_many_of(silent) is None
    assert not networks.same_in_both_modes(silent)
    assert not networks.is_piecewise_linear(silent)
    assert not networks.draws_at_random(silent)
    assert not networks.has_hooks(silent)


def test_modules_of_the_package_answer():
    perceptron = MLP(3, 2, (4,))
    assert networks.raw_scores_of(LogProbabilities(perceptron)) is perceptron
    assert networks.n_networks_of(Stack([perceptron] * 3)) == 3
    assert networks.same_in_both_modes(perceptron)
    for many in (True, False):
        recurrent = RecurrentNet(6, 3, feature_shape=(3, 2), many_to_many=many)
        assert networks.many_to_many_of(LogProbabilities(recurrent)) is many
    assert not networks.draws_at_random(KHotGate(2))
    assert networks.draws_at_random(KHotGate(2, generator=torch.Generator()))


def test_outputs_at_a_few_positions():
    made = WeightGenerator(3, 8, extractor=nn.Linear(3, 5), n_extracted=5)
    x, positions = torch.randn(2, 3), torch.tensor([[1, 3], [0, 0]])
    few = networks.outputs_at(made)(x, positions, 2)
    every = made(x).unflatten(1, (4, 2))
    index = positions.unsqueeze(2).expand(-1, -1, 2)
    torch.testing.assert_close(few, every.gather(1, index))


def test_what_a_module_says_of_itself():
    class Steep(nn.Module):
        same_in_both_modes = is_piecewise_linear = True

    assert networks.same_in_both_modes(Steep())
    assert networks.is_piecewise_linear(Steep())


@pytest.mark.parametrize(
    "add",
    ["forward", "forward_pre", "full_backward", "full_backward_pre"],
)
def test_hooks_are_seen_until_they_are_removed(add):
    part = nn.ReLU()
    handle = getattr(part, f"register_{add}_hook")(lambda *_: None)
    assert networks.has_hooks(part)
    handle.remove()
    assert not networks.has_hooks(part)
