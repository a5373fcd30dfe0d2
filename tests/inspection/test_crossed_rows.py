"""Columns replaced inside a network for tables, and by rows that it is given."""

import warnings
from copy import deepcopy

import numpy as np
import pytest
import torch
from helpers.raw_tables import people

from sklearn_gradlasso import GradientLassoClassifier, GradientLassoRegressor
from sklearn_gradlasso.inspection import crossed_rows, evaluation
from sklearn_gradlasso.inspection.crossed_rows import CrossedRows
from sklearn_gradlasso.inspection.explainable import Explainable
from sklearn_gradlasso.metrics import effects
from sklearn_gradlasso.metrics._effects import effects_by

KINDS = {
    "two classes": {},
    "two scores": {"single_logit": False},
    "classes": {},
    "labels": {},
    "calibrated": {"early_stopping": True, "module_params": {"n_members": 1}},
    "no hidden layer": {"module_params": {"hidden_layer_sizes": ()}},
    "two hidden layers": {"module_params": {"hidden_layer_sizes": (6, 4)}},
}


def in_doubles(model, X, target=None):
    """The network of a model in float64, in which sums in any order are alike."""
    found = model._explainable(X, target)
    module = deepcopy(found.module).double()
    form = {"feature_shape": found.rows.feature_shape, "device": "cpu"}
    rows = type(found.rows)(found.rows.dense(), dtype=torch.float64, **form)
    return Explainable(module, rows, found.target)


def of_people(kind):
    X, y = people(200)
    if kind == "classes":
        y = np.where(X["member"], "member", y)
    if kind == "labels":
        y = np.stack([y == "yes", X["member"], X["town"] == "u"], axis=1).astype(int)
    model = GradientLassoClassifier(max_iter=12, random_state=0, **KINDS[kind])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = in_doubles(model.fit(X, y), X)
    assert (network.module.factor is not None) == (kind == "calibrated")
    return network


def of_indicators():
    """Columns of indicators share an embedding."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.standard_normal((200, 2)), np.eye(4)[np.arange(200) % 4]])
    y = (X[:, 0] > 0) ^ (X[:, 3] > 0)
    model = GradientLassoClassifier(max_iter=20, random_state=0).fit(X, y)
    assert model.net_.module_.column_sum.interactions.slot is not None
    return in_doubles(model, X)


def check_same(network, columns, n=23):
    x = network.rows.dense()
    how = {"columns": columns, "n_background": 40}
    found = effects_by(lambda *rows: CrossedRows(network, *rows), x[:n], x, **how)
    expected = effects(network.scores, x[:n], x, **how)
    assert np.abs(expected.values).max() > 0
    for name in ("values", "magnitudes", "predictions", "base_values", "deviation"):
        a, b = getattr(found, name), getattr(expected, name)
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_effects_are_those_of_rows_with_replaced_columns(kind):
    network = of_people(kind)
    d = network.rows.dense().shape[1]
    assert np.isnan(network.rows.dense()).any()
    check_same(network, [*([j] for j in range(d)), [2, 0], [*range(d)]])


def test_columns_that_share_a_slot():
    columns = [[0], [3], [2, 4], [1, 5], [2, 3, 4, 5], [5, 0, 2]]
    check_same(of_indicators(), columns)


def test_rows_in_parts_of_any_size(monkeypatch):
    network = of_indicators()
    for name in ("MAX_ENCODINGS", "MAX_ANSWERS", "MAX_UNITS"):
        with monkeypatch.context() as patch:
            patch.setattr(crossed_rows, name, 1500)
            check_same(network, [[0], [3], [2, 3, 4, 5]])


def test_the_value_that_a_row_has_already_moves_nothing():
    network = of_people("two classes")
    x = network.rows.dense()[:30]
    crossed = CrossedRows(network, x, x)
    replaced = [([j], np.arange(30)) for j in range(x.shape[1])]
    for j, rows, moved in crossed.moved(replaced):
        assert rows == slice(0, 30)
        same = x[:, None, j] == x[None, :, j]
        assert np.abs(moved[same]).max() <= 1e-15
        assert np.abs(moved).max() > 0


def test_a_network_that_is_no_such_sum():
    X = np.random.default_rng(0).standard_normal((60, 3))
    plain = GradientLassoRegressor(module="perceptron", max_iter=2).fit(X, X[:, 0])
    assert not plain._explainable(X).is_column_sum
    sums = GradientLassoRegressor(module="tabular", max_iter=2).fit(X, X[:, 0])
    assert sums._explainable(X).is_column_sum


def test_infinite_scores_are_refused():
    network = of_indicators()
    x = network.rows.dense()
    crossed = CrossedRows(network, x[:3], x[:5])
    with torch.no_grad():
        network.module.column_sum.bias.fill_(torch.inf)
    with pytest.raises(ValueError, match="output is infinite or NaN"):
        [*crossed.moved([([0], np.arange(5))])]


@pytest.mark.parametrize("module", ["tabular", "perceptron"])
def test_answers_in_batches_of_any_size(monkeypatch, module):
    X, y = people(100)
    model = GradientLassoClassifier(module=module, max_iter=3, random_state=0).fit(X, y)
    network = in_doubles(model, X)
    whole = network.scores(network.rows.dense())
    monkeypatch.setattr(evaluation, "MAX_ENCODINGS", 2 * len(network.module.column_of))
    parts = network.scores(network.rows.dense())
    np.testing.assert_allclose(parts, whole, rtol=1e-12, atol=1e-12)
