"""Networks for tables that are trained as one: each is the one fitted alone."""

import warnings

import numpy as np
import pytest
import torch
from helpers.same_as_alone import assert_each_as_alone, data_of, differ, grid, halves
from sklearn.exceptions import ConvergenceWarning

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    GradientLassoRegressor,
    RRRClassifier,
    lambda_path,
    stability_selection,
)
from sklearn_gradlasso.modules import MLP, TabularNet

N_ROWS = 60
RNG = np.random.default_rng(0)
X = np.column_stack([RNG.standard_normal((N_ROWS, 3)), np.arange(N_ROWS) % 3])
LABELS = np.where(X[:, 0] * X[:, 1] + 0.3 * X[:, 2] > 0, "yes", "no")
NUMBERS = 10 + 3 * X[:, 0] * X[:, 1] + X[:, 2]
WEIGHT = RNG.uniform(0.1, 3.0, N_ROWS)
WITH_GAPS = np.where(RNG.random(X.shape) < 0.1, np.nan, X)
HELD_OUT = {"early_stopping": True, "batch_size": 10}


def short(kind=GradientLassoClassifier, **params):
    return kind(**{"max_iter": 5, "random_state": 0, **params})


@pytest.mark.parametrize(
    ("estimator", "data"),
    [
        (short(), data_of(X, LABELS)),
        (short(penalty="l1", **HELD_OUT), data_of(X, LABELS)),
        (
            short(GradientLassoRegressor, **HELD_OUT, validation_split="last"),
            data_of(X, NUMBERS),
        ),
        (
            short(GradientLassoRegressor, **HELD_OUT, monitor="loss"),
            data_of(X, np.c_[NUMBERS, X[:, 2]], sample_weight=WEIGHT),
        ),
        (
            short(AttributionPriorClassifier, **HELD_OUT, prior_start=2),
            data_of(X, LABELS),
        ),
        (
            short(RRRClassifier, **HELD_OUT, monotonic_cst=[1, 0, -1, 0]),
            data_of(X, LABELS, annotations=(X > 1).astype(float)),
        ),
        (short(penalty="l1", **HELD_OUT), data_of(WITH_GAPS, LABELS)),
    ],
    ids=[
        "no rows held out",
        "members hold out",
        "the same rows for all members",
        "weights",
        "a prior that starts later",
        "annotations and signs",
        "missing values",
    ],
)
def test_each_network_is_the_one_fitted_alone(estimator, data, stacks):
    found = assert_each_as_alone(
        estimator, data, halves(N_ROWS), [0.1, 10.0], some=[(0, 0), (1, 1)]
    )
    assert stacks == [4]
    assert differ(found[0, 0], found[0, 1]) and differ(found[0, 0], found[1, 0])


def test_a_network_that_has_settled_leaves_the_others(stacks):
    settling = {"tol": 5e-3, "n_iter_no_change": 3, "max_iter": 40}
    given = data_of(X, LABELS), halves(N_ROWS), [0.001, 1.0, 30.0]
    found = assert_each_as_alone(short(penalty="l1", **HELD_OUT | settling), *given)
    assert stacks == [6]
    assert len({each.n_iter_ for each in found.values()}) >= 3
    assert "plateau" in {each.net_.ended_by_ for each in found.values()}


def test_a_rate_that_falls_ends_at_its_last_epoch():
    """So that more epochs are no remedy, and nothing is said of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        found = grid(short(max_iter=3), data_of(X, LABELS), halves(N_ROWS), [0.1, 1.0])
    assert {each.n_iter_ for each in found.values()} == {3}


@pytest.mark.parametrize("params", [{}, {"n_jobs": 2}, HELD_OUT])
def test_folds_are_trained_as_one(params, stacks):
    data, lams = (X, LABELS), [0.1, 10.0]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*one by one")
        model = short(**params)
        path = lambda_path(model, *data, lams=lams, return_estimators=True)
        assert sum(stacks) == (0 if "n_jobs" in params else 2)
        stability_selection(model, *data, lams=lams, n_subsamples=4)
        search = short(GradientLassoClassifierCV, lams=lams, cv=3, **params)
        search.fit(*data)
    assert isinstance(path.estimators[0].net_.module_[0], TabularNet)
    assert search.net_.module_[0].n_members == 5
    assert max(stacks) == (4 if "n_jobs" in params else 8)


def test_columns_on_any_scales_are_not_warned_about():
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*different scales")
        lambda_path(short(max_iter=1), X * [1, 1e5, 1, 1], LABELS, lams=[0.1])
    perceptron = short(max_iter=1, activation="relu")
    with pytest.warns(UserWarning, match="different scales"):
        lambda_path(perceptron, X * [1, 1e5, 1, 1], LABELS, lams=[0.1])


def test_the_bar_of_epochs_that_rows_decide(capsys):
    """`max_iter="auto"` is a number by then."""
    model = RRRClassifier(random_state=0, verbose=1)
    path = lambda_path(model, X[:, :1], LABELS, lams=[0.0, 0.0])
    (n_epochs,) = set(path.n_iter)
    assert f"/{2 * n_epochs:.0f} [" in capsys.readouterr().err


def test_parts_whose_rows_decide_on_other_steps_are_no_group(stacks):
    """Of 260 rows each, the second part has fewer different ones, and one batch."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((260, 2))
    again = np.concatenate([rows[:130], rows[:130]])
    both = np.concatenate([rows, again])
    data = data_of(both, (both[:, 0] > 0).astype(int))
    model = RRRClassifier(random_state=0, module_params={"n_members": 1})
    parts = [np.arange(260), np.arange(260, 520)]
    found = assert_each_as_alone(model, data, parts, [0.0])
    assert not stacks
    assert found[0, 0].n_iter_ != found[1, 0].n_iter_


def test_groups_of_weights_have_the_names_of_one_network(stacks):
    """That in a stack, which holds the network, would be others."""
    frozen = {"param_groups": [("0.0.*", {"lr": 0.0})]}
    model = short(module=MLP, optimizer="adamw", optimizer_params=frozen)
    found = assert_each_as_alone(model, data_of(X, LABELS), halves(N_ROWS), [0.1, 1.0])
    assert stacks == [4]
    first, second = (found[0, k].net_.module_[0] for k in (0, 1))
    assert torch.equal(first[0].weight, second[0].weight)
    assert not torch.equal(first[2].weight, second[2].weight)
