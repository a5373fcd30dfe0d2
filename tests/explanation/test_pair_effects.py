"""Which pairs of columns act together: differences of differences of the score."""

import warnings

import numpy as np
import pytest
import torch
from helpers.raw_tables import people
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import check_random_state

from sklearn_gradlasso import GradientLassoClassifier, GradientLassoRegressor
from sklearn_gradlasso.explanation import _pair_effects, pair_effects

NAMES = ["age", "job", "debt", "town", "member"]


def quietly(estimator, *data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(*data)


def network(kind=GradientLassoClassifier, **params):
    return kind(**{"module": "tabular", "max_iter": 20, "random_state": 0} | params)


@pytest.fixture(scope="module")
def table():
    return people(300)


@pytest.fixture(scope="module")
def model(table):
    return quietly(network(), *table)


def strength(predict, X, first, second, seed=0):
    """The strength by the answers of the model, at the same pairs of rows."""
    shape = 2, _pair_effects.N_PAIRS_OF_ROWS
    p = np.full(len(X), 1 / len(X))
    x, r = check_random_state(seed).choice(len(X), shape, p=p)
    rows, others = X.iloc[x], X.iloc[r].set_axis(X.index[x])

    def with_others(*names):
        changed = rows.copy()
        for name in names:
            changed[name] = others[name]
        return predict(changed)

    left = with_others() - with_others(*first) - with_others(*second)
    difference = left + with_others(*first, *second)
    return np.sqrt(np.mean(difference**2, axis=0)) / 2


def test_strengths_are_those_of_the_answers(model, table):
    X, _ = table
    found = pair_effects(model, X)
    assert len(found) == 10
    assert found.feature_names.tolist() == NAMES
    for one, other, value in found.to_frame().itertuples(index=False):
        assert found[one, other] == found[other, one] == value
        expected = strength(model.decision_function, X, [one], [other])
        assert value == pytest.approx(expected, rel=1e-3, abs=1e-5)
    for name, value in zip(NAMES, found.totals):
        rest = [each for each in NAMES if each != name]
        expected = strength(model.decision_function, X, [name], rest)
        assert value == pytest.approx(expected, rel=1e-3, abs=1e-5)
    assert (np.diff(found.strengths) <= 0).all()
    assert found.deviation == pytest.approx(model.decision_function(X).std(), rel=1e-4)
    assert found.unit == "log-odds"
    frame = found.top(3)
    assert frame.shape == (3, 3)
    assert frame.attrs["target"] == "log-odds of 'yes'"
    assert repr(found).startswith("<PairEffects of 10 pairs on the log-odds of 'yes', ")


@pytest.mark.parametrize("names", ["age", ("age", "income"), ("age", "age"), 0])
def test_pairs_that_are_not_there(model, names):
    with pytest.raises(KeyError, match=r"no pair .*two columns.*among \['age', 'job'"):
        pair_effects(model)[names]


def test_the_training_rows_are_kept(model, table):
    found = pair_effects(model)
    assert found.background == "300 training rows"
    other = pair_effects(model, random_state=1)
    assert not np.array_equal(found.strengths, other.strengths)
    np.testing.assert_allclose(
        np.sort(found.strengths), np.sort(other.strengths), rtol=0.5, atol=0.02
    )
    np.testing.assert_array_equal(found.strengths, pair_effects(model).strengths)


def test_columns_that_add_up_have_no_strength(table):
    X, y = table
    model = quietly(network(), X, y)
    with torch.no_grad():
        model.net_.module_.column_sum.interactions.last.zero_()
    found = pair_effects(model)
    assert not found.strengths.any()
    assert not found.totals.any()


def test_columns_that_interactions_do_not_see_have_no_strength():
    X = np.random.default_rng(0).standard_normal((200, 4))
    model = quietly(network(GradientLassoRegressor, max_iter=40), X, X[:, 0] * X[:, 1])
    interactions = model.net_.module_.interactions
    with torch.no_grad():
        interactions.scale[2:] = 0
    found = pair_effects(model)
    assert found.top(1)[["first", "second"]].values.tolist() == [["x0", "x1"]]
    assert found.strengths[0] > 0
    assert found.strengths[1:].max() < 1e-12
    assert (found.totals[:2] > 0).all()


def test_the_strength_of_independent_columns_is_a_standard_deviation():
    rng = np.random.default_rng(0)
    X = rng.integers(2, size=(2000, 3)).astype(float)
    y = 3 * (X[:, 0] != X[:, 1]) + 5 * X[:, 2]
    model = network(GradientLassoRegressor, max_iter=200, early_stopping=False)
    model.fit(X, y)
    found = pair_effects(model)
    # Of 3 |x0 - x1| the part that depends on both is 1.5 or -1.5.
    assert found.strengths[0] == pytest.approx(1.5, rel=0.15)
    assert found.strengths[1:].max() < 0.3
    assert found.unit == "units of y"


def test_several_classes(table):
    X, y = table
    y = np.where(X["member"], "member", y)
    model = quietly(network(), X, y)
    found = pair_effects(model, X)
    assert found.strengths.shape == (10, 3)
    frame = found.to_frame()
    assert frame.columns.tolist() == ["first", "second", "member", "no", "yes"]

    def scores(rows):
        logs = model.predict_log_proba(rows)
        return logs - logs.mean(axis=1, keepdims=True)

    one, other, *values = frame.iloc[0]
    expected = strength(scores, X, [one], [other])
    np.testing.assert_allclose(values, expected, rtol=1e-3, atol=1e-5)


def test_columns_behind_the_steps_of_a_pipeline(table):
    X, y = table
    front = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["town", "job"]),
        (SimpleImputer(add_indicator=True), ["age", "debt"]),
        ("passthrough", ["member"]),
    )
    model = quietly(make_pipeline(front, network()), X, y)
    found = pair_effects(model, X)
    assert {*found.first, *found.second} == {*NAMES}
    for one, other, value in found.to_frame().itertuples(index=False):
        expected = strength(model.decision_function, X, [one], [other])
        assert value == pytest.approx(expected, rel=1e-3, abs=1e-5)
    with pytest.raises(ValueError, match="pair_effects needs X"):
        pair_effects(model)


def test_of_many_columns_those_that_act_most_are_measured(monkeypatch):
    monkeypatch.setattr(_pair_effects, "MOST_COLUMNS", 8)
    X = np.random.default_rng(0).standard_normal((120, 12))
    model = quietly(network(GradientLassoRegressor, max_iter=3), X, X[:, 0])
    with torch.no_grad():
        model.net_.module_.interactions.scale[5:9] = 0
    found = pair_effects(model)
    assert len(found) == 8 * 7 // 2
    assert found.totals.shape == (12,)
    assert not {"x5", "x6", "x7", "x8"} & {*found.first, *found.second}


def test_other_models_and_a_single_column_are_refused():
    X = np.random.default_rng(0).standard_normal((40, 2))
    with pytest.raises(TypeError, match="pair_effects needs the network for tables"):
        pair_effects(LinearRegression().fit(X, X[:, 0]))
    model = network(GradientLassoRegressor, max_iter=1).fit(X[:, :1], X[:, 0])
    with pytest.raises(ValueError, match="two columns at least"):
        pair_effects(model)
