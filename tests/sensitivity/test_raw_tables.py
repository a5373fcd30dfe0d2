"""Sensitivities of networks that read raw tables: slopes of numbers, and contrasts."""

import warnings

import numpy as np
import pytest
from helpers.raw_tables import QUICK, as_polars, people
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_gradlasso import (
    GradientLassoClassifier,
    GradientLassoRegressor,
    SensitivitySelector,
)
from sklearn_gradlasso.sensitivity import (
    global_importance,
    interaction_importance,
    local_importance,
    noise_floor,
)

NAMES = ["age", "job", "debt", "town", "member"]
CATEGORIES = [1, 3, 4]


def network(**params):
    return GradientLassoClassifier(**{"lam": 0.01, **QUICK, **params})


def quietly(estimator, *data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(*data)


@pytest.fixture(scope="module")
def table():
    return people()


@pytest.fixture(scope="module")
def model(table):
    return quietly(network(), *table)


def test_importances_are_those_of_columns(model, table):
    found = global_importance(model, table[0])
    assert found.feature_names.tolist() == NAMES
    shares = 100 * model.feature_importances_
    np.testing.assert_allclose(found.importances, shares, rtol=1e-4)
    again = quietly(network(), table[0].assign(debt=table[0]["debt"] * 1000), table[1])
    # The unit of a number has no part in them.
    np.testing.assert_allclose(again.feature_importances_, shares / 100, rtol=1e-2)


def test_importances_of_rows_are_squares_of_slopes_per_deviation(model, table):
    X, _ = table
    form = model._table_form
    phi = model.explain(X, attribution="gradients")
    has_slope = ~(X.isna() | form.is_category)
    squares = (phi * np.where(has_slope, form.scale, 1.0)) ** 2
    expected = 100 * squares / squares.sum(axis=1, keepdims=True)
    found = local_importance(model, X)
    np.testing.assert_allclose(found.importances, expected, rtol=1e-3, atol=1e-3)
    assert found.to_frame().index.equals(X.index)


def test_intervals_by_the_bootstrap(model, table):
    options = {"confidence_level": 0.9, "n_resamples": 20, "random_state": 0}
    found = global_importance(model, table[0], **options)
    assert (found.intervals[:, 0] <= found.importances).all()
    assert (found.intervals[:, 1] >= found.importances).all()


def test_groups_of_columns_add_up(model, table):
    alone = global_importance(model, table[0]).importances
    found = global_importance(model, table[0], groups={"work": ["job", "debt"]})
    assert found.feature_names.tolist() == ["age", "work", "town", "member"]
    assert found.importances[1] == pytest.approx(alone[1] + alone[2])


def test_interactions_are_per_unit_of_numbers(table):
    X, _ = table
    rng = np.random.default_rng(0)
    X = X.assign(age=rng.normal(50, 10, len(X)), debt=rng.normal(8000, 2000, len(X)))
    # A product, and a slope that depends on a category.
    y = (X["age"] - 50) * (X["debt"] - 8000) / 2000 / 10
    y += 4 * (X["age"] - 50) / 10 * X["member"]
    params = {**QUICK, "hidden_layer_sizes": (30,), "max_iter": 300, "tol": 1e-4}
    model = quietly(GradientLassoRegressor(lam=1e-4, **params), X, y)
    exact = interaction_importance(model, X)
    assert exact.top(1)[["first", "second"]].to_numpy().tolist() == [["age", "member"]]
    found = exact.importances
    assert found[0, 2] == pytest.approx(1 / 20000, rel=0.5)
    assert found[0, 4] == pytest.approx(0.4 * (0.3 * 0.7) ** 0.5, rel=0.5)
    assert np.isnan(found[np.ix_(CATEGORIES, CATEGORIES)]).all()
    np.testing.assert_allclose(found, found.T)
    near = interaction_importance(model, X, finite_difference=0.02).importances
    np.testing.assert_allclose(near, found, rtol=0.02)


def test_second_derivatives_where_values_are_missing(model, table):
    exact = interaction_importance(model, table[0]).importances
    near = interaction_importance(model, table[0], finite_difference=0.02).importances
    known = np.isfinite(exact)
    assert (np.isfinite(near) == known).all()
    np.testing.assert_allclose(near[known], exact[known], rtol=0.05, atol=1e-9)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_shadows_of_raw_columns(table):
    X, y = table
    found = noise_floor(network(max_iter=50), X, y, n_repeats=4)
    assert found.feature_names.tolist() == NAMES
    assert found.shadows.shape == (4, 5)
    assert found.importances[0] > found.floor
    polars = pytest.importorskip("polars")
    frame = as_polars(X)
    assert isinstance(frame, polars.DataFrame)
    again = noise_floor(network(max_iter=50), frame, y, n_repeats=4)
    np.testing.assert_array_equal(again.importances, found.importances)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("marks", [[2], [False, False, True]])
def test_shadows_of_marked_categories_are_categories(marks):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 3))
    X[:, 2] = rng.integers(0, 3, 80)
    y = X[:, 0] + 2 * (X[:, 2] == 1)
    model = GradientLassoRegressor(lam=0.01, categorical_features=marks, **QUICK)
    found = noise_floor(model, X, y, n_repeats=7)
    assert found.importances.shape == (3,)
    assert model.categorical_features is marks


# The selector


def test_a_selector_keeps_columns_of_the_user(table):
    X, y = table
    selector = quietly(SensitivitySelector(network(), max_features=2), X, y)
    assert selector.get_feature_names_out().tolist() == ["age", "debt"]
    importances = selector.estimator_.feature_importances_
    np.testing.assert_allclose(selector.importances_, importances, rtol=1e-4)
    assert selector.transform(X).shape == (len(X), 2)
    one_more = SensitivitySelector(selector.estimator_, prefit=True, max_features=3)
    assert one_more.transform(X).shape == (len(X), 3)  # by the rows that it keeps
    kept = one_more.set_output(transform="pandas").fit(X).transform(X)
    assert kept.equals(X[kept.columns])
    assert kept.shape[1] == 3


def test_a_selector_of_frames_before_another_network(table):
    X, y = table
    selector = SensitivitySelector(network(), cumulative=0.95)
    model = make_pipeline(selector.set_output(transform="pandas"), network())
    quietly(model, X, y)
    kept = model[0].transform(X)
    assert kept.equals(X[model[0].get_feature_names_out()])
    assert 2 <= kept.shape[1] < 5
    assert model.score(X, y) > 0.7


def test_a_selector_keeps_the_types_of_polars(table):
    pytest.importorskip("polars")
    X, y = as_polars(table[0]), table[1]
    selector = SensitivitySelector(network(), max_features=4)
    selector.set_output(transform="polars")
    kept = quietly(selector, X, y).transform(X)
    names = selector.get_feature_names_out().tolist()
    assert kept.equals(X[names])
    with pytest.raises(ValueError, match="feature names"):
        selector.transform(X[NAMES[::-1]])


def test_columns_behind_steps_and_a_network_that_reads_frames(table):
    X, y = table
    hot = OneHotEncoder(sparse_output=False, handle_unknown="ignore")
    front = make_column_transformer(
        (hot, ["town"]),
        (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), ["age"]),
        ("passthrough", ["job", "debt"]),
    ).set_output(transform="pandas")
    model = quietly(make_pipeline(front, network()), X, y)
    selector = SensitivitySelector(model, prefit=True, max_features=2).fit(X, y)
    assert selector.get_feature_names_out().tolist() == ["age", "debt"]
    assert selector.importances_[NAMES.index("member")] == 0
    assert np.isfinite(selector.importances_).all()
