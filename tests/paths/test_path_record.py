"""A path as a sequence of strengths: what is selected, and when it vanishes."""

import numpy as np
import pytest
from helpers.quick import LAMS, SMALL, classifier_cv
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gradlasso import (
    AttributionPriorRegressor,
    GradientLassoClassifier,
    GradientLassoRegressor,
    lambda_path,
)
from sklearn_gradlasso.metrics import effects
from sklearn_gradlasso.paths import LambdaPath

NAN = np.nan


def path_of(*sizes, lams=(0.1, 1.0, 10.0), scores=None):
    """A path of three features with these sizes of effects, a row for each strength."""
    n = len(lams)
    return LambdaPath(
        lams=np.array(lams),
        scores=np.arange(n, dtype=float) if scores is None else np.array(scores),
        losses=np.zeros(n if scores is None else np.shape(scores)),
        constant_losses=np.array(1.0),
        effective_columns=np.arange(n, dtype=float),
        effective_features=np.arange(n, dtype=float),
        importances=np.ones((n, 3)) / 3,
        feature_names=np.array(list("abc")),
        effect_sizes=np.array(sizes, dtype=float),
    )


def test_what_is_selected_has_a_size_of_its_own_and_beside_the_largest():
    path = path_of([1, 0.1, 0.09], [0.05, 0.02, 0.009], [0.009, 0.009, 0])
    assert path.selected.tolist() == [
        [True, True, False],
        [True, True, False],
        [False, False, False],
    ]
    assert path[0].selected_names.tolist() == ["a", "b"]
    assert [each.n_selected for each in path] == [2, 2, 0]


def test_a_path_and_a_strength_are_one_line_each():
    path = path_of([1, 0.1, 0.09], [0.05, 0.02, 0.009], [0.009, 0.009, 0])
    told = "<LambdaPath: 3 strengths of 3 columns, lam from 0.1 to 10>"
    assert repr(path) == told
    told = "<Strength: lam=1, score=1, loss=0, 2 of 3 selected>"
    assert repr(path[1:2]) == f"[{told}]"


def test_when_features_vanish():
    big, gone = 1.0, 0.0
    path = path_of([big, big, gone], [big, gone, gone], [gone, big, gone])
    # b is selected again by the largest strength; c never is.
    assert path.vanishing_lams.tolist() == [10.0, np.inf, 0.1]
    assert path.vanishing_order.tolist() == [1, 0, 2]
    turned = path_of(
        [gone, big, gone], [big, big, gone], [big, gone, gone], lams=(10.0, 0.1, 1.0)
    )
    assert turned.vanishing_lams.tolist() == [10.0, np.inf, 0.1]
    # Those that vanish together are in the order of the effects before.
    together = path_of([0.3, 0.2, 0.5], [0.2, 0.4, 0.3], [gone] * 3)
    assert together.vanishing_order.tolist() == [1, 2, 0]


def test_strengths_without_results_do_not_count():
    path = path_of([1, 1, 0], [NAN] * 3, [1, 0, 0])
    assert path.vanishing_lams.tolist() == [np.inf, 10.0, 0.1]
    assert path[1].n_selected == 0


def test_a_path_is_a_sequence():
    path = path_of([1, 1, 1], [1, 1, 0], [1, 0, 0])
    assert len(path) == 3 and [each.lam for each in path] == [0.1, 1.0, 10.0]
    assert path[-1].lam == path[np.int64(2)].lam == 10.0
    assert [each.lam for each in path[1:]] == [1.0, 10.0]
    first = path[0]
    assert (first.score, first.score_std, first.loss) == (0.0, 0.0, 0.0)
    assert first.effective_columns == 0.0 and first.estimator is None
    assert first.importances.sum() == 1 and np.isnan(first.train_loss)
    for k in (3, -4):
        with pytest.raises(IndexError, match="3 strengths, got position"):
            path[k]
    for k in ("a", 1.0, None):
        with pytest.raises(TypeError, match="by position or slice"):
            path[k]


def test_means_and_deviations_are_over_the_folds_that_have_a_score():
    scores = [[1.0, NAN, 3.0], [2.0, NAN, NAN]]
    path = path_of([1] * 3, [1] * 3, [1] * 3, scores=scores)
    np.testing.assert_array_equal(path.mean_scores, [1.5, NAN, 3.0])
    np.testing.assert_array_equal(path.std_scores, [0.5, NAN, 0.0])
    assert path[0].score == 1.5 and path[0].score_std == 0.5


def test_what_a_path_says_of_training(table):
    model = GradientLassoClassifier(**SMALL, max_iter=30)
    path = lambda_path(model, *table, lams=LAMS, return_estimators=True)
    for each, fitted in zip(path, path.estimators):
        assert each.estimator is fitted
        assert each.n_iter == fitted.n_iter_
        assert each.train_loss == fitted.loss_curve_[-1]
        assert each.penalty == fitted.penalty_curve_[-1]


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_sizes_of_effects_are_those_of_the_metric(table, numbers, kind):
    X, y = table if kind == "classifier" else numbers
    of_kind = {"classifier": GradientLassoClassifier, "regressor": None}[kind]
    model = (of_kind or GradientLassoRegressor)(**SMALL, max_iter=30)
    path = lambda_path(model, X, y, lams=LAMS, return_estimators=True)
    for each in path:
        if kind == "classifier":
            answer = each.estimator.decision_function
            scale = np.sqrt(answer(X).var() + np.pi**2 / 3)
        else:
            answer, scale = each.estimator.predict, y.std()
        sizes = np.sqrt((effects(answer, X, X).magnitudes ** 2).mean(axis=0)) / scale
        # The path takes 32 values of each column.
        np.testing.assert_allclose(each.effect_sizes, sizes, rtol=0.1, atol=2e-3)


def test_networks_keep_their_jobs(table):
    pipeline = make_pipeline(
        StandardScaler(), GradientLassoClassifier(**SMALL, max_iter=2, n_jobs=2)
    )
    path = lambda_path(pipeline, *table, lams=[0.1], return_estimators=True)
    assert path[0].estimator[-1].n_jobs == 2


# Selected falls to zero


def falls(path):
    """Nothing is selected with the strongest priors, and counts are near zero."""
    n_selected = path.selected.sum(axis=1)
    assert n_selected[0] >= 1 and (np.diff(n_selected) <= 0).all()
    assert n_selected[-1] == 0 and np.isfinite(path.vanishing_lams).all()
    assert path.effective_columns[-1] < 1 and path.effective_features[-1] < 1
    return path


@pytest.fixture(scope="module")
def wide():
    return np.random.default_rng(0).standard_normal((300, 20))


def test_classifiers_end_with_nothing(wide):
    lams = np.geomspace(0.01, 1000, 6)
    two = GradientLassoClassifier(module="perceptron", random_state=0)
    path = falls(lambda_path(two, wide, wide[:, 0] > 0, lams=lams))
    assert path.vanishing_order[0] == 0
    three = np.digitize(wide[:, 0], [-0.5, 0.5])
    path = falls(lambda_path(two, wide, three, lams=lams))
    assert path.vanishing_order[0] == 0


def test_regressors_end_with_nothing(wide):
    lams = np.geomspace(0.01, 1000, 6)
    y = 3 * wide[:, 4] + wide[:, 7]
    model = GradientLassoRegressor(module="perceptron", random_state=0, tol=1e-3)
    path = falls(lambda_path(model, wide, y, lams=lams))
    assert path.vanishing_order[:2].tolist() == [4, 7]
    assert not path.effective_columns[-1]
    path = falls(lambda_path(model, wide, np.c_[y, -1000 * y], lams=lams))
    assert path.vanishing_order[:2].tolist() == [4, 7]


def test_slopes_of_a_network_for_tables_end_with_nothing(wide):
    X = wide[:120, :6]
    model = GradientLassoRegressor(penalty="l1", max_iter=60, random_state=0)
    path = lambda_path(model, X, 3 * X[:, 4] + X[:, 2], lams=[0.01, 1.0, 100.0])
    assert falls(path).vanishing_order[:2].tolist() == [4, 2]


def test_a_prior_on_the_size_of_attributions_ends_with_nothing(wide):
    slopes = {"prior": "l1", "attribution": "gradients"}
    model = AttributionPriorRegressor(
        **slopes, module="perceptron", random_state=0, tol=1e-3
    )
    falls(lambda_path(model, wide, wide[:, 0], lams=np.geomspace(0.01, 1000, 6)))


def test_more_columns_than_have_effects():
    X = np.random.default_rng(0).standard_normal((150, 210))
    model = GradientLassoRegressor(module="perceptron", random_state=0, tol=1e-2)
    y, given = 10 * X[:, 3], {"lams": [0.01, 100.0], "return_estimators": True}
    path = lambda_path(model, X, y, **given)
    assert np.isnan(path.effective_columns).all()
    for each in path:
        slopes = np.sqrt((each.estimator.explain(X) ** 2).mean(axis=0))
        expected = slopes * X.std(axis=0) / y.std()
        np.testing.assert_allclose(each.effect_sizes, expected, rtol=1e-6)
    assert path.selected[0, 3] and not path.selected[1].any()


# A search


def test_a_search_keeps_its_path(table):
    search = classifier_cv(scoring="neg_log_loss").fit(*table)
    path, k = search.path_, search.best_index_
    assert len(path) == 3 and path.scores is search.scores_
    assert path[k].lam == search.lam_ == search.best_params_["lam"]
    assert path[k].score == search.best_score_ == search.scores_[:, k].mean()
    assert path.n_iter.shape == path.train_losses.shape == (3, 3)


@pytest.mark.parametrize("scoring", [None, "roc_auc"])
def test_results_have_the_names_and_values_of_a_grid_search(table, scoring):
    search = classifier_cv(scoring=scoring).fit(*table)
    plain = GradientLassoClassifier(**SMALL, max_iter=25, tol=1e-3)
    grid = GridSearchCV(plain, {"lam": LAMS}, cv=3, scoring=scoring).fit(*table)
    told = grid.cv_results_
    times = {name for name in told if name.endswith("_time")}
    assert set(search.cv_results_) == set(told) - times
    assert search.cv_results_["params"] == told["params"]
    assert list(search.cv_results_["param_lam"]) == list(told["param_lam"])
    for name in set(search.cv_results_) - {"params", "param_lam"}:
        np.testing.assert_allclose(search.cv_results_[name], told[name], atol=1e-9)
    assert search.best_score_ == pytest.approx(grid.best_score_, abs=1e-9)
