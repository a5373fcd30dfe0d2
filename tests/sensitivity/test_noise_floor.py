"""The noise floor: what permuted columns reach."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from helpers.known_slopes import drawn
from sklearn import config_context
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_gradlasso import (
    GradientLassoClassifier,
    GradientLassoRegressor,
    RRRRegressor,
)
from sklearn_gradlasso.sensitivity import noise_floor


def linear_fit(kind=GradientLassoRegressor, **params):
    shared = {"hidden_layer_sizes": (), "learning_rate_init": 0.05, "max_iter": 30}
    return kind(**{**shared, "random_state": 0, "lam": 0, **params})


@pytest.fixture(scope="module")
def two_of_four():
    X = drawn(200, 4)
    return X, 3 * X[:, 0] + 2 * X[:, 2] + drawn(200, seed=1)


def test_informative_features_are_above_the_floor(two_of_four):
    found = noise_floor(linear_fit(), *two_of_four, random_state=0)
    assert found.significant[[0, 2]].all()
    assert found.shadows.shape == (5, 4)  # 20 shadows for a level of 0.05
    assert found.floor == found.shadows.max()
    assert (found.importances[[0, 2]] > 2 * found.floor).all()
    totals = found.importances.sum() + found.shadows.sum(axis=1).mean()
    assert totals == pytest.approx(100)
    reached = (found.shadows.ravel() >= found.importances[:, None]).sum(axis=1)
    np.testing.assert_allclose(found.p_values, (1 + reached) / 21)
    assert (found.p_values > 0).all() and (found.p_values <= 1).all()
    table = found.to_frame()
    assert table.columns.tolist() == [
        "feature",
        "importance",
        "p_value",
        "significant",
    ]
    np.testing.assert_array_equal(table.significant, found.significant)


def test_the_floor_is_the_order_statistic_of_the_level(two_of_four):
    found = noise_floor(
        linear_fit(), *two_of_four, level=0.5, n_repeats=2, random_state=0
    )
    assert found.floor == np.sort(found.shadows, axis=None)[4]  # rank 0.5 * 9, from 1
    assert found.level == 0.5


def test_too_few_shadows_for_the_level(two_of_four):
    with pytest.raises(ValueError, match="gives 4 shadows.*it needs 5 repeats"):
        noise_floor(linear_fit(), *two_of_four, n_repeats=1)
    with pytest.raises(ValueError, match="level =="):
        noise_floor(linear_fit(), *two_of_four, level=1)
    with pytest.raises(ValueError, match="n_repeats =="):
        noise_floor(linear_fit(), *two_of_four, n_repeats=0)
    assert len(noise_floor(linear_fit(), *two_of_four, n_repeats=5).shadows) == 5


def test_the_noise_floor_follows_the_seed(two_of_four):
    options = {"n_repeats": 1, "level": 0.5}
    first, again, other = (
        noise_floor(linear_fit(), *two_of_four, random_state=seed, **options).shadows
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


def test_the_noise_floor_leaves_the_estimator_and_the_data_alone(two_of_four):
    X, y = two_of_four
    model, before = linear_fit(), X.copy()
    noise_floor(model, X, y, n_repeats=1, level=0.5)
    assert not hasattr(model, "net_") and model.random_state == 0
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize(
    "container",
    [
        sp.csr_matrix,
        sp.csr_array,
        lambda X: pd.DataFrame(X, columns=list("abcd"), index=range(5, 205)),
        lambda X: pd.DataFrame(X),
        lambda X: X.tolist(),
    ],
    ids=["matrix", "array", "named frame", "unnamed frame", "list"],
)
def test_the_noise_floor_of_other_containers(two_of_four, container):
    X, y = two_of_four
    options = {"n_repeats": 1, "level": 0.5, "random_state": 0}
    expected = noise_floor(linear_fit(), X, y, **options)
    found = noise_floor(linear_fit(), container(X), y, **options)
    np.testing.assert_allclose(found.importances, expected.importances)
    np.testing.assert_allclose(found.shadows, expected.shadows)
    named = list("abcd") == list(getattr(container(X), "columns", []))
    names = list("abcd") if named else ["x0", "x1", "x2", "x3"]
    assert found.feature_names.tolist() == names


def test_the_noise_floor_of_scikit_learns_networks_and_pipelines(two_of_four):
    X, y = two_of_four
    options = {"n_repeats": 1, "level": 0.5, "random_state": 0}
    for model in (
        MLPClassifier(hidden_layer_sizes=3, max_iter=40, learning_rate_init=0.05),
        make_pipeline(StandardScaler(), linear_fit(GradientLassoClassifier)),
    ):
        found = noise_floor(model, X, y > 0, **options)
        assert set(np.argsort(found.importances)[-2:]) == {0, 2}


class Recording(RRRRegressor):
    seen = []

    def fit(self, X, y, sample_weight=None, annotations=None):
        self.seen.append(annotations)
        return super().fit(X, y, sample_weight, annotations)


@pytest.mark.parametrize(
    ("annotations", "row"),
    [
        (["b"], [0, 1, 0, 0]),
        ({"c": 2.0}, [0, 0, 2, 0]),
        (np.array([1, 0, 0, 0]), [1, 0, 0, 0]),
        (sp.csr_matrix(np.tile([0, 0, 0, 1.0], (200, 1))), [0, 0, 0, 1]),
    ],
    ids=["names", "dict", "row", "sparse"],
)
def test_shadows_are_not_annotated(two_of_four, annotations, row):
    X, y = two_of_four
    X = pd.DataFrame(X, columns=list("abcd"))
    Recording.seen.clear()
    # The penalty on slopes alone, because importances are slopes.
    model = linear_fit(Recording, lam=100.0, obedience=None)
    found = noise_floor(
        model, X, y, annotations=annotations, n_repeats=1, level=0.5, random_state=0
    )
    (given,) = Recording.seen
    given = given.toarray() if sp.issparse(given) else given
    np.testing.assert_array_equal(given, np.tile([*row, 0, 0, 0, 0], (200, 1)))
    assert found.importances[np.flatnonzero(row)] < 1
    assert found.importances.max() > 20


def test_weights_count_in_the_refits_and_in_the_floor(two_of_four):
    X, y = two_of_four
    weight = np.r_[np.ones(100), np.zeros(100)]
    options = {"n_repeats": 1, "level": 0.5, "random_state": 0}
    wrong = np.r_[y[:100], -1000 * X[100:, 1]]
    found = noise_floor(linear_fit(), X, wrong, sample_weight=weight, **options)
    assert set(np.argsort(found.importances)[-2:]) == {0, 2}


def test_the_noise_floor_refuses_what_has_no_columns_or_other_ones(two_of_four):
    X, y = two_of_four
    options = {"n_repeats": 1, "level": 0.5}
    with pytest.raises(ValueError, match="must be of shape.*for shadows"):
        noise_floor(linear_fit(), X.reshape(200, 2, 2), y, **options)
    with pytest.raises(TypeError, match="RandomForestRegressor"):
        noise_floor(RandomForestRegressor(2, max_depth=2), X, y, **options)


# Columns that are made of several features


@pytest.fixture(scope="module")
def mixed_table():
    """A job, one of three, that decides, a number, and a city without any meaning."""
    rng = np.random.default_rng(3)
    job, city = rng.integers(0, 3, 200), rng.integers(0, 3, 200)
    number = rng.standard_normal(200)
    y = np.array([-2.0, 0.0, 2.0])[job] + number
    X = pd.DataFrame(
        {"job": np.array(list("abc"))[job], "city": np.array(list("xyz"))[city]}
    )
    return X.assign(number=number), y


def encoded():
    one_hot = OneHotEncoder(sparse_output=False)
    return make_column_transformer((one_hot, ["job", "city"]), remainder="passthrough")


def test_columns_of_a_pipeline_have_shadows_behind_its_transformers(mixed_table):
    X, y = mixed_table
    options = {"n_repeats": 2, "level": 0.25, "random_state": 0}
    found = noise_floor(make_pipeline(encoded(), linear_fit()), X, y, **options)
    assert found.feature_names.tolist() == ["job", "city", "number"]
    assert found.shadows.shape == (2, 3)
    assert found.significant.tolist() == [True, False, True]
    Z = encoded().fit_transform(X)
    alone = noise_floor(linear_fit(), Z, y, **options)
    np.testing.assert_allclose(
        alone.importances, found.importances[[0] * 3 + [1] * 3 + [2]]
    )
    np.testing.assert_allclose(alone.shadows[:, [0, 3, 6]], found.shadows)
    assert alone.floor == pytest.approx(found.floor)
    assert alone.feature_names.tolist() == [f"x{k}" for k in range(7)]


def test_sizes_of_columns_and_shadows_by_hand(mixed_table, monkeypatch):
    """Of a linear model: the deviation of what the column adds to the answer."""
    X, y = mixed_table
    Z, fits = encoded().fit_transform(X), []

    class Kept(GradientLassoRegressor):
        def fit(self, X, y):
            fits.append((X, super().fit(X, y)))
            return self

    found = noise_floor(linear_fit(Kept), Z, y, n_repeats=1, level=0.5)
    ((both, model),) = fits
    weights = model.explain(both)[0]
    parts = [slice(0, 3), slice(3, 6), slice(6, 7)]
    parts += [slice(p.start + 7, p.stop + 7) for p in parts]
    sizes = np.array([(both[:, p] @ weights[p]).std() for p in parts])
    sizes *= 100 / sizes.sum()
    np.testing.assert_allclose(found.importances[[0, 3, 6]], sizes[:3], rtol=1e-6)
    np.testing.assert_allclose(found.shadows[0, [0, 3, 6]], sizes[3:], rtol=1e-6)


def test_groups_that_are_given(two_of_four):
    X, y = two_of_four
    options = {"n_repeats": 2, "level": 0.3, "random_state": 0}
    found = noise_floor(linear_fit(), X, y, groups={"pair": ["x1", "x2"]}, **options)
    assert found.feature_names.tolist() == ["x0", "pair", "x3"]
    assert found.importances.shape == (3,) and found.shadows.shape == (2, 3)
    with pytest.raises(TypeError, match="groups must be a dict"):
        noise_floor(linear_fit(), X, y, groups="onehot", **options)


def test_outputs_of_a_step_that_mixes_columns_are_the_columns(two_of_four):
    model = make_pipeline(PCA(3), linear_fit())
    found = noise_floor(model, *two_of_four, n_repeats=1, level=0.5)
    assert found.feature_names.tolist() == ["pca0", "pca1", "pca2"]


def test_parameters_of_fit_reach_their_steps(two_of_four):
    X, y = two_of_four
    options = {"n_repeats": 1, "level": 0.5, "random_state": 0}
    weight = np.r_[np.ones(100), np.zeros(100)]
    wrong = np.r_[y[:100], -1000 * X[100:, 1]]
    model = make_pipeline(StandardScaler(), linear_fit())
    given = {
        "gradientlassoregressor__sample_weight": weight,
        "standardscaler__sample_weight": weight,
    }
    found = noise_floor(model, X, wrong, **given, **options)
    assert set(np.argsort(found.importances)[-2:]) == {0, 2}
    with config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        network = linear_fit().set_fit_request(sample_weight=True)
        routed = make_pipeline(scaler, network)
        other = noise_floor(routed, X, wrong, sample_weight=weight, **options)
    np.testing.assert_allclose(other.importances, found.importances)
