"""Reasons of networks that read raw tables, in the values and units of the user."""

import warnings

import numpy as np
import pytest
from helpers.raw_tables import QUICK, as_polars, people
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_gradlasso import (
    AttributionPriorRegressor,
    GradientLassoClassifier,
    GradientLassoRegressor,
    NGSLLClassifier,
)
from sklearn_gradlasso.attributions import Contributions, ExpectedGradients, Gradients
from sklearn_gradlasso.explanation import Explanation, reason_codes
from sklearn_gradlasso.metrics import effects

AGE, JOB, DEBT, TOWN, MEMBER = range(5)
ROWS = slice(0, 12)


def quietly(estimator, *data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(*data)


@pytest.fixture(scope="module")
def table():
    return people()


@pytest.fixture(scope="module")
def model(table):
    return quietly(GradientLassoClassifier(lam=0.01, **QUICK), *table)


@pytest.fixture(scope="module")
def explanation(model, table):
    return Explanation.from_estimator(model, table[0].iloc[ROWS])


def close(found, expected, size=1e-4):
    scale = np.abs(np.nan_to_num(expected)).max()
    np.testing.assert_allclose(found, expected, rtol=size, atol=size * scale)


def test_data_are_the_users_own_values(explanation, table):
    X = table[0].iloc[ROWS]
    assert explanation.feature_names.tolist() == X.columns.tolist()
    assert explanation.index.equals(X.index)
    for j, name in enumerate(X.columns):
        values, missing = explanation.data[:, j], X[name].isna().to_numpy()
        assert (explanation.missing[:, j] == missing).all()
        assert values[~missing].tolist() == X[name][~missing].tolist()


def test_effects_are_those_of_the_whole_model(model, table, explanation):
    X, _ = table
    found = effects(model.decision_function, X.iloc[ROWS], X, n_background=len(X))
    close(explanation.values, found.values)
    close(explanation.magnitudes, found.magnitudes)
    close(explanation.base_values, found.base_values)
    close(explanation.predictions, model.decision_function(X.iloc[ROWS]))
    given = Explanation.from_estimator(model, X.iloc[ROWS], background=X.iloc[20:60])
    found = effects(model.decision_function, X.iloc[ROWS], X.iloc[20:60])
    close(given.values, found.values)


def test_slopes_are_changes_per_unit_of_the_user(model, table):
    X, _ = table
    found = Explanation.from_estimator(model, X, attribution="gradients")
    for j, step in ((AGE, 0.05), (DEBT, 5.0)):
        name, known = X.columns[j], ~found.missing[:, j]
        ends = [
            model.decision_function(X.assign(**{name: X[name] + way}))
            for way in (step, -step)
        ]
        change = (ends[0] - ends[1]) / (2 * step)
        close(found.slopes[known, j], change[known], 2e-2)
        close(found.values[known, j], change[known], 2e-2)
        assert np.isnan(found.slopes[~known, j]).all()
    assert np.isnan(found.slopes[:, [JOB, TOWN, MEMBER]]).all()
    assert np.isfinite(found.values).all()
    assert found.background.startswith("the average of")
    close(model.explain(X, attribution="gradients"), found.values)


def test_the_slopes_of_effects_say_what_a_step_does(explanation, model, table):
    X = table[0].iloc[ROWS]
    steps = explanation.slope_steps
    assert np.isnan(steps[[JOB, TOWN, MEMBER]]).all()
    assert steps[AGE] == 0
    gradients = Explanation.from_estimator(model, X, attribution="gradients")
    close(explanation.slopes[:, AGE], gradients.slopes[:, AGE])
    assert (np.isnan(explanation.slopes[:, AGE]) == X["age"].isna()).all()


@pytest.mark.parametrize("name", ["expected_gradients", "contributions"])
def test_other_attributions_compare_with_the_rows_that_the_model_keeps(
    name, model, table
):
    X = table[0].iloc[ROWS]
    found = Explanation.from_estimator(model, X, attribution=name)
    close(found.values, model.explain(X, attribution=name))
    assert found.background == "120 training rows"
    if name == "expected_gradients":
        assert np.abs(found.additivity_gap).max() < 0.2
    own = {"expected_gradients": ExpectedGradients(), "contributions": Contributions()}
    close(model.explain(X, attribution=own[name]), found.values)


def test_a_slope_that_says_nothing_of_itself_is_one(model, table):
    X = table[0].iloc[ROWS]
    plain = model.explain(X, attribution=lambda score, x: Gradients()(score, x))
    close(plain, model.explain(X, attribution="gradients"))


def test_forms_of_an_explanation(explanation, model, table):
    frame = explanation.to_frame()
    assert frame.shape == (12, 5)
    top = explanation.top(5)
    at = top["feature"] == "job"
    shown = set(top["data"][at])
    assert shown <= {"cook", "nurse", "smith", "missing"}
    assert "missing" in shown
    codes = reason_codes(explanation, 2, words={"job": {None: "no job is given"}})
    assert set(codes["column"]) <= set(table[0].columns)
    merged = Explanation.from_estimator(
        model, table[0].iloc[ROWS], groups={"work": ["job", "debt"]}
    )
    assert merged.feature_names.tolist() == ["age", "work", "town", "member"]
    assert merged.data[0][1] == tuple(table[0][["job", "debt"]].iloc[0])


def test_to_shap(explanation):
    pytest.importorskip("shap")
    assert explanation.to_shap().data.shape == (12, 5)


def test_polars_has_the_same_reasons(model, table, explanation):
    pytest.importorskip("polars")
    X, y = table
    frame = as_polars(X)
    other = quietly(GradientLassoClassifier(lam=0.01, **QUICK), frame, y)
    found = Explanation.from_estimator(other, frame[:12])
    close(found.values, explanation.values)
    assert (found.missing == explanation.missing).all()


def test_an_array_with_marked_categories():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((90, 3))
    X[:, 2] = rng.integers(0, 3, 90)
    y = X[:, 0] + 2 * (X[:, 2] == 1)
    X[:10, 0] = np.nan
    model = GradientLassoRegressor(lam=0.01, categorical_features=[2], **QUICK)
    found = Explanation.from_estimator(quietly(model, X, y), X[:20])
    assert found.data.dtype == np.float64
    np.testing.assert_array_equal(found.data, X[:20])
    assert np.isnan(found.slopes[:, 2]).all()
    assert np.isnan(found.slopes[:10, 0]).all()
    assert np.isfinite(found.slopes[10:, 0]).all()
    found = effects(model.predict, X[:20], X)
    close(Explanation.from_estimator(model, X[:20]).values, found.values, 1e-9)


def test_several_outputs(table):
    X, y = table
    y = np.column_stack([y == "yes", X["debt"] / 1000])
    model = quietly(GradientLassoRegressor(lam=0.01, **QUICK), X, y)
    found = Explanation.from_estimator(model, X.iloc[ROWS])
    by_hand = effects(model.predict, X.iloc[ROWS], X, n_background=len(X))
    close(found.values, by_hand.values)
    slopes = Explanation.from_estimator(model, X.iloc[ROWS], attribution="gradients")
    moved = X.assign(debt=X["debt"] + 5).iloc[ROWS]
    change = (model.predict(moved) - model.predict(X.iloc[ROWS])) / 5
    close(slopes.values[:, DEBT], change, 2e-2)


def test_an_attribution_prior_is_about_columns(table):
    X, y = table
    params = {"prior": "gini", "lam": 0.1, "attribution": "contributions", **QUICK}
    model = quietly(AttributionPriorRegressor(**params), X, (y == "yes") * 1.0)
    assert model.feature_importances_.shape == (5,)
    found = Explanation.from_estimator(model, X.iloc[ROWS], attribution="contributions")
    close(found.values, model.explain(X.iloc[ROWS]))


def test_linear_models_of_columns_add_up(table):
    X, y = table
    model = quietly(NGSLLClassifier(max_iter=15, tol=1e-2, random_state=0), X, y)
    found = Explanation.from_estimator(model, X.iloc[ROWS], attribution="contributions")
    assert found.feature_names.tolist() == X.columns.tolist()
    close(found.additivity_gap, np.zeros(12), 1e-5)
    assert found.data[0, TOWN] == X["town"].iloc[0]


# Steps before the network


class Selected(TransformerMixin, BaseEstimator):
    """The columns of a frame in another order, without one."""

    def fit(self, X, y=None):
        self.is_fitted_ = True
        return self

    def transform(self, X):
        return X[["town", "age", "job"]]

    def get_feature_names_out(self, names=None):
        return np.array(["town", "age", "job"], dtype=object)


def test_columns_are_followed_to_a_network_that_reads_a_frame(table):
    X, y = table
    front = make_column_transformer(
        (StandardScaler(), ["debt"]),
        (SimpleImputer(), ["age"]),
        ("passthrough", ["job", "town"]),
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    model = make_pipeline(front, GradientLassoClassifier(lam=0.01, **QUICK))
    quietly(model, X, y)
    found = Explanation.from_estimator(model, X.iloc[ROWS])
    order = [found.feature_names.tolist().index(n) for n in ("age", "job", "debt")]
    by_hand = effects(
        model.decision_function, X.iloc[ROWS], X, n_background=len(X)
    ).values
    close(found.values[:, order], by_hand[:, [AGE, JOB, DEBT]])
    slopes = Explanation.from_estimator(model, X.iloc[ROWS], attribution="gradients")
    moved = X.assign(debt=X["debt"] + 5).iloc[ROWS]
    change = model.decision_function(moved) - model.decision_function(X.iloc[ROWS])
    close(slopes.values[:, order[2]], change / 5, 2e-2)
    # What an imputer has put in place of a missing age has a slope of its own.
    is_missing = X["age"].iloc[ROWS].isna().to_numpy()
    assert np.isnan(slopes.values[is_missing, order[0]]).all()


def test_behind_an_unknown_step_its_columns_are_explained(table):
    X, y = table
    model = make_pipeline(Selected(), GradientLassoClassifier(lam=0.01, **QUICK))
    quietly(model, X, y)
    found = Explanation.from_estimator(model, X.iloc[ROWS])
    assert found.feature_names.tolist() == [
        "selected__town",
        "selected__age",
        "selected__job",
    ]
    assert np.isfinite(found.slopes[~found.missing[:, 1], 1]).all()
    assert found.data[0].tolist()[0] == X["town"].iloc[0]


def test_a_function_before_the_network_has_its_derivative(table):
    X, y = table
    log = FunctionTransformer(np.log, feature_names_out="one-to-one")
    front = make_column_transformer(
        (log, ["debt"]), remainder="passthrough", verbose_feature_names_out=False
    ).set_output(transform="pandas")
    model = make_pipeline(front, GradientLassoClassifier(lam=0.01, **QUICK))
    X = X.assign(debt=X["debt"].abs())
    quietly(model, X, y)
    slopes = Explanation.from_estimator(model, X.iloc[ROWS], attribution="gradients")
    at = slopes.feature_names.tolist().index("debt")
    moved = X.assign(debt=X["debt"] + 5).iloc[ROWS]
    change = model.decision_function(moved) - model.decision_function(X.iloc[ROWS])
    close(slopes.values[:, at], change / 5, 2e-2)


def test_a_background_of_other_columns_is_refused(model, table):
    X, _ = table
    with pytest.raises(ValueError, match="feature names"):
        Explanation.from_estimator(
            model, X.iloc[ROWS], background=X[["job", "age", "debt", "town", "member"]]
        )


def test_a_table_of_other_columns_is_refused(model, table):
    X, _ = table
    with pytest.raises(ValueError, match="X has 1 columns at the network, which was"):
        Explanation.from_estimator(model, X[["age"]])
    with pytest.raises(ValueError, match="background has no rows"):
        Explanation.from_estimator(model, X[:3], background=X[:0])


def test_numbers_of_any_size():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    y = x[:, 0] + x[:, 1]
    model = GradientLassoRegressor(module="tabular", max_iter=20, random_state=0)
    expected = Explanation.from_estimator(model.fit(x, y), x[:20])
    for size in (2.0**-900, 2.0**900):  # Powers of two are not rounded.
        X = x * [size, 1.0]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = Explanation.from_estimator(model.fit(X, y), X[:20])
        np.testing.assert_array_equal(found.values, expected.values)
        steps = found.slope_steps / [size, 1.0]
        np.testing.assert_allclose(steps, expected.slope_steps, rtol=1e-9)


@pytest.mark.parametrize("size", [2.0**-150, 2.0**140])
def test_slopes_beyond_float32(table, size):
    X, y = table
    model = GradientLassoClassifier(module="tabular", max_iter=3, random_state=0)
    expected = model.fit(X, y).explain(X, attribution="gradients")
    assert expected.dtype == np.float32
    scaled = X.assign(debt=X["debt"] * size)
    found = model.fit(scaled, y).explain(scaled, attribution="gradients")
    has_slope = X["debt"].notna().to_numpy()
    slopes = np.where(has_slope, found[:, DEBT] * size, found[:, DEBT])
    np.testing.assert_allclose(slopes, expected[:, DEBT], rtol=1e-5)
    assert expected[:, DEBT].any()
