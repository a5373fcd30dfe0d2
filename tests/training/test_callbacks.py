"""Callbacks of skorch: what they are told and do; those of the user stay as given."""

import threading
from unittest.mock import Mock

import joblib
import numpy as np
import pytest
import torch
from helpers.fitted_callback import fitted_callback
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import check_estimators_overwrite_params
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    EpochTimer,
    Freezer,
    GradientNormClipping,
    Initializer,
    InputShapeSetter,
    LoadInitState,
    LRScheduler,
    ParamMapper,
    PassthroughScoring,
    PrintLog,
    ProgressBar,
    TrainEndCheckpoint,
    Unfreezer,
)
from skorch.exceptions import SkorchException

from sklearn_gradlasso import (
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    NGSLLRegressor,
    lambda_path,
)

rng = np.random.default_rng(0)
X = rng.standard_normal((150, 4))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
BRIEF = {"module": "perceptron", "max_iter": 4, "batch_size": 50, "random_state": 0}


def fitted(*callbacks, **params):
    params = {**BRIEF, "callbacks": list(callbacks), **params}
    return GradientLassoClassifier(**params).fit(X, Y)


# Those of the user are copied ---------------------------------------------------------


def test_callbacks_given_are_not_changed(tmp_path):
    callbacks = [
        EpochTimer(),
        LRScheduler("StepLR", step_size=1),
        PrintLog(sink=str),
        ProgressBar,
        EpochScoring("accuracy", on_train=True),
        EarlyStopping("train_loss"),
        GradientNormClipping(1.0),
        ("saved", Checkpoint(monitor=None, dirname=tmp_path)),
        ("loaded", LoadInitState(Checkpoint(monitor=None, dirname=tmp_path / "no"))),
    ]
    before = joblib.hash(callbacks)
    model = GradientLassoClassifier(callbacks=callbacks, **BRIEF).fit(X, Y)
    model.partial_fit(X, Y)
    assert joblib.hash(callbacks) == before and model.callbacks is callbacks
    given = [each[-1] if isinstance(each, tuple) else each for each in callbacks]
    assert not {id(each) for _, each in model.net_.callbacks_} & set(map(id, given))


def test_a_fit_does_not_overwrite_parameters():
    model = GradientLassoClassifier(
        module="perceptron", callbacks=[EpochTimer()], max_iter=3
    )
    check_estimators_overwrite_params("GradientLassoClassifier", model)


class Seen(Callback):
    losses_ = ()

    def on_epoch_end(self, net, **kwargs):
        self.losses_ = [*self.losses_, net.history[-1]["train_loss"]]


def test_each_network_has_its_own_copies():
    seen = Seen()
    network = GradientLassoClassifier(callbacks=[seen], **BRIEF)
    lams = {"lams": [0.01, 0.1, 1.0], "return_estimators": True}
    with pytest.warns(UserWarning, match="callbacks are about one net"):
        path = lambda_path(network, X, Y, **lams)
    for model in path.estimators:
        assert fitted_callback(model, Seen).losses_ == model.loss_curve_
    params = {"lams": [0.01, 0.1], "cv": 2, "callbacks": [seen]}
    with pytest.warns(UserWarning, match="callbacks are about one net"):
        search = GradientLassoClassifierCV(**params, **BRIEF).fit(X, Y)
    assert fitted_callback(search, Seen).losses_ == search.loss_curve_
    assert seen.losses_ == ()


def test_a_copy_sees_all_phases_and_calls():
    model = NGSLLRegressor(
        n_nonzero_coefs=2, coarse_max_iter=2, callbacks=[Seen()], **BRIEF
    ).fit(X, X[:, 0])
    assert fitted_callback(model, Seen).losses_ == model.loss_curve_
    model.partial_fit(X, X[:, 0])
    assert fitted_callback(model, Seen).losses_ == model.loss_curve_


class Writing(Callback):
    def __init__(self, handle, sink):
        self.handle, self.sink = handle, sink


def test_handles_and_functions_are_shared():
    handle, sink = threading.Lock(), Mock()
    model = fitted(Writing(handle, sink), PrintLog(sink=sink))
    own = fitted_callback(model, Writing)
    assert own.handle is handle and own.sink is sink
    assert sink.call_count == 2 + 4  # two lines of a header, and the epochs


def test_callbacks_that_refer_to_each_other_still_do():
    class Pointing(Callback):
        def __init__(self, other):
            self.other = other

    timer = EpochTimer()
    model = fitted(timer, Pointing(timer))
    (_, first), (_, second) = model.net_.callbacks_
    assert second.other is first is not timer


def test_a_callback_that_cannot_be_copied_is_named():
    class Unique(Callback):
        def __deepcopy__(self, memo):
            raise RuntimeError("there is only one")

    with pytest.raises(TypeError, match="Unique.*cannot be copied: there is only one"):
        fitted(Unique())


# What they are told -------------------------------------------------------------------


@pytest.mark.parametrize("verbose", [0, 1])
def test_print_log_prints_and_the_others_if_verbose(verbose, capsys):
    stopping = EarlyStopping("train_loss", patience=1, threshold=9.0)
    fitted(PrintLog(), stopping, verbose=verbose)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split()[:2] == ["epoch", "kept"]
    assert len(printed) == 2 + 1 + verbose
    assert ("Stopping since train_loss" in printed[-1]) is bool(verbose)


def test_messages_reach_the_sink():
    lines = []
    stopping = EarlyStopping("train_loss", patience=1, threshold=9.0, sink=lines.append)
    fitted(stopping, verbose=1)
    assert lines == ["Stopping since train_loss has not improved in the last 1 epochs."]


class CountingBar(ProgressBar):
    counts = ()

    def on_epoch_end(self, net, **kwargs):
        self.counts = (*self.counts, (self.pbar_.n, self.pbar_.total))
        super().on_epoch_end(net, **kwargs)


def test_a_progress_bar_counts_the_batches(capsys):
    model = fitted(CountingBar(), early_stopping=True, max_iter=2)
    assert fitted_callback(model, CountingBar).counts == ((4, 4), (4, 4))  # 3 + 1


class Reading(Callback):
    def on_train_begin(self, net, X, y, **kwargs):
        self.given = X, y

    def on_epoch_end(self, net, dataset_train, dataset_valid, **kwargs):
        self.train, self.valid = dataset_train, dataset_valid


def test_data_sets_can_be_read():
    labels = np.array(["no", "yes"])[Y]
    params = {"validation_split": "last", "early_stopping": True}
    model = GradientLassoClassifier(callbacks=[Reading()], **params, **BRIEF)
    reading = fitted_callback(model.fit(X, labels), Reading)
    valid = reading.valid
    np.testing.assert_array_equal(valid.X, X[-15:])
    np.testing.assert_array_equal(valid.y, labels[-15:])
    np.testing.assert_array_equal(reading.given[0], reading.train.X)
    np.testing.assert_array_equal(reading.given[1], reading.train.y)
    assert len(valid) == 15 and len(reading.train) == 135
    for index in (3, -1, slice(2, 5), np.array([7, 0])):
        x, y = valid[index]
        np.testing.assert_array_equal(x, X[-15:][index])
        np.testing.assert_array_equal(y, labels[-15:][index])
    valid.X.zero_()  # a copy
    np.testing.assert_array_equal(valid.X, X[-15:])


def test_the_loss_of_a_batch_is_without_penalties():
    passed = PassthroughScoring("train_loss", on_train=True)
    plain = fitted(lam=1.0).loss_curve_
    model = fitted(passed, lam=1.0)
    assert model.loss_curve_ == pytest.approx(plain)
    names = ["train_batch_size", "train_loss"]
    sizes, losses = zip(*model.net_.history[-1, "batches", :, names])
    assert plain[-1] == pytest.approx(np.average(losses, weights=sizes))


class Predicting(Callback):
    def on_batch_end(self, net, **kwargs):
        net.predict(X)


def test_predictions_between_batches_leave_training_alone():
    def dropping(n_features, n_outputs):
        drop = torch.nn.Dropout(0.5)
        return torch.nn.Sequential(drop, torch.nn.Linear(n_features, n_outputs))

    models = [fitted(each, module=dropping) for each in (Predicting(), EpochTimer())]
    np.testing.assert_array_equal(*(m.predict_proba(X) for m in models))


def test_a_callback_may_not_size_the_network():
    with pytest.raises(TypeError, match=r"the estimator tells it.*\['input_dim'\]"):
        fitted(InputShapeSetter())


# What they do -------------------------------------------------------------------------


def test_a_loaded_history_is_not_that_of_the_fit(tmp_path):
    saved = Checkpoint(monitor=None, dirname=tmp_path)
    first = fitted(saved, max_iter=3)
    second = fitted(LoadInitState(saved), max_iter=2)
    assert second.n_iter_ == len(second.loss_curve_) == 2
    assert len(second.net_.history) == 5
    assert second.loss_curve_[0] < first.loss_curve_[-1]


def test_the_state_at_the_end_of_another_fit_is_loaded(tmp_path):
    saved = TrainEndCheckpoint(dirname=tmp_path)
    first = fitted(saved, max_iter=3)
    second = fitted(LoadInitState(saved), max_iter=2)
    assert len(second.net_.history) == 5
    assert second.loss_curve_[0] < first.loss_curve_[-1]


def test_a_state_is_loaded_once_and_weights_are_initialized_once(tmp_path):
    """Also with several phases in a fit."""
    saved = Checkpoint(monitor=None, dirname=tmp_path)
    start = Initializer("*weight", fn=lambda theta: theta.data.fill_(0.01))
    model = NGSLLRegressor(
        n_nonzero_coefs=2, coarse_max_iter=4, learning_rate_init=0.1,
        callbacks=[LoadInitState(saved), saved, start], **BRIEF,
    ).fit(X, X[:, 0])  # fmt: skip
    assert model.loss_curve_[0] > 2 * model.loss_curve_[-1]
    assert len(model.net_.history) == model.n_iter_ == len(model.loss_curve_) == 8


def test_the_best_checkpoint_is_loaded(tmp_path):
    best = Checkpoint(monitor="train_loss_best", dirname=tmp_path, load_best=True)
    end = TrainEndCheckpoint(dirname=tmp_path / "end")
    model = fitted(best, end, learning_rate_init=1.0, max_iter=8)
    losses = model.net_.history[:, "train_loss"]
    assert model.net_.history[:, "event_cp"] == [
        loss == min(losses[: k + 1]) for k, loss in enumerate(losses)
    ]
    saved = torch.load(tmp_path / "params.pt")
    state = model.net_.module_.state_dict()
    assert all(torch.equal(state[name], saved[name]) for name in saved)
    assert (tmp_path / "end" / "train_end_params.pt").exists()


def test_what_is_frozen_can_thaw_and_is_averaged_then():
    thawing = fitted(Freezer("0.0.*"), Unfreezer("0.0.*", at=3))
    frozen = fitted(Freezer("0.0.*"))
    weights = [next(m.net_.module_.parameters()) for m in (thawing, frozen)]
    assert all(theta.requires_grad is k for theta, k in zip(weights, (True, False)))
    assert not torch.equal(*weights)
    assert thawing.loss_curve_[:2] == frozen.loss_curve_[:2]


def test_the_best_epoch_comes_back_with_what_was_frozen_in_it():
    best_epochs = []

    class Kept(Callback):
        def on_epoch_end(self, net, **kwargs):
            if net.history[-1]["kept"]:
                state = net.module_.state_dict().items()
                best_epochs.append({name: theta.clone() for name, theta in state})

    # Nothing can be learned of these labels, so that early epochs are the best.
    thaw, labels = 20, np.random.default_rng(1).integers(0, 2, len(X))
    model = GradientLassoClassifier(
        module="perceptron",
        lam=0.0,
        max_iter=40,
        n_iter_no_change=np.inf,
        early_stopping=True,
        calibrate=False,
        learning_rate_init=0.05,
        batch_size=len(X),
        callbacks=[Freezer("0.0.*"), Unfreezer("0.0.*", at=thaw), Kept()],
        random_state=0,
    )
    with pytest.warns(ConvergenceWarning):
        model.fit(X, labels)
    assert max(e["epoch"] for e in model.net_.history if e["kept"]) < thaw
    for name, theta in model.net_.module_.state_dict().items():
        torch.testing.assert_close(theta, best_epochs[-1][name], rtol=0, atol=0)


def test_parameters_are_mapped():
    constant = Initializer("*weight", fn=lambda theta: theta.data.fill_(0.01))
    zeroed = ParamMapper("*bias", fn=lambda theta: theta.data.zero_(), at=2)
    model = fitted(constant, zeroed, max_iter=1)
    assert abs(next(model.net_.module_.parameters()) - 0.01).max() < 0.05


def test_batch_scores_are_those_of_training_steps():
    score = BatchScoring("accuracy", on_train=True, use_caching=False, name="right")
    history = fitted(score, max_iter=1).net_.history
    sizes, scores = zip(*history[0, "batches", :, ["train_batch_size", "right"]])
    assert history[0, "right"] == pytest.approx(np.average(scores, weights=sizes))


def test_a_callback_that_misses_a_value_says_what_there_is(tmp_path):
    held_out = "No rows are held out: give early_stopping=True.*has.*'train_loss'"
    files = Checkpoint(dirname=tmp_path)
    plateau = LRScheduler("ReduceLROnPlateau", monitor="valid_loss")
    for callback, error in [
        (EarlyStopping(), KeyError),
        (files, SkorchException),
        (plateau, ValueError),
    ]:
        with pytest.raises(error, match=f"not found in history.*{held_out}"):
            fitted(callback)
    other = EarlyStopping(monitor="gain")
    with pytest.raises(KeyError, match="'gain'.*An epoch has.*'valid_loss'") as caught:
        fitted(other, early_stopping=True)
    assert "held out" not in str(caught.value)
