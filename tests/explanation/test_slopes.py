"""Slopes: derivatives in the user's units, means over a step, or none to show."""

import numpy as np
import pandas as pd
import pytest
import torch
from helpers.known_slopes import drawn, quick_mlp
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)
from skorch import NeuralNetRegressor
from torch import nn

from sklearn_gradlasso import GradientLassoClassifier, GradientLassoRegressor
from sklearn_gradlasso.explanation import Explanation

QUICK = {"hidden_layer_sizes": (6,), "max_iter": 20, "random_state": 0}


class Function(nn.Module):
    """A network that is a known function of double precision."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.unused = nn.Parameter(torch.zeros(1, dtype=torch.float64))

    def forward(self, x):
        return self.function(x)[:, None] + 0 * self.unused


def slopes_of(function, X):
    return Explanation.from_estimator(Function(function), X)


def behind(transformer, function):
    """A Pipeline whose network is a known function, with a fitted transformer."""
    net = NeuralNetRegressor(Function, module__function=function).initialize()
    return make_pipeline(transformer, net)


def on_numpy(function, X):
    return function(torch.tensor(X)).numpy()


def is_the_change_of_a_step(found, function, X, j):
    """Whether slopes of column j are the changes by its step, which is not zero."""
    step = found.slope_steps[j]
    by = np.where(X[:, j] + step <= X[:, j].max() + 1e-9, step, -step)
    moved = X + by[:, None] * np.eye(X.shape[1])[j]
    change = (on_numpy(function, moved) - on_numpy(function, X)) / by
    return step > 0 and np.allclose(found.slopes[:, j], change)


def mixed_table(n=120, seed=0):
    """Numbers of very different units, one of them with gaps, and a category."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "age": rng.uniform(20, 80, n),
            "income": np.exp(rng.normal(10, 1, n)),
            "job": rng.choice(list("abcd"), n),
            "height": rng.normal(1.7, 0.1, n),
        }
    )
    X.loc[rng.random(n) < 0.2, "height"] = np.nan
    odds = X["age"] / 20 - 2.5 + np.log(X["income"]) - 10 + (X["job"] == "a")
    return X, np.where(odds + rng.normal(0, 1, n) > 0, "yes", "no")


def encoder(*steps):
    return ColumnTransformer(
        [
            ("a", make_pipeline(SimpleImputer(add_indicator=True), *steps), [0, 3]),
            ("i", make_pipeline(FunctionTransformer(np.log), StandardScaler()), [1]),
            ("j", OneHotEncoder(), ["job"]),
        ]
    )


def differences(answer, X, name, relative=1e-6):
    """Central differences along a column of the table, in its units."""
    step = relative * np.nanstd(X[name])
    up, down = X.copy(), X.copy()
    up[name], down[name] = X[name] + step, X[name] - step
    return (answer(up) - answer(down)) / (2 * step)


@pytest.mark.parametrize("scaler", [StandardScaler(), PowerTransformer()])
@pytest.mark.parametrize("classes", ["two", "three", "mlp"])
def test_derivatives_by_the_original_units(scaler, classes):
    X, y = mixed_table()
    network = GradientLassoClassifier(activation="tanh", **QUICK)
    if classes == "mlp":
        network = MLPClassifier(activation="tanh", **QUICK)
    if classes == "three":
        y = np.where(X["age"] > 70, "maybe", y)
    model = make_pipeline(encoder(scaler), network).fit(X, y)

    def log_odds(rows):
        log_p = model.predict_log_proba(rows)
        odds = log_p - np.log1p(-np.exp(log_p))
        return odds if classes == "three" else odds[:, 1]

    found = Explanation.from_estimator(model, X, background=X)
    assert found.feature_names.tolist() == X.columns.tolist()
    shown = {"age": 0, "income": 1}
    if classes != "mlp":  # whose slopes by the height differ from changes
        shown["height"] = 3
    assert (found.slope_steps[list(shown.values())] == 0).all()
    assert np.isnan(found.slope_steps[2]) and np.isnan(found.slopes[:, 2]).all()
    missing = X["height"].isna()
    assert missing.any() and np.isnan(found.slopes[missing, 3]).all()
    for name, j in shown.items():
        here = ~missing if name == "height" else slice(None)
        expected = differences(log_odds, X, name)[here]
        scale = np.abs(expected).max()
        np.testing.assert_allclose(
            found.slopes[here, j], expected, rtol=1e-4, atol=1e-5 * scale
        )


def test_a_regressor_in_units_of_y_per_unit_of_x():
    X = drawn(80, 3) * [1, 100, 0.01] + [5, 0, 1]
    model = make_pipeline(StandardScaler(), GradientLassoRegressor(lam=0, **QUICK))
    model.set_params(gradientlassoregressor__activation="tanh").fit(X, 300 * X[:, 0])
    found = Explanation.from_estimator(model, X)
    frame = pd.DataFrame(X)
    shown = np.flatnonzero(found.slope_steps == 0)
    assert len(shown) >= 2
    for j in shown:
        expected = differences(lambda rows: model.predict(np.asarray(rows)), frame, j)
        np.testing.assert_allclose(found.slopes[:, j], expected, rtol=1e-4, atol=1e-4)


# Steps


def narrow_step(x):
    """A jump of 1 within a thousandth at 0.3, and flat elsewhere."""
    return ((x[:, 0] - 0.3) * 1000).clamp(0, 1) + 0.5 * x[:, 1]


def test_a_narrow_step_is_not_shown_as_flat():
    X = drawn(200, 2)
    found = slopes_of(narrow_step, X)
    derivative = Explanation.from_estimator(
        Function(narrow_step), X, attribution="gradients"
    )
    assert (derivative.values[:, 0] == 0).mean() > 0.98  # and yet it moves the answer:
    assert np.abs(found.values[:, 0]).min() > 0.1
    assert np.isnan(found.slopes[:, 0]).all() and np.isnan(found.slope_steps[0])
    assert found.slope_steps[1] == 0
    np.testing.assert_allclose(found.slopes[:, 1], 0.5)


def test_a_staircase_has_mean_slopes_over_a_step():
    def staircase(x):
        return torch.floor(20 * x[:, 0]) / 20 * 3 - x[:, 1]

    X = drawn(200, 2) * [2, 1]
    scaler = StandardScaler().fit(X)
    scale, mean = torch.tensor(scaler.scale_), torch.tensor(scaler.mean_)
    model = behind(scaler, lambda x: staircase(x * scale + mean))
    found = Explanation.from_estimator(model, X)
    assert found.slope_steps[1] == 0
    assert is_the_change_of_a_step(found, staircase, X, 0)
    np.testing.assert_allclose(found.slopes[:, 0].mean(), 3, rtol=0.1)
    np.testing.assert_allclose(found.slopes[:, 1], -1)


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_a_column_that_is_nearly_always_zero(share):
    X = drawn(200, 2)
    X[:, 0] = np.where(np.arange(200) < 200 * share, 0, np.abs(X[:, 0]))
    found = slopes_of(lambda x: 2 * x[:, 0] + x[:, 1], X)
    np.testing.assert_allclose(found.slopes, np.broadcast_to([2.0, 1.0], (200, 2)))

    def jump(x):
        return (x[:, 0] > 0).double() + x[:, 1]

    assert is_the_change_of_a_step(slopes_of(jump, X), jump, X, 0)


def test_a_column_of_two_values_and_a_constant_one():
    X = np.column_stack([np.arange(100) % 2, np.ones(100), drawn(100)])
    found = slopes_of(lambda x: 3 * x[:, 0] + x[:, 1] + (x[:, 2] / 2).exp(), X)
    expected = np.column_stack([np.full(100, 3), np.ones(100), np.exp(X[:, 2] / 2) / 2])
    np.testing.assert_allclose(found.slopes, expected)

    def jump(x):
        return (x[:, 0] > 0.4).double() + x[:, 2]

    # A tenth of a deviation changes nothing, and a unit much: no slope says both.
    assert np.isnan(slopes_of(jump, X).slopes[:, 0]).all()


@pytest.mark.parametrize("function", [torch.tanh, torch.floor])
def test_a_column_that_moves_two_features_at_once(function):
    X = pd.DataFrame({"a": drawn(150), "b": drawn(150, seed=1)})
    twice = FeatureUnion([("one", StandardScaler()), ("two", "passthrough")]).fit(X)
    model = behind(twice, lambda x: function((x[:, 0] + x[:, 2]) / 4) + x[:, 1])
    found = Explanation.from_estimator(model, X)
    assert found.feature_names.tolist() == ["a", "b"]
    np.testing.assert_allclose(found.slopes[:, 1], 1 / X["b"].std(ddof=0))
    if function is torch.floor:
        assert np.isnan(found.slopes[:, 0]).all() and np.isnan(found.slope_steps[0])
    else:
        change = differences(model.predict, X, "a").ravel()
        np.testing.assert_allclose(found.slopes[:, 0], change, rtol=1e-4)


@pytest.mark.parametrize(
    "kind",
    [
        PowerTransformer(),
        QuantileTransformer(n_quantiles=20, output_distribution="normal"),
        FunctionTransformer(np.arcsinh),
    ],
    ids=["power", "quantile", "function"],
)
def test_steps_behind_a_transformer_that_is_not_linear(kind):
    X = np.exp(2 * drawn(200, 2))
    transformer = kind.fit(X)

    def stairs(x):
        return torch.floor(20 * x[:, 0]) / 20 + x[:, 1]

    model = behind(transformer, stairs)
    found = Explanation.from_estimator(model, X, background=X)
    assert found.slope_steps[0] > 0
    # Over many stairs the answer follows the transformed column itself.
    slope = (transformer.transform(X + 1e-6) - transformer.transform(X - 1e-6)) / 2e-6
    size = np.abs(slope[:, 0])
    gap = found.slopes[:, 0] - slope[:, 0]
    assert np.quantile(np.abs(gap) / np.maximum(size, 1e-3), 0.9) < 0.6
    rank = X[:, 1].argsort().argsort()
    inside = (rank > 4) & (rank < 195)
    np.testing.assert_allclose(found.slopes[inside, 1], slope[inside, 1], rtol=0.3)
    for rows in ([0], [7, 150]):
        part = Explanation.from_estimator(model, X[rows], background=X)
        np.testing.assert_allclose(part.slopes, found.slopes[rows], rtol=1e-12)


def test_weights_of_the_background_that_are_zero():
    X = drawn(400, 2)
    weight = (np.arange(400) % 8 == 0).astype(float)
    model = GradientLassoRegressor(**QUICK).fit(X, X[:, 0], sample_weight=weight)
    found = Explanation.from_estimator(model, X[:20])
    assert "against 50 training rows" in repr(found)
    expected = model.predict(X[:20]).mean() - model.predict(X[weight > 0]).mean()
    total = found.predictions.mean() - found.base_values
    np.testing.assert_allclose(total, expected)


def test_slopes_of_foreign_networks():
    X = drawn(60, 3)
    model = quick_mlp(MLPRegressor, activation="tanh").fit(X, X[:, 0])
    found = Explanation.from_estimator(model, X)
    frame = pd.DataFrame(X)
    for j in range(3):
        expected = differences(lambda rows: model.predict(np.asarray(rows)), frame, j)
        np.testing.assert_allclose(found.slopes[:, j], expected, rtol=1e-4, atol=1e-7)
