"""Scores of folds that lack a class, of scorers that fail, and of fits that fail."""

import warnings

import numpy as np
import pandas as pd
import pytest
from helpers.quick import LAMS, OF_A_SEARCH, classifier_cv
from sklearn import config_context
from sklearn.exceptions import FitFailedWarning, UndefinedMetricWarning
from sklearn.metrics import get_scorer, make_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from torch import nn

from sklearn_gradlasso import (
    GradientLassoClassifier,
    lambda_path,
    stability_selection,
)

FOLDS = [(np.arange(30, 90), np.arange(30)), (np.arange(60), np.arange(60, 90))]


@pytest.fixture
def rare(table):
    """Three classes, of which one is in the rows of the first fold only."""
    X, y = table
    y = y.copy()
    y[:4] = 2
    return X, np.array(["a", "b", "c"])[y]


def networks(X, y):
    for fold, (train, test) in enumerate(FOLDS):
        for k, lam in enumerate(LAMS):
            model = GradientLassoClassifier(**OF_A_SEARCH, lam=lam)
            yield fold, k, model.fit(X[train], y[train]), test


def proba_of_all(model, X):
    """Probabilities of a, b and c, which is zero if the model does not know it."""
    proba = np.zeros((len(X), 3))
    proba[:, [list("abc").index(label) for label in model.classes_]] = (
        model.predict_proba(X)
    )
    return proba


def test_probabilities_of_a_class_that_a_fold_lacks(rare):
    X, y = rare
    search = classifier_cv(scoring="neg_log_loss", cv=FOLDS).fit(X, y)
    for fold, k, model, test in networks(X, y):
        truth = [list("abc").index(label) for label in y[test]]
        found = proba_of_all(model, X[test])[np.arange(len(test)), truth]
        expected = np.log(np.clip(found, np.finfo(float).eps, 1)).mean()
        assert search.scores_[fold, k] == pytest.approx(expected, rel=1e-6)
    # The first fold trains without c, and the second one has none to predict.
    assert (search.scores_[0] < -4).all() and (search.scores_[1] > -2).all()


def test_labels_of_a_frame(rare):
    X, y = rare
    given = {"scoring": "neg_log_loss", "cv": FOLDS}
    expected = classifier_cv(**given).fit(X, y).scores_
    category = pd.Series(y, dtype="category", index=np.arange(90)[::-1])
    numbers = pd.Series(np.searchsorted(list("abc"), y), dtype="Int64")
    for labels in (category, numbers):
        found = classifier_cv(**given).fit(pd.DataFrame(X, index=labels.index), labels)
        np.testing.assert_allclose(found.scores_, expected, atol=1e-10)


def test_the_quadratic_score_and_weights(rare):
    X, y = rare
    weight = np.random.default_rng(0).uniform(0.5, 2, 90)
    search = classifier_cv(scoring="neg_brier_score", cv=FOLDS)
    search.fit(X, y, sample_weight=weight)
    for fold, (train, test) in enumerate(FOLDS):
        model = GradientLassoClassifier(**OF_A_SEARCH, lam=LAMS[0])
        model.fit(X[train], y[train], sample_weight=weight[train])
        truth = (y[test][:, None] == np.array(list("abc"))).astype(float)
        squares = ((proba_of_all(model, X[test]) - truth) ** 2).sum(axis=1)
        whole = np.average(squares, weights=weight[test])
        found = -search.scores_[fold, 0]
        # Versions of scikit-learn differ by a factor of one half.
        assert min(abs(found - whole), abs(found - whole / 2)) < 1e-8


def test_the_quadratic_score_of_two_labels(table):
    """The second label is the positive one in all folds, also in complete ones."""
    X, y = table
    y = np.array(["n", "p"])[y]
    complete = np.arange(45)
    of_one = np.flatnonzero(y == "n")[-10:]
    folds = [(np.setdiff1d(np.arange(90), each), each) for each in (complete, of_one)]
    search = classifier_cv(scoring="neg_brier_score", cv=folds).fit(X, y)
    for fold, (train, test) in enumerate(folds):
        model = GradientLassoClassifier(**OF_A_SEARCH, lam=LAMS[0])
        proba = model.fit(X[train], y[train]).predict_proba(X[test])[:, 1]
        expected = -np.square(proba - (y[test] == "p")).mean()
        assert search.scores_[fold, 0] == pytest.approx(expected, rel=1e-6)


def test_scores_of_labels_are_those_of_a_grid_search(rare):
    X, y = rare
    for scoring in ("accuracy", "f1_macro", "balanced_accuracy"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            search = classifier_cv(scoring=scoring, cv=FOLDS).fit(X, y)
            plain = GradientLassoClassifier(**OF_A_SEARCH)
            grid = GridSearchCV(plain, {"lam": LAMS}, cv=FOLDS, scoring=scoring)
            grid.fit(X, y)
        for k in range(2):
            expected = grid.cv_results_[f"split{k}_test_score"]
            np.testing.assert_allclose(search.scores_[k], expected, atol=1e-10)


def test_a_fold_without_a_score_is_left_out(rare):
    X, y = rare
    search = classifier_cv(scoring="roc_auc_ovr", cv=FOLDS)
    with (
        pytest.warns(
            UserWarning, match=r"no value for 3 of 6 networks.*1 of the .*\[1"
        ),
        pytest.warns(UndefinedMetricWarning),
    ):
        search.fit(X, y)
    assert np.isnan(search.scores_[1]).all() and np.isfinite(search.scores_[0]).all()
    assert (
        search.best_index_
        == np.flatnonzero(search.scores_[0] == search.scores_[0].max()).max()
    )
    assert search.best_score_ == search.scores_[0].max()
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], search.scores_[0]
    )


def test_decision_functions_of_networks_that_know_all_classes(rare):
    X, y = rare
    y = np.where(y == "c", "b", y)
    y[60:] = "a"  # The second fold is scored on one class, and has no value.
    auc = make_scorer(roc_auc_score, response_method="decision_function")
    missing = pytest.warns(UserWarning, match="no value for 3 of 6 networks")
    with missing, pytest.warns(UndefinedMetricWarning):
        search = classifier_cv(scoring=auc, cv=FOLDS).fit(X, y)
    for fold, k, model, test in networks(X, y):
        if fold == 0:
            expected = roc_auc_score(y[test] == "b", model.decision_function(X[test]))
            assert search.scores_[0, k] == pytest.approx(expected)


class Failing:
    """A scorer that fails on some of its calls."""

    def __init__(self, *calls):
        self.calls, self.made = calls, 0

    def __call__(self, estimator, X, y):
        self.made += 1
        if self.made in self.calls:
            raise RuntimeError("no score today")
        return estimator.score(X, y)


@pytest.mark.parametrize("selection", ["best", "one_se"])
def test_an_error_of_the_scorer_is_a_missing_score(table, selection):
    scoring = Failing(1, 2, 3)
    search = classifier_cv(scoring=scoring, selection=selection)
    message = "no value for 3 of 9 networks.*RuntimeError: no score today"
    with pytest.warns(UserWarning, match=message):
        search.fit(*table)
    assert scoring.made == 9 and np.isnan(search.scores_).sum() == 3
    whole = classifier_cv().fit(*table)
    known = ~np.isnan(search.scores_)
    np.testing.assert_array_equal(search.scores_[known], whole.scores_[known])
    means = np.nanmean(search.scores_, axis=0)
    if selection == "best":
        assert search.best_score_ == means.max()


def test_an_error_in_all_folds_is_raised(table):
    search = classifier_cv(scoring=Failing(*range(1, 10)))
    with pytest.raises(ValueError, match="failed for all 9 .*no score today") as found:
        search.fit(*table)
    assert isinstance(found.value.__cause__, RuntimeError)


def test_a_score_is_one_number(table):
    for scoring, message in (
        (lambda model, X, y: "good", "must return a number, got 'good'"),
        (["accuracy"], "The 'scoring' parameter .* must be"),
    ):
        with pytest.raises(ValueError, match=message):
            classifier_cv(scoring=scoring).fit(*table)
    with pytest.raises(ValueError, match="scoring must be one score"):
        lambda_path(GradientLassoClassifier(), *table, lams=[1.0], scoring=["r2"])
    of_numpy = classifier_cv(scoring=lambda model, X, y: np.array(0.5)).fit(*table)
    assert (of_numpy.scores_ == 0.5).all()


def test_a_scorer_may_refuse_weights(table):
    X, y = table
    weight = np.random.default_rng(0).uniform(0, 1, 90)
    with config_context(enable_metadata_routing=True):
        plain = get_scorer("accuracy").set_score_request(sample_weight=False)
        refused = classifier_cv(scoring=plain).fit(X, y, sample_weight=weight)
        asked = get_scorer("accuracy").set_score_request(sample_weight=True)
        weighted = classifier_cv(scoring=asked).fit(X, y, sample_weight=weight)
    for fold, (train, test) in enumerate(StratifiedKFold(3).split(X, y)):
        model = GradientLassoClassifier(**OF_A_SEARCH, lam=LAMS[0])
        model.fit(X[train], y[train], sample_weight=weight[train])
        hits = model.predict(X[test]) == y[test]
        assert refused.scores_[fold, 0] == hits.mean()
        expected = np.average(hits, weights=weight[test])
        assert weighted.scores_[fold, 0] == pytest.approx(expected)


def test_a_path_scores_classes_that_only_other_rows_have(rare):
    X, y = rare
    path = lambda_path(
        GradientLassoClassifier(**OF_A_SEARCH),
        X[30:],
        y[30:],
        lams=[0.1],
        X_test=X[:30],
        y_test=y[:30],
        scoring="neg_log_loss",
    )
    assert path.scores[0] == pytest.approx(-path.losses[0])


def test_a_metric_of_ones_own_is_told_the_labels(rare):
    seen = []

    def metric(y, proba, labels=None):
        seen.append((proba.shape[1], list(labels)))
        return 0.0

    scoring = make_scorer(metric, response_method="predict_proba")
    classifier_cv(scoring=scoring, cv=FOLDS, max_iter=2, tol=10.0).fit(*rare)
    assert seen == [(3, list("abc"))] * 6


# Fits that fail


@pytest.fixture
def failing():
    """A module that cannot be made, the first so many times."""
    made = []

    def of(n_times):
        def module(n_features, n_outputs):
            made.append(n_features)
            if len(made) <= n_times:
                raise RuntimeError("not now")
            return nn.Linear(n_features, n_outputs)

        return module

    return of


def test_a_part_that_cannot_be_fitted_does_not_count(table, failing):
    search = classifier_cv(module=failing(1))
    message = r"cannot be fitted to 1 of 3 parts .*\(\[0\]\).* RuntimeError: not now"
    with pytest.warns(FitFailedWarning, match=message):
        search.fit(*table)
    whole = classifier_cv(module=nn.Linear).fit(*table)
    assert np.isnan(search.scores_[0]).all()
    np.testing.assert_array_equal(search.scores_[1:], whole.scores_[1:])
    assert search.best_score_ == search.scores_[1:].mean(axis=0).max()


def test_if_no_part_can_be_fitted_the_reason_is_raised(table, failing):
    with pytest.raises(RuntimeError, match="not now"):
        classifier_cv(module=failing(3)).fit(*table)


def test_subsamples_that_cannot_be_fitted_do_not_count(table, failing):
    model = GradientLassoClassifier(**OF_A_SEARCH, module=failing(2))
    with pytest.warns(FitFailedWarning, match="2 of 4 parts"):
        path = stability_selection(model, *table, lams=[0.01], n_subsamples=4)
    assert set(np.unique(path.frequencies)) <= {0.0, 0.5, 1.0}
    assert path.frequencies.max() == 1
