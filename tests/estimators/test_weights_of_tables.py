"""Weights of rows and of classes decide alike what is learned of a table."""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from helpers.raw_tables import people
from sklearn.base import clone

from sklearn_gradlasso import (
    GradientLassoClassifier,
    GradientLassoRegressor,
    RRRClassifier,
)
from sklearn_gradlasso.tables import learn_form

X, Y = people()
NUMBERS = X[["age", "debt"]].fillna({"age": 40.0})
SHORT = {"max_iter": 3, "random_state": 0}


def same_answers(first, second, table):
    np.testing.assert_array_equal(
        first.predict_proba(table), second.predict_proba(table)
    )


@pytest.mark.parametrize("params", [{}, {"module": "perceptron"}])
@pytest.mark.parametrize("table", [X, NUMBERS], ids=["raw", "numbers"])
@pytest.mark.filterwarnings("ignore:GradientLassoClassifier. max_iter")
def test_a_weight_of_a_class_is_that_of_its_rows(table, params):
    kind, params = GradientLassoClassifier, {**SHORT, **params}
    base = np.arange(len(Y)) % 3 + 1.0
    doubled = np.where(Y == "yes", 2.0, 1.0)
    model = kind(class_weight={"no": 1, "yes": 2}, **params)
    expected = kind(**params).fit(table, Y, sample_weight=doubled)
    same_answers(model.fit(table, Y), expected, table)
    expected = kind(**params).fit(table, Y, sample_weight=base * doubled)
    same_answers(model.fit(table, Y, sample_weight=base), expected, table)
    model = kind(class_weight={"no": 0}, **params).fit(table, Y)
    expected = kind(**params).fit(table, Y, sample_weight=(Y == "yes").astype(float))
    same_answers(model, expected, table)


def test_balanced_weights_count_in_the_form():
    model = GradientLassoClassifier(class_weight="balanced", **SHORT).fit(NUMBERS, Y)
    weight = np.where(
        Y == "no", len(Y) / 2 / sum(Y == "no"), len(Y) / 2 / sum(Y == "yes")
    )
    expected = learn_form(NUMBERS, sample_weight=weight)
    np.testing.assert_array_equal(model._table_form.center, expected.center)
    np.testing.assert_allclose(model._table_form.scale, expected.scale)
    unweighted = learn_form(NUMBERS)
    assert (model._table_form.scale != unweighted.scale).all()


@pytest.mark.parametrize("wrong", [{"no": -1.0}, {"no": np.inf}, {"no": "much"}])
def test_wrong_weights_of_classes_are_refused(wrong):
    with pytest.raises((TypeError, ValueError)):
        GradientLassoClassifier(class_weight=wrong, **SHORT).fit(NUMBERS, Y)


@pytest.mark.parametrize(
    "model",
    [
        GradientLassoClassifier(),
        GradientLassoClassifier(penalty="l1"),
        GradientLassoClassifier(early_stopping=False, batch_size=50),
        GradientLassoRegressor(penalty="l1"),
        RRRClassifier(lam=1.0),
    ],
)
def test_an_integer_weight_is_repetition_where_steps_take_a_part(model):
    model.set_params(random_state=0, max_iter=3)
    table, y = people(n=600)
    y = y if hasattr(model, "predict_proba") else (y == "yes") + 0.1
    counts = np.arange(len(y)) % 4
    weighted = model.fit(table, y, sample_weight=counts)
    repeated = clone(model).fit(table.loc[table.index.repeat(counts)], y.repeat(counts))
    assert weighted._settings.batch_size < np.sum(counts > 0)
    answers = weighted.predict(table), repeated.predict(table)
    if hasattr(model, "predict_proba"):
        np.testing.assert_array_equal(*answers)
    else:  # A sum of products and a sum of repeated numbers are rounded differently.
        np.testing.assert_allclose(*answers, rtol=1e-14)
    np.testing.assert_array_equal(weighted.explain(table), repeated.explain(table))


def test_rows_keep_their_order_without_shuffling():
    table, y = people(n=300)
    model = GradientLassoClassifier(shuffle=False, **SHORT).fit(table, y)
    turned = clone(model).fit(table[::-1], y[::-1])
    assert not model._settings.merges
    assert (model.predict_proba(table) != turned.predict_proba(table)).any()


@pytest.mark.parametrize(
    ("module", "taken_for"),
    [("tabular", "average level"), ("perceptron", "none of the levels")],
)
def test_a_category_that_is_missing_first(module, taken_for):
    model = GradientLassoClassifier(module=module, tol=1.0, random_state=0)
    model.fit(X[["town", "debt"]], Y)
    answer = model.predict_proba
    with pytest.warns(UserWarning, match=f"'town'.*missing category for.*{taken_for}"):
        answer(X[["town", "debt"]].assign(town=None))


def heavy(value):
    weight = np.ones(len(X))
    weight[:1] = value
    return weight


WEIGHTS = {
    "one row": heavy(1e300),
    "half of the rows": np.where(np.arange(len(X)) % 2, 1.0, 1e300),
    "any size": 10.0 ** np.linspace(-300, 300, len(X)),
    "large": np.full(len(X), 1e308),
    "tiny": np.full(len(X), 5e-324),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_of_any_size_leave_units_that_mean_something(name):
    sparse = sp.csr_matrix(np.where(NUMBERS > 50, NUMBERS, 0.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for table in (X, NUMBERS.to_numpy(), NUMBERS.astype(np.float32), sparse):
            model = GradientLassoClassifier(module="tabular", **SHORT)
            model.fit(table, Y, sample_weight=WEIGHTS[name])
            assert np.isfinite(model.predict_proba(table)).all()
            assert np.isfinite(model.explain(table)).all()
            form = learn_form(table, sample_weight=WEIGHTS[name])
            for each in (form, model._table_form):
                parts = each.center, each.scale, each.missing
                assert all(np.isfinite(part).all() for part in parts)
    age, debt = learn_form(NUMBERS, sample_weight=WEIGHTS[name]).scale
    assert 1e-2 < age < 1e2 and 1 < debt < 1e4


def test_a_row_of_nearly_all_weight_does_not_make_a_constant_of_a_number():
    table = pd.DataFrame({"x": np.arange(0.0, 1000.0, 10.0)})
    weight = np.ones(100)
    weight[3] = 1e300
    scale = learn_form(table, sample_weight=weight).scale
    assert scale == pytest.approx(table.x.std(ddof=0))
    repeated = table.loc[np.arange(100).repeat(3)]
    again = learn_form(repeated, sample_weight=weight.repeat(3) / 3)
    np.testing.assert_array_equal(again.scale, scale)
