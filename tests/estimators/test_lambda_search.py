"""Gradient LASSO whose strength is chosen by cross-validation."""

import pickle

import numpy as np
import pytest
from helpers.quick import LAMS, OF_A_SEARCH, classifier_cv, regressor_cv
from helpers.same_as_alone import assert_same_network
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gradlasso import (
    GradientLassoClassifier,
    GradientLassoRegressor,
    GradientLassoRegressorCV,
)

# The search


@pytest.mark.parametrize("scoring", [None, "accuracy", "roc_auc", "neg_log_loss"])
def test_scores_of_classifiers_are_those_of_a_grid_search(table, stacks, scoring):
    ours = classifier_cv(scoring=scoring).fit(*table)
    assert sum(stacks) == 9
    assert_same_scores(ours, GradientLassoClassifier(**OF_A_SEARCH), table, scoring)


@pytest.mark.parametrize("scoring", [None, "r2", "neg_mean_absolute_error"])
def test_scores_of_regressors_are_those_of_a_grid_search(numbers, stacks, scoring):
    ours = regressor_cv(scoring=scoring).fit(*numbers)
    assert sum(stacks) == 9
    assert_same_scores(ours, GradientLassoRegressor(**OF_A_SEARCH), numbers, scoring)


def assert_same_scores(ours, plain, data, scoring):
    search = GridSearchCV(plain, {"lam": LAMS}, cv=3, scoring=scoring).fit(*data)
    splits = [search.cv_results_[f"split{k}_test_score"] for k in range(3)]
    np.testing.assert_allclose(ours.scores_, splits, rtol=0, atol=1e-10)
    assert ours.lams_.tolist() == LAMS
    means = np.mean(splits, axis=0)
    assert ours.lam_ == max(lam for lam, m in zip(LAMS, means) if m == means.max())


def test_what_is_left_is_the_network_of_the_chosen_strength(table, numbers):
    for search, plain, (X, y) in (
        (classifier_cv(), GradientLassoClassifier(**OF_A_SEARCH), table),
        (regressor_cv(), GradientLassoRegressor(**OF_A_SEARCH), numbers),
    ):
        search.fit(X, y)
        alone = plain.set_params(lam=search.lam_).fit(X, y)
        assert_same_network(search, alone, 0)
        np.testing.assert_array_equal(search.predict(X), alone.predict(X))
        np.testing.assert_array_equal(search.explain(X), alone.explain(X))


def test_figures_are_means_over_folds(table):
    X, y = table
    search = classifier_cv().fit(X, y)
    assert search.scores_.shape == (3, 3) and search.importances_.shape == (3, 5)
    importances = []
    for train, _ in StratifiedKFold(3).split(X, y):
        alone = GradientLassoClassifier(**OF_A_SEARCH, lam=0.03).fit(X[train], y[train])
        importances.append(alone.feature_importances_)
    expected = np.mean(importances, axis=0)
    np.testing.assert_allclose(search.importances_[1], expected, atol=1e-8)
    assert (search.effective_features_ <= 5).all()


def test_a_number_of_strengths_and_the_default_folds(numbers):
    search = GradientLassoRegressorCV(**{**OF_A_SEARCH, "max_iter": 2}, lams=4)
    search.fit(*numbers)
    assert search.scores_.shape == (5, 4)
    np.testing.assert_allclose(np.diff(np.log10(search.lams_)), 4 / 3)


def test_folds_of_every_kind(table):
    X, y = table
    splits = list(KFold(3).split(X))
    groups = {
        "splitter": KFold(3),
        "list": splits,
        "iterator": (each for each in splits),
    }
    found = {
        name: classifier_cv(cv=cv).fit(X, y).scores_ for name, cv in groups.items()
    }
    np.testing.assert_array_equal(found["splitter"], found["list"])
    np.testing.assert_array_equal(found["splitter"], found["iterator"])
    assert not np.array_equal(found["splitter"], classifier_cv(cv=3).fit(X, y).scores_)
    one = classifier_cv(cv=splits[:1]).fit(X, y).scores_
    np.testing.assert_allclose(one, found["splitter"][:1], atol=1e-10)


def test_weights_count_in_fits_and_in_scores(table):
    X, y = table
    weight = np.random.default_rng(0).integers(0, 3, len(y)).astype(float)
    search = classifier_cv().fit(X, y, sample_weight=weight)
    for fold, (train, test) in enumerate(StratifiedKFold(3).split(X, y)):
        for k, lam in enumerate(LAMS):
            alone = GradientLassoClassifier(**OF_A_SEARCH, lam=lam)
            alone.fit(X[train], y[train], sample_weight=weight[train])
            expected = alone.score(X[test], y[test], sample_weight=weight[test])
            assert search.scores_[fold, k] == pytest.approx(expected, abs=1e-10)
    alone = GradientLassoClassifier(**OF_A_SEARCH, lam=search.lam_)
    assert_same_network(search, alone.fit(X, y, sample_weight=weight), 0)


@pytest.mark.filterwarnings("ignore:The scoring .* does not support sample_weight")
@pytest.mark.parametrize(
    "scoring", [lambda model, X, y: model.score(X, y), "neg_max_error"]
)
def test_scores_that_take_no_weights(numbers, scoring):
    weight = np.linspace(1, 2, 90)
    search = regressor_cv(scoring=scoring).fit(*numbers, sample_weight=weight)
    plain = GradientLassoRegressor(**OF_A_SEARCH)
    search_over = GridSearchCV(plain, {"lam": LAMS}, cv=3, scoring=scoring)
    expected = search_over.fit(*numbers, sample_weight=weight).cv_results_
    splits = [expected[f"split{k}_test_score"] for k in range(3)]
    np.testing.assert_allclose(search.scores_, splits, rtol=0, atol=1e-10)


def test_a_warm_path_is_trained_strength_by_strength(table, stacks):
    X, y = table
    search = classifier_cv(warm_path=True).fit(X, y)
    assert stacks == [3, 3, 3]
    cold = classifier_cv().fit(X, y)
    np.testing.assert_allclose(search.scores_[:, 0], cold.scores_[:, 0], atol=1e-10)
    assert abs(search.importances_[1:] - cold.importances_[1:]).max() > 1e-3


# An estimator like others


def test_in_a_pipeline_and_within_a_search(table):
    X, y = table
    model = make_pipeline(StandardScaler(), classifier_cv()).fit(X, y)
    inside = classifier_cv().fit(StandardScaler().fit_transform(X), y)
    np.testing.assert_array_equal(model[-1].scores_, inside.scores_)
    outer = GridSearchCV(
        model, {"gradientlassoclassifiercv__hidden_layer_sizes": [(), (4,)]}, cv=2
    ).fit(X, y)
    assert outer.best_score_ > 0.5


def test_copies_and_pickles(table):
    X, y = table
    search = classifier_cv(scoring="roc_auc", selection="one_se").fit(X, y)
    copy = clone(search)
    assert copy.get_params() == search.get_params()
    with pytest.raises(NotFittedError):
        copy.predict(X)
    np.testing.assert_array_equal(copy.fit(X, y).scores_, search.scores_)
    loaded = pickle.loads(pickle.dumps(search))
    assert loaded.lam_ == search.lam_
    np.testing.assert_array_equal(loaded.scores_, search.scores_)
    np.testing.assert_array_equal(loaded.predict_proba(X), search.predict_proba(X))


def test_there_is_no_partial_fit(table):
    for search in (
        classifier_cv(),
        regressor_cv(),
        classifier_cv().fit(*table),
    ):
        assert not hasattr(search, "partial_fit") and not hasattr(search, "lam")
    with pytest.raises(AttributeError, match="partial_fit, because the choice of lam"):
        classifier_cv().partial_fit(*table, classes=[0, 1])


@pytest.mark.parametrize(
    "broken",
    [
        {"selection": lambda path: 17},
        {"lams": [-1.0]},
        {"cv": 200},
        {"scoring": "nothing"},
        {"hidden_layer_sizes": (0,)},
        {"lams": 0},
    ],
)
def test_a_fit_that_fails_leaves_what_was_there(table, broken):
    X, y = table
    search = classifier_cv(max_iter=3).fit(X, y)
    before, lam, answer = search.scores_.copy(), search.lam_, search.predict_proba(X)
    search.set_params(**broken)
    with pytest.raises(ValueError):
        search.fit(X[:50, :4], 1 - y[:50])
    assert search.lam_ == lam and search.n_features_in_ == 5
    np.testing.assert_array_equal(search.scores_, before)
    np.testing.assert_array_equal(search.predict_proba(X), answer)


def test_a_second_fit_may_be_on_other_columns(table):
    X, y = table
    search = classifier_cv(max_iter=3).fit(X, y).fit(X[:, :4], y)
    assert search.importances_.shape == (3, 4) and search.n_features_in_ == 4


@pytest.mark.parametrize("seed", [None, "instance"])
def test_seeds(table, seed):
    def fitted():
        state = np.random.RandomState(0) if seed else None
        return classifier_cv(random_state=state, max_iter=3).fit(*table)

    first, again = fitted(), fitted()
    same = np.array_equal(first.importances_, again.importances_)
    assert same == bool(seed)


def test_jobs_and_memory_do_not_change_the_choice(table):
    serial = classifier_cv().fit(*table)
    parallel = classifier_cv(n_jobs=2).fit(*table)
    with config_context(working_memory=1e-3):
        one_by_one = classifier_cv().fit(*table)
    for other in (parallel, one_by_one):
        np.testing.assert_allclose(other.scores_, serial.scores_, atol=1e-10)
        np.testing.assert_allclose(other.importances_, serial.importances_, atol=1e-8)
        assert other.lam_ == serial.lam_


def test_labels_of_any_kind(table):
    X, y = table
    labels = np.where(y, "yes", "no")
    search = classifier_cv(scoring=get_scorer("roc_auc")).fit(X, labels)
    np.testing.assert_array_equal(
        search.scores_, classifier_cv(scoring="roc_auc").fit(X, y).scores_
    )
    assert set(search.predict(X)) <= {"yes", "no"}
