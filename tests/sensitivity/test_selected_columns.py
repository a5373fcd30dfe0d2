"""The selector keeps or leaves columns of a table that are several features."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_gradlasso import GradientLassoRegressor, SensitivitySelector


def quick():
    return GradientLassoRegressor(
        hidden_layer_sizes=(),
        learning_rate_init=0.05,
        max_iter=30,
        random_state=0,
        lam=0,
    )


@pytest.fixture(scope="module")
def table():
    """A number and a job of two kinds that matter, and a city without meaning."""
    rng = np.random.default_rng(0)
    job, city = rng.integers(0, 2, 150), rng.integers(0, 3, 150)
    number, noise = rng.standard_normal((2, 150))
    X = pd.DataFrame({"noise": noise, "city": np.array(list("xyz"))[city]})
    X["number"] = np.where(np.arange(150) % 20, number, np.nan)
    X["job"] = np.array(list("ab"))[job]
    return X, 3 * job + 2 * number


def preprocessing():
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    return make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["city", "job"]),
        (numbers, ["noise", "number"]),
    )


def test_columns_are_selected_through_encoders_and_imputers(table):
    X, y = table
    model = make_pipeline(preprocessing(), quick())
    selector = SensitivitySelector(model, max_features=2).fit(X, y)
    assert selector.get_feature_names_out().tolist() == ["number", "job"]
    assert selector.importances_.shape == (4,)
    assert selector.importances_.sum() == pytest.approx(1)
    selector.set_output(transform="pandas")
    pd.testing.assert_frame_equal(selector.transform(X), X[["number", "job"]])


@pytest.mark.parametrize("prefit", [False, True])
def test_missing_values_and_text_are_passed_on(table, prefit):
    X, y = table
    model = make_pipeline(preprocessing(), quick())
    model = model.fit(X, y) if prefit else model
    selector = SensitivitySelector(model, max_features=2, prefit=prefit)
    expected = X[["number", "job"]].to_numpy()
    chosen = selector.fit(X, y).transform(X)
    pd.testing.assert_frame_equal(*map(pd.DataFrame, (chosen, expected)))
    if prefit:  # also without a fit
        fresh = SensitivitySelector(model, max_features=2, prefit=True)
        pd.testing.assert_frame_equal(
            *map(pd.DataFrame, (fresh.transform(X), expected))
        )
    numbers = X[["noise", "number"]].to_numpy()
    model = make_pipeline(SimpleImputer(), quick())
    chosen = SensitivitySelector(model, max_features=1).fit_transform(numbers, y)
    np.testing.assert_array_equal(chosen, numbers[:, 1:])
    for model in (quick(), make_pipeline(StandardScaler(), quick())):
        leaving = SensitivitySelector(model, max_features=1)
        leaving.fit(np.nan_to_num(numbers), y)
        with pytest.raises(ValueError, match="Input X contains NaN"):
            leaving.transform(numbers)


def test_columns_above_the_noise(table):
    X, y = table
    model = make_pipeline(preprocessing(), quick())
    noise = SensitivitySelector(model, threshold="noise", level=0.3, random_state=0)
    assert {2, 3} <= set(noise.fit(X, y).get_support(indices=True))
    names = noise.noise_floor_.feature_names.tolist()
    assert sorted(names) == sorted(X.columns)
    by_name = dict(zip(names, noise.noise_floor_.significant))
    assert noise.get_support().tolist() == [by_name[name] for name in X.columns]


def test_the_importance_of_a_column_by_hand(table):
    X, y = table
    model = make_pipeline(preprocessing(), quick()).fit(X, y)
    selector = SensitivitySelector(model, prefit=True).fit(X)
    Z = model[:-1].transform(X)
    weights = model[-1].explain(Z)[0]
    # city 0 to 2, job 3 and 4, noise 5, number 6, and whether it is missing 7.
    parts = {"noise": [5], "city": [0, 1, 2], "number": [6, 7], "job": [3, 4]}
    sizes = np.array([(Z[:, p] @ weights[p]).std() for p in parts.values()])
    np.testing.assert_allclose(selector.importances_, sizes / sizes.sum())


def test_a_column_that_does_not_reach_the_network_has_no_importance(table):
    X, y = table
    encoder = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["job"]), (StandardScaler(), ["noise"])
    )
    selector = SensitivitySelector(make_pipeline(encoder, quick())).fit(X, y)
    assert selector.importances_[[1, 2]].tolist() == [0, 0]
    assert selector.get_feature_names_out().tolist() == ["job"]


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix, pd.DataFrame])
def test_one_hot_neighbours_are_kept_or_left_together(table, container):
    X, y = table
    Z = container(preprocessing().fit_transform(X))
    selector = SensitivitySelector(quick(), max_features=2).fit(Z, y)
    assert selector.get_support(indices=True).tolist() == [3, 4, 6]
    shares = selector.importances_
    assert shares[3] == shares[4] and shares[0] == shares[1] == shares[2]
    assert shares[[0, 3, 5, 6, 7]].sum() == pytest.approx(1)
    noise = SensitivitySelector(quick(), threshold="noise", level=0.3, random_state=0)
    kept = noise.fit(Z, y).get_support()
    assert kept[[3, 4, 6]].all() and len(set(kept[:3])) == 1
    with pytest.raises(ValueError, match="number of features, 5, got 6; those of one"):
        SensitivitySelector(quick(), max_features=6).fit(Z, y)


def test_groups_of_features_are_kept_or_left_together():
    X = np.random.default_rng(0).standard_normal((150, 6))
    y = 5 * X[:, 1] + 3 * X[:, 2] + 4 * X[:, 4]
    pair = {"first": ["x0", "x1"]}
    for model in (quick(), make_pipeline(StandardScaler(), quick())):
        selector = SensitivitySelector(model, groups=pair, max_features=2).fit(X, y)
        assert selector.get_support(indices=True).tolist() == [0, 1, 4]
    with pytest.raises(ValueError, match="'g'.*must name columns"):
        SensitivitySelector(quick(), groups={"g": ["z"]}).fit(X, y)
    with pytest.raises(ValueError, match="'groups' parameter"):
        SensitivitySelector(quick(), groups="onehot").fit(X, y)


def test_groups_of_columns_are_kept_or_left_behind_encoders(table):
    X, y = table
    X = X.assign(unused=0.0)  # It does not reach the network.
    model = make_pipeline(preprocessing(), quick())
    both = {"both": ["noise", "number"]}
    selector = SensitivitySelector(model, groups=both, max_features=1).fit(X, y)
    assert selector.get_feature_names_out().tolist() == ["noise", "number"]
    alone = SensitivitySelector(model, max_features=1).fit(X, y)
    shares = selector.importances_
    assert shares[0] == shares[2] and shares[4] == 0
    # Columns that do not depend on each other: sizes add up as squares.
    size = np.hypot(alone.importances_[0], alone.importances_[2])
    others = alone.importances_[[1, 3]]
    expected = np.array([size, *others]) / (size + others.sum())
    np.testing.assert_allclose(shares[[0, 1, 3]], expected, atol=0.02)
    floor = SensitivitySelector(
        model, groups=both, threshold="noise", level=0.3, random_state=0
    ).fit(X, y)
    assert floor.get_support()[[0, 2, 3]].all() and not floor.get_support()[4]
    part = {"part": ["onehotencoder__city_x", "noise"]}
    with pytest.raises(ValueError, match="some of the features.*'city'"):
        SensitivitySelector(model, groups=part).fit(X, y)
