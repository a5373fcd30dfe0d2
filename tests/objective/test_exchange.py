"""The exchange of annotated values: its cost by hand, and for many networks as one."""

import pytest
import torch
from helpers.stacked import N_NETWORKS, mlp, side_by_side
from torch import nn

from sklearn_gradlasso import attributions, priors, targets
from sklearn_gradlasso.objective import Exchange, Objective, squared_error
from sklearn_gradlasso.paths._stack import Stack

X = torch.tensor([[1.0, 2.0], [3.0, -1.0]])  # each row is the other one of the other
SECOND = torch.tensor([[False, True], [False, True]])


def exchange(target=targets.output, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return Exchange(target=target, generator=generator, tolerated=0.01)


class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.slopes = nn.Parameter(torch.tensor([[2.0], [-3.0]]))

    def forward(self, x):
        return x @ self.slopes + 0.5


def test_the_cost_is_the_squared_change_by_hand():
    assert exchange()(Line(), X, SECOND).tolist() == [81.0, 81.0]  # (3 * 3) ** 2
    both = torch.ones_like(X)
    assert exchange()(Line(), X, both).tolist() == [169.0, 169.0]  # (2*2 + 3*3) ** 2


def test_weights_of_annotations_enter_as_they_do_with_gradients():
    # On a line the change is the sum of gradients times differences, at any distance.
    weights = torch.tensor([[2.0, 1.0], [0.0, 0.5]])
    expected = (weights * torch.tensor([2.0, -3.0]) * (X.flip(0) - X)).sum(dim=1) ** 2
    torch.testing.assert_close(exchange()(Line(), X, weights), expected)


def test_a_row_without_annotations_costs_nothing():
    one = torch.tensor([[False, True], [False, False]])
    assert exchange()(Line(), X, one).tolist() == [81.0, 0.0]
    assert exchange()(Line(), X[:1], one[:1]).tolist() == [0.0]  # no other row


def test_a_step_without_a_slope_costs_something():
    class Step(nn.Module):
        def __init__(self):
            super().__init__()
            self.height = nn.Parameter(torch.tensor(1.0))

        def forward(self, x):
            return self.height * ((x[:, 1:] > 0) + 0 * x[:, 1:])

    given = {
        "loss": squared_error,
        "lam": 1.0,
        "prior": priors.L2(),
        "attribution": attributions.Gradients(),
        "target": targets.output,
    }
    y = torch.zeros(2, 1)
    free = Objective(**given)(Step(), X, y, annotations=SECOND)
    ruled_out = Objective(**given, exchange=exchange())
    assert free.prior.item() == 0
    assert ruled_out(Step(), X, y, annotations=SECOND).prior.item() == 1
    assert ruled_out(Step(), X, y).prior.item() == 0
    weight = torch.tensor([1.0, 3.0])
    one = torch.tensor([[False, True], [False, False]])
    assert ruled_out(Step(), X, y, weight, one).prior.item() == 0.25


def test_dropout_is_not_a_change_and_the_mode_is_put_back():
    net = nn.Sequential(nn.Dropout(0.5), nn.Linear(2, 1))
    nothing = torch.zeros_like(X)
    assert exchange()(net.train(), X, nothing).tolist() == [0.0, 0.0]
    assert net.training and net[0].training


def test_held_out_rows_are_exchanged_alike_each_time():
    x = torch.randn(30, 2, generator=torch.Generator().manual_seed(0))
    marked = torch.ones_like(x) * torch.tensor([1.0, 0.0])
    equation = Objective(
        loss=squared_error,
        lam=1.0,
        prior=priors.L2(),
        attribution=attributions.Gradients(),
        target=targets.output,
        exchange=exchange(),
    )

    def penalty():
        held_out = equation.on_held_out_rows()
        return held_out(Line(), x, torch.zeros(30, 1), annotations=marked).prior

    assert penalty() == penalty() > 4


@pytest.mark.parametrize("target", [targets.output, targets.log_odds])
def test_costs_of_a_stack_are_those_of_its_networks(target):
    networks = [mlp(seed) for seed in range(N_NETWORKS)]
    x, _, _, annotations = side_by_side()
    of_all = exchange(target)(Stack(networks), x, annotations)
    for k, network in enumerate(networks):
        alone = exchange(target)(network, x[:, k], annotations[:, k])
        torch.testing.assert_close(of_all[:, k], alone)
