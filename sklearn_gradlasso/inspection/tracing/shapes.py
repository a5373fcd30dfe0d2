"""Transformers that change the shape of one column: quantiles, powers and splines."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri
from sklearn.preprocessing import (
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    SplineTransformer,
)

from .derivatives import derivative_of
from .registry import OutputColumn, register
from .tables import TracedTable
from .values import quiet

__all__: list[str] = []

# Where scikit-learn ends normal quantiles: 1e-7 from both ends of probability.
_END = 1e-7 - np.spacing(1)
_NORMAL_ENDS = ndtri(_END), ndtri(1 - _END)


def _inverse(step, j: int, n: int):
    """From values of output j to values of its input, by the step's own inverse."""

    def inverse(values):
        table = np.repeat(np.asarray(values, dtype=np.float64)[:, None], n, axis=1)
        return np.asarray(step.inverse_transform(table))[:, j]

    return inverse


def _power(step, table: TracedTable) -> list[OutputColumn]:
    scales = np.ones(len(table))
    if step.standardize:
        scales = step._scaler.scale_  # nothing public has it
    outputs = []
    for j, (power, scale) in enumerate(zip(step.lambdas_, scales)):
        x = table.numbers(j)
        with np.errstate(all="ignore"):
            if step.method == "box-cox":
                slope = x ** (power - 1)
            else:
                side = np.where(x < 0, -1.0, 1.0)
                slope = (1 + np.abs(x)) ** (side * (power - 1))
        outputs.append(
            OutputColumn(
                j, slope / scale, inverse=_inverse(step, j, len(table)), keeps_nan=True
            )
        )
    return outputs


def _quantile(step, table: TracedTable) -> list[OutputColumn]:
    return [
        OutputColumn(
            j,
            _slope_of_quantiles(step, step.quantiles_[:, j], table.numbers(j)),
            inverse=_inverse(step, j, len(table)),
            keeps_nan=True,
        )
        for j in range(len(table))
    ]


def _slope_of_quantiles(step, quantiles, x: np.ndarray) -> np.ndarray:
    """Derivative of the interpolated quantiles, zero outside of them.

    At a quantile it is the mean of the slopes to both sides. At a value that several
    quantiles share the function jumps; there it is the mean slope between the
    neighbouring quantiles.
    """
    quantiles, x = _merged(quantiles, x)
    levels, n = step.references_, len(quantiles)
    below = np.searchsorted(quantiles, x, side="left")  # q[below - 1] < x <= q[below]
    above = np.searchsorted(quantiles, x, side="right")  # q[above - 1] <= x < q[above]
    with np.errstate(all="ignore"):
        slopes = np.diff(levels) / np.diff(quantiles)
    slopes = np.concatenate([[0.0], slopes, [0.0]])
    slope = (slopes[below] + slopes[above]) / 2
    tied = above - below > 1
    left = np.where(below > 0, quantiles[np.maximum(below - 1, 0)], x)
    right = np.where(above < n, quantiles[np.minimum(above, n - 1)], x)
    if step.output_distribution == "normal":
        (low, high), z = _NORMAL_ENDS, _of_quantiles(step, quantiles, x)
        by_level = np.sqrt(2 * np.pi) * np.exp(z * z / 2)
        slope = slope * np.where((z > low) & (z < high), by_level, 0.0)
    if not tied.any():
        return slope
    rise = _of_quantiles(step, quantiles, right) - _of_quantiles(step, quantiles, left)
    between = np.divide(rise, right - left, out=np.zeros(len(x)), where=right > left)
    return np.where(tied, between, slope)


def _merged(quantiles, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles, and values at one, without the rounding that sets equal ones apart."""
    rounding = 8 * np.spacing(np.abs(quantiles))
    apart = np.concatenate([[True], np.diff(quantiles) > rounding[1:]])
    merged = quantiles[apart][np.cumsum(apart) - 1]
    after = np.clip(np.searchsorted(quantiles, x), 0, len(quantiles) - 1)
    for k in (np.maximum(after - 1, 0), after):
        x = np.where(np.abs(quantiles[k] - x) <= rounding[k], merged[k], x)
    return merged, x


def _of_quantiles(step, quantiles, x: np.ndarray) -> np.ndarray:
    levels = step.references_
    up = np.interp(x, quantiles, levels)
    down = -np.interp(-x, -quantiles[::-1], -levels[::-1])
    level = (up + down) / 2
    level = np.where(x >= quantiles[-1], 1.0, np.where(x <= quantiles[0], 0.0, level))
    if step.output_distribution == "normal":
        return np.clip(ndtri(level), *_NORMAL_ENDS)
    return level


def _splines(step, table: TracedTable) -> list[OutputColumn]:
    """Several outputs of each input, one input after the other.

    Their derivatives are taken from ``transform``, which has its own ways of going
    beyond the knots.
    """
    first, last = (
        np.array([splines.t[k] for splines in step.bsplines_])
        for k in (step.degree, -step.degree - 1)
    )

    def function(x):
        outside = (x < first) | (x > last) if step.extrapolation == "error" else False
        made = step.transform(np.where(outside, first, x))
        made = made.toarray() if hasattr(made, "toarray") else np.asarray(made)
        made = made.reshape(*x.shape, -1)
        return np.where(np.atleast_2d(outside)[..., None], np.nan, made)

    x = np.stack([table.numbers(j) for j in range(len(table))], axis=1)
    with quiet():
        slopes = derivative_of(function, x)
    return [
        OutputColumn(j, slopes[:, j, k])
        for j in range(len(table))
        for k in range(slopes.shape[2])
    ]


def _polynomials(step, table: TracedTable) -> list[OutputColumn] | None:
    """Powers of the input, if there is only one; products of several mix them."""
    if len(table) > 1:
        return None
    x, powers = table.numbers(0), step.powers_[:, 0]
    return [OutputColumn(0, p * x ** np.maximum(p - 1, 0)) for p in powers.tolist()]


register(PowerTransformer, _power)
register(QuantileTransformer, _quantile)
register(SplineTransformer, _splines)
register(PolynomialFeatures, _polynomials)
