"""Attributions of the columns of a coded table: values by hand, and gradients."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.coded_tables import (
    COLOUR,
    MARKED,
    NUMBER,
    SHAPE,
    LearnedTable,
    coded_rows,
    fronted,
)
from torch import nn
from torch.testing import assert_close

from sklearn_gradlasso import attributions, priors, targets
from sklearn_gradlasso.modules import MLP, LogOdds, LogProbabilities
from sklearn_gradlasso.objective import (
    Exchange,
    Objective,
    Score,
    cross_entropy,
    squared_error,
)
from sklearn_gradlasso.objective._by_column import Inputs
from sklearn_gradlasso.paths._stack import Stack

# Of two numbers, the mark of the second, three colours, two shapes, and no shape.
WEIGHTS = torch.tensor([2.0, -1.0, 3.0, 0.5, 1.5, -4.0, 1.0, -2.0, 6.0]).double()
NAN = float("nan")
REFERENCES = {
    "contributions": attributions.Contributions(),
    "expected_gradients": attributions.ExpectedGradients(20),
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def linear(weights=WEIGHTS):
    body = nn.Linear(9, weights.reshape(-1, 9).shape[0], bias=False).double()
    body.weight.data = weights.reshape(-1, 9).clone()
    return fronted(body).double()


def objective(**changes):
    nouns = {
        "loss": squared_error,
        "lam": 0.7,
        "prior": priors.L1(),
        "attribution": attributions.Gradients(),
        "target": targets.output,
    }
    return Objective(**{**nouns, **changes})


def phi_of(module, x, attribution, target=targets.output, weight=None):
    inputs = Inputs.of(module, x).with_gradients()
    score = Score(module, target, None, None, None, weight, inputs.n_columns)
    return inputs.by_column(attribution(score, inputs.at), attribution)


def targets_for(x, n_outputs=1):
    y = torch.randn(len(x), n_outputs, generator=generator(5), dtype=torch.float64)
    return y.to(x.dtype)


# Values by hand


def test_gradients_of_a_linear_model_are_slopes_and_contrasts():
    x = torch.tensor([[0.0, 3.0, 1.0, 0.0], [3.0, NAN, 2.0, NAN]]).double()
    phi = phi_of(linear(), x, attributions.Gradients())
    at_three = 2**-1.5  # slope of z / sqrt(1 + (z / 3) ** 2)
    colours = 0.5 * 0.5 + 0.3 * 1.5 - 0.2 * 4.0  # sum_k p_k w_k
    shapes = 0.6 * 1.0 - 0.2 * 2.0 + 0.2 * 6.0
    expected = [
        [2.0, -at_three, 1.5 - colours, 1.0 - shapes],
        [2.0 * at_three, 0.75 * 3.0, -4.0 - colours, 6.0 - shapes],
    ]
    assert_close(phi, torch.tensor(expected).double())


def test_a_callable_that_says_nothing_of_itself_is_a_slope():
    def gradients(score, x):
        return attributions.Gradients()(score, x)

    x = coded_rows(10)
    by_name = phi_of(linear(), x, attributions.Gradients())
    assert_close(phi_of(linear(), x, gradients), by_name)


def test_contributions_of_a_linear_model_are_differences_from_the_average_row():
    x = coded_rows(30)
    encodings = linear().encode(x)[0]
    parts = WEIGHTS * (encodings - encodings.mean(dim=0))
    sums = [parts[:, :1], parts[:, 1:3], parts[:, 3:6], parts[:, 6:]]
    expected = torch.stack([each.sum(dim=1) for each in sums], dim=1)
    for attribution in REFERENCES.values():
        assert_close(phi_of(linear(), x, attribution), expected)


def test_a_background_is_encoded_and_may_have_missing_values():
    x, background = coded_rows(5), coded_rows(40, seed=1)
    assert background.isnan().any()
    encodings, others = (linear().encode(rows)[0] for rows in (x, background))
    for attribution in REFERENCES.values():
        phi = phi_of(linear(), x, attribution.against(background))
        expected = (encodings - others.mean(dim=0)) @ WEIGHTS
        assert_close(phi.sum(dim=1), expected)


COMPLETE = {
    "expected_gradients": attributions.ExpectedGradients(5000),
    "integrated_gradients": attributions.IntegratedGradients(80),
}


@pytest.mark.parametrize("name", COMPLETE)
def test_what_is_complete_adds_up_over_columns(name):
    network, x = LearnedTable(seed=3), coded_rows(40)
    attribution = COMPLETE[name].against(coded_rows(25, seed=7))
    inputs = Inputs.of(network, x)
    score = Score(network, targets.output, n_columns=inputs.n_columns)
    base = attribution.base_value(score, inputs.at)
    if name == "expected_gradients":
        assert_close(base, network(coded_rows(25, seed=7)).mean())
    gap = phi_of(network, x, attribution).sum(dim=1) - network(x)[:, 0] + base
    exact = name == "integrated_gradients"
    assert gap.abs().max() < (1e-9 if exact else 2e-3) * network(x).abs().max()


def test_a_baseline_is_a_number_for_encodings_or_a_row_of_codes():
    x = coded_rows(6)
    row = [0.5, 1.0, 2.0, 0.0]
    phi = phi_of(linear(), x, attributions.IntegratedGradients(20, row))
    start = linear()(torch.tensor([row]).double())
    assert_close(phi.sum(dim=1), (linear()(x) - start)[:, 0])
    phi = phi_of(linear(), x, attributions.IntegratedGradients(20, 0.0))
    assert_close(phi.sum(dim=1), linear()(x)[:, 0])
    with pytest.raises(ValueError, match="the 4 columns of the table"):
        phi_of(linear(), x, attributions.IntegratedGradients(20, [0.0] * 9))


def test_several_outputs_have_an_axis_of_their_own():
    weights = torch.stack([WEIGHTS, 2 * WEIGHTS, -WEIGHTS])
    x = coded_rows(8)
    for attribution in (attributions.Gradients(), *REFERENCES.values()):
        phi = phi_of(linear(weights), x, attribution)
        one = phi_of(linear(), x, attribution)
        assert phi.shape == (8, 4, 3)
        assert_close(phi, torch.stack([one, 2 * one, -one], dim=-1))


# The objective


def test_the_prior_sees_one_value_for_each_column():
    x, seen = coded_rows(8), []

    def prior(phi):
        seen.append(phi.detach())
        return phi.abs().sum(dim=1)

    terms = objective(prior=prior, lam=1.0)(linear(), x, targets_for(x))
    expected = phi_of(linear(), x, attributions.Gradients())
    assert_close(seen[0], expected)
    assert_close(terms.prior, expected.abs().sum(dim=1).mean())
    assert_close(terms.output, linear()(x))


def test_annotations_are_those_of_columns():
    x = coded_rows(8)
    annotations = torch.zeros_like(x)
    annotations[:, COLOUR] = 2.0
    terms = objective(lam=1.0)(linear(), x, targets_for(x), annotations=annotations)
    phi = phi_of(linear(), x, attributions.Gradients())
    assert_close(terms.prior, 2 * phi[:, COLOUR].abs().mean())


def test_an_integer_weight_is_repetition():
    x = coded_rows(6)
    y = targets_for(x)
    weight = torch.tensor([1.0, 2.0, 1.0, 3.0, 1.0, 1.0]).double()
    at = torch.arange(6).repeat_interleave(weight.long())
    for attribution in (attributions.Gradients(), attributions.Contributions()):
        equation = objective(attribution=attribution)
        repeated = equation(LearnedTable(), x[at], y[at])
        assert_close(equation(LearnedTable(), x, y, weight).total, repeated.total)


def test_signs_are_those_of_numbers_that_are_there():
    x = coded_rows(30)
    assert x[:, MARKED].isnan().any()
    wrong = (priors.WrongSign((0, 1, 0, 0)), targets.output)
    equation = objective(
        lam=1.0, prior=lambda phi: 0 * phi.sum(dim=1), constraints=(wrong,)
    )
    phi = phi_of(linear(), x, attributions.Gradients())[:, MARKED]
    expected = torch.where(x[:, MARKED].isnan(), 0.0, -phi)
    assert (expected >= 0).all()
    terms = equation(linear(), x, targets_for(x))
    assert_close(terms.prior, expected.mean())


def test_annotated_values_are_exchanged_for_those_of_other_rows():
    x = coded_rows(12)
    annotations = torch.zeros_like(x, dtype=torch.bool)
    annotations[:6, [MARKED, SHAPE]] = True
    exchange = Exchange(target=targets.output, generator=generator(), tolerated=0.1)
    network = LearnedTable()
    costs = exchange(network, x, annotations)
    distance = int(torch.randint(11, (), generator=generator())) + 1
    other = torch.where(annotations, x.roll(distance, dims=0), x)
    assert_close(costs, (network(x) - network(other))[:, 0] ** 2)
    exchange = replace(exchange, generator=generator())
    whole = exchange.for_share(x, slice(4, 9))
    assert_close(whole(network, x[4:9], annotations[4:9]), costs[4:9])


@pytest.mark.parametrize("head", [LogOdds, LogProbabilities])
@pytest.mark.parametrize("target", ["log_odds", "predicted_class", "log_prob_sum"])
def test_heads_and_targets_of_raw_scores(head, target):
    body = MLP(9, 1 if head is LogOdds else 2, (4,), "tanh")
    network = head(fronted(body)).double()
    x, y = coded_rows(10), torch.arange(10) % 2
    equation = objective(loss=cross_entropy, target=getattr(targets, target))
    terms = equation(network, x, y)
    with torch.no_grad():
        encodings, directions = network.encode(x)
    slopes = attributions.Gradients()(
        lambda e: equation.target(network.from_encoded(e), y), encodings
    )
    by_hand = torch.zeros_like(x).index_add(1, network.column_of, slopes * directions)
    assert_close(terms.prior, 0.7 * by_hand.abs().sum(dim=1).mean())
    assert torch.equal(terms.output, network(x))


def test_held_out_rows_and_no_prior_are_as_ever():
    x = coded_rows(10)
    network = LearnedTable()
    y = targets_for(x)
    assert objective(lam=0.0)(network, x, y).prior == 0
    drawn = attributions.Contributions().drawing_from(generator())
    equation = objective(attribution=drawn)
    first, again = (equation.on_held_out_rows()(network, x, y) for _ in range(2))
    assert first.prior == again.prior > 0


# Gradients by the parameters


EQUATIONS = {
    "gradients": {},
    "l2": {"prior": priors.L2()},
    "contributions": {"attribution": attributions.Contributions()},
    "drawn contributions": {
        "attribution": attributions.Contributions().drawing_from(generator())
    },
    "expected gradients": {"attribution": attributions.ExpectedGradients(5)},
    "drawn expected gradients": {
        "attribution": attributions.ExpectedGradients(2).drawing_from(generator())
    },
    "against a background": {
        "attribution": attributions.ExpectedGradients(3)
        .against(coded_rows(9, seed=2))
        .drawing_from(generator())
    },
    "integrated gradients": {
        "attribution": attributions.IntegratedGradients(4, [0.1, 0.2, 1.0, 0.0])
    },
    "several outputs": {"n_outputs": 3, "prior": priors.Gini()},
    "constraint": {"constraints": ((priors.WrongSign((1, 1, 0, 0)), targets.output),)},
}


@pytest.mark.parametrize("name", EQUATIONS)
def test_the_gradient_of_the_prior_by_every_parameter(name):
    changes = {**EQUATIONS[name]}
    network = LearnedTable(changes.pop("n_outputs", 1), seed=1)
    x = coded_rows(7, seed=4)
    y = targets_for(x, network.last.shape[1])
    equation = objective(has_loss=False, **changes)

    def total():
        # Each call draws the same references.
        if equation.draws:
            equation.attribution.generator.manual_seed(3)
        return equation(network, x, y).total

    value = total()
    value.backward()
    for parameter in network.parameters():
        found = torch.zeros_like(parameter)
        for at in np.ndindex(*parameter.shape):
            ends = []
            for step in (1e-6, -1e-6):
                with torch.no_grad():
                    parameter[at] += step
                ends.append(total().item())
                with torch.no_grad():
                    parameter[at] -= step
            found[at] = (ends[0] - ends[1]) / 2e-6
        assert_close(parameter.grad, found, rtol=1e-5, atol=1e-7)
        assert parameter.grad.abs().max() > 0


def test_the_gradient_of_an_exchange_by_every_parameter():
    network, x = LearnedTable(seed=1), coded_rows(7, seed=4)
    annotations = torch.ones_like(x)
    exchange = Exchange(target=targets.output, generator=generator(), tolerated=0.1)

    def total():
        exchange.generator.manual_seed(3)
        return exchange(network, x, annotations).sum()

    total().backward()
    for parameter in network.parameters():
        way = torch.randn(parameter.shape, generator=generator(1)).double()
        ends = []
        for step in (1e-6, -1e-6):
            parameter.data += step * way
            ends.append(total().item())
            parameter.data -= step * way
        found = (ends[0] - ends[1]) / 2e-6
        assert_close((parameter.grad * way).sum().item(), found, rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_missing_values_never_enter_the_graph(dtype):
    x = torch.full((5, 4), NAN, dtype=dtype)
    x[:, COLOUR] = 1.0
    x[1:, NUMBER] = 0.5
    drawn = attributions.Contributions().drawing_from(generator())
    for attribution in (attributions.Gradients(), drawn):
        network = fronted(MLP(9, 1)).to(dtype)
        with torch.autograd.detect_anomaly(check_nan=True):
            terms = objective(attribution=attribution)(network, x, targets_for(x))
            terms.total.backward()
        assert all(theta.grad.isfinite().all() for theta in network.parameters())
        assert terms.total.dtype == dtype


# Many networks, and others


@pytest.mark.parametrize("name", ["gradients", "l2", "several outputs", "constraint"])
def test_each_network_of_a_stack_has_the_terms_that_it_has_alone(name):
    changes = {**EQUATIONS[name]}
    n_outputs = changes.pop("n_outputs", 1)
    lams = torch.tensor([0.1, 1.0, 10.0]).double()
    networks = [LearnedTable(n_outputs, seed) for seed in range(3)]
    x = torch.stack([coded_rows(8, seed) for seed in range(3)], dim=1)
    y = torch.stack([targets_for(x, n_outputs)] * 3, dim=1)
    weight = torch.rand(8, 3, generator=generator()).double()
    annotations = torch.rand(8, 3, 4, generator=generator()).double()
    exchange = Exchange(target=targets.output, generator=generator(), tolerated=0.1)
    equation = objective(lam=lams, exchange=exchange, **changes)
    stack = Stack(networks)
    terms = equation(stack, x, y, weight, annotations)
    terms.total.sum().backward()
    for k, network in enumerate(networks):
        exchange.generator.manual_seed(0)
        one = replace(equation, lam=float(lams[k]))
        alone = one(network, x[:, k], y[:, k], weight[:, k], annotations[:, k])
        alone.total.backward()
        assert_close(terms.total[k], alone.total)
        assert_close(terms.prior[k], alone.prior)
        for ours, theirs in zip(stack.parameters(), network.parameters()):
            assert_close(ours.grad[k], theirs.grad)


def test_a_stack_of_fronted_networks_with_heads():
    networks = [LogOdds(fronted(MLP(9, 1, (4,)))) for _ in range(2)]
    stack = Stack(networks)
    x = coded_rows(6, dtype=torch.float32)
    both = torch.stack([x, x], dim=1)
    encodings, directions = stack.encode(both)
    assert torch.equal(stack.column_of, networks[0].column_of)
    for k, network in enumerate(networks):
        ours = [encodings[:, k], directions[:, k], stack.from_encoded(encodings)[:, k]]
        assert_close(ours, [*network.encode(x), network(x)])
    assert not hasattr(Stack([nn.Linear(3, 1)]), "column_of")


@pytest.mark.parametrize("name", ["gradients", "contributions"])
def test_other_networks_have_the_bits_that_they_had(name):
    network = MLP(3, 2, (5,), "tanh").double()
    x = torch.randn(9, 3, generator=generator()).double()
    y = targets_for(x, 2)
    attribution = attributions.by_name(name)
    terms = objective(attribution=attribution, prior=priors.L2())(network, x, y)
    leaf = x.clone().requires_grad_()
    output = network(leaf)
    slopes = [
        torch.autograd.grad(output[:, k].sum(), leaf, create_graph=True)[0]
        for k in range(2)
    ]
    phi = torch.stack(slopes, dim=-1)
    if name == "contributions":
        phi = (x - x.mean(dim=0))[:, :, None] * phi
    prior = 0.7 * priors.L2()(phi).mean()
    assert torch.equal(terms.prior, prior)
    ours = torch.autograd.grad(terms.total, [*network.parameters()])
    theirs = torch.autograd.grad(
        squared_error(output, y).mean() + prior, [*network.parameters()]
    )
    assert all(map(torch.equal, ours, theirs))
