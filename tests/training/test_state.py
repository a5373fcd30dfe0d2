"""Training goes on from a copy or a pickle bit by bit as without it."""

import copy
import io
import pickle
import pickletools

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import (
    BatchScoring,
    Callback,
    EarlyStopping,
    EpochScoring,
    EpochTimer,
    Freezer,
    LRScheduler,
    PrintLog,
)
from torch import nn

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    AttributionPriorRegressor,
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    GradientLassoRegressor,
    NGSLLClassifier,
    NGSLLRegressor,
    RRRClassifier,
    RRRRegressor,
    lambda_path,
)

rng = np.random.default_rng(0)
X = rng.standard_normal((120, 4))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
T = 10 + 3 * X[:, 0] * X[:, 1]
A = np.tile([0, 0, 1, 0], (120, 1))
PASSES = 6


def dropping(n_features, n_outputs):
    """A network with buffers and with masks from torch's global generator."""
    norm, drop = nn.BatchNorm1d(6), nn.Dropout(0.3)
    first, last = nn.Linear(n_features, 6), nn.Linear(6, n_outputs)
    return nn.Sequential(first, norm, nn.Tanh(), drop, last)


class Remembering(nn.Module):
    """A network that keeps more than its ``state_dict`` holds."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.linear = nn.Linear(n_features, n_outputs)
        self.tied, self.temperature, self.calls = self.linear, 1.0, [0]
        self.register_buffer("mean", torch.zeros(n_features), persistent=False)
        self.register_buffer("steps", torch.zeros(0))

    def forward(self, x):
        if self.training:
            self.temperature *= 0.8
            self.calls[0] += 1
            self.mean = (self.mean + x.detach().mean(0)) / 2
            self.steps = torch.arange(self.calls[0], dtype=torch.float32)
        return self.linear(x - self.mean) * self.temperature + self.steps.mean()


def compressed(model):
    file = io.BytesIO()
    joblib.dump(model, file, compress=3)
    file.seek(0)
    return joblib.load(file)


def pickled(model):
    return pickle.loads(pickle.dumps(model))


WAYS = [pickled, copy.deepcopy, compressed, copy.copy]
# LBFGS takes all rows in each of its steps.
BATCHES = {"nested state": 1000}
MODELS = {
    "adam": GradientLassoClassifier(module="perceptron"),
    "momentum": GradientLassoClassifier(
        module="perceptron", optimizer="sgd", optimizer_params={"momentum": 0.9}
    ),
    "nested state": GradientLassoClassifier(
        module="perceptron", optimizer=torch.optim.LBFGS
    ),
    "class of optimizer": GradientLassoRegressor(
        module="perceptron", optimizer=torch.optim.RMSprop
    ),
    "a factor beside the weights": GradientLassoRegressor(
        module="perceptron", optimizer=torch.optim.NAdam
    ),
    "buffers and masks": GradientLassoClassifier(module=dropping),
    "more than weights": GradientLassoRegressor(module=Remembering),
    "tabular": GradientLassoRegressor(module="tabular"),
    "annotations": RRRClassifier(module="perceptron"),
    "signs": RRRRegressor(module="perceptron", monotonic_cst=[1, 0, 0, 0]),
    "references": AttributionPriorClassifier(module="perceptron", prior_start=3),
    "by turns": AttributionPriorRegressor(
        module="perceptron", schedule="alternating", prior="l1"
    ),
    "contributions": AttributionPriorClassifier(
        module="perceptron", attribution="contributions"
    ),
    "two phases": NGSLLClassifier(n_nonzero_coefs=2, coarse_max_iter=3),
    "linear models": NGSLLRegressor(n_nonzero_coefs=2, coarse_max_iter=3),
}


def one_pass(model):
    y = Y if is_classifier(model) else T
    classes = {"classes": [0, 1]} if is_classifier(model) else {}
    given = {"annotations": A} if "RRR" in type(model).__name__ else {}
    return model.partial_fit(X, y, **classes, **given)


def assert_same(one, other):
    np.testing.assert_array_equal(one.predict(X), other.predict(X))
    np.testing.assert_array_equal(one.explain(X), other.explain(X))
    np.testing.assert_array_equal(one.feature_importances_, other.feature_importances_)
    assert one.loss_curve_ == other.loss_curve_
    assert one.penalty_curve_ == other.penalty_curve_


@pytest.mark.parametrize("with_callbacks", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_partial_fit_goes_on_from_copies(name, with_callbacks):
    model = clone(MODELS[name]).set_params(
        random_state=0, batch_size=BATCHES.get(name, 50)
    )
    if with_callbacks:
        halving = LRScheduler("StepLR", step_size=2, gamma=0.5)
        score = "accuracy" if is_classifier(model) else "r2"
        scored = EpochScoring(score, on_train=True, lower_is_better=False)
        model.set_params(callbacks=[("lr", halving), Freezer("*bias"), scored])
    copied = clone(model)
    for k in range(PASSES):
        one_pass(model)
        copied = WAYS[k % len(WAYS)](one_pass(copied))
    assert_same(model, copied)
    assert list(model.net_.history) == list(copied.net_.history)
    assert len(model.net_.history) == len(model.loss_curve_) == PASSES


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_is_independent(way):
    model = one_pass(
        GradientLassoClassifier(module="perceptron", batch_size=50, random_state=0)
    )
    before = model.predict_proba(X)
    one_pass(way(model))
    np.testing.assert_array_equal(model.predict_proba(X), before)
    assert len(model.net_.history) == 1


@pytest.mark.parametrize("early_stopping", [False, True])
def test_warm_starts_go_on_from_pickles(early_stopping):
    model = GradientLassoClassifier(module="perceptron",
        warm_start=True, early_stopping=early_stopping, max_iter=2, batch_size=50,
        callbacks=[LRScheduler("StepLR", step_size=3)], random_state=0,
    )  # fmt: skip
    loaded = clone(model)
    for _ in range(3):
        model.fit(X, Y)
        loaded = pickled(loaded.fit(X, Y))
    assert_same(model, loaded)
    assert [epoch["train_loss"] for epoch in loaded.net_.history] == loaded.loss_curve_
    assert [e["event_lr"] for e in loaded.net_.history] == pytest.approx(
        3 * [0.003] + 3 * [0.0003]
    )


@pytest.mark.parametrize(
    "seed", [0, np.random.RandomState(0)], ids=["int", "RandomState"]
)
def test_fit_then_partial_fit(seed):
    model = GradientLassoClassifier(
        module="perceptron", max_iter=3, batch_size=50, random_state=seed
    )
    loaded = pickled(model.fit(X, Y))
    for _ in range(2):
        model.partial_fit(X, Y)
        loaded = pickled(loaded.partial_fit(X, Y))
    assert_same(model, loaded)


def test_the_best_of_a_search_goes_on():
    network = GradientLassoClassifier(
        module="perceptron", max_iter=3, batch_size=50, random_state=0
    )
    search = GridSearchCV(network, {"lam": [0.01, 0.1]}, cv=2).fit(X, Y)
    best = pickled(search).best_estimator_.partial_fit(X, Y)
    assert_same(search.best_estimator_.partial_fit(X, Y), best)
    path = lambda_path(network, X, Y, lams=[0.01, 0.1], return_estimators=True)
    member = path.estimators[0]
    assert_same(pickled(member).partial_fit(X, Y), member.partial_fit(X, Y))


class CtrlC(Callback):
    def on_batch_end(self, net, training=None, **kwargs):
        if len(net.history) == 2:
            raise KeyboardInterrupt


def test_an_interrupted_fit_goes_on():
    model = GradientLassoClassifier(module="perceptron", batch_size=50, random_state=0)
    with pytest.warns(UserWarning, match="interrupted"):
        model.set_params(callbacks=[CtrlC()]).fit(X, Y)
    loaded = pickled(model)
    assert loaded.net_.ended_by_ == "interrupt"
    assert_same(
        *(m.set_params(callbacks=None).partial_fit(X, Y) for m in (model, loaded))
    )


class Saving(Callback):
    """Pickles the net and an estimator when training ends."""

    estimator, made = None, []

    def on_train_end(self, net, **kwargs):
        Saving.made = [pickle.dumps(each) for each in (net, Saving.estimator)]


def test_a_net_and_its_estimator_are_pickled_within_a_callback():
    model = GradientLassoClassifier(
        module="perceptron",
        warm_start=True,
        max_iter=2,
        callbacks=[Saving()],
        random_state=0,
    )
    Saving.estimator = model.fit(X, Y)
    expected = model.fit(X, Y).predict_proba(X)
    for loaded in map(pickle.loads, Saving.made):
        np.testing.assert_array_equal(loaded.predict_proba(X), expected)


CHANGED = [
    (
        GradientLassoClassifier(module="perceptron"),
        {"lam": 5.0, "target": "true_class", "activation": "tanh", "weight_l1": 1.0,
         "hidden_layer_sizes": (3,), "optimizer": "sgd", "learning_rate_init": 1.0,
         "single_logit": True},
    ),
    (
        GradientLassoRegressor(module="perceptron"),
        {"module": "tabular", "lam": 0.0, "target": np.mean},
    ),
    (
        AttributionPriorClassifier(module="perceptron"),
        {"prior": "l1", "attribution": "gradients", "n_references": 7},
    ),
    (
        AttributionPriorRegressor(
            module="perceptron", attribution="gradients", prior="l2"
        ),
        {"prior": [(2.0, "l1")], "attribution": "expected_gradients", "lam": 0.0},
    ),
    (RRRClassifier(), {"lam": 0.0, "obedience": None, "monotonic_cst": [1, 0, 0, 0]}),
    (
        RRRRegressor(module="perceptron", monotonic_cst=[1, 0, 0, 0]),
        {"lam": 0.0, "obedience": None, "monotonic_cst": None},
    ),
    (
        NGSLLClassifier(n_nonzero_coefs=2),
        {"n_nonzero_coefs": 1, "mask_zeros": False, "hidden_layer_sizes": (2,)},
    ),
    (
        GradientLassoClassifierCV(module="perceptron", lams=[0.01, 0.1], cv=2),
        {"target": "true_class"},
    ),
]  # fmt: skip


def described(objective):
    exchange = objective.exchange and objective.exchange.tolerated
    kinds = type(objective.prior), type(objective.attribution)
    nouns = objective.lam, objective.target, objective.constraints, exchange
    return *kinds, *nouns, [strength for strength, _ in objective.weight_penalties]


@pytest.mark.parametrize(("model", "changed"), CHANGED)
def test_what_was_fitted_is_what_is_pickled(model, changed):
    model = clone(model).set_params(max_iter=2, random_state=0)
    given = {"annotations": A} if isinstance(model, RRRClassifier) else {}
    model.fit(X, Y if is_classifier(model) else T, **given)
    before = copy.deepcopy(model)
    model.set_params(**changed)
    for other in (model, pickled(model), copy.deepcopy(model)):
        assert_same(before, other)
        assert described(other.net_.objective) == described(before.net_.objective)
        if not isinstance(model, NGSLLClassifier):
            found = (m.explain(X, target="training") for m in (before, other))
            np.testing.assert_array_equal(*found)


def test_pickles_of_earlier_versions_are_loaded():
    model = one_pass(
        GradientLassoClassifier(module="perceptron", batch_size=50, random_state=0)
    )
    state = model.__getstate__()
    del state["_training"], state["_params_of_fit"]
    old = GradientLassoClassifier.__new__(GradientLassoClassifier)
    old.__setstate__(state)
    np.testing.assert_array_equal(old.predict_proba(X), model.predict_proba(X))
    assert len(one_pass(old).loss_curve_) == 2


def test_a_pickle_with_callbacks_holds_no_torch_object(capsys):
    model = GradientLassoClassifier(
        module="perceptron",
        callbacks=[
            ("lr", LRScheduler("StepLR", step_size=2)),
            EpochScoring("accuracy", on_train=True),
            BatchScoring("accuracy", on_train=True, name="of batches"),
            EarlyStopping("train_loss", load_best=True),
            EpochTimer(),
            PrintLog(),
        ],
        max_iter=3,
        random_state=0,
    ).fit(X, Y)
    stored = pickle.dumps(model)
    names = [str(arg) for _, arg, _ in pickletools.genops(stored)]
    assert not [name for name in names if "torch" in name]
    loaded = pickle.loads(stored).net_
    assert [name for name, _ in loaded.callbacks_] == [
        name for name, _ in model.net_.callbacks_
    ]


class MovingAverage(Callback):
    """A callback with a tensor in its state."""

    def initialize(self):
        self.means = {}

    def on_epoch_end(self, net, **kwargs):
        for name, theta in net.module_.named_parameters():
            before = self.means.get(name, theta.detach())
            self.means[name] = torch.lerp(before, theta.detach(), 0.1)


def test_tensors_of_a_callback_come_back():
    model = one_pass(
        GradientLassoClassifier(module="perceptron", callbacks=[MovingAverage()])
    )
    loaded = pickled(model)
    assert b"torch" not in pickle.dumps(model)
    assert all(
        map(torch.is_tensor, one_pass(loaded).net_.callbacks_[0][1].means.values())
    )


def test_a_pickle_has_the_head_that_was_fitted():
    for first in (False, True):
        model = GradientLassoClassifier(
            module="perceptron", max_iter=2, single_logit=first, random_state=0
        )
        before = model.fit(X, Y).predict_proba(X)
        model.set_params(single_logit=not first)
        for each in (model, pickled(model), copy.deepcopy(model)):
            np.testing.assert_array_equal(each.predict_proba(X), before)


def test_a_trimmed_net_makes_a_small_pickle():
    model = GradientLassoClassifier(
        module="perceptron", max_iter=3, random_state=0
    ).fit(X, Y)
    size, before = len(pickle.dumps(model)), model.predict_proba(X)
    model.net_.trim_for_prediction()
    assert len(pickle.dumps(model)) < 0.6 * size
    loaded = pickled(model)
    np.testing.assert_array_equal(loaded.predict_proba(X), before)
    loaded.partial_fit(X, Y)  # with a new optimizer
    assert len(loaded.loss_curve_) == 4
