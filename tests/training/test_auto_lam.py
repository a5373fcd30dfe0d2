"""The strength that lam="auto" finds: what it measures, and when it is found again."""

import numpy as np
import pytest
import torch
from helpers.annotated_rows import A, X, Y
from helpers.fitted_callback import fitted_callback
from sklearn.metrics import log_loss
from skorch.callbacks import Callback
from torch import nn

from sklearn_gradlasso import RRRClassifier, RRRRegressor
from sklearn_gradlasso.estimators.obedience import raising


def test_auto_is_the_strength_it_reports():
    mask = [False, True, False]
    auto = RRRClassifier(
        module="perceptron", max_iter=50, random_state=0, batch_size=50
    )
    auto.fit(X, Y, annotations=mask)
    same = RRRClassifier(
        module="perceptron", lam=auto.lam_, max_iter=50, random_state=0, batch_size=50
    )
    same.fit(X, Y, annotations=mask)
    np.testing.assert_array_equal(auto.predict_proba(X), same.predict_proba(X))
    assert auto.penalty_curve_ == same.penalty_curve_


def test_auto_makes_both_terms_equal_when_half_is_learned():
    # One batch holds all rows, so that epochs are steps and can be counted by hand.
    two = [1, 0, 1]
    auto = RRRClassifier(
        module="perceptron", max_iter=1, random_state=0, obedience=None
    )
    auto.fit(X, Y, annotations=two)
    plain = RRRClassifier(
        module="perceptron", lam=0.0, tol=0.0, max_iter=200, random_state=0
    )
    guessing = log_loss(Y, np.full((200, 2), np.bincount(Y) / 200))
    losses = np.array(plain.fit(X, Y).loss_curve_)
    n_steps = 1 + np.argmax(losses < guessing / 2)
    assert 10 < n_steps < 200
    halfway = plain.set_params(max_iter=n_steps).fit(X, Y)
    penalty = np.square(halfway.explain(X, target="training") * two).sum(axis=1).mean()
    assert auto.lam_ == pytest.approx(guessing / penalty, rel=1e-6)


def test_auto_of_exchanges_by_hand(monkeypatch):
    monkeypatch.setattr(raising, "MOST_RAISES", 0)
    mask, tolerated = np.array([0.0, 0, 2]), 0.45
    auto = RRRClassifier(
        module="perceptron", max_iter=1, random_state=0, obedience=2 * tolerated
    )
    auto.fit(X, Y, annotations=mask)
    warm = RRRClassifier(
        module="perceptron", lam=0.0, tol=0.0, max_iter=100, random_state=0
    ).fit(X, Y)
    guessing = log_loss(Y, np.full((200, 2), np.bincount(Y) / 200))
    residual = np.sqrt(guessing * log_loss(Y, warm.predict_proba(X)))
    change = tolerated * warm.decision_function(X).std()
    # Annotations of 2 make the cost four times as large.
    assert auto.lam_ == pytest.approx(residual / (2 * 4 * change), rel=1e-6)


def test_auto_of_signs_by_hand():
    signs = [1, 0, -1]
    y = X[:, 0] - X[:, 2] + np.random.default_rng(1).standard_normal(200)
    auto = RRRRegressor(
        module="perceptron",
        max_iter=1,
        random_state=0,
        monotonic_cst=signs,
        obedience=None,
    )
    auto.fit(X, y)
    warm = RRRRegressor(
        module="perceptron", lam=0.0, tol=0.0, max_iter=100, random_state=0
    ).fit(X, y)
    reached = np.mean(np.square((warm.predict(X) - y) / y.std()))
    whole = np.abs(warm.explain(X) / y.std())[:, [0, 2]].sum(axis=1).mean()
    assert auto.lam_ == pytest.approx(np.sqrt(reached) / (0.005 * whole), rel=1e-6)


@pytest.mark.filterwarnings("ignore:the columns of X are on very different scales")
def test_auto_follows_the_units_of_a_column():
    scaled = X * [1000.0, 1, 1]
    mask = np.array([False, True, False])
    one = RRRRegressor(
        max_iter=1,
        random_state=0,
        activation="identity",
        learning_rate_init=1e-3,
        obedience=None,
    )
    lam = one.fit(X, X[:, 1], annotations=mask).lam_
    stretched = one.fit(X * [1, 2.0, 1], X[:, 1], annotations=mask).lam_
    assert stretched / lam == pytest.approx(4, rel=0.5)
    assert np.isfinite(one.fit(scaled, X[:, 1], annotations=mask).lam_)


@pytest.mark.parametrize("obedience", [None, 0.9])
def test_auto_counts_sample_weights_as_repetition(obedience):
    weight = np.where(np.arange(200) < 50, 2.0, 1.0)
    repeated = np.repeat(np.arange(200), weight.astype(int))
    network = RRRClassifier(
        module="perceptron", max_iter=1, random_state=0, obedience=obedience
    )
    weighted = network.fit(X, Y, sample_weight=weight, annotations=A).lam_
    by_hand = network.fit(X[repeated], Y[repeated], annotations=A[repeated]).lam_
    assert weighted == pytest.approx(by_hand, rel=1e-6)


def test_auto_is_settled_once_by_partial_fit_and_warm_start():
    model = RRRClassifier(module="perceptron", random_state=0)
    model.partial_fit(X, Y, classes=[0, 1])
    assert model.lam_ == 0.0
    settled = model.partial_fit(X, Y, annotations=A).lam_
    assert settled > 0
    assert model.partial_fit(X[:50], Y[:50], annotations=A[:50]).lam_ == settled
    quick = {
        "module": "perceptron",
        "random_state": 0,
        "max_iter": 2,
        "obedience": None,
    }
    warm = RRRClassifier(warm_start=True, **quick)
    settled = warm.fit(X, Y, annotations=A).lam_
    assert warm.fit(X, Y, annotations=2 * A).lam_ == settled
    warm.set_params(warm_start=False)
    assert warm.fit(X, Y, annotations=2 * A).lam_ != settled


def test_auto_is_found_again_only_for_what_is_new():
    quick = {
        "module": "perceptron",
        "random_state": 0,
        "max_iter": 2,
        "obedience": None,
    }
    model = RRRClassifier(lam=5.0, warm_start=True, **quick)
    model.fit(X, Y, annotations=A)
    found = model.set_params(lam="auto").fit(X, Y, annotations=A).lam_
    assert found != 5.0
    assert model.fit(X[:99], Y[:99], annotations=A[:99]).lam_ == found
    with_signs = model.set_params(monotonic_cst=[1, 0, 0]).fit(X, Y, annotations=A)
    assert with_signs.lam_ != found
    found = with_signs.lam_
    assert model.fit(X, Y).lam_ == found  # signs alone, no new term


class Counting(Callback):
    epochs = 0

    def on_epoch_end(self, net, **kwargs):
        self.epochs += 1


def test_auto_leaves_the_generators_and_callbacks_alone():
    state = torch.get_rng_state()
    counting = Counting()
    quick = {"module": "perceptron", "max_iter": 2, "batch_size": 50, "obedience": None}
    model = RRRClassifier(random_state=0, callbacks=[counting], **quick)
    model.fit(X, Y, annotations=A)
    assert torch.equal(torch.get_rng_state(), state)
    assert counting.epochs == 0
    assert fitted_callback(model, Counting).epochs == 2
    assert model.n_iter_ == len(model.loss_curve_) == len(model.penalty_curve_) == 2


def dropping(n_features, n_outputs):
    return nn.Sequential(nn.Dropout(0.3), nn.Linear(n_features, n_outputs))


def test_auto_with_dropout_is_the_strength_it_reports():
    mask = [False, True, False]
    quick = {"max_iter": 10, "random_state": 0, "module": dropping, "obedience": 0.9}
    auto = RRRClassifier(**quick)
    auto.fit(X, Y, annotations=mask)
    same = RRRClassifier(lam=auto.lam_, **quick)
    same.fit(X, Y, annotations=mask)
    np.testing.assert_array_equal(auto.predict_proba(X), same.predict_proba(X))


def test_auto_refuses_weights_whose_squares_are_not_numbers():
    model = RRRClassifier(module="perceptron", max_iter=2, random_state=0)
    with pytest.raises(ValueError, match='lam="auto".*not finite.*annotations'):
        model.fit(X, Y, annotations=1e200 * A)


def test_a_warm_up_that_diverges_says_so_and_leaves_the_model_as_it_was():
    model = RRRClassifier(module="perceptron", random_state=0, max_iter=3)
    before = model.fit(X, Y, annotations=A).predict_proba(X)
    model.set_params(learning_rate_init=1e300)
    with pytest.raises(ValueError, match='lam="auto".*not finite.*Scale X'):
        model.fit(X[:, :2], Y, annotations=A[:, :2])
    np.testing.assert_array_equal(model.predict_proba(X), before)
