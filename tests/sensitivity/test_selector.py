"""Selection of the features to which a network is sensitive."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_regression
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError, UnsetMetadataPassedError
from sklearn.feature_selection import SelectFromModel
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    AttributionPriorRegressor,
    GradientLassoClassifier,
    GradientLassoRegressor,
    RRRClassifier,
    RRRRegressor,
    SensitivitySelector,
)
from sklearn_gradlasso.sensitivity import global_importance, noise_floor

NAMES = list("abcdef")
INFORMATIVE = {1, 2, 4}


def quick(kind=GradientLassoRegressor, **params):
    shared = {"hidden_layer_sizes": (), "learning_rate_init": 0.05, "max_iter": 30}
    return kind(**{**shared, "random_state": 0, "lam": 0, **params})


@pytest.fixture(scope="module")
def table():
    X, y, coef = make_regression(
        150, 6, n_informative=3, noise=5.0, coef=True, random_state=0
    )
    order = np.argsort(coef == 0, kind="stable")
    columns = np.empty(6, dtype=int)
    columns[[1, 2, 4, 0, 3, 5]] = order  # what counts in columns 1, 2, 4
    return pd.DataFrame(X[:, columns], columns=NAMES), y


def with_weights(*weights):
    """A fitted linear network with these weights, and rows for it."""
    X = np.random.default_rng(0).standard_normal((20, len(weights)))
    model = quick(max_iter=1).fit(X, X[:, 0])
    with torch.no_grad():
        model.net_.module_[0].weight.copy_(torch.tensor([weights]))
    return model, X


def kept(model, X, **params):
    selector = SensitivitySelector(model, prefit=True, **params).fit(X)
    return np.flatnonzero(selector.get_support()).tolist()


# The rules, on shares 52 %, 26 %, 13 %, 6 %, 3 % and 0


WEIGHTS = (-2.0, 8.0, 0.0, 4.0, -0.5, 1.0)
ORDER = [1, 3, 0, 5, 4, 2]


@pytest.mark.parametrize(
    ("params", "n_kept"),
    [
        ({}, 3),
        ({"cumulative": 0.5}, 1),
        ({"cumulative": 0.6}, 2),
        ({"cumulative": 0.95}, 4),
        ({"cumulative": 1}, 5),
        ({"threshold": 0.05}, 4),
        ({"threshold": 0}, 6),
        ({"threshold": 0.6}, 0),
        ({"threshold": "mean"}, 2),
        ({"threshold": "1.25*mean"}, 2),
        ({"threshold": "2 * mean"}, 1),
        ({"threshold": "0.1*mean"}, 5),
        ({"threshold": "median"}, 3),
        ({"threshold": "0.5*median"}, 4),
        ({"max_features": 2}, 2),
        ({"max_features": 6}, 6),
        ({"max_features": 2, "cumulative": 0.5}, 2),
        ({"max_features": 1, "threshold": "median"}, 1),
        ({"max_features": 4, "threshold": "median"}, 3),
        ({"threshold": "median", "cumulative": 0.1}, 3),
    ],
)
@pytest.mark.filterwarnings("ignore:No features were selected")
def test_what_each_rule_keeps(params, n_kept):
    assert kept(*with_weights(*WEIGHTS), **params) == sorted(ORDER[:n_kept])


def test_importances_are_shares():
    model, X = with_weights(*WEIGHTS)
    selector = SensitivitySelector(model, prefit=True).fit(X)
    shares = np.abs(WEIGHTS) / np.abs(WEIGHTS).sum()
    np.testing.assert_allclose(selector.importances_, shares)
    assert selector.threshold_ == selector.importances_[0]
    assert selector.importances_.sum() == pytest.approx(1)
    assert selector.n_features_in_ == 6


def test_a_share_that_is_reached_exactly_is_enough():
    model, X = with_weights(4.0, 3.0, 2.0, 1.0)
    assert kept(model, X, cumulative=0.9) == [0, 1, 2]
    assert kept(model, X, cumulative=0.7) == [0, 1]
    assert kept(model, X, cumulative=0.71) == [0, 1, 2]
    model, X = with_weights(8.0, 4.0, 2.0, 1.0, 1.0)
    assert kept(model, X, threshold=0.125) == [0, 1, 2]


def test_a_number_of_features_among_equal_ones_is_kept():
    model, X = with_weights(1.0, 1.0, 1.0, 1.0)
    assert kept(model, X, max_features=2) == [0, 1]
    assert kept(model, X, threshold="median", max_features=3) == [0, 1, 2]


def test_a_network_that_nothing_moves_keeps_everything():
    model, X = with_weights(0.0, 0.0, 0.0)
    assert kept(model, X, threshold="mean") == [0, 1, 2]
    for params in ({}, {"cumulative": 0.1}):
        with pytest.warns(UserWarning, match="No feature moves the network's answer"):
            assert kept(model, X, **params) == [0, 1, 2]
    assert kept(model, X, max_features=2) == [0, 1]


def test_a_prefit_network_is_measured_as_it_is(table):
    X, y = table
    model = quick().fit(X, y)
    before = model.predict(X)
    prefit = SensitivitySelector(model, prefit=True).fit(X)
    assert prefit.estimator_ is not model
    np.testing.assert_array_equal(prefit.estimator_.predict(X), before)
    fitted = SensitivitySelector(quick()).fit(X, y)
    np.testing.assert_array_equal(prefit.importances_, fitted.importances_)
    np.testing.assert_array_equal(prefit.get_support(), fitted.get_support())
    with pytest.raises(NotFittedError):
        SensitivitySelector(quick(), prefit=True).fit(X)


# What a selector of scikit-learn has


@pytest.mark.parametrize("sparse", [False, True])
def test_columns_are_kept_and_come_back(table, sparse):
    X, y = table
    X = sp.csr_matrix(X) if sparse else X.to_numpy()
    selector = SensitivitySelector(quick(), max_features=3).fit(X, y)
    assert set(selector.get_support(indices=True)) == INFORMATIVE
    chosen = selector.transform(X)
    assert sp.issparse(chosen) == sparse
    back = selector.inverse_transform(chosen)
    chosen, back, X = (each.toarray() if sparse else each for each in (chosen, back, X))
    np.testing.assert_array_equal(chosen, X[:, [1, 2, 4]])
    np.testing.assert_array_equal(back[:, [1, 2, 4]], X[:, [1, 2, 4]])
    assert not back[:, [0, 3, 5]].any()
    assert selector.get_feature_names_out().tolist() == ["x1", "x2", "x4"]


def test_names_of_columns_are_kept(table):
    X, y = table
    selector = SensitivitySelector(quick(), max_features=3).fit(X, y)
    assert selector.feature_names_in_.tolist() == NAMES
    assert selector.get_feature_names_out().tolist() == ["b", "c", "e"]
    framed = selector.set_output(transform="pandas").transform(X)
    pd.testing.assert_frame_equal(framed, X[["b", "c", "e"]])
    with pytest.raises(ValueError, match="feature names should match"):
        selector.transform(X[NAMES[::-1]])


def test_a_selector_is_cloned_with_its_parameters():
    selector = SensitivitySelector(quick(), cumulative=0.5, level=0.1, random_state=3)
    cloned = clone(selector)
    assert cloned.estimator is not selector.estimator
    for name in ("cumulative", "threshold", "max_features", "level", "random_state"):
        assert getattr(cloned, name) == getattr(selector, name)
    with pytest.raises(NotFittedError):
        cloned.get_support()


def test_in_a_pipeline_and_in_a_search(table):
    X, y = table
    model = make_pipeline(StandardScaler(), SensitivitySelector(quick()), Ridge())
    search = GridSearchCV(
        model, {"sensitivityselector__cumulative": [0.3, 0.95]}, cv=2
    ).fit(X, y)
    assert search.best_params_ == {"sensitivityselector__cumulative": 0.95}
    best = search.best_estimator_
    names = set(best[:-1].get_feature_names_out())
    assert names >= {"b", "c", "e"} and best[-1].n_features_in_ == len(names)
    assert search.score(X, y) > 0.9


def test_the_estimator_is_left_alone(table):
    X, y = table
    model = quick()
    selector = SensitivitySelector(model, random_state=7).fit(X, y)
    assert not hasattr(model, "net_") and model.random_state == 0
    assert selector.estimator_.random_state != 0


def test_the_seed_is_that_of_the_estimator_unless_one_is_given(table):
    X, y = table
    answer = quick().fit(X, y).predict(X)
    own = SensitivitySelector(quick()).fit(X, y).estimator_
    np.testing.assert_array_equal(own.predict(X), answer)
    for model in (quick(random_state=None), make_pipeline(quick(random_state=None))):
        first, again, other = (
            SensitivitySelector(model, random_state=seed).fit(X, y).importances_
            for seed in (3, 3, 4)
        )
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()


@pytest.mark.parametrize(
    "model",
    [
        MLPClassifier(hidden_layer_sizes=5, max_iter=60, learning_rate_init=0.05),
        quick(GradientLassoClassifier),
        GridSearchCV(quick(GradientLassoClassifier), {"lam": [0, 0.01]}, cv=2),
    ],
    ids=["MLPClassifier", "ours", "search"],
)
def test_networks_for_classes(table, model):
    X, y = table
    selector = SensitivitySelector(model, max_features=3, random_state=0)
    selector.fit(X, np.where(y > 0, "high", "low"))
    assert set(selector.get_support(indices=True)) == INFORMATIVE


def test_a_pipeline_that_keeps_the_columns(table):
    X, y = table
    scaled = StandardScaler().fit_transform(X)
    expected = SensitivitySelector(quick()).fit(scaled, y).importances_
    selector = SensitivitySelector(make_pipeline(StandardScaler(), quick()))
    np.testing.assert_allclose(selector.fit(X, y).importances_, expected)
    assert selector.get_feature_names_out().tolist() == ["b", "c", "e"]


def test_a_pipeline_that_makes_other_columns_is_refused(table):
    model = make_pipeline(PCA(3), quick())
    with pytest.raises(
        ValueError, match="sees 3 features, .*'pca0'.* not the 6 columns"
    ):
        SensitivitySelector(model).fit(*table)


def test_a_pipeline_that_makes_as_many_other_columns_is_refused(table):
    with pytest.raises(ValueError, match="columns"):
        SensitivitySelector(make_pipeline(PCA(), quick())).fit(*table)


def test_a_pipeline_that_reorders_the_columns_does_not_mix_them_up(table):
    reorder = ColumnTransformer(
        [("last", StandardScaler(), ["f"])],
        remainder="passthrough",
        verbose_feature_names_out=False,
    )
    selector = SensitivitySelector(make_pipeline(reorder, quick()), max_features=3)
    try:
        selector.fit(*table)
    except ValueError as error:
        assert "columns" in str(error)
    else:
        assert set(selector.get_support(indices=True)) == INFORMATIVE


# Above the noise


def test_what_is_above_the_noise(table):
    X, y = table
    model = SensitivitySelector(quick(), threshold="noise", level=0.1, random_state=0)
    selector = model.fit(X, y)
    floor = selector.noise_floor_
    assert floor.level == 0.1 and floor.feature_names.tolist() == NAMES
    expected = noise_floor(quick(), X, y, level=0.1, random_state=0)
    np.testing.assert_array_equal(floor.importances, expected.importances)
    assert selector.threshold_ == floor.floor / 100
    np.testing.assert_array_equal(selector.get_support(), floor.significant)
    assert set(selector.get_support(indices=True)) >= INFORMATIVE
    assert selector.importances_.sum() == pytest.approx(1)
    selector.set_params(max_features=1).fit(X, y)
    assert selector.get_support(indices=True) == [np.argmax(floor.importances)]
    assert not hasattr(selector.set_params(threshold=0.1).fit(X, y), "noise_floor_")


def test_the_noise_needs_an_estimator_to_fit(table):
    X, y = table
    model = quick().fit(X, y)
    with pytest.raises(ValueError, match="threshold='noise'.*prefit=False"):
        SensitivitySelector(model, threshold="noise", prefit=True).fit(X, y)


# Weights and annotations


@pytest.fixture(scope="module")
def weighted(table):
    X, y = table
    weight = np.r_[np.ones(75), np.zeros(40), np.full(35, 3.0)]
    annotations = np.zeros(X.shape)
    annotations[:100, 4] = 1
    return X, (y > 0).astype(int), weight, annotations


def expected_importances(weighted, lam=10.0):
    X, y, weight, annotations = weighted
    model = quick(RRRClassifier, lam=lam)
    model.fit(X, y, sample_weight=weight, annotations=annotations)
    return global_importance(model, X, sample_weight=weight).importances / 100


def test_weights_and_annotations_go_to_the_estimator(weighted):
    X, y, weight, annotations = weighted
    given = {"sample_weight": weight, "annotations": annotations}
    expected = expected_importances(weighted)
    model = SensitivitySelector(quick(RRRClassifier, lam=10.0), max_features=3)
    np.testing.assert_array_equal(model.fit(X, y, **given).importances_, expected)
    assert 4 not in model.get_support(indices=True)
    pipeline = make_pipeline(clone(model), LogisticRegression())
    pipeline.fit(X, y, **{f"sensitivityselector__{k}": v for k, v in given.items()})
    np.testing.assert_array_equal(pipeline[0].importances_, expected)


def test_weights_are_those_of_the_rows_of_a_prefit_network(table):
    X, y = table
    model = GradientLassoRegressor(activation="tanh", max_iter=5, random_state=0)
    model.fit(X, y)
    weight = np.arange(len(X)) % 4
    selector = SensitivitySelector(model, prefit=True).fit(X, sample_weight=weight)
    expected = global_importance(model, X, sample_weight=weight).importances / 100
    np.testing.assert_array_equal(selector.importances_, expected)


def test_weights_and_annotations_reach_the_refits_with_shadows(weighted):
    X, y, weight, annotations = weighted
    given = {"sample_weight": weight, "annotations": annotations}
    model = quick(RRRClassifier, lam=100.0)
    selector = SensitivitySelector(model, threshold="noise", level=0.1, random_state=0)
    found = selector.fit(X, y, **given).noise_floor_
    expected = noise_floor(model, X, y, level=0.1, random_state=0, **given)
    np.testing.assert_array_equal(found.importances, expected.importances)
    assert found.importances[4] < found.importances.max() / 5


@config_context(enable_metadata_routing=True)
def test_metadata_is_routed_as_the_estimator_requests(weighted):
    X, y, weight, annotations = weighted
    network = quick(RRRClassifier, lam=10.0)
    given = {"sample_weight": weight, "annotations": annotations}
    silent = SensitivitySelector(network, max_features=3)
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        silent.fit(X, y, **given)
    asking = clone(network).set_fit_request(sample_weight=True, annotations=True)
    expected = expected_importances(weighted)
    for model in (
        SensitivitySelector(asking, max_features=3),
        SensitivitySelector(make_pipeline(asking), max_features=3),
    ):
        found = clone(model).fit(X, y, **given).importances_
        np.testing.assert_array_equal(found, expected)
        last = LogisticRegression().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(clone(model), last).fit(X, y, **given)
        np.testing.assert_array_equal(pipeline[0].importances_, expected)


@config_context(enable_metadata_routing=True)
def test_metadata_is_routed_through_searches(weighted):
    X, y, weight, annotations = weighted
    network = quick(RRRClassifier, lam=10.0)
    network.set_fit_request(sample_weight=True, annotations=True)
    last = Ridge().set_fit_request(sample_weight=False)
    last.set_score_request(sample_weight=True)
    model = make_pipeline(SensitivitySelector(network, max_features=3), last)
    search = GridSearchCV(model, {"sensitivityselector__max_features": [3]}, cv=2)
    search.fit(X, y, sample_weight=weight, annotations=annotations)
    found = search.best_estimator_[0].importances_
    np.testing.assert_array_equal(found, expected_importances(weighted))


# What is refused


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"cumulative": 0}, "'cumulative' parameter"),
        ({"cumulative": 1.1}, "'cumulative' parameter"),
        ({"threshold": -0.1}, "'threshold' parameter"),
        ({"threshold": "max"}, "threshold must be a share, 'mean'.*got 'max'"),
        ({"threshold": "x*mean"}, r"threshold must be a share.*got 'x\*mean'"),
        ({"threshold": "mean*2"}, r"threshold must be a share.*got 'mean\*2'"),
        ({"max_features": -1}, "'max_features' parameter"),
        ({"max_features": 7}, "max_features must be at most .* 6, got 7"),
        ({"max_features": 2.0}, "'max_features' parameter"),
        ({"prefit": "yes"}, "'prefit' parameter"),
        ({"level": 1}, "'level' parameter"),
        ({"random_state": "seed"}, "'random_state' parameter"),
    ],
)
def test_bad_parameters(table, params, message):
    with pytest.raises(ValueError, match=message):
        SensitivitySelector(quick(max_iter=1), **params).fit(*table)


def test_models_that_are_no_networks(table):
    forest = RandomForestRegressor(2, max_depth=2)
    with pytest.raises(TypeError, match="got RandomForestRegressor"):
        SensitivitySelector(forest).fit(*table)
    with pytest.raises(ValueError, match="'estimator' parameter"):
        SensitivitySelector(StandardScaler()).fit(*table)


# Scikit-learn's own selector


@pytest.mark.parametrize(
    "kind",
    [
        AttributionPriorClassifier,
        AttributionPriorRegressor,
        GradientLassoClassifier,
        GradientLassoRegressor,
        RRRClassifier,
        RRRRegressor,
    ],
)
def test_select_from_model_by_the_mean(table, kind):
    X, y = table
    y = y > 0 if kind.__name__.endswith("Classifier") else y
    selector = SelectFromModel(quick(kind, max_iter=60), threshold="mean").fit(X, y)
    assert set(selector.get_support(indices=True)) == INFORMATIVE
    default = SelectFromModel(quick(kind, max_iter=60)).fit(X, y)
    if "Lasso" in kind.__name__:
        assert default.get_support().all()
    else:
        assert default.threshold_ == pytest.approx(1 / 6)
        assert set(default.get_support(indices=True)) == INFORMATIVE


def test_what_needs_no_fit_of_its_own_is_selected_with():
    X = np.random.default_rng(0).standard_normal((60, 4))
    mlp = MLPClassifier(max_iter=20, random_state=0).fit(X, X[:, 0] > 0)
    model = FixedThresholdClassifier(FrozenEstimator(mlp))
    selector = SensitivitySelector(model, max_features=1, prefit=True)
    assert selector.fit(X).get_support().sum() == 1
    with pytest.raises(NotFittedError):
        SensitivitySelector(MLPClassifier(), prefit=True).fit(X)
