"""``from_mlp`` against scikit-learn's own networks, from the same initial weights."""

import pickle
import warnings
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from torch import nn

from sklearn_gradlasso import GradientLassoClassifier, from_mlp, lambda_path
from sklearn_gradlasso.modules import MLP

RNG = np.random.default_rng(0)
N = 40
X = RNG.standard_normal((N, 3))
TWO = (X[:, 0] + X[:, 1] ** 2 > 1).astype(int)
THREE = TWO + (X[:, 2] > 0.5)
NUMBER = 3 * X[:, 0] * X[:, 1] + 5
PAIR = np.column_stack([NUMBER, X[:, 2]])
COUNT = RNG.poisson(np.exp(X[:, 0]))
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def start(mlp, y):
    """A network of scikit-learn that goes on from weights that were just drawn."""
    peer = clone(mlp).set_params(warm_start=True, max_iter=1, early_stopping=False)
    if peer.solver == "lbfgs":
        peer.set_params(solver="sgd")
    peer.fit(X, y)
    rng = np.random.default_rng(1)  # the same in any order of the tests
    for values in (*peer.coefs_, *peer.intercepts_):
        values[:] = rng.uniform(-0.7, 0.7, values.shape)
    del peer._optimizer
    peer.t_, peer.best_loss_, peer._no_improvement_count = 0, np.inf, 0
    return peer.set_params(max_iter=mlp.max_iter, solver=mlp.solver)


def ours(mlp, peer, **sizes):
    """Our translation, which begins with the weights of the peer."""
    model = from_mlp(mlp, **sizes)
    widths = [len(b) for b in peer.intercepts_]
    network = MLP(3, widths[-1], widths[:-1], mlp.activation).double()
    layers = [part for part in network if isinstance(part, nn.Linear)]
    with torch.no_grad():
        for layer, W, b in zip(layers, peer.coefs_, peer.intercepts_):
            layer.weight.copy_(torch.tensor(W.T))
            layer.bias.copy_(torch.tensor(b))
    return model.set_params(module=network, module_params=None)


def weights(model):
    parts = model.net_.module_.modules()
    layers = [part for part in parts if isinstance(part, nn.Linear)]
    coefs = [layer.weight.detach().numpy().T for layer in layers]
    return *coefs, *(layer.bias.detach().numpy() for layer in layers)


def assert_same_weights(model, peer, rtol=1e-8):
    expected = (*peer.coefs_, *peer.intercepts_)
    for found, values in zip(weights(model), expected, strict=True):
        np.testing.assert_allclose(found, values, rtol=rtol, atol=rtol)


COMMON = {"hidden_layer_sizes": (4, 3), "activation": "tanh", "alpha": 2.0}
COMMON |= {"max_iter": 9, "tol": 0.0, "batch_size": N}
SOLVERS = [
    # Epsilon is added to another moment, so it must not matter.
    {"solver": "adam", "learning_rate_init": 0.01, "beta_1": 0.8, "epsilon": 1e-14},
    {"solver": "sgd", "learning_rate_init": 0.02},
    {"solver": "sgd", "nesterovs_momentum": False, "momentum": 0.5},
    {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.3},
]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(
    "kind, y",
    [
        (MLPClassifier, TWO),
        (MLPClassifier, THREE),
        (MLPRegressor, NUMBER),
        (MLPRegressor, PAIR),
    ],
)
def test_the_steps_are_those_of_scikit_learn(kind, y, solver):
    mlp = kind(**COMMON, **solver)
    peer = start(mlp, y)
    model = ours(mlp, peer, n_outputs=np.size(y) // N).fit(X, y)
    peer.fit(X, y)
    assert_same_weights(model, peer)
    assert model.n_iter_ == peer.n_iter_ == 9 and model.t_ == peer.t_


@pytest.mark.skipif(
    not hasattr(MLPRegressor(), "loss"), reason="scikit-learn has it from 1.7 on"
)
@pytest.mark.parametrize("solver", SOLVERS[:2])
def test_the_steps_of_a_poisson_loss(solver):
    mlp = MLPRegressor(loss="poisson", **COMMON, **solver)
    peer = start(mlp, COUNT)
    model = ours(mlp, peer).fit(X, COUNT)
    peer.fit(X, COUNT)
    assert_same_weights(model, peer)
    np.testing.assert_allclose(model.predict(X), peer.predict(X))


@pytest.mark.parametrize("kind, y", [(MLPClassifier, TWO), (MLPRegressor, NUMBER)])
def test_passes_in_batches_are_those_of_scikit_learn(kind, y):
    mlp = kind(**COMMON | {"batch_size": 8}, shuffle=False, solver="sgd")
    peer = start(mlp, y)
    model = ours(mlp, peer)
    classes = {"classes": [0, 1]} if kind is MLPClassifier else {}
    for _ in range(3):
        for each in (peer, model):
            each.partial_fit(X, y, **classes)
    assert_same_weights(model, peer)


def test_training_on_several_outputs_ends_in_the_same_epoch():
    params = COMMON | {"alpha": 0.0, "tol": 0.02, "max_iter": 500, "solver": "sgd"}
    mlp = MLPRegressor(**params, n_iter_no_change=2, learning_rate_init=0.003)
    peer = start(mlp, PAIR)
    model = ours(mlp, peer, n_outputs=2).fit(X, PAIR)
    peer.fit(X, PAIR)
    assert model.n_iter_ == peer.n_iter_ < 500
    np.testing.assert_allclose(model.loss_curve_, 2 * np.array(peer.loss_curve_[1:]))


@pytest.mark.parametrize("kind, y", [(MLPClassifier, TWO), (MLPRegressor, NUMBER)])
def test_an_adaptive_rate_falls_where_that_of_scikit_learn_falls(kind, y):
    params = COMMON | {"tol": 0.02, "max_iter": 200, "n_iter_no_change": 2}
    params |= {"learning_rate": "adaptive", "solver": "sgd"}
    mlp = kind(**params, learning_rate_init=0.05)
    peer = start(mlp, y)
    model = ours(mlp, peer).fit(X, y)
    peer.fit(X, y)
    assert model.n_iter_ == peer.n_iter_ < 200
    assert model.net_.ended_by_ == "plateau"
    assert_same_weights(model, peer)


@pytest.mark.parametrize("kind, y", [(MLPClassifier, THREE), (MLPRegressor, NUMBER)])
def test_lbfgs_reaches_the_same_minimum(kind, y):
    params = {"hidden_layer_sizes": (3,), "activation": "tanh", "solver": "lbfgs"}
    mlp = kind(alpha=3.0, tol=1e-7, max_iter=2000, **params)
    peer = start(mlp, y)
    model = ours(mlp, peer, n_samples=N).fit(X, y)
    peer.fit(X, y)
    np.testing.assert_allclose(model.predict(X), peer.predict(X), atol=1e-3)
    squares = sum((W**2).sum() for W in weights(model)[:2])
    factor = 1 if kind is MLPClassifier else 2
    objective = model.loss_ / factor + 0.5 * 3.0 * squares / N
    assert objective == pytest.approx(peer.loss_, rel=1e-5)


def test_lbfgs_needs_the_number_of_rows():
    with pytest.warns(UserWarning, match="alpha=0.0001.*assumed to be 200.*n_samples"):
        model = from_mlp(MLPClassifier(solver="lbfgs"))
    assert model.weight_l2 == 1e-4 / 400
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert from_mlp(MLPClassifier(solver="lbfgs", alpha=0)).weight_l2 == 0
        model = from_mlp(MLPClassifier(solver="lbfgs"), n_samples=50)
    assert model.weight_l2 == 1e-6


@pytest.mark.parametrize(
    "params, n_samples, rows",
    [
        ({}, None, 200),
        ({}, 90, 90),
        ({"batch_size": 20}, 90, 20),
        ({"early_stopping": True, "validation_fraction": 0.25}, 90, 67),
        ({"batch_size": 500}, None, 500),
    ],
)
def test_alpha_is_divided_by_the_rows_of_a_step(params, n_samples, rows):
    model = from_mlp(MLPClassifier(alpha=1.0, **params), n_samples=n_samples)
    assert model.weight_l2 == pytest.approx(1 / (2 * rows))
    model = from_mlp(MLPRegressor(alpha=1.0, **params), n_samples=n_samples)
    assert model.weight_l2 == pytest.approx(1 / rows)


def test_what_ends_training_is_translated():
    mlp = MLPClassifier(early_stopping=True, tol=0.1, n_iter_no_change=np.inf)
    model = from_mlp(mlp.set_params(validation_fraction=0.3))
    assert model.early_stopping and model.monitor == "score" and model.tol == 0.1
    assert model.validation_fraction == 0.3 and model.n_iter_no_change == np.inf
    assert from_mlp(MLPRegressor(early_stopping=True, tol=0.1)).tol == 0.1
    assert from_mlp(MLPRegressor(tol=0.1)).tol == 0.2
    # scikit-learn's L-BFGS holds nothing out.
    mlp = MLPClassifier(solver="lbfgs", early_stopping=True, max_fun=7)
    model = from_mlp(mlp, n_samples=N)
    assert not model.early_stopping and model.optimizer_params == {"max_fun": 7}


@pytest.mark.parametrize("rate", ["constant", "invscaling", "adaptive"])
def test_a_translation_is_an_estimator_like_others(rate):
    mlp = MLPClassifier(solver="sgd", learning_rate=rate, max_iter=3, random_state=0)
    model = from_mlp(mlp.fit(X, TWO))
    assert not hasattr(model, "net_")
    expected = clone(model).fit(X, TWO).predict_proba(X)
    for copied in (pickle.loads(pickle.dumps(model)), clone(model)):
        np.testing.assert_array_equal(copied.fit(X, TWO).predict_proba(X), expected)
    with (
        pytest.warns(UserWarning, match="one by one")
        if model.callbacks
        else nullcontext()
    ):
        path = lambda_path(model, X, TWO, lams=[0.1, 1.0])
    assert len(path.lams) == 2


def test_the_initial_weights_are_of_the_same_distribution():
    for activation, factor in (("relu", 6), ("logistic", 2)):
        mlp = MLPClassifier((30,), activation=activation, max_iter=1, random_state=0)
        mlp.set_params(learning_rate_init=1e-12)
        model = from_mlp(mlp).fit(X, TWO)
        mlp.fit(X, TWO)
        bounds = [np.sqrt(factor / 33), np.sqrt(factor / 31)]
        for bound, *both in zip(bounds, model.coefs_, mlp.coefs_, strict=True):
            for found in both:
                assert found.shape == both[0].shape
                assert 0.85 * bound < np.abs(found).max() < bound + 1e-9


def test_other_things_are_refused():
    with pytest.raises(TypeError, match="got Pipeline.*translate.*pipeline.set_params"):
        from_mlp(make_pipeline(MLPClassifier()))
    with pytest.raises(TypeError, match="got GridSearchCV"):
        from_mlp(GridSearchCV(MLPClassifier(), {}))
    with pytest.raises(TypeError, match="got the class MLPClassifier"):
        from_mlp(MLPClassifier)
    with pytest.raises(ValueError, match="'alpha' parameter"):
        from_mlp(MLPClassifier(alpha=-1))
    with pytest.raises(ValueError, match="n_samples must be a positive integer"):
        from_mlp(MLPClassifier(), n_samples=0)


def test_the_quality_is_that_of_scikit_learn():
    params = {"hidden_layer_sizes": (30,), "max_iter": 400, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        peer = MLPClassifier(**params, learning_rate_init=0.01).fit(X, THREE)
        model = from_mlp(peer, n_samples=N).fit(X, THREE)
    assert isinstance(model, GradientLassoClassifier)
    assert model.score(X, THREE) >= peer.score(X, THREE) - 0.05
    assert model.loss_ < 2 * peer.loss_
