"""What users of ``SelectFromModel`` expect of a selector."""

from copy import deepcopy
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
from helpers.selectors import chosen, ours
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gradlasso import (
    GradientLassoClassifierCV,
    SensitivitySelector,
)

D = 6


def mlp():
    return MLPClassifier((5,), max_iter=5, random_state=0)


@pytest.fixture(scope="module")
def data():
    return make_classification(
        120, D, n_informative=3, n_redundant=0, shuffle=False, random_state=0
    )


def half(X):
    """A function of this module, so that a selector with it can be pickled."""
    return np.shape(X)[1] // 2


# The number of features


@pytest.mark.parametrize("threshold", [None, -np.inf])
@pytest.mark.parametrize("number", [0, 2, D, None])
def test_a_number_is_kept(number, threshold, data):
    selector = SensitivitySelector(ours(), max_features=number, threshold=threshold)
    if number == 0:
        with pytest.warns(UserWarning, match="No features were selected"):
            kept = selector.fit_transform(*data)
        assert selector.threshold_ == (np.inf if threshold is None else -np.inf)
    else:
        kept = selector.fit_transform(*data)
    if number is None:
        assert not hasattr(selector, "max_features_")
        assert kept.shape[1] == D or threshold is None
    else:
        assert selector.max_features_ == number == kept.shape[1]


@pytest.mark.parametrize(
    "function", [lambda X: 1, lambda X: X.shape[1], lambda X: min(X.shape[1], 99)]
)
def test_a_number_may_be_a_function_of_the_rows(function, data):
    X, y = data
    called = Mock(side_effect=function)
    selector = SensitivitySelector(ours(), max_features=called)
    kept = selector.fit_transform(X, y)
    assert selector.max_features_ == function(X) == kept.shape[1]
    assert called.call_args.args[0] is X


@pytest.mark.parametrize("number", [lambda X: round(len(X[0]) / 2), 2])
def test_rows_may_be_lists(number, data):
    X, y = data
    selector = SensitivitySelector(ours(), max_features=number)
    kept = selector.fit_transform(X.tolist(), y.tolist())
    expected = SensitivitySelector(ours(), max_features=number).fit(X, y)
    assert_array_equal(kept, expected.transform(X))


@pytest.mark.parametrize(
    ("number", "kind", "message"),
    [
        (
            lambda X: 1.5,
            TypeError,
            "max_features must be an instance of int, not float",
        ),
        (lambda X: True, TypeError, "must be an instance of int, not bool"),
        (lambda X: -1, ValueError, "max_features == -1, must be >= 0"),
        (
            lambda X: D + 1,
            ValueError,
            f"at most the number of features, {D}, got {D + 1}",
        ),
        (D + 1, ValueError, "at most the number of features"),
    ],
)
def test_numbers_that_are_none(number, kind, message, data):
    with pytest.raises(kind, match=message):
        SensitivitySelector(ours(), max_features=number).fit(*data)


def test_the_most_important_are_nested(data):
    ranked = SensitivitySelector(ours()).fit(*data).importances_.argsort()[::-1]
    for n in range(1, D + 1):
        selector = SensitivitySelector(ours(), max_features=n).fit(*data)
        assert chosen(selector) == sorted(ranked[:n])


# The threshold


def test_a_threshold_and_a_number_both_hold(data):
    X, y = data
    counts = [
        SensitivitySelector(ours(), **rule).fit_transform(X, y).shape[1]
        for rule in (
            {"max_features": 3},
            {"threshold": 0.2},
            {"max_features": 3, "threshold": 0.2},
        )
    ]
    assert counts[2] == min(counts[:2])


@pytest.mark.parametrize("threshold", ["mean", "median", "0.5*mean"])
def test_thresholds_are_about_the_importances(threshold, data):
    selector = SensitivitySelector(ours(), threshold=threshold).fit(*data)
    shares = selector.importances_
    least = {"mean": np.mean(shares), "median": np.median(shares)}
    least = least.get(threshold, 0.5 * np.mean(shares))
    assert selector.threshold_ == pytest.approx(least)
    assert_array_equal(selector.get_support(), shares >= least)


@pytest.mark.parametrize("threshold", ["gobbledigook", ".5 * gobbledigook", -1.0])
def test_thresholds_that_are_none(threshold, data):
    with pytest.raises(ValueError, match="threshold"):
        SensitivitySelector(ours(), threshold=threshold).fit(*data)
    selector = SensitivitySelector(ours()).fit(*data)
    selector.threshold = threshold
    with pytest.raises(ValueError, match="threshold must be a share"):
        selector.transform(data[0])


def test_the_rule_is_read_anew_without_a_fit(data):
    X, y = data
    selector = SensitivitySelector(ours(), threshold="0.1 * mean").fit(X, y)
    network, before = selector.estimator_, selector.transform(X).shape[1]
    rules = (
        {"threshold": "mean"},
        {"threshold": None, "cumulative": 0.5},
        {"cumulative": 1},
        {"max_features": 2},
        {"max_features": 1},
        {"threshold": "median", "max_features": None},
        {"threshold": 0.1},
    )
    for rule in rules:
        selector.set_params(**rule)
        fresh = clone(selector).fit(X, y)
        assert chosen(selector) == chosen(fresh)
        assert selector.threshold_ == fresh.threshold_
        assert selector.get_feature_names_out().shape == (len(chosen(fresh)),)
    assert selector.estimator_ is network
    assert selector.set_params(threshold="mean").transform(X).shape[1] < before


def test_the_noise_is_measured_in_fit_only(data):
    X, y = data
    selector = SensitivitySelector(ours(), max_features=1).fit(X, y)
    selector.threshold = "noise"
    with pytest.raises(NotFittedError, match="'noise' is measured in fit"):
        selector.transform(X)
    selector.set_params(level=0.3, max_features=None).fit(X, y)
    assert selector.threshold_ == selector.noise_floor_.floor / 100
    selector.threshold = "mean"
    expected = SensitivitySelector(ours(), threshold="mean").fit(X, y)
    assert chosen(selector) == chosen(expected)


# A network that is fitted already


@pytest.mark.parametrize("network", [ours(), mlp()], ids=["ours", "mlp"])
def test_prefit_with_and_without_fit(network, data):
    X, y = data
    expected = SensitivitySelector(network).fit(X, y).transform(X)
    model = clone(network).fit(X, y)
    before = deepcopy(vars(model))
    selector = SensitivitySelector(model, prefit=True)
    if isinstance(network, MLPClassifier):
        with pytest.warns(UserWarning, match="keeps no training rows"):
            assert_array_equal(selector.transform(X), expected)
    else:
        assert_array_equal(selector.transform(X), expected)
        assert_array_equal(selector.transform(X[:1]), expected[:1])  # not their slopes
    with pytest.raises(NotFittedError, match="not fitted yet. Call 'fit'"):
        selector.get_feature_names_out()
    with pytest.raises(NotFittedError):
        selector.get_support()
    assert_array_equal(selector.fit(X, y).transform(X), expected)
    assert selector.estimator_ is not model and vars(model).keys() == before.keys()
    assert_array_equal(SensitivitySelector(model).fit(X, y).transform(X), expected)


@pytest.mark.parametrize("encoded", [False, True])
def test_prefit_without_fit_on_a_table(encoded, data):
    X, y = pd.DataFrame(data[0], columns=list("abcdef")), data[1]
    model = make_pipeline(StandardScaler(), ours()) if encoded else ours()
    selector = SensitivitySelector(model.fit(X, y), prefit=True, max_features=2)
    fitted = deepcopy(selector).fit(X)
    assert_array_equal(selector.transform(X), fitted.transform(X))
    assert_array_equal(selector.transform(X[3:5]), fitted.transform(X[3:5]))
    with pytest.raises(NotFittedError):  # as SelectFromModel: names need fit
        selector.set_output(transform="pandas").transform(X)


def test_prefit_needs_a_fitted_network(data):
    selector = SensitivitySelector(ours(), prefit=True)
    for call in (selector.fit, selector.partial_fit):
        with pytest.raises(NotFittedError):
            call(*data)
    with pytest.raises(NotFittedError):
        selector.transform(data[0])


def test_prefit_without_fit_and_numbers(data):
    X, y = data
    model = ours().fit(X, y)
    selector = SensitivitySelector(model, prefit=True, max_features=half)
    with pytest.raises(NotFittedError, match="callable.*call fit before transform"):
        selector.transform(X)
    assert selector.fit(X).transform(X).shape[1] == 3
    selector = SensitivitySelector(model, prefit=True, max_features=2.5)
    with pytest.raises(ValueError, match="max_features must be an instance of int"):
        selector.transform(X)
    assert selector.set_params(max_features=1).transform(X).shape[1] == 1
    assert not hasattr(selector, "estimator_")


# Pass by pass


@pytest.mark.parametrize("network", [ours(), mlp()], ids=["ours", "mlp"])
@pytest.mark.parametrize("classes", [True, False])
def test_partial_fit_trains_the_same_network(network, classes, data):
    X, y = data
    selector = SensitivitySelector(network, max_features=2)
    given = {"classes": np.unique(y)} if classes else {}
    by_hand = clone(network).partial_fit(X, y, classes=np.unique(y))
    trained = selector.partial_fit(X, y, **given).estimator_
    for _ in range(2):
        selector.partial_fit(X, y)
        by_hand.partial_fit(X, y)
        assert selector.estimator_ is trained
    assert_array_equal(trained.predict_proba(X), by_hand.predict_proba(X))
    expected = SensitivitySelector(by_hand, prefit=True, max_features=2).fit(X)
    assert_array_equal(selector.importances_, expected.importances_)
    assert selector.transform(X).shape == (len(X), 2)
    assert not hasattr(network, "classes_")
    fresh = SensitivitySelector(network, max_features=2).fit(X, y)  # fit begins anew
    assert_array_equal(selector.fit(X, y).importances_, fresh.importances_)


@pytest.mark.parametrize("as_frame", [True, False])
def test_partial_fit_knows_the_columns(as_frame, data):
    X, y = pd.DataFrame(data[0], columns=list("abcdef")), data[1]
    rows = X if as_frame else X.to_numpy()
    selector = SensitivitySelector(ours()).partial_fit(rows, y)
    assert hasattr(selector, "feature_names_in_") == as_frame
    assert selector.n_features_in_ == D
    if as_frame:
        with pytest.raises(ValueError, match="feature names should match"):
            selector.partial_fit(X[list("fedcba")], y)
    with pytest.raises(ValueError, match="5 features|now missing"):
        selector.partial_fit(rows[list("abcde")] if as_frame else rows[:, :5], y)


def test_partial_fit_of_a_prefit_network_changes_nothing(data):
    X, y = data
    model = ours().fit(X, y)
    selector = SensitivitySelector(model, prefit=True).partial_fit(X, y)
    first = selector.estimator_
    assert selector.partial_fit(X, y).estimator_ is first
    assert_array_equal(first.predict_proba(X), model.predict_proba(X))


def test_partial_fit_is_there_if_the_network_has_it(data):
    whole = GradientLassoClassifierCV(lams=[0.1])
    lacking = SensitivitySelector(whole)
    outer = "This 'SensitivitySelector' has no attribute 'partial_fit'"
    with pytest.raises(AttributeError, match=outer) as found:
        lacking.partial_fit(*data)
    assert "GradientLassoClassifierCV" in str(found.value.__cause__)
    noisy = SensitivitySelector(ours(), threshold="noise")
    assert not hasattr(noisy, "partial_fit")
    frozen = FrozenEstimator(ours().fit(*data))
    with pytest.raises(TypeError, match="partial_fit fits networks anew.*frozen"):
        SensitivitySelector(frozen).partial_fit(*data)


@config_context(enable_metadata_routing=True)
def test_partial_fit_passes_on_what_is_requested(data):
    X, y = data
    weight = np.where(y == 1, 5.0, 1.0)
    network = ours().set_partial_fit_request(sample_weight=True, classes=True)
    selector = SensitivitySelector(network)
    selector.partial_fit(X, y, sample_weight=weight, classes=[0, 1])
    by_hand = ours().partial_fit(X, y, sample_weight=weight, classes=[0, 1])
    assert_array_equal(selector.estimator_.predict_proba(X), by_hand.predict_proba(X))


# Other habits


def test_fit_begins_anew(data):
    selector = SensitivitySelector(ours()).fit(*data)
    selector.set_params(estimator__lam=0.5).fit(*data)
    assert selector.estimator_.lam == 0.5
    assert not hasattr(selector.estimator, "net_")


def test_weights_reach_the_network_up_to_their_scale(data):
    X, y = data
    weight = np.where(y == 1, 100.0, 1.0)
    found = [
        SensitivitySelector(ours()).fit(X, y, sample_weight=each).importances_
        for each in (None, weight, 4 * weight)
    ]
    assert (found[0] != found[1]).any()
    assert_allclose(found[1], found[2], rtol=1e-6)
