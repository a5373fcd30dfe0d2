"""How often features are selected on random subsamples."""

import numpy as np
import pandas as pd
import pytest
from helpers.quick import SMALL
from helpers.same_as_alone import count_stacks
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit

from sklearn_gradlasso import (
    GradientLassoClassifier,
    GradientLassoRegressor,
    NGSLLRegressor,
    RRRRegressor,
    stability_selection,
)
from sklearn_gradlasso.metrics import effects
from sklearn_gradlasso.paths import StabilityPath, _stability

QUICK = {**SMALL, "max_iter": 5}


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).standard_normal((60, 4))


def test_the_features_of_a_product_are_found(monkeypatch):
    stacks = count_stacks(monkeypatch)
    X = np.random.default_rng(0).standard_normal((250, 6))
    params = {"hidden_layer_sizes": (20,), "max_iter": 150, "tol": 1e-3}
    model = GradientLassoRegressor(
        **params, activation="softplus", learning_rate_init=0.03, random_state=0
    )
    path = stability_selection(
        model, X, X[:, 1] * X[:, 4], lams=[0.1, 0.3], n_subsamples=6, cutoff=0.2
    )
    assert stacks == [12]
    assert path.frequencies.shape == (2, 6)
    assert path.stable().tolist() == [False, True, False, False, True, False]
    assert (path.frequencies[1, [1, 4]] == 1).all()
    assert "2 of 6 columns are selected in 60 % of sub" in repr(path)


@pytest.mark.parametrize(
    "model", [GradientLassoClassifier(**QUICK), GradientLassoRegressor(**QUICK)]
)
def test_frequencies_are_those_of_fits_alone(X, model):
    is_classifier = hasattr(model, "predict_proba")
    y = (X[:, 0] > 1).astype(int) if is_classifier else X[:, 0]
    weight = np.random.default_rng(0).uniform(0.5, 2, 60)
    found = stability_selection(
        model,
        X,
        y,
        lams=[0.01, 1.0],
        n_subsamples=4,
        fraction=0.4,
        cutoff=0.5,
        sample_weight=weight,
    )
    kind = StratifiedShuffleSplit if is_classifier else ShuffleSplit
    counts = np.zeros((2, 4))
    for part, _ in kind(4, train_size=0.4, random_state=0).split(X, y):
        part = np.sort(part)
        assert len(part) == 24
        sizes = []
        for lam in (0.01, 1.0):
            alone = clone(model).set_params(lam=lam)
            alone.fit(X[part], y[part], sample_weight=weight[part])
            answer = alone.decision_function if is_classifier else alone.predict
            moved = effects(answer, X[part], X[part], sample_weight=weight[part])
            sizes.append(np.sqrt((moved.magnitudes**2).mean(axis=0)))
        counts += np.array(sizes) >= 0.5 * np.max(sizes)
    np.testing.assert_array_equal(found.frequencies, counts / 4)
    assert counts.max() == 4 and 0 < counts.sum() < 32


def test_subsamples_of_classifiers_have_the_shares_of_the_classes(X, monkeypatch):
    seen, fit_path = [], _stability.fit_path

    def recorded(estimator, data, parts, lams, **options):
        seen.extend(data.y[part] for part in parts)
        return fit_path(estimator, data, parts, lams, **options)

    monkeypatch.setattr(_stability, "fit_path", recorded)
    y = np.repeat(["a", "b"], [48, 12])
    model = GradientLassoClassifier(**QUICK)
    stability_selection(model, X, y, lams=[0.1], n_subsamples=5)
    assert [(len(each), (each == "b").sum()) for each in seen] == [(30, 6)] * 5


def test_the_seed_of_the_estimator_decides(X):
    def frequencies(seed):
        model = GradientLassoRegressor(**{**QUICK, "random_state": seed})
        given = {"lams": [0.1], "n_subsamples": 7, "cutoff": 0.7}
        return stability_selection(model, X, X[:, 0], **given).frequencies

    np.testing.assert_array_equal(frequencies(0), frequencies(0))
    instances = [frequencies(np.random.RandomState(0)) for _ in range(2)]
    np.testing.assert_array_equal(*instances)
    assert not all(np.array_equal(frequencies(0), frequencies(k)) for k in (1, 2, 3))
    assert ((frequencies(None) >= 0) & (frequencies(None) <= 1)).all()


def test_names_annotations_and_a_range_of_strengths(X):
    frame = pd.DataFrame(X, columns=list("abcd"))
    path = stability_selection(
        RRRRegressor(**QUICK),
        frame,
        X[:, 0],
        lams=3,
        n_subsamples=2,
        annotations=pd.DataFrame(np.eye(4)[[1] * 60], columns=list("abcd")),
    )
    assert path.feature_names.tolist() == list("abcd")
    assert path.lams.shape == (3,) and (np.diff(path.lams) > 0).all()
    told = path.to_frame()
    assert told.columns.tolist() == ["lam", *"abcd"]
    np.testing.assert_array_equal(told[list("abcd")], path.frequencies)


def test_networks_that_are_flat_select_nothing(X):
    model = GradientLassoRegressor(**{**QUICK, "max_iter": 300, "tol": 1e-4})
    given = {"lams": [0.1, 10.0], "n_subsamples": 3}
    path = stability_selection(model, X, X[:, 0], **given)
    assert path.frequencies[0, 0] == 1 and not path.frequencies[1].any()
    assert path.stable().tolist() == [True, False, False, False]


def test_what_diverges_selects_nothing(X):
    model = GradientLassoRegressor(**{**QUICK, "max_iter": 20}, optimizer="sgd")
    given = {"lams": [0.1, 1e200], "n_subsamples": 2}
    with pytest.warns(FitFailedWarning, match="2 of 4 fits"):
        path = stability_selection(model, X, X[:, 0], **given)
    assert path.frequencies[0].max() == 1 and not path.frequencies[1].any()


def test_what_is_stable_with_one_of_the_strengths():
    path = StabilityPath(
        lams=np.array([0.1, 1.0]),
        frequencies=np.array([[1.0, 0.5, 0.2], [0.1, 0.6, 0.3]]),
        feature_names=np.array(list("abc")),
    )
    assert path.stable().tolist() == [True, True, False]
    assert path.stable(1).tolist() == [True, False, False]
    assert path.stable(0.3).tolist() == [True, True, True]
    for threshold in (0, -0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="threshold must be in"):
            path.stable(threshold)


def stable_path(**given):
    frequencies = np.array([[1.0, 0.5, 0.2, 0.9], [0.1, 0.6, 0.3, 0.9]])
    names = np.array(list("abcd"))
    return StabilityPath(
        lams=np.array([0.1, 1.0]),
        frequencies=frequencies,
        feature_names=names,
        **given,
    )


def test_the_order_and_the_number_of_false_features():
    path = stable_path(n_selected=2.0, n_columns=40)
    assert path.order.tolist() == [0, 3, 1, 2]
    # 2 ** 2 / ((2 * 0.75 - 1) * 40)
    assert path.expected_false(0.75) == pytest.approx(0.2)
    assert path.expected_false(0.5) == np.inf
    # 4 / ((2 * 0.95 - 1) * 40) is 0.111, and with 0.6 it is 0.5
    assert path.largest(0.5 + 1e-9).tolist() == [True, True, False, True]
    assert path.largest(0.12).tolist() == [True, False, False, False]
    assert path.largest(0.126).tolist() == [True, False, False, True]
    assert not path.largest(0.09).any()
    assert stable_path(n_selected=0.0, n_columns=40).largest().sum() == 3
    for given in (0, -1.0, np.nan, "one"):
        with pytest.raises(ValueError, match="expected_false must be positive"):
            path.largest(given)
    with pytest.raises(ValueError, match="threshold must be in"):
        path.expected_false(2)


def test_the_number_of_columns_selected_on_a_subsample(X):
    """The union over strengths; the features of a category are one column."""
    category = np.eye(3)[np.arange(60) % 3]
    given = {"n_subsamples": 3, "cutoff": 0.5}
    y = X[:, 0] + category[:, 1]
    data = np.c_[X[:, :2], category]
    model = GradientLassoRegressor(**QUICK)
    both = stability_selection(model, data, y, lams=[0.01, 1.0], **given)
    assert both.n_columns == 3 and both.frequencies.shape == (2, 5)
    of_columns = both.frequencies[:, [0, 1, 2]]
    assert of_columns.max(axis=0).sum() <= both.n_selected + 1e-12
    assert both.n_selected <= min(3, of_columns.sum())
    alone = stability_selection(model, data, y, lams=[0.01], **given)
    assert alone.n_selected == pytest.approx(alone.frequencies[0, [0, 1, 2]].sum())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_subsamples": 0}, "n_subsamples must be a positive integer, got 0"),
        ({"n_subsamples": 2.0}, "n_subsamples must be a positive integer, got 2.0"),
        ({"n_subsamples": True}, "n_subsamples must be a positive integer, got True"),
        ({"fraction": 0}, "fraction must be above 0 and below 1, got 0"),
        ({"fraction": 1.0}, "fraction must be above 0"),
        ({"fraction": "half"}, "fraction must be above 0"),
        ({"cutoff": 0}, "cutoff must be in"),
        ({"cutoff": 1.5}, "cutoff must be in"),
        ({"lams": [-1.0]}, "lams must be"),
        ({"lams": 0}, "lams must be"),
    ],
)
def test_bad_arguments(X, given, message):
    with pytest.raises(ValueError, match=message):
        stability_selection(GradientLassoRegressor(**QUICK), X, X[:, 0], **given)


def test_an_estimator_without_a_strength(X):
    with pytest.raises(TypeError, match="parameter lam"):
        stability_selection(NGSLLRegressor(), X, X[:, 0])
