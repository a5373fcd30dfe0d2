"""Paths count the columns of a user's table, alone and behind transformers."""

import numpy as np
import pandas as pd
import pytest
from helpers.quick import SMALL
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_gradlasso import (
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    GradientLassoRegressor,
    lambda_path,
    stability_selection,
)
from sklearn_gradlasso.metrics import effective_columns, effects
from sklearn_gradlasso.paths import _usage

LAMS = [0.001, 0.1]
BRIEF = {**SMALL, "max_iter": 15, "tol": 1e-2}


def table(n_classes=2):
    rng = np.random.default_rng(0)
    job, city = rng.integers(0, 4, 120), rng.integers(0, 3, 120)
    age = rng.standard_normal(120)
    X = pd.DataFrame({"age": np.where(np.arange(120) % 10, age, np.nan)})
    X["job"], X["city"] = np.array(list("abcd"))[job], np.array(list("xyz"))[city]
    signal = age + np.array([-2.0, -1.0, 1.0, 2.0])[job]
    return X, np.digitize(
        signal, np.quantile(signal, np.arange(1, n_classes) / n_classes)
    )


def encoder():
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    one_hot = OneHotEncoder(sparse_output=False)
    return make_column_transformer((one_hot, ["job", "city"]), (numbers, ["age"]))


def expected(answer, rows, background, columns, scale):
    """Counts and shares of columns at all rows and background rows."""
    found = effects(answer, rows, background, columns=columns)
    counts = effective_columns(found.magnitudes, scale)
    sizes = np.sqrt((found.magnitudes**2).reshape(len(rows), len(columns), -1))
    sizes = np.sqrt((sizes**2).mean(axis=(0, 2)))
    return counts.mean(), sizes / sizes.sum()


def test_a_pipeline_has_a_path_of_pipelines():
    X, y = table()
    model = make_pipeline(encoder(), GradientLassoClassifier(**BRIEF))
    options = {"lams": LAMS, "X_test": X[80:], "y_test": y[80:]}
    path = lambda_path(model, X[:80], y[:80], return_estimators=True, **options)
    assert path.feature_names.tolist() == ["age", "job", "city"]
    assert path.importances.shape == (2, 3)
    for k, lam in enumerate(LAMS):
        alone = clone(model).set_params(gradientlassoclassifier__lam=lam)
        alone.fit(X[:80], y[:80])
        ours = path.estimators[k].predict_proba(X)
        np.testing.assert_allclose(ours, alone.predict_proba(X), atol=1e-8)
        assert path.scores[k] == pytest.approx(alone.score(X[80:], y[80:]))
        answer = alone[-1].decision_function
        Z, rest = alone[:-1].transform(X[:80]), alone[:-1].transform(X[80:])
        scale = np.sqrt(answer(Z).var() + np.pi**2 / 3)
        columns = [[7, 8], [0, 1, 2, 3], [4, 5, 6]]
        count, shares = expected(answer, rest, Z, columns, scale)
        assert path.effective_columns[k] == pytest.approx(count, abs=0.15)
        np.testing.assert_allclose(path.importances[k], shares, atol=0.02)
    assert not hasattr(model[0], "transformers_")
    names = ["lam", "score", "loss", "effective_columns", "effective_features"]
    assert path.to_frame().columns.tolist() == [*names, "age", "job", "city"]


def test_behind_a_step_that_mixes_columns_its_outputs_are_the_columns():
    X, y = table()
    model = make_pipeline(encoder(), PCA(3), GradientLassoClassifier(**BRIEF))
    path = lambda_path(model, X, y, lams=LAMS)
    assert path.feature_names.tolist() == ["pca0", "pca1", "pca2"]


def test_a_pipeline_of_one_step_and_one_that_is_no_network():
    X, y = table()
    Z = encoder().fit_transform(X)
    alone = lambda_path(GradientLassoClassifier(**BRIEF), Z, y, lams=LAMS)
    one = make_pipeline(GradientLassoClassifier(**BRIEF))
    path = lambda_path(one, Z, y, lams=LAMS, return_estimators=True)
    np.testing.assert_array_equal(path.scores, alone.scores)
    assert path.estimators[0].predict(Z).shape == (120,)
    with pytest.raises(TypeError, match="parameter lam.*last step of a Pipeline"):
        lambda_path(make_pipeline(encoder(), LogisticRegression()), X, y, lams=LAMS)


class Resampler(StandardScaler):
    def fit_resample(self, X, y):
        return X, y


def test_a_step_that_resamples_is_refused():
    X, y = table()
    model = make_pipeline(encoder(), Resampler(), GradientLassoClassifier(**BRIEF))
    with pytest.raises(ValueError, match="step 'resampler', which resamples rows"):
        lambda_path(model, X, y, lams=LAMS)


def test_one_hot_neighbours_are_counted_as_one_column():
    X, y = table()
    Z = encoder().fit_transform(X)
    network = GradientLassoClassifier(**BRIEF)
    path = lambda_path(network, Z, y, lams=LAMS, return_estimators=True)
    assert path.importances.shape == (2, 9)  # those of the features
    np.testing.assert_array_equal(
        path.importances[1], path.estimators[1].feature_importances_
    )
    for k, model in enumerate(path.estimators):
        answer = model.decision_function
        columns = [[0, 1, 2, 3], [4, 5, 6], [7], [8]]
        scale = np.sqrt(answer(Z).var() + np.pi**2 / 3)
        count, _ = expected(answer, Z, Z, columns, scale)
        assert path.effective_columns[k] == pytest.approx(count, abs=0.15)
    search = GradientLassoClassifierCV(**BRIEF, lams=LAMS, cv=2).fit(Z, y)
    assert (search.effective_columns_ <= 4).all()
    assert search.importances_.shape == (2, 9)


def test_groups_that_are_given():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((90, 4)), columns=list("abcd"))
    y = (X.a + X.d > 0).astype(int)
    network, groups = GradientLassoClassifier(**BRIEF), {"pair": ["b", "d"]}
    for model in (network, make_pipeline(StandardScaler(), network)):
        path = lambda_path(model, X, y, lams=LAMS, groups=groups)
        assert path.feature_names.tolist() == ["a", "pair", "c"]
        np.testing.assert_allclose(path.importances.sum(axis=1), 1)
        assert path.importances[0].argmin() == 2
        given = {"lams": [0.1], "n_subsamples": 3, "groups": groups}
        stable = stability_selection(model, X, y, **given)
        assert stable.feature_names.tolist() == ["a", "pair", "c"]
        assert stable.frequencies.shape == (1, 3)
    with pytest.raises(ValueError, match="'pair'.*must name columns"):
        lambda_path(network, X, y, lams=LAMS, groups={"pair": ["z"]})
    with pytest.raises(TypeError, match="groups must be a dict"):
        lambda_path(network, X, y, lams=LAMS, groups="onehot")


def test_groups_of_columns_of_the_table_behind_encoders():
    X, y = table()
    model = make_pipeline(encoder(), GradientLassoClassifier(**BRIEF))
    whole = lambda_path(model, X, y, lams=[0.01], return_estimators=True)
    answer = whole.estimators[0][-1].decision_function
    Z = whole.estimators[0][:-1].transform(X)
    scale = np.sqrt(answer(Z).var() + np.pi**2 / 3)
    hot = [f"onehotencoder__job_{letter}" for letter in "abcd"]
    for groups in ({"where": ["job", "city"]}, {"where": [*hot, "city"]}):
        path = lambda_path(model, X, y, lams=[0.01], groups=groups)
        assert path.feature_names.tolist() == ["age", "where"]
        columns = [[7, 8], [0, 1, 2, 3, 4, 5, 6]]
        count, shares = expected(answer, Z, Z, columns, scale)
        assert path.effective_columns[0] == pytest.approx(count, abs=0.15)
        np.testing.assert_allclose(path.importances[0], shares, atol=0.02)
        given = {"lams": [0.01], "n_subsamples": 2, "groups": groups}
        stable = stability_selection(model, X, y, **given)
        assert stable.feature_names.tolist() == ["age", "where"]
    few = lambda_path(model, X, y, lams=[0.01], groups={"few": hot[1:3]})
    assert few.feature_names.tolist() == ["age", hot[0], "few", hot[3], "city"]
    with pytest.raises(ValueError, match="the columns are .*'city'.*the features are"):
        lambda_path(model, X, y, lams=[0.01], groups={"where": ["town"]})
    with pytest.raises(ValueError, match="'age', but this is a column outside"):
        lambda_path(model, X, y, lams=[0.01], groups={"age": ["job", "city"]})


def test_each_class_against_the_rest_counts_for_itself():
    X, y = table(3)
    Z = encoder().fit_transform(X)
    network = GradientLassoClassifier(**BRIEF)
    path = lambda_path(network, Z, y, lams=LAMS, return_estimators=True)
    for k, model in enumerate(path.estimators):

        def answer(rows, model=model):
            p = model.predict_proba(rows)
            return np.log(p / (1 - p))

        columns = [[0, 1, 2, 3], [4, 5, 6], [7], [8]]
        scale = np.sqrt(answer(Z).var(axis=0) + np.pi**2 / 3)
        count, _ = expected(answer, Z, Z, columns, scale)
        assert path.effective_columns[k] == pytest.approx(count, abs=0.15)


def test_outputs_of_a_regressor_are_counted_in_their_own_units():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 3))
    Y = np.column_stack([X[:, 0], 1e6 * X[:, 1]])
    network = GradientLassoRegressor(**{**BRIEF, "max_iter": 60})
    path = lambda_path(network, X, Y, lams=[0.01], groups={"last": ["x2"]})
    assert path.importances[0, :2] == pytest.approx([0.5, 0.5], abs=0.1)
    constant = ((Y - Y.mean(axis=0)) ** 2 / Y.var(axis=0)).mean()
    assert path.constant_losses == pytest.approx(constant)


def test_columns_of_a_pipeline_are_selected_on_subsamples():
    X, y = table()
    model = make_pipeline(encoder(), GradientLassoClassifier(**BRIEF))
    given = {"lams": LAMS, "n_subsamples": 3, "cutoff": 0.3}
    found = stability_selection(model, X, y, **given)
    assert found.feature_names.tolist() == ["age", "job", "city"]
    Z = encoder().fit_transform(X)
    alone = stability_selection(model[-1], Z, y, **given)
    frequencies = alone.frequencies
    assert frequencies.shape == (2, 9)
    np.testing.assert_array_equal(frequencies[:, [0, 4]], found.frequencies[:, [1, 2]])
    assert all(len(set(row[:4])) == len(set(row[4:7])) == 1 for row in frequencies)


def test_more_columns_than_the_limit_have_slopes_only(monkeypatch):
    monkeypatch.setattr(_usage, "MOST_COLUMNS", 3)
    X, y = table()
    Z = encoder().fit_transform(X)
    network = GradientLassoClassifier(**BRIEF)
    path = lambda_path(network, Z, y, lams=LAMS)
    assert np.isnan(path.effective_columns).all()
    assert (path.effective_features > 0).all()
    given = {"lams": LAMS, "groups": {"job": [f"x{k}" for k in range(4)]}}
    path = lambda_path(network, Z, y, return_estimators=True, **given)
    # To first order: the deviation of what the column adds at the slopes of a row.
    for shares, model in zip(path.importances, path.estimators):
        phi = model.explain(Z, target="log_odds")
        parts = [slice(0, 4), *(slice(k, k + 1) for k in range(4, 9))]
        spread = [[(Z[:, p] @ row[p]).std() for p in parts] for row in phi]
        sizes = np.sqrt(np.square(spread).mean(axis=0))
        np.testing.assert_allclose(shares, sizes / sizes.sum(), atol=1e-8)


def test_values_that_stand_for_a_column_with_long_tails():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 4)) ** 3  # long tails
    y = (X[:, 0] + X[:, 1] ** 2 > 0.5).astype(int)
    model = GradientLassoClassifier(**BRIEF)
    few = lambda_path(model, X, y, lams=LAMS, return_estimators=True)
    for k, fitted in enumerate(few.estimators):
        answer = fitted.decision_function
        scale = np.sqrt(answer(X).var() + np.pi**2 / 3)
        count, _ = expected(answer, X, X, [[0], [1], [2], [3]], scale)
        assert few.effective_columns[k] == pytest.approx(count, abs=0.2)
