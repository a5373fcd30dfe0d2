"""Classes whose rows all have weight zero, and y of one class only.

The oracles are scikit-learn's MLPClassifier and decision trees, for what a classifier
knows of its classes, and a fit without the rows of weight zero, for all the rest.
"""

import warnings

import numpy as np
import pytest
from helpers.quick import PERCEPTRON, QUICK, weights
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    Explanation,
    FindAnotherExplanation,
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    GradientLassoRegressor,
    NGSLLClassifier,
    NGSLLRegressor,
    RRRClassifier,
)
from sklearn_gradlasso.metrics import effective_features, effects
from sklearn_gradlasso.paths import lambda_path, stability_selection
from sklearn_gradlasso.sensitivity import global_importance, local_importance

KINDS = [
    GradientLassoClassifier,
    RRRClassifier,
    AttributionPriorClassifier,
    NGSLLClassifier,
]
X = np.random.default_rng(0).standard_normal((60, 4))
RARE = (np.arange(60) < 2).astype(int)
THREE = np.repeat([0, 1], 30)
THREE[:2] = 2
NAMES = np.array(["ale", "bock", "cider"])[THREE]


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_of_weight_zero_stays(kind):
    model = kind(**PERCEPTRON).fit(X, NAMES, sample_weight=NAMES != "cider")
    assert model.classes_.tolist() == ["ale", "bock", "cider"]
    assert model.n_outputs_ == 3
    probabilities = model.predict_proba(X)
    assert probabilities.shape == (60, 3)
    assert model.decision_function(X).shape == (60, 3)
    longer = kind(**PERCEPTRON).set_params(max_iter=40)
    longer.fit(X, NAMES, sample_weight=NAMES != "cider")
    assert longer.predict_proba(X)[:, 2].mean() < probabilities[:, 2].mean() / 2


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_weight_zero_leave_no_other_trace(kind):
    present = NAMES != "cider"
    filled = np.where(present[:, None], X, 1e3)
    model = kind(**QUICK).fit(filled, NAMES, sample_weight=present)
    alone = kind(**QUICK)
    passes = alone.partial_fit(X[present], NAMES[present], classes=model.classes_)
    one = kind(**QUICK).partial_fit(filled, NAMES, present, classes=model.classes_)
    np.testing.assert_array_equal(weights(one), weights(passes))
    moved = kind(**QUICK).fit(-filled[::-1], NAMES[::-1], sample_weight=present[::-1])
    again = kind(**QUICK).fit(
        np.r_[-X[present][::-1], np.ones((1, 4))],
        np.append(NAMES[present][::-1], "cider"),
        sample_weight=np.r_[np.ones(58), 0],
    )
    np.testing.assert_array_equal(weights(moved), weights(again))
    np.testing.assert_array_equal(
        moved.feature_importances_, again.feature_importances_
    )


def test_class_weight_zero_and_balanced():
    zero = GradientLassoClassifier(class_weight={"cider": 0.0}, **PERCEPTRON).fit(
        X, NAMES
    )
    same = GradientLassoClassifier(**PERCEPTRON)
    same.fit(X, NAMES, sample_weight=NAMES != "cider")
    np.testing.assert_array_equal(weights(zero), weights(same))
    # Both classes with rows have half of the weight; the one without has none.
    unequal = np.where(np.arange(60) < 20, "ale", "bock")
    given = np.append(unequal, "cider"), np.r_[np.ones(60), 0]
    by_rule = GradientLassoClassifier(class_weight="balanced", **PERCEPTRON)
    by_rule.fit(np.r_[X, X[:1]], *given)
    by_hand = np.where(unequal == "ale", 2.0, 1.0)
    expected = GradientLassoClassifier(**PERCEPTRON)
    expected.fit(np.r_[X, X[:1]], given[0], np.r_[by_hand, 0])
    np.testing.assert_allclose(weights(by_rule), weights(expected), atol=1e-12)


def test_all_weight_on_one_of_two_classes():
    # The intercept alone can do it: log-odds rise without bound.
    ours = GradientLassoClassifier(learning_rate_init=0.02, max_iter=60, random_state=0)
    ours.fit(X, RARE, sample_weight=RARE)
    assert ours.classes_.tolist() == [0, 1]
    assert (ours.predict(X) == 1).all()
    assert ours.decision_function(X).shape == (60,)


def test_meta_estimators_that_leave_classes_out():
    ours = GradientLassoClassifier(**PERCEPTRON)
    theirs = MLPClassifier(max_iter=2)
    for seed in range(10):
        bag = BaggingClassifier(ours, random_state=seed).fit(X, RARE)
        assert bag.predict_proba(X).shape == (60, 2)
    bag = BaggingClassifier(ours, random_state=0, oob_score=True).fit(X, THREE)
    assert bag.decision_function(X).shape == bag.predict_proba(X).shape == (60, 3)
    assert bag.oob_decision_function_.shape == (60, 3)
    with pytest.warns(UserWarning):
        peer = BaggingClassifier(theirs, random_state=0).fit(X, THREE)
    for mine, other in zip(bag.estimators_, peer.estimators_):
        assert mine.classes_.tolist() == other.classes_.tolist()
    boosted = AdaBoostClassifier(ours, random_state=0).fit(X, THREE)
    assert boosted.predict(X).shape == (60,)
    assert OneVsRestClassifier(ours).fit(X, THREE).predict_proba(X).shape == (60, 3)
    calibrated = CalibratedClassifierCV(ours, cv=2).fit(X, THREE, RARE == 0)
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(1), 1)


def test_a_search_and_paths_keep_an_absent_class():
    search = GradientLassoClassifierCV(lams=2, cv=2, **QUICK)
    search.fit(X, THREE, sample_weight=THREE != 2)
    assert search.classes_.tolist() == [0, 1, 2] and np.isfinite(search.losses_).all()
    model = GradientLassoClassifier(**QUICK)
    given = {"sample_weight": THREE != 2, "return_estimators": True}
    path = lambda_path(model, X, THREE, lams=[0.1, 1.0], **given)
    assert path.estimators[0].predict_proba(X).shape == (60, 3)
    network = RRRClassifier(**QUICK)
    others = FindAnotherExplanation(network, n_explanations=2)
    others.fit(X, THREE, sample_weight=THREE != 2)
    assert others.classes_.tolist() == [0, 1, 2]


def test_a_long_training_with_an_absent_class_stays_finite():
    # The default prior is on the sum of log-probabilities, one of which falls for ever.
    for params in ({}, {"lam": 1.0}, {"target": "log_odds"}, {"target": "true_class"}):
        model = GradientLassoClassifier(
            hidden_layer_sizes=5, learning_rate_init=0.05, tol=0, **params
        )
        model.set_params(max_iter=600, random_state=0)
        model.fit(X, THREE, sample_weight=THREE != 2)
        assert np.isfinite(weights(model)).all()
        assert np.isfinite(model.predict_log_proba(X)).all()
        assert np.isfinite(model.explain(X)).all()


@pytest.mark.parametrize("factor", [1e-300, 1e300])
def test_the_unit_of_weights_is_free(factor):
    weight = np.random.default_rng(1).uniform(0.5, 1.0, 60)
    for kind in KINDS:
        expected = kind(**PERCEPTRON).fit(X, THREE, sample_weight=weight)
        found = kind(**PERCEPTRON).fit(X, THREE, sample_weight=factor * weight)
        np.testing.assert_allclose(weights(found), weights(expected), rtol=1e-9)


def test_one_number_is_the_weight_of_all_rows():
    expected = GradientLassoClassifier(**QUICK).fit(X, THREE)
    found = GradientLassoClassifier(**QUICK).fit(X, THREE, sample_weight=3)
    np.testing.assert_array_equal(weights(found), weights(expected))


@pytest.mark.parametrize("factor", [1e-320, 1e308])
def test_the_unit_of_weights_is_free_in_paths(factor):
    weight = np.where(np.arange(60) < 20, 1.0, 0.5)
    model = GradientLassoClassifier(**PERCEPTRON)
    for make, other, given in (
        (lambda_path, "scores", {"lams": [0.1, 1.0]}),
        (stability_selection, "frequencies", {"lams": [0.1, 1.0], "n_subsamples": 2}),
    ):
        expected = make(model, X, RARE, sample_weight=weight, **given)
        found = make(model, X, RARE, sample_weight=factor * weight, **given)
        pairs = getattr(found, other), getattr(expected, other)
        np.testing.assert_allclose(*pairs, rtol=1e-3)
    given = {"background": X, "sample_weight": factor * weight}
    found = effects(lambda rows: rows[:, 0], X, **given).values[:, 0]
    mean = np.average(X[:, 0], weights=weight)
    np.testing.assert_allclose(found, X[:, 0] - mean, atol=1e-3)


@pytest.mark.parametrize("float_type", [np.float32, np.float64])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_one_weight_may_be_huge_for_regressors(float_type, early_stopping):
    y = X[:, 0].astype(float_type)
    for first in (y[0], 0.0):
        y[0] = first
        for kind in (GradientLassoRegressor, NGSLLRegressor):
            model = kind(batch_size=20, early_stopping=early_stopping, **QUICK)
            model.fit(X.astype(float_type), y, sample_weight=np.r_[1e300, np.ones(59)])
            assert np.isfinite(model.loss_curve_).all()
            assert np.isfinite(model.predict(X.astype(float_type))).all()


def test_one_weight_may_be_huge():
    weight = np.r_[1e300, np.ones(59)]
    model = GradientLassoClassifier(**PERCEPTRON).fit(X, THREE, sample_weight=weight)
    alone = GradientLassoClassifier(**PERCEPTRON)
    alone.fit(X, THREE, sample_weight=np.r_[1.0, np.full(59, 1e-300)])
    np.testing.assert_allclose(weights(model), weights(alone))


# One class only


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_one_class_is_a_constant_model(kind, early_stopping):
    model = kind(early_stopping=early_stopping, **QUICK).fit(X, np.full(60, "ale"))
    tree = DecisionTreeClassifier().fit(X, np.full(60, "ale"))
    assert model.classes_.tolist() == tree.classes_.tolist() == ["ale"]
    np.testing.assert_array_equal(model.predict(X), tree.predict(X))
    np.testing.assert_array_equal(model.predict_proba(X), tree.predict_proba(X))
    np.testing.assert_array_equal(model.predict_log_proba(X), np.zeros((60, 1)))
    np.testing.assert_array_equal(model.decision_function(X), np.zeros(60))
    assert not model.explain(X).any() and model.explain(X).shape == X.shape
    assert model.feature_importances_.tolist() == [0.25] * 4
    assert not global_importance(model, X).importances.any()
    assert not local_importance(model, X).importances.any()
    assert not Explanation.from_estimator(model, X).values.any()
    assert effective_features(model.explain(X)) == 0


def test_paths_and_rules_of_one_class():
    one = np.ones(60)
    search = GradientLassoClassifierCV(lams=[0.1, 1.0], cv=2, **QUICK).fit(X, one)
    assert (search.scores_ == 1).all() and (search.losses_ == 0).all()
    path = lambda_path(GradientLassoClassifier(**QUICK), X, one, lams=[0.1, 1.0])
    assert not path.effective_features.any() and not path.effective_columns.any()
    for given in ({"annotations": [1, 0, 0, 0]}, {}):
        rules = {} if given else {"monotonic_cst": [1, 0, 0, 0]}
        model = RRRClassifier(**rules, **QUICK).fit(X, one, **given)
        assert model.lam_ == 0 and not np.nan_to_num(model.obedience_.change).any()


# Training that goes on


def test_warm_start_needs_the_same_classes():
    model = GradientLassoClassifier(warm_start=True, **QUICK).fit(X, NAMES)
    peer = MLPClassifier(warm_start=True, max_iter=2)
    with pytest.warns(UserWarning):
        peer.fit(X, NAMES)
    fewer, more = NAMES.copy(), NAMES.copy()
    fewer[:2], more[5] = "ale", "dark"
    before = weights(model)
    for y in (fewer, more):
        with pytest.raises(ValueError, match="warm_start can only be used") as theirs:
            peer.fit(X, y)
        with pytest.raises(ValueError, match=".*or call partial_fit") as error:
            model.fit(X, y)
        assert str(error.value).startswith(str(theirs.value))
    np.testing.assert_array_equal(weights(model), before)
    model.fit(X, NAMES, sample_weight=NAMES != "cider")
    model.partial_fit(X, fewer)
    with pytest.raises(ValueError, match=r"labels \['dark'\] that are not among"):
        model.partial_fit(X, more)


# Early stopping with rare and with many classes


@pytest.mark.parametrize("kind", KINDS)
def test_early_stopping_holds_out_what_it_can(kind):
    random = np.random.default_rng(0)
    for y in (
        np.repeat(list("abcdefghij"), 6),
        np.repeat(["a", "b", "c"], [100, 99, 1]),
        np.repeat(["a", "b"], [9, 1]),
    ):
        model = kind(early_stopping=True, **QUICK)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*rows of one class only")
            model.fit(random.standard_normal((len(y), 4)), y)
        assert model.classes_.tolist() == sorted(set(y))
        assert np.isfinite(model.validation_loss_curve_).all()


def test_early_stopping_names_the_labels():
    model = GradientLassoClassifier(early_stopping=True, validation_split="last")
    with pytest.raises(ValueError, match=r"no rows of the classes \['zebra'\]"):
        model.fit(X, np.where(np.arange(60) < 57, NAMES, "zebra"))
    model.set_params(validation_split="random")
    with pytest.raises(ValueError, match="each of 9 classes needs a row to train on"):
        model.fit(X[:9], np.arange(9))
