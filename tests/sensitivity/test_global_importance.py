"""Global importance: the slopes of networks whose slopes are known."""

import numpy as np
import pytest
import torch
from helpers.known_slopes import (
    A,
    Bowl,
    W,
    central_differences,
    drawn,
    linear,
    root_mean_square,
    shares,
)
from sklearn.neural_network import MLPRegressor

from sklearn_gradlasso import (
    GradientLassoClassifier,
    GradientLassoRegressor,
    NGSLLRegressor,
)
from sklearn_gradlasso.sensitivity import (
    global_importance,
)


@pytest.mark.parametrize("shift", [0, 100])
def test_a_linear_module_has_the_shares_of_its_weights(shift):
    found = global_importance(linear(W[:1]), drawn(50, 3) + shift)
    np.testing.assert_allclose(found.importances, shares(np.abs(W[0])), rtol=1e-12)
    assert found.importances.sum() == pytest.approx(100)
    assert found.intervals is None and found.confidence_level is None


@pytest.mark.parametrize(
    "model",
    [
        GradientLassoRegressor(hidden_layer_sizes=(), max_iter=2, random_state=0),
        MLPRegressor(
            hidden_layer_sizes=4, activation="identity", max_iter=2, random_state=0
        ),
        MLPRegressor(
            hidden_layer_sizes=(3, 4), activation="identity", max_iter=2, random_state=0
        ),
    ],
    ids=["ours", "one layer", "two layers"],
)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_linear_estimators_have_the_shares_of_their_coefficients(model, n_outputs):
    X = drawn(60, 3)
    y = X @ W[:n_outputs].T * [1.0, 50.0][:n_outputs]
    model.fit(X, y if n_outputs > 1 else y[:, 0])
    steps = model.predict(np.eye(3)) - model.predict(np.zeros((1, 3)))
    sizes = np.linalg.norm(steps.reshape(3, n_outputs), axis=1)
    found = global_importance(model, X, target="output")
    np.testing.assert_allclose(found.importances, shares(sizes), rtol=1e-9)


def test_the_root_mean_square_over_all_batches():
    X = drawn(5000, 3) * [1, 2, 5]
    found = global_importance(Bowl(A), X)
    expected = shares(root_mean_square(A * X))
    np.testing.assert_allclose(found.importances, expected, rtol=1e-10)


def test_several_outputs_are_combined_by_their_sum_of_squares():
    sizes = shares(np.linalg.norm(W, axis=0))
    found = global_importance(linear(W), drawn(20, 3), target="output")
    np.testing.assert_allclose(found.importances, sizes)


def test_by_default_a_module_is_asked_for_its_largest_output():
    X = drawn(30, 3)
    module = linear(W)
    with torch.no_grad():
        largest = module(torch.tensor(X)).argmax(dim=1).numpy()
    for target in (None, "predicted_class", "predicted"):
        found = global_importance(module, X, target=target)
        expected = shares(root_mean_square(W[largest]))
        np.testing.assert_allclose(found.importances, expected)


def test_a_target_may_be_a_callable():
    found = global_importance(linear(W), drawn(9, 3), target=lambda out, y: out[:, 1])
    np.testing.assert_allclose(found.importances, shares(np.abs(W[1])))


def test_an_integer_weight_is_repetition():
    X, weight = drawn(5000, 3), np.arange(5000) % 3
    weighted = global_importance(Bowl(A), X, sample_weight=weight)
    repeated = global_importance(Bowl(A), X.repeat(weight, axis=0))
    np.testing.assert_allclose(weighted.importances, repeated.importances, rtol=1e-10)


def test_a_network_that_nothing_moves_has_zeros():
    found = global_importance(linear(0 * W[:1]), drawn(9, 3))
    assert found.importances.tolist() == [0, 0, 0]


@pytest.mark.parametrize("weighted", [False, True])
def test_importances_are_those_of_the_estimator_on_its_training_data(
    cancer, three_classes, two_targets, weighted
):
    shared = {"penalty": "l1", "max_iter": 3, "random_state": 0}
    for model, (X, y) in [
        (GradientLassoClassifier(**shared), cancer),
        (GradientLassoClassifier(early_stopping=True, **shared), three_classes),
        (GradientLassoRegressor(**shared), two_targets),
    ]:
        weight = np.arange(len(X)) % 3 if weighted else None
        model.fit(X, y, sample_weight=weight)
        found = global_importance(model, X, sample_weight=weight)
        expected = 100 * model.feature_importances_
        np.testing.assert_allclose(found.importances, expected, rtol=1e-10)


def test_a_network_of_features_that_explains_itself_has_slopes_too():
    X = drawn(60, 3)
    model = NGSLLRegressor(n_nonzero_coefs=2, max_iter=2, random_state=0)
    model.fit(X, X[:, 0])
    slopes = central_differences(model.predict, X)
    found = global_importance(model, X)
    np.testing.assert_allclose(
        found.importances, shares(root_mean_square(slopes)), rtol=1e-5
    )
