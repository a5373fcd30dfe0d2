"""Classifiers of labels that may occur together: y is an indicator matrix."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from helpers.known_slopes import central_differences
from helpers.labels import as_mlp, indicator, network
from helpers.quick import QUICK, SMALL, weights
from scipy.special import expit, log_expit, logit
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.utils import get_tags

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    FindAnotherExplanation,
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    GradientLassoRegressor,
    NGSLLClassifier,
    RRRClassifier,
    targets,
)

CLASSIFIERS = [
    GradientLassoClassifier,
    RRRClassifier,
    AttributionPriorClassifier,
    NGSLLClassifier,
]
TWO_KINDS = [GradientLassoClassifier, NGSLLClassifier]
PLAIN_STEPS = {
    "hidden_layer_sizes": (),
    "optimizer": torch.optim.SGD,
    "learning_rate_init": 0.1,
    "random_state": 0,
}


def summed_log_loss(Y, p, sample_weight=None):
    losses = [
        log_loss(y, p_of_one, sample_weight=sample_weight, labels=[0, 1])
        for y, p_of_one in zip(Y.T, p.T)
    ]
    return sum(losses)


# Answers ------------------------------------------------------------------------------


@pytest.mark.parametrize("n_labels", [2, 5])
def test_answers_are_those_of_mlp_classifier_with_the_same_weights(n_labels):
    X, Y = indicator(n_labels)
    model = network(activation="tanh").fit(X, Y)
    mlp = as_mlp(model, X, Y)
    np.testing.assert_array_equal(model.predict(X), mlp.predict(X))
    assert model.predict(X).dtype == mlp.predict(X).dtype
    np.testing.assert_allclose(model.predict_proba(X), mlp.predict_proba(X))
    np.testing.assert_allclose(model.predict_log_proba(X), mlp.predict_log_proba(X))
    np.testing.assert_allclose(model.decision_function(X), logit(mlp.predict_proba(X)))
    assert model.score(X, Y) == mlp.score(X, Y)
    np.testing.assert_array_equal(model.classes_, mlp.classes_)
    assert model.n_outputs_ == mlp.n_outputs_ == n_labels


def test_log_probabilities_of_answers_that_are_certain_are_finite():
    X, Y = indicator(2)
    model = network().fit(X, Y)
    with torch.no_grad():
        model.net_.module_[0][-1].weight *= 1e4
    assert 0.0 in model.predict_proba(X)
    assert np.isfinite(model.predict_log_proba(X)).all()


@pytest.mark.parametrize("kind", CLASSIFIERS)
@pytest.mark.parametrize("n_labels", [2, 3])
def test_every_classifier_takes_an_indicator(kind, n_labels):
    X, Y = indicator(n_labels)
    model = kind(**QUICK).fit(X, Y)
    decision = model.decision_function(X)
    np.testing.assert_allclose(model.predict_proba(X), expit(decision))
    np.testing.assert_allclose(model.predict_log_proba(X), log_expit(decision))
    np.testing.assert_array_equal(model.predict(X), decision > 0)
    assert model.score(X, Y) == (model.predict(X) == Y).all(axis=1).mean()
    assert model.explain(X).shape == (*X.shape, n_labels)
    assert model.feature_importances_.shape == (4,)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.decision_function(X), decision)
    assert kind(**QUICK).fit(X, Y[:, 0]).predict(X).shape == (60,)
    assert model.fit(X, Y[:, 0]).predict_proba(X).shape == (60, 2)


@pytest.mark.parametrize("kind", TWO_KINDS)
@pytest.mark.parametrize(
    "form",
    [
        pd.DataFrame,
        np.ndarray.tolist,
        lambda Y: list(Y),
        lambda Y: Y.astype(bool),
        lambda Y: Y.astype(float),
        lambda Y: Y.astype(np.float32),
        sp.csr_matrix,
        sp.csc_matrix,
        sp.coo_array,
        lambda Y: pd.DataFrame.sparse.from_spmatrix(sp.csr_matrix(Y)),
    ],
)
def test_forms_of_y(kind, form):
    X, Y = indicator(3)
    expected, model = kind(**QUICK).fit(X, Y), kind(**QUICK).fit(X, form(Y))
    np.testing.assert_array_equal(weights(model), weights(expected))
    predicted = model.predict(X)
    assert model.score(X, form(Y)) == expected.score(X, Y)
    if sp.issparse(form(Y)):  # as MLPClassifier
        assert isinstance(predicted, sp.csr_matrix)
    predicted = predicted.toarray() if sp.issparse(predicted) else predicted
    np.testing.assert_array_equal(predicted, expected.predict(X))
    assert predicted.dtype == Y.dtype


# Training -----------------------------------------------------------------------------


def test_a_step_is_that_of_the_summed_cross_entropy():
    X, Y = indicator(3)
    weight = np.arange(60) % 3
    model = GradientLassoClassifier(lam=0, **PLAIN_STEPS)
    model.partial_fit(X, Y, weight, classes=[0, 1, 2])
    linear = model.net_.module_[0][-1]
    before, p = linear.weight.detach().numpy().copy(), model.predict_proba(X)
    model.partial_fit(X, Y, weight)
    expected = summed_log_loss(Y, p, weight)
    assert model.loss_curve_[-1] == pytest.approx(expected)
    gradient = (weight[:, None] * (p - Y)).T @ X / weight.sum()
    step = linear.weight.detach().numpy() - before
    np.testing.assert_allclose(step, -0.1 * gradient, rtol=1e-9)


@pytest.mark.parametrize(
    ("target", "slopes"),
    [
        ("log_prob_sum", lambda w, p: (1 - 2 * p) @ w),
        ("output", lambda w, p: np.tile(w.ravel(), (60, 1))),
        ("log_odds", lambda w, p: np.tile(w.ravel(), (60, 1))),
        ("probabilities", lambda w, p: (p * (1 - p))[:, :, None] * w),
        (targets.ClassK(1), lambda w, p: np.tile(w[1], (60, 1))),
        (None, lambda w, p: (1 - 2 * p) @ w),
    ],
)
def test_the_penalty_is_that_of_the_target(target, slopes):
    X, Y = indicator(2)
    model = GradientLassoClassifier(lam=0.5, target=target, **PLAIN_STEPS)
    model.partial_fit(X, Y, classes=[0, 1])
    w = model.net_.module_[0][-1].weight.detach().numpy().copy()
    each = slopes(w, model.predict_proba(X))
    model.partial_fit(X, Y)
    expected = 0.5 * np.abs(each).reshape(60, -1).sum(axis=1).mean()
    assert model.penalty_curve_[-1] == pytest.approx(expected)


def test_functions_of_targets_mean_what_their_names_mean():
    X, Y = indicator(2)
    model = network().fit(X, Y)
    for name in ("log_odds", "probabilities", "log_prob_sum", "output"):
        found = model.explain(X, target=getattr(targets, name))
        np.testing.assert_array_equal(found, model.explain(X, target=name))
        named, given = (
            network(target=target).fit(X, Y)
            for target in (name, getattr(targets, name))
        )
        np.testing.assert_array_equal(weights(named), weights(given))


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_a_weight_is_a_repeated_row(kind):
    X, Y = indicator(2)
    weight = np.arange(60) % 3
    repeated = np.repeat(np.arange(60), weight)
    options = {**QUICK, "max_iter": 15}
    weighted = kind(**options).fit(X, Y, sample_weight=weight)
    given = kind(**options).fit(X[repeated], Y[repeated])
    found, expected = (each.decision_function(X) for each in (weighted, given))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("kind", CLASSIFIERS)
@pytest.mark.parametrize("labels", [[0, 0], [1, 1], [0, 1]])
def test_labels_that_all_or_no_rows_have(kind, labels):
    X, _ = indicator(2)
    model = kind(**QUICK).fit(X, np.tile(labels, (60, 1)))
    assert np.isfinite(model.decision_function(X)).all()
    assert np.isfinite(model.feature_importances_).all()
    settled = kind(max_iter=60, learning_rate_init=0.05, random_state=0, tol=1e-2)
    settled.fit(X, np.tile(labels, (60, 1)))
    np.testing.assert_array_equal(settled.predict(X), np.tile(labels, (60, 1)))


def test_auto_lam_with_labels_that_all_or_no_rows_have():
    X, Y = indicator(2)
    Y[:, 0], annotations = 1, np.eye(4)[[0]].repeat(60, axis=0)
    for obedience in (0.01, None):
        model = RRRClassifier(obedience=obedience, tol=1e-2, **SMALL)
        assert np.isfinite(model.fit(X, Y, annotations=annotations).lam_)


@pytest.mark.parametrize("groups", [None, np.arange(60) // 3])
def test_early_stopping_needs_no_two_rows_with_the_same_labels(groups):
    X, Y = indicator(7)
    assert len(np.unique(Y, axis=0)) > 30
    model = network(early_stopping=True, validation_fraction=0.3)
    model.fit(X, Y, groups=groups)
    score = model.validation_scores_[-1]
    assert len(model.validation_scores_) == model.n_iter_
    assert score * 18 == pytest.approx(round(score * 18))


def test_the_validation_score_is_the_share_of_rows_that_are_right():
    X, Y = indicator(3)
    last = {"validation_split": "last", "validation_fraction": 0.5}
    model = network(early_stopping=True, max_iter=1, **last).fit(X, Y)
    expected = accuracy_score(Y[30:], model.predict(X[30:]))
    assert model.validation_scores_ == [pytest.approx(expected)]


def test_partial_fit_continues():
    X, Y = indicator(3)
    model = network().partial_fit(X, Y, classes=[2, 0, 1])
    before = model.score(X, Y)
    for _ in range(60):
        model.partial_fit(X, Y, classes=[0, 1, 2])
    assert model.score(X, Y) > before


def test_warm_start_continues():
    X, Y = indicator(3)
    model = network(warm_start=True).fit(X, Y)
    before = model.loss_curve_[-1]
    assert model.fit(X, Y).loss_curve_[-1] < before


# What is refused ----------------------------------------------------------------------

X2, Y2 = indicator(2)


@pytest.mark.parametrize(
    ("y", "params", "message"),
    [
        (Y2 + np.arange(60)[:, None] % 2, {}, "classes each.*MultiOutputClassifier"),
        (np.where(Y2, "a", "b"), {}, "MultiOutputClassifier"),
        (2 * Y2 - 1, {}, r"1 where a row has a label and 0 elsewhere; got \[-1, 1\]"),
        (Y2.astype(object), {}, r"dtype object.*y\.astype\(int\)"),
        (Y2 + 0.5, {}, "continuous-multioutput"),
        ([[0], [0, 1]] * 30, {}, "rows of 1 to 2 values.*MultiLabelBinarizer"),
        ([{0}, {0, 1}] * 30, {}, "set of labels for each row.*MultiLabelBinarizer"),
        (Y2, {"class_weight": "balanced"}, "class_weight.*2 labels.*sample_weight"),
        (Y2, {"class_weight": {0: 2.0, 1: 1.0}}, "class_weight.*2 labels"),
        (Y2, {"target": "true_class"}, "target='true_class'.*exclude.*log_odds"),
        (Y2, {"target": "predicted_class"}, "target='predicted_class'.*ClassK"),
        (Y2, {"target": targets.true_class}, "target='true_class'"),
        (Y2, {"target": "logit"}, "target must be one of.*got 'logit'"),
    ],
)
def test_what_is_refused_in_fit(y, params, message):
    with pytest.raises(ValueError, match=message):
        network(**params).fit(X2, y)


def test_a_sparse_y_is_for_labels():
    with pytest.raises(ValueError, match=r"y is sparse; a regressor.*toarray"):
        GradientLassoRegressor(**QUICK).fit(X2, sp.csr_matrix(Y2))


@pytest.mark.parametrize("target", ["predicted", "predicted_class", "true_class"])
def test_there_is_no_predicted_class_to_explain(target):
    model = network().fit(X2, Y2)
    with pytest.raises(ValueError, match=rf"target='{target}'.*ClassK\(k\)"):
        model.explain(X2, target=target)
    with pytest.raises(ValueError, match="predicted"):
        NGSLLClassifier(**QUICK).fit(X2, Y2).explain(X2, target="predicted")


def test_what_is_refused_when_training_continues():
    wide = np.column_stack([Y2, Y2])
    with pytest.raises(ValueError, match=r"numbers of the columns of y, \[0, 1\]"):
        network().partial_fit(X2, Y2, classes=["a", "b"])
    with pytest.raises(ValueError, match="classes must be given in the first call"):
        network().partial_fit(X2, Y2)
    of_labels = network().partial_fit(X2, Y2, classes=[0, 1])
    of_classes = network().partial_fit(X2, Y2[:, 0], classes=[0, 1])
    for model, y, message in (
        (of_labels, wide, "4 columns, but.*fitted to 2"),
        (of_labels, Y2[:, 0], "one column, but.*2 labels"),
        (of_classes, Y2, "2 columns, but.*fitted to 1"),
    ):
        before = model.decision_function(X2)
        with pytest.raises(ValueError, match=message):
            model.partial_fit(X2, y)
        np.testing.assert_array_equal(model.decision_function(X2), before)


# scikit-learn -------------------------------------------------------------------------


def test_tags_say_whether_labels_are_taken():
    def takes(model):
        return get_tags(model).classifier_tags.multi_label

    assert takes(network()) and takes(FindAnotherExplanation())
    assert takes(network(target="output"))
    assert not takes(network(class_weight="balanced"))
    assert not takes(AttributionPriorClassifier(target="true_class"))
    assert not takes(network(target=targets.predicted_class))


@pytest.mark.parametrize(
    "method", ["predict", "predict_proba", "decision_function", "predict_log_proba"]
)
def test_cross_val_predict(method):
    X, Y = indicator(3)
    found = cross_val_predict(network(), X, Y, cv=2, method=method)
    first = network().fit(X[30:], Y[30:])
    np.testing.assert_allclose(found[:30], getattr(first, method)(X[:30]))


@pytest.mark.parametrize("scoring", [None, "f1_samples", "roc_auc"])
def test_searches_with_scores_of_labels(scoring):
    X, Y = indicator(3)
    lams = [0.01, 1.0]
    ours = GradientLassoClassifierCV(
        lams=lams, cv=2, scoring=scoring, **SMALL, max_iter=10, tol=0.0
    ).fit(X, Y)
    search = GridSearchCV(
        network(max_iter=10, tol=0.0), {"lam": lams}, cv=2, scoring=scoring
    ).fit(X, Y)
    of_folds = [search.cv_results_[f"split{k}_test_score"] for k in range(2)]
    np.testing.assert_allclose(ours.scores_, of_folds)
    assert ours.lam_ == search.best_params_["lam"]


def test_one_network_for_each_column_as_before():
    X, Y = indicator(3)
    for wrapper in (ClassifierChain(network()), MultiOutputClassifier(network())):
        assert wrapper.fit(X, Y).predict(X).shape == Y.shape


def test_a_splitter_that_needs_classes_is_refused_by_its_own_words():
    model = network(early_stopping=True, validation_split=StratifiedKFold(2))
    with pytest.raises(ValueError, match="validation_split.*multilabel-indicator"):
        model.fit(X2, Y2)


def test_slopes_are_those_of_the_log_odds():
    X, Y = indicator(5)
    model = network(activation="tanh").fit(X, Y)
    answers = {
        None: model.decision_function,
        "probabilities": model.predict_proba,
        "training": lambda X: log_prob_sum(model.decision_function(X)),
        targets.ClassK(3): lambda X: model.decision_function(X)[:, 3],
    }
    for target, answer in answers.items():
        expected = central_differences(answer, X)
        np.testing.assert_allclose(model.explain(X, target=target), expected, atol=1e-6)
    slopes = model.explain(X)
    sizes = np.sqrt((slopes**2).mean(axis=(0, 2)))
    np.testing.assert_allclose(model.feature_importances_, sizes / sizes.sum())


def log_prob_sum(log_odds):
    return (log_expit(log_odds) + log_expit(-log_odds)).sum(axis=1)
