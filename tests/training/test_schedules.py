"""Schedules of the learning rate over several calls of ``fit`` and ``partial_fit``."""

import numpy as np
import pytest
import torch
from helpers.fitted_callback import fitted_callback
from skorch.callbacks import Callback, EpochTimer, LRScheduler

from sklearn_gradlasso import GradientLassoClassifier, RRRClassifier

rng = np.random.default_rng(0)
X = rng.standard_normal((150, 4))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)

SCHEDULES = {
    "StepLR": {"step_size": 2, "gamma": 0.5},
    "MultiStepLR": {"milestones": [2, 5]},
    "LambdaLR": {"lr_lambda": lambda epoch: 0.9**epoch},
    "CosineAnnealingLR": {"T_max": 8},
    "WarmRestartLR": {"base_period": 3},
    "ReduceLROnPlateau": {"monitor": "train_loss", "patience": 0, "threshold": 0.5},
    "CyclicLR": {"base_lr": 0.001, "max_lr": 0.01, "step_size_up": 4,
                 "step_every": "batch", "cycle_momentum": False},
    torch.optim.lr_scheduler.OneCycleLR: {"max_lr": 0.01, "total_steps": 99,
                                          "step_every": "batch"},
}  # fmt: skip


class Rates(Callback):
    def __init__(self):
        self.rates = []

    def on_epoch_end(self, net, **kwargs):
        self.rates.append(net.optimizer_.param_groups[0]["lr"])


@pytest.mark.parametrize("policy", SCHEDULES)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_schedules_go_on_as_in_one_fit(policy, method):
    shared = {
        "module": "perceptron",
        "n_iter_no_change": 99,
        "batch_size": 50,
        "random_state": 0,
    }
    callbacks = [LRScheduler(policy, **SCHEDULES[policy]), Rates()]
    whole = GradientLassoClassifier(max_iter=6, callbacks=callbacks, **shared)
    parts = GradientLassoClassifier(
        max_iter=1, warm_start=True, callbacks=callbacks, **shared
    )
    whole.fit(X, Y)
    for _ in range(6):
        parts.fit(X, Y) if method == "fit" else parts.partial_fit(X, Y, classes=[0, 1])
    rates = [fitted_callback(model, Rates).rates for model in (whole, parts)]
    assert rates[0] == pytest.approx(rates[1])
    assert len(set(rates[0])) > 1


def test_a_new_rate_scales_what_is_left_of_a_schedule():
    halving = LRScheduler("StepLR", step_size=1, gamma=0.5)
    model = GradientLassoClassifier(
        module="perceptron", callbacks=[halving], random_state=0
    )
    rates = []
    for rate in (0.003, 0.003, 0.03, 0.03):
        model.set_params(learning_rate_init=rate).partial_fit(X, Y, classes=[0, 1])
        rates.append(model.net_.optimizer_.param_groups[0]["lr"])
    assert rates == pytest.approx([0.0015, 0.00075, 0.00375, 0.001875])
    model.set_params(callbacks=None).partial_fit(X, Y)
    assert model.net_.optimizer_.param_groups[0]["lr"] == 0.03


@pytest.mark.parametrize("policy", ["StepLR", "LambdaLR", "ReduceLROnPlateau"])
def test_the_history_shows_a_rate_that_was_changed(policy):
    class Begun(Rates):
        def on_epoch_begin(self, net, **kwargs):
            self.rates.append(net.optimizer_.param_groups[0]["lr"])

        def on_epoch_end(self, net, **kwargs):
            pass

    schedule = LRScheduler(policy, **SCHEDULES[policy])
    model = GradientLassoClassifier(
        module="perceptron", callbacks=[schedule, Begun()], random_state=0
    )
    for rate in (0.003, 0.003, 0.003, 0.1, 0.1):
        model.set_params(learning_rate_init=rate).partial_fit(X, Y, classes=[0, 1])
    rates = fitted_callback(model, Begun).rates
    assert model.net_.history[:, "event_lr"] == pytest.approx(rates)
    assert rates[3] > rates[2]


def test_other_callbacks_begin_and_the_same_go_on():
    halving = LRScheduler("StepLR", step_size=1, gamma=0.5)
    model = GradientLassoClassifier(
        module="perceptron", callbacks=[halving, EpochTimer()], random_state=0
    )
    model.partial_fit(X, Y, classes=[0, 1])
    model.set_params(callbacks=[halving, Rates()]).partial_fit(X, Y)
    assert fitted_callback(model, Rates).rates == pytest.approx([0.00075])
    model.set_params(callbacks=[LRScheduler("StepLR", step_size=9)]).partial_fit(X, Y)
    assert model.net_.optimizer_.param_groups[0]["lr"] == 0.003


def test_a_schedule_begins_anew_with_each_strength():
    annotations = np.tile([1, 0, 0, 0], (150, 1))
    brief = {"module": "perceptron", "max_iter": 4, "batch_size": 50, "random_state": 0}
    wanted = {"obedience": 1e-9, "learning_rate_init": 1e-4, **brief}
    callbacks = [LRScheduler("CosineAnnealingLR", T_max=4)]
    model = RRRClassifier(callbacks=callbacks, **wanted)
    with pytest.warns(UserWarning):
        model.fit(X, Y, annotations=annotations)
    rates = model.net_.history[:, "event_lr"]
    assert len(rates) > 4 and rates[::4] == pytest.approx([1e-4] * (len(rates) // 4))


def cosine(n_epochs, rate):
    return [rate * (1 + np.cos(np.pi * k / n_epochs)) / 2 for k in range(n_epochs)]


def rates_of_groups(model):
    return [group["lr"] for group in model.net_.optimizer_.param_groups]


class RatesOfGroups(Callback):
    def __init__(self):
        self.rates = []

    def on_batch_begin(self, net, training, **kwargs):
        if training:
            groups = net.optimizer_.param_groups
            self.rates.append([group["lr"] for group in groups])


def test_rates_of_the_network_for_tables_fall_by_a_cosine():
    """They do so anew in each fit; further passes have the rates of the beginning."""
    model = GradientLassoClassifier(
        module="tabular", max_iter=4, batch_size=150, learning_rate_init=0.01,
        callbacks=[RatesOfGroups()], warm_start=True, random_state=0,
    )  # fmt: skip
    for n_fits, rate in enumerate([0.01, 0.01, 0.02], start=1):
        model.set_params(learning_rate_init=rate).fit(X, Y)
        first, *_ = seen = fitted_callback(model, RatesOfGroups).rates[-4:]
        assert rate in first and len(set(first)) > 1
        np.testing.assert_allclose(seen, np.transpose([cosine(4, r) for r in first]))
        assert rates_of_groups(model) == first
        assert len(model.loss_curve_) == 4 * n_fits
    model.partial_fit(X, Y)
    assert fitted_callback(model, RatesOfGroups).rates[-1] == first


def test_they_are_left_to_a_schedule_of_the_user():
    callbacks = [LRScheduler("StepLR", step_size=2, gamma=0.5), RatesOfGroups()]
    model = GradientLassoClassifier(
        module="tabular", max_iter=5, batch_size=150, callbacks=callbacks,
        random_state=0,
    )  # fmt: skip
    seen = np.array(fitted_callback(model.fit(X, Y), RatesOfGroups).rates)
    shares = np.array([1, 1, 0.5, 0.5, 0.25])[:, None]
    np.testing.assert_allclose(seen / seen[0], shares.repeat(seen.shape[1], axis=1))


def test_without_a_limit_of_epochs_that_is_reached_rates_come_back():
    class Stopper(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise KeyboardInterrupt

    model = GradientLassoClassifier(
        module="tabular", max_iter=50, callbacks=[Stopper()], random_state=0
    )
    model.fit(X, Y)
    stopped = rates_of_groups(model)
    model.set_params(callbacks=None, max_iter=1).fit(X, Y)
    assert stopped == rates_of_groups(model)
