"""Many networks as one module: each of them is what it is alone."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from helpers.stacked import N_NETWORKS, convolutional, mlp, normalised, side_by_side
from torch.testing import assert_close

from sklearn_gradlasso import weight_penalties
from sklearn_gradlasso.objective._many_networks import batch_by_batch, row_by_row
from sklearn_gradlasso.paths._stack import Stack


@pytest.fixture
def networks():
    return [mlp(seed) for seed in range(N_NETWORKS)]


@pytest.fixture
def batch():
    return side_by_side()


# The module


@pytest.mark.parametrize("make", [mlp, normalised, convolutional])
@pytest.mark.parametrize("training", [False, True])
def test_each_network_answers_as_it_does_alone(make, training, batch):
    networks = [make(seed).train(training) for seed in range(N_NETWORKS)]
    stack = Stack(networks).train(training)
    assert stack.n_networks == N_NETWORKS
    output = stack(batch[0])
    for k, network in enumerate(networks):
        assert_close(output[:, k], network(batch[0][:, k]), rtol=1e-12, atol=1e-12)


def test_networks_are_copied(networks, batch):
    first = deepcopy(networks[0].state_dict())
    stack = Stack(networks)
    with torch.no_grad():
        for theta in stack.parameters():
            theta += 1
    assert_close(networks[0].state_dict(), first, rtol=0, atol=0)
    assert_close(
        stack.tensors_of(0), {name: v + 1 for name, v in first.items()}, rtol=0, atol=0
    )


def test_raw_scores_are_those_of_each_network(networks, batch):
    raw = Stack(networks).raw_scores(batch[0])
    for k, network in enumerate(networks):
        alone = network.raw_scores(batch[0][:, k])
        assert_close(raw[:, k], alone, rtol=1e-12, atol=1e-12)
        assert not np.allclose(alone.detach(), network(batch[0][:, k]).detach())


def test_without_raw_scores_it_is_the_stack_itself(batch):
    stack = Stack([normalised(seed) for seed in range(2)])
    assert stack.raw_scores is stack


def test_buffers_are_updated_as_alone(batch):
    networks = [normalised(seed).train() for seed in range(N_NETWORKS)]
    stack = Stack(networks).train()
    for _ in range(2):
        stack(batch[0])
        for k, network in enumerate(networks):
            network(batch[0][:, k])
    for k, network in enumerate(networks):
        assert network[1].num_batches_tracked == 2
        assert_close(
            stack.tensors_of(k), dict(network.state_dict()), rtol=1e-12, atol=1e-12
        )


@pytest.mark.parametrize("layers", ["all", "first"])
@pytest.mark.parametrize("name", weight_penalties.__all__)
def test_weight_penalties_are_those_of_each_network(name, layers):
    penalty = getattr(weight_penalties, name)(layers)
    networks = [normalised(seed) for seed in range(N_NETWORKS)]
    for network in networks:
        network[3].bias.requires_grad_(False)
    stack = Stack(networks)
    costs = stack.of_each(penalty)
    factors = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    (factors * costs).sum().backward()
    for k, network in enumerate(networks):
        cost = penalty(network)
        cost.backward()
        assert_close(costs[k], cost, rtol=1e-12, atol=0)
        for ours, theirs in zip(stack.parameters(), network.parameters()):
            assert (ours.grad is None) == (theirs.grad is None)
            if ours.grad is not None:
                assert_close(ours.grad[k] / factors[k], theirs.grad)


# The optimizer's state


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        (torch.optim.Adam, {}),
        (torch.optim.Adam, {"amsgrad": True, "fused": True}),
        (torch.optim.SGD, {"momentum": 0.9}),
        (torch.optim.RMSprop, {"centered": True, "momentum": 0.5}),
    ],
)
def test_those_that_are_kept_go_on_as_if_nothing_had_happened(kind, params, batch):
    networks = [normalised(seed).train() for seed in range(N_NETWORKS)]
    stack, chosen = Stack(networks).train(), torch.tensor([0, 2])
    optimizer = kind(stack.parameters(), lr=0.01, **params)
    alone = [kind(network.parameters(), lr=0.01, **params) for network in networks]
    x = batch[0]
    for step in range(6):
        if step == 3:
            stack.keep(chosen, optimizer)
            networks = [networks[k] for k in chosen]
            alone = [alone[k] for k in chosen]
            x = x[:, chosen]
        take_a_step(stack, optimizer, x)
        for k, network in enumerate(networks):
            take_a_step(network, alone[k], x[:, k])
    assert stack.n_networks == 2
    for k, network in enumerate(networks):
        assert_close(
            stack.tensors_of(k), dict(network.state_dict()), rtol=1e-10, atol=1e-10
        )


def take_a_step(module, optimizer, x):
    optimizer.zero_grad()
    module(x).square().mean(dim=(0, -1)).sum().backward()
    optimizer.step()


# Functions of rows and of batches


def test_a_function_of_rows_by_hand():
    values = torch.tensor([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    offset = torch.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    calls = []

    def difference(values, offset, nothing):
        calls.append(values.shape)
        assert nothing is None
        return values - offset

    found = row_by_row(difference, values, offset, None, n_networks=2)
    assert found.tolist() == [[1.0, 9.0], [0.0, 17.0], [-1.0, 25.0]]
    assert calls == [(6,)]
    assert row_by_row(torch.neg, values, n_networks=None).tolist() == [
        [-1.0, -10.0],
        [-2.0, -20.0],
        [-3.0, -30.0],
    ]


def test_a_function_of_a_batch_by_hand():
    values = torch.tensor([[1.0, 10.0], [2.0, 20.0], [6.0, 30.0]])
    weight = torch.tensor([[1.0, 0.0], [1.0, 0.0], [2.0, 1.0]])
    found = batch_by_batch(lambda v, w: (v * w).sum(), values, weight, n_networks=2)
    assert found.tolist() == [15.0, 30.0]
    found = batch_by_batch(lambda v, w: 2 * v, values, None, n_networks=2)
    assert found.tolist() == [[2.0, 20.0], [4.0, 40.0], [12.0, 60.0]]
    assert batch_by_batch(torch.sum, values, n_networks=None) == 69
