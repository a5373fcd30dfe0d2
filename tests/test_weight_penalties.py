import pytest
import torch
from torch import nn

from sklearn_gradlasso import weight_penalties


@pytest.mark.parametrize(
    ("penalty", "expected"),
    [(weight_penalties.L1(), 6.0), (weight_penalties.L2(), 14.0)],
)
def test_value_over_weights_and_biases(penalty, expected):
    layer = nn.Linear(2, 1)
    layer.weight.data = torch.tensor([[1.0, -2.0]])
    layer.bias.data = torch.tensor([3.0])
    assert penalty(layer) == expected


def test_frozen_weights_do_not_count():
    layer = nn.Linear(2, 1)
    layer.weight.requires_grad_(False)
    layer.bias.data = torch.tensor([3.0])
    assert weight_penalties.L1()(layer) == 3
