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


def two_layers():
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    network[0].weight.data = torch.tensor([[3.0, 0.0], [-4.0, 0.0]])
    network[0].bias.data = torch.tensor([1.0, -1.0])
    network[1].weight.data = torch.tensor([[2.0, -2.0]])
    network[1].bias.data = torch.tensor([0.5])
    return network


def test_the_first_layer_alone():
    assert weight_penalties.L1("first")(two_layers()) == 7
    assert weight_penalties.L2("first")(two_layers()) == 25


def test_sparse_group_lasso_adds_the_norms_of_what_leaves_each_unit():
    groups_of_first, groups_of_second = 5 + 0, 2 + 2
    first = weight_penalties.SparseGroupLasso("first")(two_layers())
    assert first == groups_of_first + 7
    everything = weight_penalties.SparseGroupLasso()(two_layers())
    assert everything == groups_of_first + groups_of_second + (7 + 2 + 4 + 0.5)


def test_groups_of_a_convolution_are_its_input_channels():
    layer = nn.Conv2d(2, 3, 2, bias=False)
    with torch.no_grad():
        layer.weight[:, 0], layer.weight[:, 1] = 1.0, 0.0
    cost = weight_penalties.SparseGroupLasso("first")(layer)
    assert cost.item() == pytest.approx(12**0.5 + 12)


def test_sparse_group_lasso_has_a_gradient_at_zero():
    network = two_layers()
    weight_penalties.SparseGroupLasso()(network).backward()
    assert network[0].weight.grad.isfinite().all()
    assert not network[0].weight.grad[:, 1].any()
    expected = torch.tensor([3 / 5 + 1, -4 / 5 - 1])
    torch.testing.assert_close(network[0].weight.grad[:, 0], expected)


@pytest.mark.parametrize(
    "kind",
    [weight_penalties.L1, weight_penalties.L2, weight_penalties.SparseGroupLasso],
)
def test_unknown_layers(kind):
    with pytest.raises(ValueError, match="layers must be 'all' or 'first', got 'la"):
        kind("last")


def test_biases_can_be_free():
    network = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    W, V = (layer.weight.detach() for layer in network)
    assert weight_penalties.L1(biases=False)(network).item() == pytest.approx(
        (W.abs().sum() + V.abs().sum()).item()
    )
    squares = (W.square().sum() + V.square().sum()).item()
    assert weight_penalties.L2(biases=False)(network).item() == pytest.approx(squares)
    assert (
        weight_penalties.L2(layers="first", biases=False)(network) == W.square().sum()
    )
    assert weight_penalties.L2(biases=False)(nn.LayerNorm(4)) == 0
