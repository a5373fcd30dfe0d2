"""The training loop: what it does per batch, when it stops, which weights it leaves."""

import signal

import numpy as np
import pytest
import torch
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    Freezer,
    GradientNormClipping,
    LRScheduler,
)

from sklearn_gradlasso import GradientLassoClassifier, GradientLassoRegressor
from sklearn_gradlasso.training.loop import ObjectiveNet
from sklearn_gradlasso.training.rows import Batches, Rows
from sklearn_gradlasso.training.stopping import Plateau


class EpochRecorder(Callback):
    def initialize(self):
        self.epochs = []
        return self

    def on_epoch_end(self, net, **kwargs):
        self.epochs.append(dict(net.history[-1]))


def parameters(module):
    return torch.nn.utils.parameters_to_vector(module.parameters()).detach().clone()


class ValidRecorder(Callback):
    def on_epoch_end(self, net, dataset_valid, **kwargs):
        self.rows = dataset_valid


class BatchRecorder(Callback):
    def initialize(self):
        self.sizes = []
        return self

    def on_batch_end(self, net, batch, training, **kwargs):
        self.sizes.append(len(batch[0]))


def rows(X, **extras):
    return Rows(
        X,
        np.arange(len(X)),
        extras,
        feature_shape=X.shape[1:],
        dtype=torch.float64,
        device="cpu",
    )


def test_plateau_stops_after_more_than_patience_epochs_without_a_fall():
    plateau = Plateau(tol=0.1, patience=2)
    reached = []
    for value in [1.0, 0.5, 0.45, 0.44, 0.43]:
        plateau.update(value)
        reached.append(plateau.reached)
    assert reached == [False, False, False, False, True]
    assert plateau.best == 0.43


def test_each_row_comes_once_in_a_new_order_with_what_belongs_to_it():
    X = np.arange(10.0)[:, None]
    batches = Batches(rows(X, sample_weight=X[:, 0]), 4, torch.Generator())
    orders = []
    for _ in range(2):
        seen = []
        for batch in batches:
            x, y = batch
            assert torch.equal(x[:, 0].long(), y)
            assert torch.equal(x[:, 0], batch.extras["sample_weight"])
            seen += y.tolist()
        assert sorted(seen) == list(range(10))
        orders.append(seen)
    assert orders[0] != orders[1]
    assert len(batches) == 3


def test_without_a_generator_batches_are_views_of_the_data():
    data = rows(np.zeros((10, 2)))
    x, _ = next(iter(Batches(data, 4)))
    assert x.data_ptr() == data.X.data_ptr()


def test_curves_have_one_entry_per_epoch_and_hold_the_terms(cancer):
    model = GradientLassoClassifier(lam=0.1, max_iter=4, random_state=0).fit(*cancer)
    assert len(model.loss_curve_) == len(model.penalty_curve_) == model.n_iter_ == 4
    assert model.loss_ == model.loss_curve_[-1]
    assert all(penalty > 0 for penalty in model.penalty_curve_)
    plain = GradientLassoClassifier(lam=0, max_iter=4, random_state=0).fit(*cancer)
    assert plain.penalty_curve_ == [0.0] * 4


def test_no_history_per_batch_unless_a_callback_asks(cancer):
    lean, asking = EpochRecorder(), BatchRecorder()
    shared = {"batch_size": 100, "max_iter": 2, "random_state": 0}
    quiet = GradientLassoClassifier(callbacks=[lean], **shared).fit(*cancer)
    loud = GradientLassoClassifier(callbacks=[asking], **shared).fit(*cancer)
    assert len(lean.epochs) == 2
    assert [epoch["batches"] for epoch in lean.epochs] == [[{}], [{}]]
    assert asking.sizes == 2 * [100, 100, 100, 100, 100, 69]
    np.testing.assert_array_equal(
        quiet.decision_function(cancer[0]), loud.decision_function(cancer[0])
    )
    assert quiet.loss_curve_ == pytest.approx(loud.loss_curve_)


@pytest.mark.parametrize(
    "callback",
    [
        EarlyStopping(monitor="train_loss", patience=1, threshold=10.0),
        EarlyStopping(monitor="valid_loss", patience=1, threshold=10.0),
    ],
)
def test_early_stopping_of_skorch_ends_training_quietly(cancer, callback, capsys):
    model = GradientLassoClassifier(
        callbacks=[callback], early_stopping=True, max_iter=50, random_state=0
    ).fit(*cancer)
    assert model.n_iter_ < 10
    assert model.net_.ended_by_ == "callback"


def test_callbacks_of_skorch_work(cancer):
    def accuracy(net, X, y):
        return (net.predict(X).argmax(1) == y).mean()

    model = GradientLassoClassifier(
        callbacks=[
            ("clip", GradientNormClipping(1.0)),
            LRScheduler(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.5),
            EpochScoring(accuracy, lower_is_better=False, name="accuracy"),
        ],
        early_stopping=True,
        max_iter=3,
        random_state=0,
    ).fit(*cancer)
    history = model.net_.history
    assert history[:, "accuracy"] == history[:, "valid_score"]
    assert model.net_.optimizer_.param_groups[0]["lr"] == pytest.approx(0.003 / 8)


def test_checkpoint_of_skorch_saves_the_best_epoch(cancer, tmp_path):
    model = GradientLassoClassifier(
        callbacks=[Checkpoint(dirname=tmp_path)],
        early_stopping=True,
        max_iter=3,
        random_state=0,
    ).fit(*cancer)
    assert (tmp_path / "params.pt").exists()
    assert any(model.net_.history[:, "valid_loss_best"])


def test_freezer_of_skorch_keeps_weights(cancer):
    model = GradientLassoClassifier(
        callbacks=[Freezer("0.0.*")], max_iter=2, random_state=0
    ).fit(*cancer)
    same = GradientLassoClassifier(
        learning_rate_init=1e-300, max_iter=2, random_state=0
    ).fit(*cancer)
    ours, first = model.net_.module_[0], same.net_.module_[0]
    assert torch.equal(ours[0].weight, first[0].weight)
    assert not torch.equal(ours[2].weight, first[2].weight)


def test_a_last_row_alone_joins_the_batch_before_it():
    X = np.zeros((9, 1))
    for generator in (None, torch.Generator()):
        sizes = [len(x) for x, _ in Batches(rows(X), 4, generator)]
        assert sizes == [4, 5]
    assert [len(x) for x, _ in Batches(rows(X), 1)] == [1] * 9


def test_early_stopping_keeps_the_best_weights_of_a_stratified_split(cancer):
    recorder = ValidRecorder()
    model = GradientLassoClassifier(
        callbacks=[recorder],
        early_stopping=True,
        max_iter=40,
        n_iter_no_change=5,
        random_state=0,
    ).fit(*cancer)
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert len(model.validation_scores_) == model.n_iter_ <= 40
    valid = recorder.rows
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
    recorder = ValidRecorder()
    model = GradientLassoRegressor(
        callbacks=[recorder], early_stopping=True, max_iter=5, random_state=0
    )
    model.fit(X, y, sample_weight=weight)
    valid = recorder.rows
    found = [np.flatnonzero((x == X).all(1))[0] for x in valid.X.numpy()]
    scaled = valid.extras["sample_weight"].numpy()
    np.testing.assert_allclose(scaled, weight[found] / weight.mean())
    score = model.score(X[found], y[found], sample_weight=weight[found])
    assert score == pytest.approx(model.best_validation_score_)


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
    recorder = ValidationRecorder()
    model = GradientLassoClassifier(
        callbacks=[recorder],
        early_stopping=True,
        learning_rate_init=0.05,
        max_iter=20,
        random_state=0,
    )
    with pytest.warns(UserWarning, match="interrupted in epoch 8"):
        model.fit(*cancer)
    score, _, best = max(recorder.epochs, key=lambda epoch: (epoch[0], -epoch[1]))
    assert model.best_validation_score_ == score
    assert torch.equal(parameters(model.net_.module_), best)


class ValidationRecorder(Callback):
    """Score, loss and weights at the end of each epoch."""

    def initialize(self):
        self.epochs = []
        return self

    def on_epoch_end(self, net, **kwargs):
        epoch = net.history[-1]
        weights = parameters(net.module_)
        self.epochs.append((epoch["valid_score"], epoch["valid_loss"], weights))


def test_of_equal_scores_early_stopping_keeps_the_lower_loss(cancer):
    recorder = ValidationRecorder()
    model = GradientLassoClassifier(
        callbacks=[recorder], early_stopping=True, max_iter=40, random_state=0
    ).fit(*cancer)
    scores = [score for score, *_ in recorder.epochs]
    assert scores.count(max(scores)) > 1
    _, _, best = max(recorder.epochs, key=lambda epoch: (epoch[0], -epoch[1]))
    assert torch.equal(parameters(model.net_.module_), best)


def test_nothing_is_lost_on_an_interrupt(cancer):
    X, y = cancer
    model = GradientLassoClassifier(
        callbacks=[Stopper()], batch_size=100, max_iter=50, random_state=0
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
        optimizer="sgd", learning_rate_init=rate, max_iter=50, random_state=0
    )
    with pytest.raises(ValueError, match=r"no longer finite.*Scale X.*lower lam"):
        model.fit(X, y)
    weights = torch.nn.utils.parameters_to_vector(model.net_.module_.parameters())
    assert weights.isfinite().all()
    assert np.isfinite(model.loss_curve_).all()
    assert model.n_iter_ == len(model.loss_curve_)


def test_divergence_with_early_stopping_is_answered_in_the_same_way(one_target):
    model = GradientLassoRegressor(
        optimizer="sgd", learning_rate_init=1e6, early_stopping=True, random_state=0
    )
    with pytest.raises(ValueError, match=r"no longer finite.*Scale X"):
        model.fit(*one_target)
    assert np.isfinite(model.predict(one_target[0])).all()


def test_divergence_before_the_first_finite_epoch_leaves_the_initial_weights(cancer):
    X, y = cancer
    model = GradientLassoClassifier(lam=1e300, learning_rate_init=1e300, random_state=0)
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
    recorder = WeightRecorder()
    model = GradientLassoClassifier(
        callbacks=[recorder], batch_size=120, max_iter=3, random_state=0
    ).fit(*cancer)
    assert len(recorder.weights) == 15
    expected = torch.stack(recorder.weights[-3:]).mean(0)
    torch.testing.assert_close(parameters(model.net_.module_), expected)
    recorder = WeightRecorder()
    model.set_params(callbacks=[recorder]).partial_fit(*cancer)
    assert torch.equal(parameters(model.net_.module_), recorder.weights[-1])


def test_an_optimizer_that_evaluates_the_loss_several_times(cancer):
    model = GradientLassoClassifier(
        optimizer=torch.optim.LBFGS,
        learning_rate_init=0.5,
        batch_size=569,
        max_iter=3,
        random_state=0,
    ).fit(*cancer)
    assert model.n_iter_ == 3
    assert model.score(*cancer) > 0.95


def test_progress_bar_shows_epochs_and_terms(cancer, capsys):
    GradientLassoClassifier(verbose=1, max_iter=3, random_state=0).fit(*cancer)
    shown = capsys.readouterr().err
    assert "3/3" in shown
    assert "loss=" in shown and "penalty=" in shown


def test_training_leaves_no_gradients_and_evaluation_mode(cancer):
    module = (
        GradientLassoClassifier(max_iter=2, random_state=0).fit(*cancer).net_.module_
    )
    assert not module.training
    assert all(theta.grad is None for theta in module.parameters())
