"""When training ends, and which weights it leaves."""

import signal
import warnings

import numpy as np
import pytest
import torch
from helpers.fitted_callback import fitted_callback
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback
from torch.nn.utils import parameters_to_vector

from sklearn_gradlasso import GradientLassoClassifier, GradientLassoRegressor
from sklearn_gradlasso.training.loop import ObjectiveNet
from sklearn_gradlasso.training.stopping import Plateau


def parameters(module):
    return parameters_to_vector(module.parameters()).detach().clone()


class ValidRecorder(Callback):
    def on_epoch_end(self, net, dataset_valid, **kwargs):
        self.rows = dataset_valid.rows


def test_plateau__is_reached_after_more_than_patience_epochs_without_a_fall():
    plateau = Plateau(tol=0.1, patience=2)
    reached = []
    for value in [1.0, 0.5, 0.45, 0.44, 0.43]:
        plateau.update(value)
        reached.append(plateau.reached)
    assert reached == [False, False, False, False, True]
    assert plateau.best == 0.43


def test_plateau__waits_for_a_number_of_steps():
    plateau = Plateau(tol=0.1, patience=2, least_steps=12)
    reached = []
    for value in [1.0, 0.5, 0.5, 0.5, 0.5, 0.5]:
        plateau.update(value, n_steps=3)
        reached.append((plateau.has_settled, plateau.reached))
    assert [settled for settled, _ in reached] == 4 * [False] + 2 * [True]
    assert [each for _, each in reached] == 5 * [False] + [True]


def test_by_default_small_tables_are_watched_for_more_epochs(cancer):
    X, y = cancer
    params = {
        "module": "perceptron",
        "early_stopping": True,
        "tol": 10.0,
        "random_state": 0,
    }
    model = GradientLassoClassifier(batch_size=103, **params).fit(X, y)
    assert model.n_iter_ == 1 + 30  # 512 rows to train on are five steps
    assert model.set_params(batch_size=16).fit(X, y).n_iter_ == 1 + 11
    assert model.set_params(early_stopping=False).fit(X, y).n_iter_ == 1 + 11
    model.set_params(early_stopping=True, n_iter_no_change=3).fit(X, y)
    assert model.n_iter_ == 1 + 4


def test_what_has_settled_when_the_epochs_are_over_is_not_warned_about(cancer):
    params = {
        "module": "perceptron",
        "early_stopping": True,
        "tol": 10.0,
        "random_state": 0,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = GradientLassoClassifier(max_iter=12, **params).fit(*cancer)
    assert model.n_iter_ == 12
    with pytest.warns(ConvergenceWarning, match="max_iter=11 epochs are over"):
        model.set_params(max_iter=11).fit(*cancer)


def test_training_that_has_not_settled_is_warned_about(cancer):
    model = GradientLassoClassifier(module="perceptron", max_iter=2, random_state=0)
    with pytest.warns(ConvergenceWarning, match="max_iter=2 epochs are over"):
        model.fit(*cancer)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.partial_fit(*cancer)  # whose caller decides when it ends
        model.set_params(tol=10.0, n_iter_no_change=1, max_iter=9).fit(*cancer)
    assert model.n_iter_ < 9


def test_early_stopping_keeps_the_best_weights_of_a_stratified_split(cancer):
    model = GradientLassoClassifier(
        module="perceptron",
        callbacks=[ValidRecorder()],
        early_stopping=True,
        max_iter=40,
        n_iter_no_change=5,
        random_state=0,
    ).fit(*cancer)
    kept = np.argmin(model.validation_loss_curve_)
    assert model.best_validation_score_ == model.validation_scores_[kept]
    assert len(model.validation_scores_) == model.n_iter_ <= 40
    valid = fitted_callback(model, ValidRecorder).rows
    assert len(valid) == 57
    share = valid.y.double().mean().item()
    assert share == pytest.approx(cancer[1].mean(), abs=0.01)
    with torch.no_grad():
        predicted = model.net_.module_(valid.X).argmax(1)
    accuracy = (predicted == valid.y).double().mean().item()
    assert accuracy == pytest.approx(model.best_validation_score_)


def test_early_stopping_splits_weights_and_scores_with_them(one_target):
    X, y = one_target
    weight = np.where(np.arange(len(X)) % 2, 2.0, 1.0)
    model = GradientLassoRegressor(
        module="perceptron",
        callbacks=[ValidRecorder()],
        early_stopping=True,
        max_iter=5,
        random_state=0,
    )
    model.fit(X, y, sample_weight=weight)
    valid = fitted_callback(model, ValidRecorder).rows
    found = [np.flatnonzero((x == X).all(1))[0] for x in valid.X.numpy()]
    scaled = valid.extras["sample_weight"].numpy()
    np.testing.assert_allclose(scaled, weight[found] / weight.mean())
    score = model.score(X[found], y[found], sample_weight=weight[found])
    assert score == pytest.approx(model.best_validation_score_)


class ValidationRecorder(Callback):
    """The values on held-out rows and the weights at the end of each epoch."""

    def initialize(self):
        self.epochs = []
        return self

    def on_epoch_end(self, net, **kwargs):
        epoch = net.history[-1]
        self.epochs.append({**epoch, "weights": parameters(net.module_)})


KEPT = {
    "objective": lambda epoch: epoch["valid_objective"],
    "loss": lambda epoch: epoch["valid_loss"],
    # Of equal scores the lower loss decides.
    "score": lambda epoch: (-epoch["valid_score"], epoch["valid_loss"]),
}


@pytest.mark.parametrize("monitor", KEPT)
def test_the_kept_weights_are_the_best_by_what_is_monitored(cancer, monitor):
    model = GradientLassoClassifier(
        module="perceptron",
        callbacks=[ValidationRecorder()],
        early_stopping=True,
        monitor=monitor,
        lam=1.0,
        learning_rate_init=0.03,
        max_iter=40,
        random_state=0,
    ).fit(*cancer)
    recorder = fitted_callback(model, ValidationRecorder)
    best = min(recorder.epochs, key=KEPT[monitor])
    assert torch.equal(parameters(model.net_.module_), best["weights"])
    assert model.best_validation_score_ == best["valid_score"]
    others = set(KEPT) - {monitor, "objective"}
    assert best not in [min(recorder.epochs, key=KEPT[other]) for other in others]
    watched = "valid_objective" if monitor == "objective" else "valid_loss"
    assert model.validation_loss_curve_ == [e[watched] for e in recorder.epochs]
    assert ("valid_objective" in recorder.epochs[0]) is (monitor == "objective")


def test_plateau__of_equal_scores_the_lower_loss_is_better():
    plateau = Plateau(tol=0.0, patience=9, monitor="score")
    epochs = [(0.8, 0.3), (0.9, 0.5), (0.9, 0.4), (0.9, 0.45), (0.7, 0.1)]
    better = [
        plateau.judge(
            {"valid_score": score, "valid_loss": loss, "train_batch_count": 1}
        )
        for score, loss in epochs
    ]
    assert better == [True, True, True, False, False]


class Stopper(Callback):
    """Sends what Ctrl-C sends, in the middle of an epoch."""

    def on_batch_end(self, net, training=None, **kwargs):
        if len(net.history) == 3:
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("method", ["_end_epoch", "_show", "_record_validation"])
def test_an_interrupt_at_any_moment_keeps_the_best_weights(cancer, method, monkeypatch):
    original = getattr(ObjectiveNet, method)

    def interrupted(net, *args):
        if len(net.history) == 8:
            raise KeyboardInterrupt
        return original(net, *args)

    monkeypatch.setattr(ObjectiveNet, method, interrupted)
    model = GradientLassoClassifier(
        module="perceptron",
        callbacks=[ValidationRecorder()],
        early_stopping=True,
        learning_rate_init=0.05,
        max_iter=20,
        random_state=0,
    )
    with pytest.warns(UserWarning, match="interrupted in epoch 8"):
        model.fit(*cancer)
    recorder = fitted_callback(model, ValidationRecorder)
    best = min(recorder.epochs, key=KEPT["objective"])
    assert model.best_validation_score_ == best["valid_score"]
    assert torch.equal(parameters(model.net_.module_), best["weights"])


def test_nothing_is_lost_on_an_interrupt(interruptible, cancer):
    X, y = cancer
    model = GradientLassoClassifier(
        module="perceptron",
        callbacks=[Stopper()],
        batch_size=100,
        max_iter=50,
        random_state=0,
    )
    with pytest.warns(UserWarning, match="interrupted in epoch 3"):
        model.fit(X, y)
    assert model.n_iter_ == 3
    assert model.score(X, y) > 0.85
    assert model.explain(X).shape == X.shape
    assert model.feature_importances_.sum() == pytest.approx(1)


@pytest.mark.parametrize("rate", [1e6, 1e200])
def test_divergence_stops_with_advice_and_leaves_the_last_finite_weights(
    one_target, rate
):
    X, y = one_target
    model = GradientLassoRegressor(
        module="perceptron",
        optimizer="sgd",
        learning_rate_init=rate,
        max_iter=50,
        random_state=0,
    )
    with pytest.raises(ValueError, match=r"no longer finite.*Scale X.*lower lam"):
        model.fit(X, y)
    weights = parameters_to_vector(model.net_.module_.parameters())
    assert weights.isfinite().all()
    assert np.isfinite(model.loss_curve_).all()
    assert model.n_iter_ == len(model.loss_curve_)


def test_divergence_with_early_stopping_is_answered_in_the_same_way(one_target):
    model = GradientLassoRegressor(
        module="perceptron",
        optimizer="sgd",
        learning_rate_init=1e6,
        early_stopping=True,
        random_state=0,
    )
    with pytest.raises(ValueError, match=r"no longer finite.*Scale X"):
        model.fit(*one_target)
    assert np.isfinite(model.predict(one_target[0])).all()


def test_divergence_before_the_first_finite_epoch_leaves_the_initial_weights(cancer):
    X, y = cancer
    model = GradientLassoClassifier(
        module="perceptron", lam=1e300, learning_rate_init=1e300, random_state=0
    )
    with pytest.raises(ValueError, match="no longer finite"):
        model.fit(X, y)
    assert np.isfinite(model.predict_proba(X)).all()
    assert np.isfinite(model.feature_importances_).all()


class WeightRecorder(Callback):
    def initialize(self):
        self.weights = []
        return self

    def on_batch_end(self, net, training, **kwargs):
        if training:
            self.weights.append(parameters(net.module_))


def test_fit_leaves_the_mean_of_the_second_half_of_an_epoch(cancer):
    model = GradientLassoClassifier(
        module="perceptron",
        callbacks=[WeightRecorder()],
        batch_size=120,
        max_iter=3,
        random_state=0,
    ).fit(*cancer)
    recorder = fitted_callback(model, WeightRecorder)
    assert len(recorder.weights) == 15
    expected = torch.stack(recorder.weights[-3:]).mean(0)
    torch.testing.assert_close(parameters(model.net_.module_), expected)
    model.set_params(callbacks=[WeightRecorder()]).partial_fit(*cancer)
    recorder = fitted_callback(model, WeightRecorder)
    assert torch.equal(parameters(model.net_.module_), recorder.weights[-1])
