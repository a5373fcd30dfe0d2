"""What users of scikit-learn's networks rely on, after ``from_mlp``."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_digits, load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import PoissonRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_regressors_train

from sklearn_gradlasso import (
    AttributionPriorRegressor,
    Explanation,
    FindAnotherExplanation,
    GradientLassoClassifier,
    GradientLassoRegressor,
    GradientLassoRegressorCV,
    NGSLLClassifier,
    RRRRegressor,
    SensitivitySelector,
    from_mlp,
)
from sklearn_gradlasso.modules import MLP, SmallCNN

DIGITS, LABELS = load_digits(n_class=3, return_X_y=True)
DIGITS, LABELS = MinMaxScaler().fit_transform(DIGITS[:150]), LABELS[:150]
IRIS, SPECIES = load_iris(return_X_y=True)
X = np.random.default_rng(0).uniform(-1, 1, (200, 2))
RATE = np.exp(1 + X[:, 0])
COUNTS = np.random.default_rng(1).poisson(RATE)
ACTIVATIONS = ["identity", "logistic", "relu", "tanh"]
BOTH = pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def translated(kind, n_samples=150, **params):
    return from_mlp(kind(random_state=0, **params), n_samples=n_samples)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_lbfgs_fits_digits_with_every_activation(activation):
    params = {"solver": "lbfgs", "hidden_layer_sizes": 20, "activation": activation}
    assert translated(MLPClassifier, **params).fit(DIGITS, LABELS).loss_ < 0.01
    model = translated(MLPRegressor, max_iter=300, **params).fit(DIGITS, LABELS)
    assert model.score(DIGITS, LABELS) > 0.95


@pytest.mark.parametrize("sizes", [7, (7,), [7, 5], (6, 5, 4)])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_layers_are_arrays_of_the_same_shapes(sizes, n_classes):
    rows = n_classes > LABELS
    peer = MLPClassifier(sizes, max_iter=2, random_state=0)
    model = from_mlp(peer).fit(DIGITS[rows], LABELS[rows])
    peer.fit(DIGITS[rows], LABELS[rows])
    for name in ("coefs_", "intercepts_"):
        shapes = [[of.shape for of in getattr(each, name)] for each in (model, peer)]
        assert shapes[0] == shapes[1]
    assert model.n_layers_ == peer.n_layers_
    assert model.out_activation_ == peer.out_activation_
    assert (model.t_, model.n_iter_) == (peer.t_, peer.n_iter_)
    # The layers are the network.
    values = DIGITS
    for W, b in zip(model.coefs_[:-1], model.intercepts_[:-1]):
        values = np.maximum(values @ W + b, 0)
    scores = values @ model.coefs_[-1] + model.intercepts_[-1]
    if n_classes == 2:
        np.testing.assert_allclose(scores[:, 0], model.decision_function(DIGITS))
    else:
        odds = np.exp(scores)
        shares = odds / odds.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(shares, model.predict_proba(DIGITS))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@BOTH
def test_layers_have_the_precision_of_the_data(kind, dtype):
    model = translated(kind, max_iter=2).fit(DIGITS.astype(dtype), LABELS)
    assert {of.dtype for of in (*model.coefs_, *model.intercepts_)} == {np.dtype(dtype)}
    if kind is MLPRegressor:  # The mean of y is not rounded to that of the network.
        assert model.predict(DIGITS.astype(dtype)).dtype == np.float64


def test_layers_follow_the_network_and_cannot_be_set():
    model = translated(MLPClassifier, max_iter=2, warm_start=True)
    with pytest.raises(NotFittedError):
        model.coefs_  # noqa: B018
    before = model.fit(IRIS, SPECIES).coefs_
    with pytest.raises(ValueError, match="read-only"):
        before[0][:] = 0
    with pytest.raises(AttributeError):
        model.coefs_ = before
    assert not np.array_equal(model.fit(IRIS, SPECIES).coefs_[0], before[0])
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.coefs_[0], model.coefs_[0])


def test_other_networks_have_no_such_layers():
    model = GradientLassoClassifier(module=SmallCNN, input_shape=(1, 8, 8), max_iter=1)
    model.fit(DIGITS, LABELS)
    for name in ("coefs_", "intercepts_", "n_layers_"):
        with pytest.raises(AttributeError, match="perceptron.*net_.module_"):
            getattr(model, name)
    model = NGSLLClassifier(max_iter=1, n_nonzero_coefs=2).fit(IRIS, SPECIES)
    with pytest.raises(AttributeError, match="linear model for each row; explain"):
        model.coefs_  # noqa: B018


def test_two_classes_have_two_units_unless_asked_for_one():
    rows = LABELS < 2
    for single, n_units in ((False, 2), (True, 1)):
        model = GradientLassoClassifier(single_logit=single, module="perceptron")
        model.set_params(max_iter=2, random_state=0)
        model.fit(DIGITS[rows], LABELS[rows])
        assert model.intercepts_[-1].shape == (n_units,)
        odds = model.decision_function(DIGITS)
        np.testing.assert_allclose(
            1 / (1 + np.exp(-odds)), model.predict_proba(DIGITS)[:, 1]
        )
        step = 1e-4 * np.eye(64)[20]
        slope = (model.decision_function(DIGITS + step) - odds) / 1e-4
        np.testing.assert_allclose(model.explain(DIGITS)[:, 20], slope, atol=1e-6)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@BOTH
def test_a_warm_start_has_its_own_count(kind, solver):
    params = {"solver": solver, "warm_start": True, "n_iter_no_change": np.inf}
    model = translated(kind, max_iter=4, tol=1e-12, **params)
    with pytest.warns(ConvergenceWarning):
        assert model.fit(IRIS, SPECIES).n_iter_ == 4
    with pytest.warns(ConvergenceWarning):
        assert model.set_params(max_iter=7).fit(IRIS, SPECIES).n_iter_ == 7
    assert len(model.loss_curve_) == 11 and model.t_ == 11 * 150


@BOTH
def test_a_pass_counts_one_and_the_rows_add_up(kind):
    peer = kind(random_state=0)
    model = from_mlp(peer)
    for rows in (slice(0, 150), slice(0, 100), slice(20, 150)):
        for each in (peer, model):
            classes = {"classes": [0, 1, 2]} if kind is MLPClassifier else {}
            each.partial_fit(IRIS[rows], SPECIES[rows], **classes)
        assert (model.n_iter_, model.t_) == (peer.n_iter_, peer.t_)


@BOTH
def test_what_is_not_held_out_has_no_scores(kind):
    model = translated(kind, max_iter=30, solver="sgd").fit(DIGITS, LABELS)
    assert model.validation_scores_ is None and model.best_validation_score_ is None
    assert model.validation_loss_curve_ is None
    assert model.best_loss_ == min(model.loss_curve_)
    model = translated(kind, max_iter=30, early_stopping=True, tol=0.01, solver="sgd")
    model.fit(DIGITS, LABELS)
    assert model.best_loss_ is None
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert len(model.validation_scores_) == model.n_iter_


@pytest.mark.parametrize("patience", [2, 5, 20])
def test_patience_is_counted_as_there(patience):
    model = translated(MLPClassifier, solver="sgd", tol=0.01, max_iter=3000)
    model.set_params(n_iter_no_change=patience).fit(DIGITS, LABELS)
    assert model.net_.plateau.count == patience + 1
    losses = np.array(model.net_.history[:, "train_total"])
    falls = losses[:-1] - losses[1:] >= 0.01
    assert not falls[-patience - 1 :].any()


def test_predictions_of_other_precision_agree():
    model = translated(MLPClassifier, hidden_layer_sizes=5, max_iter=50)
    expected = model.fit(DIGITS, LABELS).predict_proba(DIGITS)
    single = DIGITS.astype(np.float32)
    found = model.fit(single, LABELS).predict_proba(single)
    np.testing.assert_allclose(found, expected, atol=1e-2)


def test_early_stopping_and_passes_exclude_each_other():
    model = translated(MLPClassifier, early_stopping=True).fit(IRIS, SPECIES)
    with pytest.raises(ValueError, match="does not support early_stopping=True"):
        model.partial_fit(IRIS, SPECIES)


# One step, one epoch, one schedule ---------------------------------------------------


def test_a_step_that_is_worked_out_by_hand():
    peer = MLPClassifier(2, activation="logistic", solver="sgd", alpha=0.1, momentum=0)
    model = from_mlp(peer.set_params(learning_rate_init=0.1), n_samples=1)
    x, W, b = (
        np.array([0.6, 0.8, 0.7]),
        np.array([[0.1, 0.2], [0.3, 0.1], [0.5, 0]]),
        0.1,
    )
    V, c = np.array([0.1, 0.2]), 1.0
    network = MLP(3, 1, (2,), "logistic").double()
    values = [W.T, np.full(2, b), V[None], np.array([c])]
    with torch.no_grad():
        for weight, value in zip(network.parameters(), values):
            weight.copy_(torch.tensor(value))
    model.set_params(module=network, module_params=None)
    model.partial_fit([x], [0], classes=[0, 1])
    hidden = 1 / (1 + np.exp(-(x @ W + b)))
    error = 1 / (1 + np.exp(-(hidden @ V + c)))  # the probability of the wrong class
    behind = error * V * hidden * (1 - hidden)
    W, b = W - 0.1 * (np.outer(x, behind) + 0.1 * W), b - 0.1 * behind
    V, c = V - 0.1 * (error * hidden + 0.1 * V), c - 0.1 * error
    found = [p.detach().numpy() for p in model.net_.module_.parameters()]
    for value, expected in zip(found, (W.T, b, V[None], [c]), strict=True):
        np.testing.assert_allclose(value, expected)
    odds = V @ (1 / (1 + np.exp(-(x @ W + b)))) + c
    assert model.predict_proba([x])[0, 1] == pytest.approx(1 / (1 + np.exp(-odds)))


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_a_falling_rate_goes_on_falling_after_a_warm_start(kind):
    params = {"solver": "sgd", "warm_start": True, "max_iter": 2, "power_t": 0.25}
    peer = kind(learning_rate="invscaling", random_state=0, **params)
    model = from_mlp(peer)
    for n_fits in (1, 2, 3):
        model.fit(IRIS, SPECIES)
        peer.fit(IRIS, SPECIES)
        rate = model.learning_rate_init / (n_fits * 300 + 1) ** 0.25
        assert model.net_.optimizer_.param_groups[0]["lr"] == pytest.approx(rate)
        factor = 1 if kind is MLPClassifier else 2  # of our objective
        assert factor * rate == pytest.approx(peer._optimizer.learning_rate)


@pytest.mark.parametrize("momentum", [0, 0.9])
@BOTH
def test_passes_are_a_fit(kind, momentum):
    params = {"solver": "sgd", "learning_rate_init": 0.05, "momentum": momentum}
    params |= {"batch_size": len(DIGITS), "max_iter": 60, "n_iter_no_change": 60}
    model = translated(kind, **params)
    expected = model.fit(DIGITS, LABELS).coefs_
    passes = translated(kind, **params)
    for _ in range(60):
        passes.partial_fit(
            DIGITS, LABELS, **({"classes": range(3)} if kind is MLPClassifier else {})
        )
    for found, W in zip(passes.coefs_, expected, strict=True):
        np.testing.assert_allclose(found, W)
    assert model.score(DIGITS, LABELS) > 0.9


@BOTH
def test_alpha_makes_weights_small(kind):
    sizes = []
    for alpha in (0, 1, 100):
        model = translated(kind, hidden_layer_sizes=10, alpha=alpha, max_iter=100)
        sizes.append([np.abs(W).sum() for W in model.fit(DIGITS, LABELS).coefs_])
    assert (np.diff(sizes, axis=0) < 0).all()


@BOTH
def test_the_order_of_rows_is_drawn_if_they_are_shuffled(kind):
    params = {"hidden_layer_sizes": 3, "max_iter": 1, "batch_size": 10}
    found = [
        translated(kind, shuffle=shuffle, **params).fit(IRIS, SPECIES).coefs_[0]
        for shuffle in (True, True, False, False)
    ]
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[2], found[3])
    assert not np.array_equal(found[0], found[2])


def test_labels_and_columns_have_names_also_with_early_stopping():
    frame = pd.DataFrame(IRIS, columns=list("abcd"))
    names = np.array(["setosa", "versicolor", "virginica"], dtype=object)[SPECIES]
    model = translated(MLPClassifier, early_stopping=True, max_iter=20)
    model.fit(frame, names)  # A warning would be an error.
    assert model.feature_names_in_.tolist() == list("abcd")
    assert len(model.validation_scores_) == model.n_iter_
    assert np.isfinite(model.validation_scores_).all()
    assert set(model.predict(frame)) <= set(names)


@BOTH
def test_equal_weights_hold_out_the_same_rows(kind):
    model = translated(kind, early_stopping=True, max_iter=20, batch_size=10)
    expected = model.fit(IRIS, SPECIES).validation_scores_
    weighted = model.fit(IRIS, SPECIES, sample_weight=np.ones(150))
    np.testing.assert_allclose(weighted.validation_scores_, expected)


def test_answers_about_labels_are_told_apart_where_probabilities_are_one():
    X, Y = make_multilabel_classification(50, random_state=0)
    model = translated(MLPClassifier, 50, solver="lbfgs", hidden_layer_sizes=30)
    shares, logs = model.fit(X, Y).predict_proba(X), model.predict_log_proba(X)
    np.testing.assert_array_equal(shares > 0.5, Y)
    np.testing.assert_array_equal(shares.sum(axis=1) != 1, True)
    np.testing.assert_allclose(np.exp(logs), shares)
    certain = shares == 1
    assert certain.any() and (logs[certain] < 0).all()


# The Poisson loss --------------------------------------------------------------------


@pytest.mark.parametrize("normalize_y", [True, False])
def test_a_linear_network_of_counts_is_a_generalised_linear_model(normalize_y):
    model = GradientLassoRegressor(
        lam=0, loss="poisson", normalize_y=normalize_y, hidden_layer_sizes=()
    )
    model.set_params(optimizer="lbfgs", tol=1e-9).fit(X, COUNTS)
    peer = PoissonRegressor(alpha=0, tol=1e-10).fit(X, COUNTS)
    np.testing.assert_allclose(model.predict(X), peer.predict(X), rtol=1e-5)
    np.testing.assert_allclose(model.coefs_[0][:, 0], peer.coef_, rtol=1e-4)
    scale = COUNTS.mean() if normalize_y else 1.0
    assert model.intercepts_[0][0] + np.log(scale) == pytest.approx(peer.intercept_)
    assert model.out_activation_ == "exp"
    # Half the mean deviance, in units of the mean.
    predicted = peer.predict(X)
    ratio = np.where(COUNTS > 0, COUNTS, 1) / predicted
    half = (COUNTS * np.log(ratio) - COUNTS + predicted).mean() / scale
    assert model.loss_ == pytest.approx(half, rel=1e-6)


@pytest.mark.parametrize(
    "kind", [GradientLassoRegressor, RRRRegressor, AttributionPriorRegressor]
)
def test_counts_are_explained_in_their_units(kind):
    y = np.column_stack([COUNTS, 1000 * COUNTS])
    model = kind(loss="poisson", module="perceptron", max_iter=20, random_state=0)
    model.fit(X, y)
    predicted = model.predict(X)
    assert predicted.shape == (200, 2) and predicted.min() > 0
    slopes = model.explain(X, attribution="gradients")
    step = np.array([1e-5, 0])
    found = (model.predict(X + step) - predicted) / 1e-5
    np.testing.assert_allclose(slopes[:, 0], found, rtol=1e-3, atol=1e-3)
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.predict(X), predicted)


def test_effects_of_counts_add_up_to_predictions():
    model = GradientLassoRegressor(
        loss="poisson", lam=0.01, max_iter=60, random_state=0
    )
    model.fit(X, COUNTS)
    assert model.score(X, COUNTS) > 0.3
    explanation = Explanation.from_estimator(model, X)
    assert explanation.effective_columns < 2
    assert np.abs(explanation.values[:, 0]).mean() > 0.5  # counts, not logarithms
    # The prior acts on the logarithm, whose slope is that of a factor.
    trained = model.explain(X, target="training")
    np.testing.assert_allclose(trained * model.predict(X)[:, None], model.explain(X))


def test_counts_are_scored_and_searched():
    model = GradientLassoRegressor(loss="poisson", early_stopping=True, random_state=0)
    model.fit(X, COUNTS)
    assert max(model.validation_scores_) > 0
    search = GradientLassoRegressorCV(
        lams=[0.01, 10], cv=2, max_iter=20, loss="poisson"
    )
    assert search.fit(X, COUNTS).lam_ == 0.01


def test_counts_that_cannot_be_are_refused():
    model = GradientLassoRegressor(loss="poisson", max_iter=1, warm_start=True)
    with pytest.raises(ValueError, match="loss='poisson' needs y that is not negative"):
        model.fit(X, COUNTS - 1)
    model.fit(X, 0 * COUNTS).fit(X, COUNTS)
    with pytest.raises(ValueError, match="continue with the same loss"):
        model.set_params(loss="squared_error").fit(X, COUNTS)


def test_tags_say_which_y_is_taken():
    taken = []
    for model in (
        PoissonRegressor(),
        GradientLassoRegressor(loss="poisson"),
        GradientLassoRegressorCV(loss="poisson"),
        FindAnotherExplanation(RRRRegressor(loss="poisson")),
        SensitivitySelector(GradientLassoRegressor(loss="poisson")),
        GradientLassoRegressor(),
    ):
        taken.append(get_tags(model).target_tags.positive_only)
    assert taken == [True, True, True, True, True, False]
    # scikit-learn then checks with such y.
    params = {"module": "perceptron", "learning_rate_init": 0.03}
    check_regressors_train("ours", GradientLassoRegressor(loss="poisson", **params))


def test_y_can_be_learned_as_it_is():
    y = 100 + 10 * X[:, 0]
    model = GradientLassoRegressor(normalize_y=False, max_iter=3, random_state=0)
    model.fit(X, y)
    assert model.loss_curve_[0] == pytest.approx(np.mean(y**2), rel=0.1)
    # Without it the unit of y changes nothing.
    model.set_params(normalize_y=True)
    expected = model.fit(X, y).predict(X)
    np.testing.assert_allclose(model.fit(X, 1000 * y).predict(X), 1000 * expected)
