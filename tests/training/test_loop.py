"""The training loop: its record, its callbacks, and what it leaves behind."""

import numpy as np
import pytest
import torch
from helpers.fitted_callback import fitted_callback
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    Freezer,
    GradientNormClipping,
    LRScheduler,
)

from sklearn_gradlasso import GradientLassoClassifier


class EpochRecorder(Callback):
    def initialize(self):
        self.epochs = []
        return self

    def on_epoch_end(self, net, **kwargs):
        self.epochs.append(dict(net.history[-1]))


class BatchRecorder(Callback):
    def initialize(self):
        self.sizes = []
        return self

    def on_batch_end(self, net, batch, training, **kwargs):
        self.sizes.append(len(batch[0]))


def test_curves_have_one_entry_per_epoch_and_hold_the_terms(cancer):
    model = GradientLassoClassifier(
        module="perceptron", lam=0.1, max_iter=4, random_state=0
    ).fit(*cancer)
    assert len(model.loss_curve_) == len(model.penalty_curve_) == model.n_iter_ == 4
    assert model.loss_ == model.loss_curve_[-1]
    assert all(penalty > 0 for penalty in model.penalty_curve_)
    plain = GradientLassoClassifier(
        module="perceptron", lam=0, max_iter=4, random_state=0
    ).fit(*cancer)
    assert plain.penalty_curve_ == [0.0] * 4


def test_no_history_per_batch_unless_a_callback_asks(cancer):
    lean, asking = EpochRecorder(), BatchRecorder()
    shared = {
        "module": "perceptron",
        "batch_size": 100,
        "max_iter": 2,
        "random_state": 0,
    }
    quiet = GradientLassoClassifier(callbacks=[lean], **shared).fit(*cancer)
    loud = GradientLassoClassifier(callbacks=[asking], **shared).fit(*cancer)
    epochs = fitted_callback(quiet, EpochRecorder).epochs
    assert len(epochs) == 2
    assert [epoch["batches"] for epoch in epochs] == [[{}], [{}]]
    assert fitted_callback(loud, BatchRecorder).sizes == 2 * [
        100,
        100,
        100,
        100,
        100,
        69,
    ]
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
        module="perceptron",
        callbacks=[callback],
        early_stopping=True,
        max_iter=50,
        random_state=0,
    ).fit(*cancer)
    assert model.n_iter_ < 10
    assert model.net_.ended_by_ == "callback"


def test_callbacks_of_skorch_work(cancer):
    def accuracy(net, X, y):
        return (net.predict(X) == y).mean()

    model = GradientLassoClassifier(
        module="perceptron",
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
        module="perceptron",
        callbacks=[Checkpoint(dirname=tmp_path)],
        early_stopping=True,
        max_iter=3,
        random_state=0,
    ).fit(*cancer)
    assert (tmp_path / "params.pt").exists()
    assert any(model.net_.history[:, "valid_loss_best"])


def test_freezer_of_skorch_keeps_weights(cancer):
    model = GradientLassoClassifier(
        module="perceptron", callbacks=[Freezer("0.0.*")], max_iter=2, random_state=0
    ).fit(*cancer)
    same = GradientLassoClassifier(
        module="perceptron", learning_rate_init=1e-300, max_iter=2, random_state=0
    ).fit(*cancer)
    ours, first = model.net_.module_[0], same.net_.module_[0]
    assert torch.equal(ours[0].weight, first[0].weight)
    assert not torch.equal(ours[2].weight, first[2].weight)


def test_an_optimizer_that_evaluates_the_loss_several_times(cancer):
    model = GradientLassoClassifier(
        module="perceptron",
        optimizer=torch.optim.LBFGS,
        learning_rate_init=0.5,
        batch_size=569,
        max_iter=3,
        random_state=0,
    ).fit(*cancer)
    assert model.n_iter_ == 3
    assert model.score(*cancer) > 0.95


def test_progress_bar_shows_epochs_and_terms(cancer, capsys):
    GradientLassoClassifier(
        module="perceptron", verbose=1, max_iter=3, random_state=0
    ).fit(*cancer)
    shown = capsys.readouterr().err
    assert "3/3" in shown
    assert "loss=" in shown and "penalty=" in shown


def test_training_leaves_no_gradients_and_evaluation_mode(cancer):
    module = (
        GradientLassoClassifier(module="perceptron", max_iter=2, random_state=0)
        .fit(*cancer)
        .net_.module_
    )
    assert not module.training
    assert all(theta.grad is None for theta in module.parameters())
