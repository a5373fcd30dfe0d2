"""What early stopping watches: the objective on the held-out rows, with its prior."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from helpers.fitted_callback import fitted_callback
from skorch.callbacks import Callback

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    GradientLassoClassifier,
    GradientLassoRegressor,
    NGSLLClassifier,
    RRRClassifier,
    RRRRegressor,
)

BRIEF = {"early_stopping": True, "validation_fraction": 0.2, "max_iter": 8}
SMALL = {"hidden_layer_sizes": (6,), "activation": "tanh", "random_state": 0}


class NetworkRecorder(Callback):
    """A copy of the network after each epoch, and the held-out rows."""

    def initialize(self):
        self.networks = []
        return self

    def on_epoch_end(self, net, dataset_valid, **kwargs):
        self.networks.append(deepcopy(net.module_).eval())
        self.rows = dataset_valid.rows


@pytest.fixture(scope="module")
def data():
    X = np.random.default_rng(0).standard_normal((150, 4))
    y = (X[:, 0] * X[:, 1] + X[:, 2] > 0).astype(int)
    weight = np.random.default_rng(1).uniform(0.5, 2.0, 150)
    return X, y, weight


def slopes(network, x, of_output):
    """Derivatives by central differences, of shape (n, d)."""
    h, columns = 1e-5, []
    with torch.no_grad():
        for step in h * torch.eye(x.shape[1], dtype=x.dtype):
            up, down = (of_output(network(x + s)) for s in (step, -step))
            columns.append((up - down) / (2 * h))
    return torch.stack(columns, dim=1).numpy()


def recorded(model, *data, **given):
    model.set_params(callbacks=[NetworkRecorder()]).fit(*data, **given)
    recorder = fitted_callback(model, NetworkRecorder)
    return model, recorder.networks, recorder.rows


def places_of(rows, X):
    return [np.flatnonzero((x == X).all(1))[0] for x in rows.X.numpy()]


def log_loss_of(network, rows):
    with torch.no_grad():
        return -network(rows.X)[range(len(rows)), rows.y].numpy()


def test_gradient_lasso__log_loss_plus_lam_times_the_prior(data):
    X, y, weight = data
    model = GradientLassoClassifier(lam=0.3, weight_l2=0.1, **BRIEF, **SMALL)
    model, networks, rows = recorded(model, X, y, sample_weight=weight)
    w = weight[places_of(rows, X)]
    expected = []
    for network in networks:
        phi = slopes(network, rows.X, lambda output: output.sum(1))
        cost = log_loss_of(network, rows) + 0.3 * abs(phi).sum(1)
        expected.append(np.average(cost, weights=w))
    assert len(expected) == model.n_iter_ == 8
    np.testing.assert_allclose(model.validation_loss_curve_, expected, rtol=1e-6)


def test_right_reasons__annotations_of_the_held_out_rows_and_signs(data):
    X, y, _ = data
    A = np.random.default_rng(2).integers(0, 3, X.shape).astype(float)
    signs = {"monotonic_cst": [0, 0, -1, 0], "obedience": None}
    model = RRRClassifier(lam=2.0, **signs, **BRIEF, **SMALL)
    model, networks, rows = recorded(model, X, y, annotations=A)
    A = A[places_of(rows, X)]
    expected = []
    for network in networks:
        phi = slopes(network, rows.X, lambda output: output.sum(1))
        sign = slopes(network, rows.X, lambda output: output[:, 1] - output[:, 0])
        penalty = ((A * phi) ** 2).sum(1) + np.maximum(0, sign[:, 2])
        expected.append((log_loss_of(network, rows) + 2 * penalty).mean())
    np.testing.assert_allclose(model.validation_loss_curve_, expected, rtol=1e-6)


def test_regressor__squared_error_in_standardised_units(data):
    X, _, _ = data
    y = 100 + 20 * X[:, :2] ** 2
    model = GradientLassoRegressor(lam=0.5, batch_size=30, **BRIEF, **SMALL)
    model, networks, rows = recorded(model, X, y)
    expected = []
    for network in networks:
        with torch.no_grad():
            error = ((network(rows.X) - rows.y) ** 2).mean(1).numpy()
        phi = [slopes(network, rows.X, lambda out, k=k: out[:, k]) for k in (0, 1)]
        expected.append((error + 0.5 * sum(abs(p).sum(1) for p in phi)).mean())
    found = np.array(model.validation_loss_curve_)
    plain = model.set_params(monitor="loss").fit(X, y).validation_loss_curve_
    assert (found > plain).all()
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_without_a_penalty_it_is_the_loss(data):
    X, y, _ = data
    for model in (
        GradientLassoClassifier(lam=0.0, **BRIEF, **SMALL),
        RRRClassifier(**BRIEF, **SMALL),
        NGSLLClassifier(n_nonzero_coefs=2, **BRIEF, random_state=0),
    ):
        model, networks, rows = recorded(model, X, y)
        expected = log_loss_of(networks[-1], rows).mean()
        assert model.validation_loss_curve_[-1] == pytest.approx(expected)


def of_gini(**params):
    return AttributionPriorClassifier(
        lam=0.5, batch_size=40, **{**BRIEF, **SMALL, **params}
    )


def test_random_attributions_leave_the_course_of_training_alone(data):
    X, y, _ = data
    found = {
        monitor: of_gini(monitor=monitor).fit(X, y) for monitor in ("objective", "loss")
    }
    ours, others = found.values()
    assert ours.loss_curve_ == others.loss_curve_
    assert ours.penalty_curve_ == others.penalty_curve_
    assert ours.validation_loss_curve_ != others.validation_loss_curve_
    again = of_gini().fit(X, y)
    assert again.validation_loss_curve_ == ours.validation_loss_curve_


def test_random_attributions_have_the_same_draws_in_every_epoch(data):
    X, y, _ = data
    still = of_gini(learning_rate_init=1e-300, n_references=3).fit(X, y)
    assert still.n_iter_ == 8 and len(set(still.penalty_curve_)) > 1
    assert len(set(still.validation_loss_curve_)) == 1


def test_the_prior_is_watched_from_its_start_on(data):
    X, y, _ = data
    model = of_gini(prior_start=4).fit(X, y)
    assert min(model.validation_loss_curve_[:4]) > 0
    plain = of_gini(prior_start=4, monitor="loss").fit(X, y)
    ours, others = (np.array(m.validation_loss_curve_) for m in (model, plain))
    assert (ours == others).tolist() == [True] * 4 + [False] * 4


def test_gradients_are_computed_where_they_are_switched_off(data):
    X, y, _ = data
    model = GradientLassoClassifier(lam=0.3, **BRIEF, **SMALL)
    expected = model.fit(X, y).validation_loss_curve_
    with torch.no_grad(), torch.random.fork_rng():
        assert model.fit(X, y).validation_loss_curve_ == expected


def change_by_permutation(model, X):
    """How much a permutation of the first column moves the predictions."""
    permuted = X.copy()
    permuted[:, 0] = np.random.default_rng(9).permutation(X[:, 0])
    return abs(model.predict(X) - model.predict(permuted)).mean()


@pytest.mark.parametrize("seed", [0, 1])
def test_annotations_are_not_undone(seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((300, 4))
    y = 3 * X[:, 0] + X[:, 1] + 0.1 * rng.standard_normal(300)
    params = {
        "module": "perceptron",
        "lam": 100.0,
        "max_iter": 80,
        "early_stopping": True,
        "warm_start": True,
    }
    found = {}
    for monitor in ("objective", "loss"):
        model = RRRRegressor(monitor=monitor, random_state=seed, **params).fit(X, y)
        # The network relies on the column, so its loss rises when it is ruled out.
        model.fit(X, y, annotations=[1, 0, 0, 0])
        found[monitor] = change_by_permutation(model, X) / y.std()
    assert found["objective"] < 0.1 < 0.5 < found["loss"]


def test_a_classifier_obeys_with_early_stopping_as_well():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((500, 6))
    logit = X[:, 0] + X[:, 1] + X[:, 2]
    y = (rng.random(500) < 1 / (1 + np.exp(-logit))).astype(int)
    model = RRRClassifier(module="perceptron", early_stopping=True, random_state=0)
    unaware = change_by_permutation(model.fit(X, y), X)
    obedient = change_by_permutation(model.fit(X, y, annotations=[1] + [0] * 5), X)
    assert obedient < 0.01 < 0.1 < unaware
    assert model.score(X, y) > 0.65
