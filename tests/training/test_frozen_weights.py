"""Weights that callbacks freeze and thaw while a network is trained."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, Freezer, LRScheduler, Unfreezer

from sklearn_gradlasso import GradientLassoClassifier

rng = np.random.default_rng(0)
X = rng.standard_normal((120, 4))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
LONG = {
    "module": "perceptron",
    "tol": 0.0,
    "n_iter_no_change": np.inf,
    "random_state": 0,
}


class Recording(Callback):
    """Copies of the weights at the end of each epoch."""

    def on_train_begin(self, net, **kwargs):
        self.weights = []

    def on_epoch_end(self, net, **kwargs):
        self.weights.append(deepcopy(net.module_.state_dict()))


def trained(*callbacks, **params):
    params = {**LONG, "batch_size": 40, "max_iter": 5, **params}
    callbacks = [*callbacks, Recording()]
    model = GradientLassoClassifier(callbacks=callbacks, **params).fit(X, Y)
    return model, model.net_.callbacks_[-1][1].weights


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("lam", [0.0, 0.1])
@pytest.mark.parametrize("batch_size", [40, 120])
def test_what_is_frozen_later_stays(optimizer, lam, batch_size):
    """The gradient of the last step before does not move it any more."""
    freezer = Freezer("0.0.*", at=3)
    params = {"optimizer": optimizer, "lam": lam, "batch_size": batch_size}
    _, weights = trained(freezer, **params)
    for name in weights[0]:
        moves = not name.startswith("0.0")
        assert torch.equal(weights[2][name], weights[4][name]) is not moves
        assert not torch.equal(weights[0][name], weights[1][name])


@pytest.mark.parametrize("lam", [0.0, 0.1])
def test_all_weights_may_be_frozen(lam):
    model, weights = trained(Freezer("*", at=3), lam=lam)
    assert all(torch.equal(weights[2][k], weights[4][k]) for k in weights[0])
    assert model.loss_curve_[3] == pytest.approx(model.loss_curve_[4])


class FreezingInTheMiddle(Callback):
    def on_batch_end(self, net, training, **kwargs):
        if training and len(net.history) == 2:
            next(net.module_.parameters()).requires_grad_(False)


def test_a_weight_may_be_frozen_between_batches():
    _, weights = trained(FreezingInTheMiddle(), max_iter=4)
    first = next(iter(weights[0]))
    assert not torch.equal(weights[0][first], weights[1][first])
    assert torch.equal(weights[2][first], weights[3][first])


def test_the_best_epoch_is_that_of_all_weights():
    """Also of those that have thawed since, and were changed for the worse."""
    jump = LRScheduler("LambdaLR", lr_lambda=lambda k: 1.0 if k < 2 else 1000.0)
    thawing = Freezer("0.0.*"), Unfreezer("0.0.*", at=3), jump
    model, weights = trained(*thawing, early_stopping=True, calibrate=False)
    best = int(np.argmin(model.validation_loss_curve_))
    assert best < 2
    for name, kept in model.net_.module_.state_dict().items():
        assert torch.equal(kept, weights[best][name])
    assert not torch.equal(weights[best]["0.0.weight"], weights[-1]["0.0.weight"])


class EachStep(Callback):
    """Copies of the first weight after each step."""

    def on_train_begin(self, net, **kwargs):
        self.weights = []

    def on_batch_end(self, net, training, **kwargs):
        if training:
            theta = next(net.module_.parameters())
            self.weights.append(theta.detach().clone())


def test_as_many_may_thaw_as_are_frozen():
    """The mean over the steps of an epoch is that of the weights that learn now."""
    swap = Freezer("0.2.*", at=2), Freezer("0.0.*"), Unfreezer("0.0.*", at=2)
    model, weights = trained(*swap, EachStep(), max_iter=2)
    steps = model.net_.callbacks_[-2][1].weights  # three in each epoch
    second_half = torch.stack(steps[4:]).mean(dim=0)
    torch.testing.assert_close(weights[1]["0.0.weight"], second_half)
