"""Reasons, importances, paths and obedience of networks of several labels."""

from itertools import combinations

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from helpers.known_slopes import drawn, linear
from helpers.labels import as_mlp, indicator, network
from helpers.quick import QUICK, SMALL
from helpers.same_as_alone import LONG, assert_each_as_alone, data_of, halves
from scipy.special import expit
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    FindAnotherExplanation,
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    NGSLLClassifier,
    RRRClassifier,
    SensitivitySelector,
    TokenSequencer,
    lambda_path,
    stability_selection,
)
from sklearn_gradlasso.estimators.obedience.measuring import Measurement
from sklearn_gradlasso.explanation import Explanation, reason_codes
from sklearn_gradlasso.metrics import effective_columns, effective_features, effects
from sklearn_gradlasso.sensitivity import (
    global_importance,
    interaction_importance,
    local_importance,
    noise_floor,
)
from sklearn_gradlasso.training.rows import Rows

FORMS = [np.asarray, np.ndarray.tolist, sp.csr_matrix]


def fitted_linear(n_labels=2):
    """A linear network of labels, with its data and its weights (n_labels, d)."""
    X, Y = indicator(n_labels)
    model = network(hidden_layer_sizes=()).fit(X, Y)
    return model, X, Y, model.net_.module_[0][-1].weight.detach().numpy()


# Explanations -------------------------------------------------------------------------


@pytest.mark.parametrize("n_labels", [2, 5])
@pytest.mark.parametrize("options", [{}, {"attribution": "gradients"}])
def test_explanations_are_those_of_mlp_classifier_with_the_same_weights(
    n_labels, options
):
    X, Y = indicator(n_labels)
    ours = network(activation="tanh").fit(X, Y)
    theirs = as_mlp(ours, X, Y)
    found, expected = (
        Explanation.from_estimator(model, X, background=X, **options)
        for model in (ours, theirs)
    )
    for name in ("values", "predictions", "slopes"):
        mine, known = getattr(found, name), getattr(expected, name)
        np.testing.assert_allclose(mine, known, rtol=1e-6, atol=1e-9, err_msg=name)
    assert found.output_names.tolist() == [str(k) for k in range(n_labels)]
    for name in ("target", "unit", "exclusive"):
        assert getattr(found, name) == getattr(expected, name)
    assert (found.target, found.unit) == ("log-odds of each label", "log-odds")


def test_effects_of_a_linear_network_and_what_is_shown_of_them():
    model, X, _, W = fitted_linear(3)
    found = Explanation.from_estimator(model, X)
    expected = (X - X.mean(axis=0))[:, :, None] * W.T
    np.testing.assert_allclose(found.values, expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found.probabilities, model.predict_proba(X))
    top = found.top(1)
    assert top["output"].tolist()[:4] == ["0", "1", "2", "0"]
    largest = np.abs(expected).argmax(axis=1)
    assert top["feature"].tolist() == [f"x{j}" for j in largest.ravel()]
    assert len(found.top(1, output="1")) == 60
    assert found.to_frame()["2"].shape == X.shape


@pytest.mark.parametrize("label", [0, 1])
def test_reason_codes_are_about_one_label(label):
    model, X, _, W = fitted_linear()
    codes = reason_codes(Explanation.from_estimator(model, X), k=1, adverse=label)
    moved = (X - X.mean(axis=0)) * W[label]
    odds = model.decision_function(X)[:, [label]]
    steps = expit(odds) - expit(odds - moved)
    for line in codes.itertuples():
        assert line.column == f"x{steps[line.row].argmax()}"
        assert line.effect == pytest.approx(steps[line.row].max())
    assert len(codes) > 40 and codes.attrs["adverse"] == str(label)


@pytest.mark.parametrize("target", ["predicted", "predicted_class"])
def test_no_explanation_of_a_predicted_class(target):
    X, Y = indicator(2)
    ours = network().fit(X, Y)
    for model in (ours, as_mlp(ours, X, Y)):
        with pytest.raises(ValueError, match="target"):
            Explanation.from_estimator(model, X, target=target)


def test_words_of_other_targets():
    X, Y = indicator(2)
    ours = network().fit(X, Y)
    for target, words in (
        ("output", "log-odds of each label"),
        ("probabilities", "probability of each label"),
        ("log_prob_sum", "sum of the log-probabilities of labels"),
    ):
        for model in (ours, as_mlp(ours, X, Y)):
            found = Explanation.from_estimator(model, X, target=target)
            assert words in repr(found)
    found = Explanation.from_estimator(ours, X, target="probabilities")
    np.testing.assert_allclose(found.predictions, ours.predict_proba(X))


# Importances --------------------------------------------------------------------------


def test_sensitivity_takes_all_labels_together():
    model, X, Y, W = fitted_linear(3)
    shares = 100 * np.sqrt((W**2).sum(axis=0))
    shares /= np.sqrt((W**2).sum(axis=0)).sum()
    for each in (model, as_mlp(model, X, Y)):
        np.testing.assert_allclose(global_importance(each, X).importances, shares)
        local = local_importance(each, X).importances
        np.testing.assert_allclose(local, np.tile(local[0], (60, 1)))
    smooth = network(activation="tanh").fit(X, Y)
    assert interaction_importance(smooth, X).importances.shape == (4, 4)


def test_selection_of_columns():
    X = drawn(150, 5)
    Y = (X[:, :2] + 0.1 * drawn(150, 2, seed=1) > 0).astype(int)
    model = GradientLassoClassifier(lam=0.05, tol=1e-2, **SMALL)
    selector = SensitivitySelector(model, max_features=2).fit(X, Y)
    assert selector.get_support().tolist() == [True, True, False, False, False]
    floor = noise_floor(model, X, Y, n_repeats=4, random_state=0)
    assert floor.significant[:2].all()


# Paths --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [GradientLassoClassifier, AttributionPriorClassifier])
def test_networks_of_a_path_are_those_fitted_alone(kind):
    X, Y = indicator(3)
    model = kind(**SMALL, **LONG)
    assert_each_as_alone(model, data_of(X, Y), halves(60), [0.01, 1.0], 1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_losses_and_counts_of_a_path(form):
    X, Y = indicator(2)
    weight = 1.0 + np.arange(60) % 2
    path = lambda_path(
        network(**LONG),
        X,
        form(Y),
        lams=[0.01, 0.5],
        sample_weight=weight,
        return_estimators=True,
    )
    shares = np.average(Y, axis=0, weights=weight)

    def loss(p):
        return sum(
            log_loss(y, of_label, sample_weight=weight) for y, of_label in zip(Y.T, p.T)
        )

    assert path.constant_losses == pytest.approx(loss(np.tile(shares, (60, 1))))
    for k, model in enumerate(path.estimators):
        assert path.losses[k] == pytest.approx(loss(model.predict_proba(X)))
        odds = model.decision_function(X)
        deviation = np.sqrt(
            np.average((odds - np.average(odds, 0, weight)) ** 2, 0, weight)
        )
        scale = np.sqrt(deviation**2 + np.pi**2 / 3)
        spread = np.sqrt(np.average((X - np.average(X, 0, weight)) ** 2, 0, weight))
        floor = 0.01 * scale / spread[:, None]
        expected = effective_features(model.explain(X), floor=floor)
        assert path.effective_features[k] == pytest.approx(expected)
        moved = effects(model.decision_function, X, X, sample_weight=weight)
        expected = effective_columns(moved.magnitudes, scale, floor=0.01).mean()
        assert path.effective_columns[k] == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("groups", [None, np.arange(60) // 2])
def test_choice_of_lam_and_stability(form, groups):
    X, Y = indicator(7)
    search = GradientLassoClassifierCV(lams=2, cv=2, **SMALL)
    search.set_params(max_iter=5, tol=0.0).fit(X, form(Y), groups=groups)
    assert np.isfinite(search.losses_).all()
    model = make_pipeline(StandardScaler(), network(**LONG))
    path = stability_selection(
        model, X, form(Y), lams=[0.01], n_subsamples=2, groups=None
    )
    assert path.frequencies.shape == (1, 4)


# Right reasons ------------------------------------------------------------------------


def test_obedience_is_about_every_label():
    signs = np.where(np.arange(60) % 2, 1.0, -1.0)
    X = np.column_stack([signs, drawn(60), drawn(60, seed=1)])
    W = np.array([[4.0, 0.0, 0.0], [0.0, 0.0, 3.0]])  # label 0 is by x0, and 1 by x2
    form = {"feature_shape": (3,), "dtype": torch.float64, "device": "cpu"}
    annotations = np.tile([1.0, 1.0, 0.0], (60, 1))
    rows = Rows(X, None, {"annotations": annotations}, **form)
    measured = Measurement(
        module=linear(W),
        rows=rows,
        is_classifier=True,
        has_labels=True,
        signs=(),
        seed=0,
    )
    change, changed = measured.joint_effect
    # Half of the donors have the other sign, which moves one of two labels by 8.
    assert changed == pytest.approx(0.5, abs=0.1)
    assert change == pytest.approx(changed * 8 / 2)
    assert measured.effect_of(np.array([1]), 2) == (0.0, 0.0)


def test_a_network_obeys_annotations_for_all_labels():
    X, Y = indicator(2, n_rows=150)
    Y[:, 0] = X[:, 0] > 0
    annotations = np.tile([1, 0, 0, 0], (150, 1))
    model = RRRClassifier(hidden_layer_sizes=(8,), learning_rate_init=0.02, tol=1e-3)
    model.set_params(random_state=0).fit(X, Y, annotations=annotations)
    assert model.obedience_.reached
    other = X.copy()
    other[:, 0] = X[::-1, 0]
    assert (model.predict(other) != model.predict(X)).any(axis=1).mean() < 0.02


def test_a_sign_holds_for_all_labels():
    X, Y = indicator(2, n_rows=100)
    model = RRRClassifier(monotonic_cst=[-1, 0, 0, 0], tol=1e-2, **SMALL).fit(X, Y)
    assert (model.explain(X)[:, 0] > 0).mean() < 0.02
    free = RRRClassifier(tol=1e-2, **SMALL).fit(X, Y)
    assert (free.explain(X)[:, 0] > 0).mean() > 0.3


@pytest.mark.parametrize("form", FORMS)
def test_members_disagree_where_any_label_differs(form):
    X, Y = indicator(2)
    member = RRRClassifier(lam=1.0, tol=1e-2, **SMALL)
    search = FindAnotherExplanation(member, tolerance=1.0)
    search.fit(X, form(Y))
    predictions = [each.decision_function(X) > 0 for each in search.estimators_]
    assert len(predictions) > 1
    differ = [(a != b).any(axis=1) for a, b in combinations(predictions, 2)]
    np.testing.assert_allclose(search.disagreement(X), np.mean(differ, axis=0))
    np.testing.assert_array_equal(search.classes_, [0, 1])
    assert search.predict_proba(X).shape == (60, 2)


# NGSLL --------------------------------------------------------------------------------


@pytest.mark.parametrize("n_labels", [2, 3])
def test_each_label_has_its_own_linear_model(n_labels):
    X, Y = indicator(n_labels)
    model = NGSLLClassifier(n_nonzero_coefs=2, **QUICK).fit(X, Y)
    w = model.explain(X)
    assert w.shape == (60, 4, n_labels)
    assert ((w != 0).any(axis=2).sum(axis=1) <= 2).all()
    decision = np.einsum("nd,ndl->nl", X, w)
    np.testing.assert_allclose(model.decision_function(X), decision, rtol=1e-6)
    np.testing.assert_allclose(model.predict_proba(X), expit(decision), rtol=1e-6)
    found = Explanation.from_estimator(model, X)
    assert (found.target, found.unit) == ("log-odds of each label", "log-odds")
    np.testing.assert_allclose(found.predictions, decision, rtol=1e-6)
    assert model.explain(X, attribution="contributions").shape == w.shape


@pytest.mark.parametrize("form", [*FORMS, sp.coo_matrix])
def test_labels_of_texts(form):
    texts = ["funny film", "bad music", "funny music", "bad film"] * 10
    Y = np.array([[text.startswith("bad"), text.endswith("film")] for text in texts])
    model = NGSLLClassifier(
        encode=TokenSequencer(), simplify=CountVectorizer(), random_state=0
    )
    weight = np.arange(40) < 30
    model.set_params(max_iter=60, learning_rate_init=0.02, tol=1e-2)
    model.fit(texts, form(Y.astype(int)), sample_weight=weight)
    np.testing.assert_array_equal(model.decision_function(texts) > 0, Y)
    of_label = model.explain(texts)  # CSR matrices; the words are in order
    assert model.simplified_feature_names_.tolist() == ["bad", "film", "funny", "music"]
    assert [each.shape for each in of_label] == [(40, 4)] * 2
    decisions = [each.sum(axis=1) for each in of_label]
    np.testing.assert_allclose(
        np.column_stack(decisions), model.decision_function(texts), rtol=1e-6
    )
