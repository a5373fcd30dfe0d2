"""Priors of the columns of a table, where several features encode one column."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from helpers.quick import weights

from sklearn_gradlasso import AttributionPriorClassifier, AttributionPriorRegressor
from sklearn_gradlasso.metrics import effects
from sklearn_gradlasso.priors import (
    L1,
    Gini,
    GraphLaplacian,
    Hoyer,
    OfColumns,
    WrongSign,
)
from sklearn_gradlasso.utils.indicator_blocks import indicator_blocks

RNG = np.random.default_rng(0)
JOB = RNG.integers(3, size=400)
X = np.column_stack(
    [RNG.standard_normal(400), np.eye(3)[JOB], RNG.integers(2, size=400)]
)
Y = (X[:, 0] + 2 * (JOB == 1) > 0.5).astype(int)
COLUMNS = [[0], [1, 2, 3], [4]]
QUICK = {"max_iter": 3, "tol": 0.0, "random_state": 0}


def columns_of(prior):
    return [list(column) for column in prior.columns]


@pytest.mark.parametrize("attribution", ["contributions", "expected_gradients"])
@pytest.mark.parametrize("prior", ["hoyer", "gini"])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix, np.float32])
def test_a_prior_by_name_acts_on_the_columns_that_indicators_encode(
    attribution, prior, form
):
    kind = {"hoyer": Hoyer, "gini": Gini}[prior]
    params = {**QUICK, "attribution": attribution}
    found = AttributionPriorClassifier(prior=prior, **params).fit(form(X), Y)
    assert columns_of(found.net_.objective.prior) == COLUMNS
    stated = OfColumns(kind(), COLUMNS)
    expected = AttributionPriorClassifier(prior=stated, **params).fit(form(X), Y)
    np.testing.assert_array_equal(weights(found), weights(expected))


def test_a_prior_of_certain_features_or_of_slopes_is_left_alone():
    def objective(**params):
        return AttributionPriorClassifier(**QUICK, **params).fit(X, Y).net_.objective

    assert objective(prior="hoyer", attribution="gradients").prior == Hoyer()
    graph, signs = GraphLaplacian(np.ones((5, 5))), WrongSign((1, 0, 0, 0, 0))
    assert objective(prior=graph).prior is graph
    both = objective(prior=[(1.0, L1()), (0.5, signs)]).prior
    assert columns_of(both[0][1]) == COLUMNS and both[1] == (0.5, signs)
    images = objective(prior="l1", module=flat, input_shape=(5, 1))
    assert images.prior == L1()  # no table


def flat(n_features, n_outputs):
    linear = torch.nn.Linear(n_features, n_outputs)
    return torch.nn.Sequential(torch.nn.Flatten(), linear)


def test_later_calls_and_pickles_keep_the_columns():
    model = AttributionPriorClassifier(prior="hoyer", max_iter=2, random_state=0)
    model.partial_fit(X, Y, classes=[0, 1])
    one_job = X[JOB == 1]  # in which no block can be seen
    assert len(indicator_blocks(one_job)) != len(COLUMNS)
    model.partial_fit(one_job, Y[JOB == 1])
    assert columns_of(model.net_.objective.prior) == COLUMNS
    again = pickle.loads(pickle.dumps(model)).partial_fit(X, Y)
    assert columns_of(again.net_.objective.prior) == COLUMNS


@pytest.mark.parametrize(("module", "max_iter"), [("perceptron", 40), ("tabular", 60)])
@pytest.mark.parametrize("attribution", ["contributions", "expected_gradients"])
def test_the_hoyer_ratio_leaves_the_columns_that_matter(module, max_iter, attribution):
    rng = np.random.default_rng(1)
    noisy = np.column_stack([X, rng.standard_normal((400, 4))])[:200]
    target = (X[:, 0] + 2 * (JOB == 1))[:200] + 0.3 * rng.standard_normal(200)
    columns = [*COLUMNS, [5], [6], [7], [8]]
    counts, errors = {}, {}
    for lam in (0.0, 0.3):
        model = AttributionPriorRegressor(
            lam=lam,
            prior="hoyer",
            attribution=attribution,
            module=module,
            max_iter=max_iter,
            tol=0.0,
            random_state=0,
        ).fit(noisy, target)
        moved = effects(model.predict, noisy[:100], noisy, columns=columns)
        counts[lam] = moved.effective_columns
        errors[lam] = 1 - model.score(noisy, target)
    # At most half of what is used of columns that do not matter remains.
    assert counts[0.3] < min(2.7, 2 + (counts[0.0] - 2) / 2)
    assert errors[0.3] < 0.15


def test_blocks_are_found_in_wide_rows_of_indicators_and_words():
    rng = np.random.default_rng(0)
    words = (rng.random((300, 2000)) < 0.01).astype(float)
    wide = np.column_stack([words, np.eye(3)[rng.integers(3, size=300)]])
    expected = [[j] for j in range(2000)] + [[2000, 2001, 2002]]
    for form in (np.asarray, sp.csr_matrix, sp.csc_matrix):
        found = [list(block) for block in indicator_blocks(form(wide))]
        assert found == expected
