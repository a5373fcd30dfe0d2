"""The loss of a network that averages members is the mean of their losses."""

import pytest
import torch
from helpers.coded_tables import coded_rows, form_of_four_columns
from torch import nn

from sklearn_gradlasso import attributions, priors, targets
from sklearn_gradlasso.modules import LogOdds, LogProbabilities, TabularNet
from sklearn_gradlasso.modules._table_columns import columns_of
from sklearn_gradlasso.objective import Objective, cross_entropy, squared_error
from sklearn_gradlasso.paths._stack import Stack

N, N_MEMBERS = 30, 3
HEADS = {
    "log-odds": (1, LogOdds, cross_entropy),
    "three classes": (3, LogProbabilities, cross_entropy),
    "numbers": (2, nn.Identity, squared_error),
}


def network(seed=0, n_outputs=1, head=LogOdds):
    columns = columns_of(coded_rows(300).numpy(), form_of_four_columns())
    generator = torch.Generator().manual_seed(seed)
    made = TabularNet(
        4, n_outputs, columns, N_MEMBERS, hidden_layer_sizes=(6,), generator=generator
    ).double()
    with torch.no_grad():
        for theta in made.parameters():
            theta += torch.randn(theta.shape, generator=generator, dtype=theta.dtype)
    return made if head is nn.Identity else head(made)


def batch(kind="log-odds"):
    generator = torch.Generator().manual_seed(1)
    y = torch.randint(2, (N,), generator=generator)
    if kind == "numbers":
        y = torch.randn(N, 2, generator=generator, dtype=torch.float64)
    return coded_rows(N, seed=1), y


def output_of_member(net, x, k):
    """What the network would return if it had only one of its members."""
    share = torch.zeros(len(x), N_MEMBERS, dtype=x.dtype)
    share[:, k] = 1
    return net.with_members(net.encode(x)[0], share)[0]


@pytest.mark.parametrize("kind", HEADS)
def test_it_is_the_mean_of_the_losses_of_the_members(kind):
    n_outputs, head, loss = HEADS[kind]
    net, (x, y) = network(0, n_outputs, head), batch(kind)
    terms = Objective(loss=loss)(net, x, y)
    each = [loss(output_of_member(net, x, k), y).mean() for k in range(N_MEMBERS)]
    torch.testing.assert_close(terms.data, sum(each) / N_MEMBERS)
    torch.testing.assert_close(terms.output, net(x))
    assert terms.data > loss(net(x), y).mean()  # a convex loss of an average


def test_rows_have_weights_for_each_member():
    net, (x, y) = network(), batch()
    learns = torch.rand(N, N_MEMBERS, dtype=torch.float64)
    weight = torch.rand(N, dtype=torch.float64)
    terms = Objective(loss=cross_entropy)(net, x, y, weight, learns=learns)
    losses = [cross_entropy(output_of_member(net, x, k), y) for k in range(N_MEMBERS)]
    of_rows = (torch.stack(losses, dim=1) * learns).mean(dim=1)
    torch.testing.assert_close(terms.data, weight @ of_rows / weight.sum())


def test_a_member_learns_by_itself():
    """What others say, and the rows that it does not learn from, are nothing to it."""
    (x, y), learns = batch(), torch.ones(N, N_MEMBERS, dtype=torch.float64)
    learns[:10, 0] = 0

    def gradient_of_first_member(net, x):
        terms = Objective(loss=cross_entropy)(net, x, y, learns=learns)
        last = net[0].interactions.last
        (gradient,) = torch.autograd.grad(terms.total, last)
        return gradient

    net = network()
    expected = gradient_of_first_member(net, x)
    with torch.no_grad():
        for theta in (net[0].interactions.last, *net[0].interactions.weights):
            theta[1:] *= 2
        net[0].bias[1:] += 1
    changed = gradient_of_first_member(net, x)
    torch.testing.assert_close(changed[0], expected[0])
    assert not torch.allclose(changed[1:], expected[1:])
    moved = x.clone()
    moved[:10] = coded_rows(10, seed=5)
    changed = gradient_of_first_member(net, moved)
    torch.testing.assert_close(changed[0], expected[0])


def test_rows_held_out_have_outputs_of_members_that_have_not_learned_from_them():
    net, (x, y) = network(), batch()
    of_row = torch.arange(N) % N_MEMBERS
    held_out = nn.functional.one_hot(of_row, N_MEMBERS).double()
    terms = Objective(loss=cross_entropy)(net, x, y, held_out=held_out)
    each = torch.stack([output_of_member(net, x, k) for k in range(N_MEMBERS)])
    expected = each[of_row, torch.arange(N)]
    torch.testing.assert_close(terms.output, expected)
    torch.testing.assert_close(terms.data, cross_entropy(expected, y).mean())


@pytest.mark.parametrize("lam", [0.0, 0.5])
def test_networks_beside_each_other_have_the_losses_that_they_have_alone(lam):
    nets, (x, y) = [network(seed) for seed in range(2)], batch()
    learns = torch.rand(N, 2, N_MEMBERS, dtype=torch.float64)
    objective = Objective(
        loss=cross_entropy,
        lam=lam,
        prior=priors.L1(),
        attribution=attributions.Gradients(),
        target=targets.log_odds,
    )
    both = torch.stack([x, x], dim=1), torch.stack([y, y], dim=1)
    together = objective(Stack(nets), *both, learns=learns)
    for k, net in enumerate(nets):
        alone = objective(net, x, y, learns=learns[:, k])
        torch.testing.assert_close(together.data[k], alone.data)
        torch.testing.assert_close(together.prior[k], alone.prior)
        torch.testing.assert_close(together.output[:, k], alone.output)
