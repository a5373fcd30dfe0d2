"""The score of a network for tables is the sum of its parts, in units of the user."""

import warnings

import numpy as np
import pytest
import torch
from helpers.raw_tables import people

from sklearn_gradlasso import (
    GradientLassoClassifier,
    GradientLassoRegressor,
    NGSLLClassifier,
    RRRClassifier,
)

KINDS = {
    "two classes": (GradientLassoClassifier, {}),
    "two scores": (GradientLassoClassifier, {"single_logit": False}),
    "classes": (GradientLassoClassifier, {}),
    "labels": (GradientLassoClassifier, {}),
    "numbers": (GradientLassoRegressor, {}),
    "two targets": (GradientLassoRegressor, {}),
    "counts": (GradientLassoRegressor, {"loss": "poisson"}),
    "another estimator": (RRRClassifier, {}),
}


def answers(kind, model, X):
    """The scores that are said to be explained, by the methods of the estimator."""
    if kind in ("two classes", "two scores", "another estimator"):
        return model.decision_function(X)[:, None]
    if kind == "classes":
        logs = model.predict_log_proba(X)
        return logs - logs.mean(axis=1, keepdims=True)
    if kind == "labels":
        return model.decision_function(X)
    if kind == "counts":
        return np.log(model.predict(X))[:, None]
    return model.predict(X).reshape(len(X), -1)


def target_of(kind, X, y):
    amount = 1000 + 100 * (y == "yes") + X["debt"].to_numpy() / 100
    if kind == "classes":
        return np.where(X["member"], "member", y)
    if kind == "labels":
        return np.stack([y == "yes", X["member"], X["town"] == "u"], 1).astype(int)
    if kind == "two targets":
        return np.stack([amount, 0.01 * (y == "yes")], axis=1)
    return amount if kind in ("numbers", "counts") else y


@pytest.mark.parametrize("kind", KINDS)
def test_parts_add_up_to_the_score(kind):
    X, y = people(300)
    estimator, params = KINDS[kind]
    model = estimator(max_iter=8, random_state=0, module="tabular", **params)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, target_of(kind, X, y))
    sums, rows = model._column_sums(), model._explainable(X).rows.dense()
    alone, together = sums.at_rows(rows)
    expected = answers(kind, model, X)
    total = sums.constant() + alone + together
    scale = np.abs(expected).max()
    np.testing.assert_allclose(total, expected, rtol=1e-4, atol=1e-5 * scale)
    np.testing.assert_allclose(sums.alone(rows).sum(axis=1), alone)
    assert np.abs(together).max() > 0
    np.testing.assert_allclose(sums.together_at(rows).at_rows(), together)


def test_what_columns_do_together_if_some_are_replaced():
    rng = np.random.default_rng(0)
    X = np.column_stack(  # Columns of indicators share an embedding.
        [rng.standard_normal((200, 2)), np.eye(4)[rng.integers(4, size=200)]]
    )
    y = (X[:, 0] > 0) ^ (X[:, 3] > 0)
    model = GradientLassoClassifier(max_iter=20, random_state=0).fit(X, y)
    assert model.net_.module_.column_sum.interactions.slot is not None
    sums, rows = model._column_sums(), model._explainable(X).rows.dense()
    others = rows[::-1]
    at_rows, embedded = sums.together_at(rows), sums.embedded(others)
    for positions in ([0], [3], [2, 4], [1, 5], [2, 3, 4, 5], [5, 0, 2]):
        changed = rows.copy()
        changed[:, positions] = others[:, positions]
        expected = sums.at_rows(changed)[1]
        found = at_rows.replaced(np.array(positions), embedded)
        np.testing.assert_allclose(found, expected, atol=1e-12)
        changed[:, positions] = others[7, positions]
        found = at_rows.replaced(np.array(positions), embedded[7:8])
        np.testing.assert_allclose(found, sums.at_rows(changed)[1], atol=1e-12)


@pytest.mark.parametrize("sizes", [(), (5,), (6, 4)])
def test_hidden_layers_of_any_number(sizes):
    X, y = people(200)
    params = {"hidden_layer_sizes": sizes}
    model = GradientLassoClassifier(module_params=params, max_iter=8, random_state=0)
    sums = model.fit(X, y)._column_sums()
    rows = model._explainable(X).rows.dense()
    at_rows = sums.together_at(rows)
    found = at_rows.replaced(np.array([1, 2]), sums.embedded(rows[:1]))
    changed = rows.copy()
    changed[:, [1, 2]] = rows[0, [1, 2]]
    np.testing.assert_allclose(found, sums.at_rows(changed)[1], atol=1e-12)


def test_the_network_is_left_as_it_is():
    X, y = people(200)
    model = GradientLassoClassifier(max_iter=3, random_state=0).fit(X, y)
    with torch.inference_mode():
        sums = model._column_sums()
        sums.at_rows(model._explainable(X).rows.dense())
    assert {theta.dtype for theta in model.net_.module_.parameters()} == {torch.float32}


def test_other_networks_have_no_such_parts():
    X = np.random.default_rng(0).standard_normal((60, 3))
    y = X[:, 0] > 0
    for model in (
        GradientLassoClassifier(module="perceptron", max_iter=2),
        NGSLLClassifier(max_iter=2),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert model.fit(X, y)._column_sums() is None
