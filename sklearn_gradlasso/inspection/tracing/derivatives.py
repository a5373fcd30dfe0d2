"""The derivative of a function that is known by its values alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["derivative_of"]

# Steps, of the size of x and others in its column: from the longest to the shortest,
# and the shortest that float32 resolves.
_LONGEST, _SHORTEST, _FLOAT32, _N_STEPS = 1e-1, 1e-9, 1e-4, 8


def derivative_of(function: Callable, x: np.ndarray) -> np.ndarray:
    """Derivative of a function of each element, by differences of fourth order.

    Steps of many lengths are tried, and at each element the two that agree best
    decide. Where all that comes out are numbers of float32, those that it resolves
    decide if they see a slope. At the end of a domain (a step to one side gives NaN)
    the difference to the other side is taken.

    Parameters
    ----------
    function : callable
        ``ndarray -> ndarray`` of the shape of x or with axes behind them, in float64.
    x : ndarray of shape (n_samples, ...)

    Returns
    -------
    ndarray of the shape of ``function(x)``
        Infinite where no two steps agree to a thousandth, as where the function jumps.
        Slopes that move the function by 1e-7 of its size may be rounding, and agree.
    """
    usual = np.nanmedian(np.where(x == 0, np.nan, np.abs(x)), axis=0, keepdims=True)
    usual = np.where(np.isfinite(usual), usual, 1.0)
    scale = np.maximum(np.abs(x), usual)
    shortest = np.where(x == 0, usual, np.abs(x)) * _SHORTEST
    at_x, central, one_sided, resolved = function(x), [], [], []
    for share in np.linspace(0, 1, _N_STEPS):
        h = (scale * _LONGEST) ** (1 - share) * shortest**share
        resolved.append(h >= scale * _FLOAT32)
        h = (x + h) - x  # as it is after rounding
        ways = [function(x + k * h) for k in (-2, -1, 1, 2)]
        h = _behind(h, at_x)
        far, near = ways[3] - ways[0], ways[2] - ways[1]
        central.append((8 * near - far) / (12 * h))
        right, left = (ways[2] - at_x) / h, (at_x - ways[1]) / h
        one_sided.append(np.where(np.isnan(right), left, right))
    rounded = np.stack([_is_float32(each) for each in ways]).all(axis=(0, 1))
    long = np.stack([_behind(each, at_x) for each in resolved])
    largest = np.where(np.isfinite(at_x), np.abs(at_x), 0).max(
        axis=(0, *range(x.ndim, at_x.ndim)), keepdims=True
    )
    rounding = 1e-7 * largest / _behind(usual, at_x)
    best = _agreed(np.stack(central), rounding)
    at_end = _agreed(np.stack(one_sided), rounding)
    best = np.where(np.isnan(best), at_end, best)
    coarse = _agreed(np.where(long, np.stack(central), np.nan), rounding)
    return np.where(rounded & np.isfinite(coarse) & (coarse != 0), coarse, best)


def _behind(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    """With axes of length one behind its own."""
    return values.reshape(values.shape + (1,) * (like.ndim - values.ndim))


def _is_float32(values: np.ndarray) -> np.ndarray:
    return (values.astype(np.float32) == values) | np.isnan(values)


def _agreed(estimates: np.ndarray, rounding: np.ndarray) -> np.ndarray:
    """Of estimates for steps of falling length, one of the two that agree best.

    NaN where there are no two numbers, and where none agree zero if the estimates fall
    toward it, and infinity otherwise.
    """
    apart = np.abs(np.diff(estimates, axis=0))
    apart = np.where(np.isnan(apart), np.inf, apart)
    chosen = apart.argmin(axis=0)[None]
    best = np.take_along_axis(estimates, chosen + 1, axis=0)[0]
    apart = np.take_along_axis(apart, chosen, axis=0)[0]
    unclear = np.isfinite(apart) & (apart > 1e-3 * np.abs(best) + rounding)
    falls = np.abs(estimates[-1]) < 0.01 * np.abs(estimates[0])
    limit = np.where(falls, 0.0, np.copysign(np.inf, best))
    return np.where(unclear, limit, best)
