"""Regressors whose network is in float32, where y is far from 0 or next to it."""

import numpy as np
import pandas as pd
import pytest
from helpers.quick import SMALL

from sklearn_gradlasso import GradientLassoRegressor
from sklearn_gradlasso.explanation import Explanation

MEANS = [1e5, 1e9]
RNG = np.random.default_rng(0)
NUMBERS = RNG.integers(-16, 17, size=(200, 3)) / 8
Y = np.round(64 * (NUMBERS[:, 0] + np.sin(2 * NUMBERS[:, 1]))) / 64  # exact at 1e9
FRAME = pd.DataFrame(NUMBERS, columns=list("abc"))
FRAME["town"] = pd.Categorical(RNG.choice(["u", "v"], len(Y)))
MODELS = [
    (FRAME, {}),
    (NUMBERS.astype(np.float32), {}),
    (NUMBERS.astype(np.float32), {"module": "perceptron"}),
]
KINDS_OF_X = ["categories", "float32", "perceptron"]


def fitted(X, y, **params):
    return GradientLassoRegressor(**SMALL, max_iter=30, tol=1e-3, **params).fit(X, y)


@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize(("X", "params"), MODELS, ids=KINDS_OF_X)
def test_a_mean_far_from_zero_rounds_nothing(X, params, mean):
    near, far = fitted(X, Y, **params), fitted(X, Y + mean, **params)
    expected = near.predict(X)
    assert expected.dtype == np.float64
    np.testing.assert_allclose(far.predict(X) - mean, expected, atol=1e-3)
    reasons = [Explanation.from_estimator(each, X[:20]) for each in (near, far)]
    assert reasons[0].attribution == "effects"
    for name in ("values", "magnitudes", "deviation", "slopes"):
        one, other = (getattr(each, name) for each in reasons)
        np.testing.assert_allclose(other, one, atol=1e-3 * np.nanmax(np.abs(one)))


@pytest.mark.parametrize("weight", [None, np.arange(len(Y)) % 3])
@pytest.mark.parametrize("attribution", ["expected_gradients", "integrated_gradients"])
def test_attributions_add_up_to_predictions_far_from_zero(attribution, weight):
    of_sums = []
    for mean in (0, 1e9):
        model = GradientLassoRegressor(**SMALL, max_iter=30, tol=1e-3)
        model.fit(FRAME, Y + mean, sample_weight=weight)
        found = Explanation.from_estimator(model, FRAME[:20], attribution=attribution)
        of_sums.append(found.base_values + found.values.sum(axis=1) - found.predictions)
    np.testing.assert_allclose(*of_sums, atol=1e-3)  # what the quadrature leaves


@pytest.mark.parametrize("spread", [2.0**-130, 2.0**-700, 2.0**-1000])
@pytest.mark.parametrize(("X", "params"), MODELS, ids=KINDS_OF_X)
def test_a_tiny_spread_is_scaled_before_it_is_rounded(X, params, spread):
    model, tiny = fitted(X, Y, **params), fitted(X, Y * spread, **params)
    np.testing.assert_array_equal(tiny.predict(X), model.predict(X) * spread)
    reasons = [Explanation.from_estimator(each, X[:20]) for each in (model, tiny)]
    np.testing.assert_allclose(reasons[1].values, reasons[0].values * spread)
