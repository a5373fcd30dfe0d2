"""The objective of many networks as one: each has the terms that it has alone."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.stacked import N_FEATURES, N_NETWORKS, mlp, normalised, side_by_side
from torch.testing import assert_close

from sklearn_gradlasso import attributions, priors, targets, weight_penalties
from sklearn_gradlasso.objective import Objective, Score, cross_entropy, squared_error
from sklearn_gradlasso.paths._stack import Stack

LAMS = torch.tensor([0.1, 1.0, 10.0], dtype=torch.float64)
CHAIN = np.eye(N_FEATURES, k=1) + np.eye(N_FEATURES, k=-1)

PRIORS = {
    "l1": priors.L1(),
    "l2": priors.L2(),
    "total_variation": priors.TotalVariation(N_FEATURES),
    "wrong_sign": priors.WrongSign((1, -1, 0, 1)),
    "gini": priors.Gini(),
    "global_l2": priors.GlobalL2(),
    "graph": priors.GraphLaplacian(CHAIN),
    "several": ((0.5, priors.L1()), (2.0, priors.Gini()), (1.0, priors.L2())),
}


@pytest.fixture
def networks():
    return [mlp(seed) for seed in range(N_NETWORKS)]


@pytest.fixture
def batch():
    return side_by_side()


def objective(**params):
    given = {
        "loss": cross_entropy,
        "lam": LAMS,
        "prior": priors.L1(),
        "attribution": attributions.Gradients(),
        "target": targets.predicted_class,
    }
    return Objective(**{**given, **params})


def assert_as_alone(of_all, networks, x, y, *extras):
    """Terms and gradients of a stack are those of its networks."""
    networks = deepcopy(networks)
    stack = Stack(networks).train()
    terms = of_all(stack, x, y, *extras)
    assert terms.total.shape == (len(networks),)
    terms.total.sum().backward()
    for k, network in enumerate(networks):
        one = replace(of_all, lam=float(of_all.lam[k]))
        of_k = [None if each is None else each[:, k] for each in extras]
        alone = one(network.train(), x[:, k], y[:, k], *of_k)
        alone.total.backward()
        for name in ("data", "prior", "total"):
            ours, theirs = getattr(terms, name)[k], getattr(alone, name)
            assert_close(ours, theirs, rtol=1e-10, atol=1e-12)
        assert_close(terms.output[:, k], alone.output)
        for ours, theirs in zip(stack.parameters(), network.parameters()):
            assert_close(ours.grad[k], theirs.grad, rtol=1e-9, atol=1e-12)
    return terms


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("annotated", [False, True])
@pytest.mark.parametrize("name", PRIORS)
def test_terms_are_those_of_each_network(networks, batch, name, weighted, annotated):
    x, y, weight, annotations = batch
    extras = weight if weighted else None, annotations if annotated else None
    terms = assert_as_alone(objective(prior=PRIORS[name]), networks, x, y, *extras)
    assert (terms.prior != 0).all() and len(terms.prior.unique()) == N_NETWORKS


@pytest.mark.parametrize("target", [targets.output, targets.probabilities])
def test_several_scalars_are_explained_for_each_network(networks, batch, target):
    of_all = objective(target=target, prior=priors.TotalVariation(N_FEATURES))
    assert_as_alone(of_all, networks, *batch)


@pytest.mark.parametrize("target", [targets.true_class, targets.predicted_class])
@pytest.mark.parametrize("kind", ["integrated", "drawn"])
def test_attributions_along_paths_are_those_of_each_network(
    networks, batch, target, kind
):
    class Drawn:
        """References from a generator that starts again in every batch."""

        def __call__(self, score, x):
            generator = torch.Generator().manual_seed(0)
            expected = attributions.ExpectedGradients(2).drawing_from(generator)
            return expected(score, x)

    attribution = {
        "integrated": attributions.IntegratedGradients(n_steps=3),
        "drawn": Drawn(),
    }[kind]
    of_all = objective(attribution=attribution, target=target, prior=priors.Gini())
    x, y, *_ = batch
    assert_as_alone(of_all, networks, x, y)


def test_constraints_are_those_of_each_network(batch):
    networks = [mlp(seed, n_outputs=2) for seed in range(N_NETWORKS)]
    x, y, weight, annotations = batch
    signs = priors.WrongSign((1, -1, 0, 1)), targets.log_odds
    of_all = objective(constraints=(signs,), annotated_only=True)
    terms = assert_as_alone(of_all, networks, x, y.clamp(max=1), weight)
    both = assert_as_alone(of_all, networks, x, y.clamp(max=1), weight, annotations)
    assert (terms.prior > 0).all() and (both.prior > terms.prior).all()


def test_weight_penalties_join_the_total_of_each_network(networks, batch):
    x, y, *_ = batch
    pairs = (0.1, weight_penalties.L1()), (0.2, weight_penalties.SparseGroupLasso())
    plain = objective()(Stack(networks), x, y).total
    terms = assert_as_alone(objective(weight_penalties=pairs), networks, x, y)
    assert (terms.total > plain + 0.1).all()


def test_batch_norm_and_squared_error(batch):
    networks = [normalised(seed) for seed in range(N_NETWORKS)]
    x, _, weight, _ = batch
    y = x[..., :2].sin()
    of_all = objective(loss=squared_error, target=targets.output)
    assert_as_alone(of_all, networks, x, y, weight)


@pytest.mark.parametrize("name", PRIORS)
def test_a_gradient_of_every_prior_reaches_every_network(networks, batch, name):
    x, y, *_ = batch
    stack = Stack(networks).train()
    of_priors = objective(prior=PRIORS[name], has_loss=False)
    of_priors(stack, x, y).total.sum().backward()
    first = stack.network[0][0].weight.grad
    assert first.shape[0] == N_NETWORKS and first.isfinite().all()
    assert (first.abs().amax(dim=(1, 2)) > 1e-6).all()


def test_networks_do_not_touch_each_other(networks, batch):
    x, y, *_ = batch
    stack = Stack(networks).train()
    of_all = objective(prior=priors.Gini())
    of_all(stack, x, y).total[1].backward()
    for theta in stack.parameters():
        assert not theta.grad[[0, 2]].any()
    bad = x.clone()
    bad[:, 1] = torch.nan
    terms, clean = of_all(stack, bad, y), of_all(stack, x, y)
    assert terms.total.isfinite().tolist() == [True, False, True]
    assert_close(terms.total[[0, 2]], clean.total[[0, 2]], rtol=0, atol=0)
    terms.total.sum().backward()
    for theta in stack.parameters():
        assert theta.grad[[0, 2]].isfinite().all()


def test_a_score_of_other_points_is_in_evaluation_mode(batch):
    networks = [normalised(seed).train() for seed in range(N_NETWORKS)]
    stack = Stack(networks).train()
    x = batch[0]
    score = Score(stack, targets.output)
    moved = torch.cat([x, x + 1])
    found = score(moved.requires_grad_())
    alone = [network.eval()(moved[:, k]).detach() for k, network in enumerate(networks)]
    assert_close(found.detach(), sum(alone))
    assert all(part.training for part in stack.modules())
