"""Slopes of networks that other packages have fitted."""

import inspect

import numpy as np
import pytest
import scipy.sparse as sp
from helpers.known_slopes import (
    W,
    central_differences,
    drawn,
    linear,
    quick_mlp,
    root_mean_square,
    shares,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import (
    NeuralNetRegressor,
)
from torch import nn

from sklearn_gradlasso import GradientLassoRegressor
from sklearn_gradlasso.sensitivity import (
    global_importance,
    interaction_importance,
    lag_importance,
    local_importance,
)

ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]


# Slopes of scikit-learn's networks


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_mlp_regressors_against_differences_of_predict(activation, n_outputs):
    X = drawn(60, 3)
    y = X @ W[:n_outputs].T
    model = quick_mlp(MLPRegressor, activation=activation)
    model.fit(X, y if n_outputs > 1 else y[:, 0])
    slopes = central_differences(model.predict, X).reshape(60, 3, n_outputs)
    sizes = np.sqrt((slopes**2).sum(axis=2).mean(axis=0))
    found = global_importance(model, X)
    np.testing.assert_allclose(found.importances, shares(sizes), rtol=1e-5)


@pytest.mark.skipif(
    "loss" not in inspect.signature(MLPRegressor).parameters,
    reason="this scikit-learn has no Poisson loss",
)
def test_a_poisson_regressor_has_the_slopes_of_its_predictions():
    X = drawn(60, 3)
    y = np.random.default_rng(0).poisson(np.exp(X[:, 0]))
    model = quick_mlp(MLPRegressor, loss="poisson").fit(X, y)
    slopes = central_differences(model.predict, X)
    assert not np.allclose(
        slopes, central_differences(np.log, model.predict(X)[:, None])
    )
    found = global_importance(model, X)
    np.testing.assert_allclose(
        found.importances, shares(root_mean_square(slopes)), rtol=1e-5
    )


def test_mlp_of_float32():
    X = drawn(60, 3).astype(np.float32)
    model = quick_mlp(MLPRegressor, activation="tanh").fit(X, X[:, 0])
    double = quick_mlp(MLPRegressor, activation="tanh").fit(X.astype(float), X[:, 0])
    double.coefs_ = [each.astype(float) for each in model.coefs_]
    double.intercepts_ = [each.astype(float) for each in model.intercepts_]
    np.testing.assert_allclose(
        global_importance(model, X).importances,
        global_importance(double, X).importances,
        rtol=1e-4,
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_classifier_of_two_classes_has_the_slopes_of_the_log_odds(activation):
    X = drawn(60, 3)
    model = quick_mlp(MLPClassifier, activation=activation).fit(X, X[:, 0] > 0)

    def log_odds(X):
        log_proba = model.predict_log_proba(X)
        return log_proba[:, 1] - log_proba[:, 0]

    slopes = central_differences(log_odds, X)
    found = global_importance(model, X)
    np.testing.assert_allclose(
        found.importances, shares(root_mean_square(slopes)), rtol=1e-5
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_classifier_of_three_classes_has_the_slopes_of_the_predicted_one(activation):
    X = drawn(60, 3)
    y = np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])
    model = quick_mlp(MLPClassifier, activation=activation).fit(X, y)
    predicted = model.predict(X)
    slopes = central_differences(model.predict_log_proba, X)
    slopes = slopes[np.arange(60), :, predicted]
    found = global_importance(model, X)
    np.testing.assert_allclose(
        found.importances, shares(root_mean_square(slopes)), rtol=1e-5
    )


def test_a_classifier_of_many_labels_has_the_slopes_of_all_their_log_odds():
    X = drawn(60, 3)
    model = quick_mlp(MLPClassifier, activation="tanh").fit(X, X[:, :2] > 0)

    def log_odds(X):
        p = model.predict_proba(X)
        return np.log(p / (1 - p))

    sizes = np.sqrt((central_differences(log_odds, X) ** 2).sum(axis=2).mean(axis=0))
    found = global_importance(model, X)
    np.testing.assert_allclose(found.importances, shares(sizes), rtol=1e-5)


def log_odds(p):
    return np.log(p / (1 - p))


def test_targets_by_name_for_mlp_classifiers():
    X = drawn(60, 3)
    y = np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])
    model = quick_mlp(MLPClassifier, activation="tanh").fit(X, y)
    slopes = central_differences(model.predict_proba, X)
    sizes = np.sqrt((slopes**2).sum(axis=2).mean(axis=0))
    found = global_importance(model, X, target="probabilities")
    np.testing.assert_allclose(found.importances, shares(sizes), rtol=1e-5)
    slopes = central_differences(lambda X: log_odds(model.predict_proba(X)), X)
    sizes = np.sqrt((slopes**2).sum(axis=2).mean(axis=0))
    found = global_importance(model, X, target="log_odds")
    np.testing.assert_allclose(found.importances, shares(sizes), rtol=1e-5)


def test_sparse_rows_count_like_dense_ones():
    X = np.where(drawn(60, 3) > 0, drawn(60, 3, seed=1), 0)
    for model in (
        quick_mlp(MLPRegressor).fit(X, X[:, 0]),
        GradientLassoRegressor(max_iter=2, random_state=0).fit(X, X[:, 0]),
        linear(W[:1]),
    ):
        dense = global_importance(model, X).importances
        sparse = global_importance(model, sp.csr_matrix(X)).importances
        np.testing.assert_array_equal(sparse, dense)


# Slopes of skorch nets and torch modules


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_a_skorch_net_that_regresses_has_the_slopes_of_all_its_outputs(n_outputs):
    X = drawn(60, 3).astype(np.float32)
    net = NeuralNetRegressor(
        nn.Linear,
        module__in_features=3,
        module__out_features=n_outputs,
        max_epochs=1,
        verbose=0,
        train_split=None,
    )
    net.fit(X, X[:, :n_outputs])
    weight = net.module_.weight.detach().numpy()
    expected = shares(np.linalg.norm(weight, axis=0))
    np.testing.assert_allclose(
        global_importance(net, X).importances, expected, rtol=1e-5
    )
    model = make_pipeline(StandardScaler(), net).fit(X, X[:, :n_outputs])
    weight = model[-1].module_.weight.detach().numpy()
    expected = shares(np.linalg.norm(weight, axis=0))
    np.testing.assert_allclose(
        global_importance(model, X).importances, expected, rtol=1e-5
    )


# What is refused


MEASURES = [global_importance, local_importance, lag_importance, interaction_importance]


@pytest.mark.parametrize("measure", MEASURES)
def test_token_ids_cannot_be_differentiated(measure):
    network = nn.Sequential(nn.Embedding(5, 2), nn.Flatten(), nn.Linear(6, 1))
    with pytest.raises(ValueError, match="token ids cannot be differentiated"):
        measure(network, np.array([[1, 2, 3], [0, 0, 4]]))
