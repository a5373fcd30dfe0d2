"""Interactions: second derivatives that are known."""

import numpy as np
import pytest
import torch
from helpers.known_slopes import (
    central_differences,
    drawn,
    linear,
    quick_mlp,
    root_mean_square,
)
from sklearn.neural_network import MLPRegressor
from torch import nn

from sklearn_gradlasso import (
    GradientLassoClassifier,
    GradientLassoRegressor,
)
from sklearn_gradlasso.inspection.open_model import open_model
from sklearn_gradlasso.modules import RecurrentNet
from sklearn_gradlasso.sensitivity import interaction_importance
from sklearn_gradlasso.sensitivity._interactions import _deviations


class Product(nn.Module):
    def forward(self, x):
        return x[:, 0:1] * x[:, 1:2] + x[:, 2:3] ** 2


class Cubic(nn.Module):
    """f(x) = x_0^2 x_1; central differences of its slopes are exact at any step."""

    def __init__(self):
        super().__init__()
        self.one = nn.Parameter(torch.ones((), dtype=torch.float64))

    def forward(self, x):
        return self.one * (x[:, :1].square() * x[:, 1:2])


def second_of_cubic(X):
    h = np.zeros((len(X), 2, 2))
    h[:, 0, 0] = 2 * X[:, 1]
    h[:, 0, 1] = h[:, 1, 0] = 2 * X[:, 0]
    return h


def test_interactions_of_a_product():
    found = interaction_importance(Product(), drawn(50, 3))
    assert found.importances.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 2]]
    assert found.feature_names.tolist() == ["x0", "x1", "x2"]
    table = found.to_frame()
    assert table.values.tolist() == [["x0", "x1", 1], ["x0", "x2", 0], ["x1", "x2", 0]]
    assert found.top(1)[["first", "second"]].values.tolist() == [["x0", "x1"]]


@pytest.mark.parametrize("finite_difference", [None, 0.7])
def test_interactions_over_all_batches_and_weights(finite_difference):
    X, weight = drawn(5000, 2) + [0, 1], np.arange(5000) % 3
    for given in (None, weight):
        found = interaction_importance(
            Cubic(), X, sample_weight=given, finite_difference=finite_difference
        )
        mean = np.average(second_of_cubic(X) ** 2, axis=0, weights=given)
        np.testing.assert_allclose(found.importances, np.sqrt(mean), rtol=1e-9)


@pytest.mark.parametrize("finite_difference", [None, 0.7])
def test_batches_of_weight_zero_are_left_out(finite_difference):
    X, weight = drawn(5000, 2), np.r_[np.zeros(4500), np.ones(500)]
    found = interaction_importance(
        Cubic(), X, sample_weight=weight, finite_difference=finite_difference
    )
    expected = root_mean_square(second_of_cubic(X[4500:]))
    np.testing.assert_allclose(found.importances, expected, rtol=1e-9)


def test_interactions_of_a_smooth_mlp_by_hessians_and_by_differences():
    X = drawn(30, 3)
    model = quick_mlp(MLPRegressor, activation="tanh").fit(X, X[:, 0] * X[:, 1])
    layers = [
        *zip(map(torch.tensor, model.coefs_), map(torch.tensor, model.intercepts_))
    ]

    def answer(x):
        for weight, bias in layers[:-1]:
            x = torch.tanh(x @ weight + bias)
        weight, bias = layers[-1]
        return (x @ weight + bias)[0]

    hessians = [torch.autograd.functional.hessian(answer, x) for x in torch.tensor(X)]
    expected = root_mean_square(torch.stack(hessians).numpy())
    exact = interaction_importance(model, X).importances
    np.testing.assert_allclose(exact, expected, rtol=1e-10)
    near = interaction_importance(model, X, finite_difference=1e-3).importances
    np.testing.assert_allclose(near, exact, rtol=1e-4)
    np.testing.assert_allclose(near, near.T)


def test_interactions_through_a_recurrent_network():
    torch.manual_seed(0)
    module = RecurrentNet(4, 1, feature_shape=(2, 2), hidden_size=3).double()
    X = drawn(10, 2, 2)
    hessians = [
        torch.autograd.functional.hessian(lambda x: module(x[None])[0, 0], x)
        for x in torch.tensor(X)
    ]
    expected = root_mean_square(torch.stack(hessians).numpy().reshape(10, 4, 4))
    found = interaction_importance(module, X)
    np.testing.assert_allclose(found.importances, expected, rtol=1e-10)
    assert found.feature_names.tolist() == ["x0_0", "x0_1", "x1_0", "x1_1"]


def test_interactions_of_several_outputs_are_combined_by_their_sum_of_squares():
    class Both(nn.Module):
        def forward(self, x):
            return torch.stack([x[:, 0] * x[:, 1], 2 * x[:, 0] * x[:, 1]], dim=1)

    found = interaction_importance(Both(), drawn(9, 2), target="output")
    np.testing.assert_allclose(found.importances[0, 1], np.sqrt(5), rtol=1e-6)


def test_interactions_are_those_of_the_log_odds_of_a_classifier(cancer):
    X, y = cancer
    X = X[:40, :3]
    model = GradientLassoClassifier(activation="tanh", max_iter=3, random_state=0)
    model.fit(X, y[:40])
    explained = [
        central_differences(lambda X, j=j: model.explain(X)[:, j], X, step=1e-5)
        for j in range(3)
    ]
    found = interaction_importance(model, X).importances
    np.testing.assert_allclose(
        found, np.stack([root_mean_square(h) for h in explained]), rtol=1e-4
    )


def relu_of_a_sum():
    first, second = linear(np.ones((1, 2))), linear(np.ones((1, 1)))
    with torch.no_grad():
        first.bias.zero_()
    return nn.Sequential(first, nn.ReLU(), second)


def test_piecewise_linear_networks_are_refused():
    X, y = drawn(50, 2), drawn(50)
    for model, layer in [
        (relu_of_a_sum(), "ReLU"),
        (quick_mlp(MLPRegressor).fit(X, y), "ReLU"),
        (GradientLassoRegressor(max_iter=1).fit(X, y), "ReLU"),
        (nn.Sequential(nn.Linear(2, 3), nn.LeakyReLU(), nn.Linear(3, 1)), "LeakyReLU"),
    ]:
        with pytest.raises(ValueError, match=f"has {layer} layers.*finite_difference"):
            interaction_importance(model, X)


def test_a_piecewise_linear_function_is_refused_without_a_layer_that_says_so():
    class Functional(nn.Module):
        def forward(self, x):
            return torch.relu(x).sum(dim=1, keepdim=True)

    with pytest.raises(ValueError, match="exactly zero although the slopes differ"):
        interaction_importance(Functional(), drawn(50, 2))


@pytest.mark.parametrize("step", [0.2, 1.0])
def test_differences_of_the_slopes_of_a_relu(step):
    X = np.sort(drawn(5000, 2) * [1, 3], axis=0)  # batches of other means
    found = interaction_importance(relu_of_a_sum(), X, finite_difference=step)
    total, ways = X.sum(axis=1), step * X.std(axis=0)
    squares = [
        np.mean((((total + w > 0) * 1.0 - (total - w > 0)) / (2 * w)) ** 2)
        for w in ways
    ]
    expected = np.sqrt([[squares[0], np.mean(squares)], [np.mean(squares), squares[1]]])
    np.testing.assert_allclose(found.importances, expected, rtol=1e-9)


def test_a_constant_column_does_not_interact():
    X = drawn(50, 2)
    X[:, 1] = 3
    found = interaction_importance(Cubic(), X, finite_difference=0.5).importances
    assert np.isfinite(found).all()
    assert found[0, 0] == pytest.approx(6)


@pytest.mark.parametrize("shift", [0, 1000])
@pytest.mark.parametrize("weighting", ["none", "integers", "reals", "half"])
def test_steps_are_in_standard_deviations_over_all_batches(shift, weighting):
    n = 9000
    X = drawn(n, 3) * [1, 100, 0] + shift
    weight = {
        "none": None,
        "integers": np.arange(n) % 3,
        "reals": np.random.default_rng(0).random(n),
        "half": np.arange(n) >= n // 2,  # the first batch has no weight
    }[weighting]
    network = open_model(nn.Linear(3, 1).double(), X)
    found = _deviations(network.differentiable(sample_weight=weight))
    exact = X.astype(np.longdouble)
    mean = np.average(exact, axis=0, weights=weight)
    expected = np.sqrt(np.average((exact - mean) ** 2, axis=0, weights=weight))
    rtol = 1e-12 * max(1, shift)
    np.testing.assert_allclose(found[:2], expected[:2].astype(float), rtol=rtol)
    assert 0 <= found[2] <= 1e-13 * max(1, 10 * shift)


@pytest.mark.parametrize(
    "hidden_layer_sizes", [(), (7, 5), (50, 30)], ids=["none", "small", "default"]
)
@pytest.mark.parametrize("n", [60, 1001])
def test_a_linear_network_has_no_interactions(hidden_layer_sizes, n):
    X = drawn(n, 10)
    y = X @ np.arange(10.0)
    ours = GradientLassoRegressor(
        hidden_layer_sizes=hidden_layer_sizes,
        activation="identity",
        max_iter=1,
        random_state=0,
    ).fit(X, y)
    assert not interaction_importance(ours, X).importances.any()


@pytest.mark.parametrize("step", [0, -1])
def test_a_finite_difference_is_positive(step):
    with pytest.raises(ValueError, match="finite_difference =="):
        interaction_importance(Cubic(), drawn(9, 2), finite_difference=step)
