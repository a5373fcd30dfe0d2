"""Paths over the strength of the prior: the record, the arguments, warm starts."""

import numpy as np
import pandas as pd
import pytest
import torch
from helpers.quick import SMALL
from helpers.same_as_alone import LONG, assert_same_network, differ
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gradlasso import (
    AttributionPriorRegressor,
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    GradientLassoRegressor,
    NGSLLClassifier,
    RRRClassifier,
    RRRRegressor,
    lambda_path,
)
from sklearn_gradlasso.metrics import effective_columns, effective_features, effects

LAMS = [0.1, 0.001, 1.0]


def classifier(**params):
    return GradientLassoClassifier(**{**SMALL, **LONG, **params})


def regressor(kind=GradientLassoRegressor, **params):
    return kind(**{**SMALL, **LONG, **params})


def assert_counts(path, k, model, X, X_train, y_train):
    """The counts of a path, by slopes and by effects, with the floor of both."""
    if hasattr(model, "classes_"):
        answer = model.decision_function
        scale = np.sqrt(answer(X_train).var() + np.pi**2 / 3)
    else:
        answer, scale = model.predict, y_train.std()
    floor = 0.01 * scale / X_train.std(axis=0)
    expected = effective_features(model.explain(X), floor=floor)
    assert path.effective_features[k] == pytest.approx(expected)
    moved = effects(answer, X, X_train).magnitudes
    expected = effective_columns(moved, scale).mean()
    # The path takes some of the rows, and 32 evenly spaced values of each column.
    assert path.effective_columns[k] == pytest.approx(expected, abs=0.2)


# The record


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_what_a_path_says_of_each_network(table, numbers, stacks, kind):
    estimator = classifier() if kind == "classifier" else regressor()
    X, y = table if kind == "classifier" else numbers
    path = lambda_path(estimator, X, y, lams=LAMS, return_estimators=True)
    assert stacks == [3]
    assert path.lams.tolist() == LAMS and len(path.estimators) == 3
    assert path.feature_names.tolist() == ["x0", "x1", "x2", "x3", "x4"]
    for k, lam in enumerate(LAMS):
        alone = clone(estimator).set_params(lam=lam).fit(X, y)
        assert_same_network(path.estimators[k], alone)
        assert path.estimators[k].get_params() == alone.get_params()
        assert path.scores[k] == pytest.approx(alone.score(X, y), abs=1e-10)
        np.testing.assert_allclose(
            path.importances[k], alone.feature_importances_, atol=1e-8
        )
        assert_counts(path, k, alone, X, X, y)
    assert differ(path.estimators[0], path.estimators[2])
    assert not hasattr(estimator, "net_")
    assert lambda_path(estimator, X, y, lams=[0.1]).estimators is None


def test_rows_held_out_and_another_score(table, stacks):
    X, y = table
    given = {"lams": LAMS, "X_test": X[50:], "y_test": y[50:]}
    path = lambda_path(classifier(), X[:50], y[:50], scoring="neg_log_loss", **given)
    for k, lam in enumerate(LAMS):
        model = classifier(lam=lam).fit(X[:50], y[:50])
        proba = model.predict_proba(X[50:])[np.arange(40), y[50:]]
        assert path.scores[k] == pytest.approx(np.log(proba).mean())
        assert path.losses[k] == pytest.approx(-np.log(proba).mean())
        assert_counts(path, k, model, X[50:], X[:50], y[:50])
    base = y[:50].mean()
    expected = log_loss(y[50:], np.tile([1 - base, base], (40, 1)))
    assert path.constant_losses == pytest.approx(expected)
    assert stacks == [3]


def test_weights_count_in_fits_and_in_scores(table):
    X, y = table
    weight = np.random.default_rng(0).uniform(0, 3, 90).round()
    path = lambda_path(classifier(), X, y, lams=LAMS, sample_weight=weight)
    for k, lam in enumerate(LAMS):
        model = classifier(lam=lam).fit(X, y, sample_weight=weight)
        expected = model.score(X, y, sample_weight=weight)
        assert path.scores[k] == pytest.approx(expected, abs=1e-10)


def test_a_frame_gives_its_names(table):
    X, y = table
    frame = pd.DataFrame(X, columns=list("abcde"))
    path = lambda_path(classifier(max_iter=3), frame, y, lams=LAMS)
    assert path.feature_names.tolist() == list("abcde")
    told = path.to_frame()
    counts = ["effective_columns", "effective_features"]
    assert told.columns.tolist() == ["lam", "score", "loss", *counts, *"abcde"]
    assert told["lam"].tolist() == LAMS
    assert told["score"].tolist() == path.scores.tolist()
    np.testing.assert_array_equal(told[list("abcde")], path.importances)
    np.testing.assert_allclose(told[list("abcde")].sum(axis=1), 1)


def test_annotations_by_name(table, stacks):
    X, y = table
    frame = pd.DataFrame(X, columns=list("abcde"))
    mask = pd.DataFrame(np.tile([0, 1, 0, 1, 0], (90, 1)), columns=list("abcde"))
    estimator = RRRClassifier(**SMALL, **LONG)
    for annotations in (mask, mask[list("edcba")], ["b", "d"], {"b": 1, "d": 1}):
        path = lambda_path(
            estimator,
            frame,
            y,
            lams=LAMS,
            annotations=annotations,
            return_estimators=True,
        )
        for lam, ours in zip(LAMS, path.estimators):
            alone = clone(estimator).set_params(lam=lam)
            alone.fit(frame, y, annotations=annotations)
            assert_same_network(ours, alone)
        assert path.importances[2, [1, 3]].sum() < path.importances[1, [1, 3]].sum()
    assert stacks == [3, 3, 3, 3]


def test_rows_of_another_shape():
    X = np.random.default_rng(0).standard_normal((40, 2, 3))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(6, 1))
    model = regressor(module=network, max_iter=50)
    path = lambda_path(model, X, X[:, 0, 0], lams=LAMS)
    assert path.importances.shape == (3, 6)
    assert (path.effective_features <= 6).all() and path.scores[1] > 0.9
    assert np.isnan(path.effective_columns).all()  # no table


# Strengths


@pytest.mark.parametrize("kind", [GradientLassoRegressor, AttributionPriorRegressor])
def test_a_number_of_strengths_finds_their_range(numbers, kind):
    X, y = numbers
    path = lambda_path(regressor(kind, max_iter=2), X, y, lams=9)
    assert path.lams.shape == (9,) and (path.lams > 0).all()
    np.testing.assert_allclose(np.diff(np.log(path.lams)), np.log(1e4) / 8)
    alone = lambda_path(regressor(kind, max_iter=2), X, y, lams=1)
    np.testing.assert_allclose(alone.lams, 1e3 * path.lams[0])


def test_a_range_needs_something_that_is_penalised(numbers):
    with pytest.raises(ValueError, match="lams=5: no range .* annotations"):
        lambda_path(regressor(RRRRegressor, max_iter=2), *numbers, lams=5)


@pytest.mark.parametrize(
    "lams", [0, -1, [], [[1.0]], [np.nan], [np.inf], [-1.0], "x", True, None, 2.5]
)
def test_bad_strengths(numbers, lams):
    with pytest.raises((ValueError, TypeError), match="lams must be"):
        lambda_path(regressor(max_iter=2), *numbers, lams=lams)


def test_what_is_no_estimator_with_a_strength(table):
    X, y = table
    for other in (
        NGSLLClassifier(),
        LogisticRegression(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        GradientLassoClassifierCV(),
        "classifier",
    ):
        with pytest.raises(TypeError, match="estimator must be .* parameter lam"):
            lambda_path(other, X, y, lams=[0.1])


def test_other_bad_arguments(table):
    X, y = table
    for given in ({"X_test": X}, {"y_test": y}):
        with pytest.raises(ValueError, match="X_test and y_test belong together"):
            lambda_path(classifier(), X, y, lams=[0.1], **given)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        lambda_path(classifier(), X, y[:-1], lams=[0.1])
    with pytest.raises(ValueError, match="'max_iter' parameter"):
        lambda_path(classifier(max_iter=0), X, y, lams=[0.1])
    with pytest.raises(ValueError, match="accelerator is for one network"):
        lambda_path(classifier(accelerator=object()), X, y, lams=[0.1])
    with pytest.raises(ValueError, match="sample_weight"):
        lambda_path(classifier(), X, y, lams=[0.1, 1.0], sample_weight=np.ones(3))


# Divergence


@pytest.mark.parametrize("strong", [1e6, 1e200])
def test_a_network_that_diverges_has_no_score(numbers, strong):
    estimator = regressor(optimizer="sgd")
    given = {"lams": [0.01, strong], "return_estimators": True}
    with pytest.warns(FitFailedWarning, match="1 of 2 fits, with lam from"):
        path = lambda_path(estimator, *numbers, **given)
    assert np.isnan(path.scores).tolist() == [False, True]
    alone = clone(estimator).set_params(lam=0.01).fit(*numbers)
    assert_same_network(path.estimators[0], alone)
    with pytest.raises(ValueError, match="2 of 2 fits.*Scale X"):
        lambda_path(estimator, *numbers, lams=[strong, 2 * strong])


# Warm starts


@pytest.mark.parametrize("batch_size", ["auto", 16])
def test_warm_starts_follow_the_strengths_and_not_their_order(table, batch_size):
    X, y = table
    estimator = classifier(max_iter=20, batch_size=batch_size)
    orders = [0.001, 0.1, 1.0], [1.0, 0.001, 0.1]
    warm, turned = (
        lambda_path(estimator, X, y, lams=o, warm_start=True, return_estimators=True)
        for o in orders
    )
    assert turned.lams.tolist() == orders[1]
    assert [each.lam_ for each in turned.estimators] == orders[1]
    for ours, lam in zip(warm.estimators, orders[0]):
        assert_same_network(ours, turned.estimators[orders[1].index(lam)], 0)
    np.testing.assert_array_equal(warm.scores, turned.scores[[1, 2, 0]])
    np.testing.assert_array_equal(warm.importances, turned.importances[[1, 2, 0]])
    cold = clone(estimator).set_params(lam=0.001).fit(X, y)
    assert_same_network(warm.estimators[0], cold, 0)


def test_a_warm_start_is_from_the_weights_of_the_strength_before(table):
    X, y = table
    still = classifier(learning_rate_init=1e-300, max_iter=1)
    found = lambda_path(
        still, X, y, lams=[0.1, 0.2], warm_start=True, return_estimators=True
    )
    assert not differ(*found.estimators, by=0)
    long, short = (
        lambda_path(
            classifier(max_iter=n), X, y, lams=[0.1, 0.11], warm_start=warm
        ).scores
        for n, warm in ((40, False), (40, True))
    )
    assert short[0] == pytest.approx(long[0], abs=1e-10)
    going_on = lambda_path(
        classifier(max_iter=20, lam=0),
        X,
        y,
        lams=[0.1, 0.1001],
        warm_start=True,
        return_estimators=True,
    ).estimators
    assert going_on[1].loss_curve_[0] < going_on[0].loss_curve_[0] - 0.1


# Seeds


def test_without_a_seed_networks_still_start_alike(table):
    X, y = table
    for seed in (None, np.random.RandomState(0)):
        path = lambda_path(
            classifier(random_state=seed, learning_rate_init=1e-300, max_iter=1),
            X,
            y,
            lams=LAMS,
            return_estimators=True,
        )
        assert not differ(path.estimators[0], path.estimators[2], by=0)
    by_instance = [
        lambda_path(classifier(random_state=state, max_iter=5), X, y, lams=LAMS)
        for state in map(np.random.RandomState, (0, 0, 1))
    ]
    first, again, other = (path.importances for path in by_instance)
    np.testing.assert_array_equal(first, again)
    assert abs(first - other).max() > 1e-3


def test_the_given_state_is_not_advanced_behind_the_back(table):
    state = np.random.RandomState(0)
    estimator = classifier(random_state=state, max_iter=2)
    lambda_path(estimator, *table, lams=[0.1])
    assert estimator.random_state is state
