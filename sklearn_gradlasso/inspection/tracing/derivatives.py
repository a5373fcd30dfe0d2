"""The derivative of a function that is known by its values alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["derivative_of"]

_STEPS = 10.0 ** -np.arange(1, 10)


def derivative_of(function: Callable, x: np.ndarray) -> np.ndarray:
    """Derivative of a function of each element, by differences of fourth order.

    Steps of many lengths are tried, and at each element the two that agree best
    decide. At the end of a domain (a step to one side gives NaN) the difference to the
    other side is taken.

    Parameters
    ----------
    function : callable
        ``ndarray -> ndarray`` of the shape of x or with axes behind them, in float64.
    x : ndarray of shape (n_samples, ...)

    Returns
    -------
    ndarray of the shape of ``function(x)``
        Infinite where no two steps agree to a thousandth, as where the function jumps.
    """
    usual = np.nanmedian(np.where(x == 0, np.nan, np.abs(x)), axis=0, keepdims=True)
    usual = np.where(np.isfinite(usual), usual, 1.0)
    scale = np.maximum(np.abs(x), usual)
    at_x = function(x)
    central, one_sided = [], []
    for step in _STEPS:
        # Rounding of x + h is part of h.
        h = (x + step * scale) - x
        ways = [function(x + k * h) for k in (-2, -1, 1, 2)]
        h = h.reshape(h.shape + (1,) * (at_x.ndim - h.ndim))
        far, near = ways[3] - ways[0], ways[2] - ways[1]
        central.append((8 * near - far) / (12 * h))
        right, left = (ways[2] - at_x) / h, (at_x - ways[1]) / h
        one_sided.append(np.where(np.isnan(right), left, right))
    best = _agreed(np.stack(central))
    return np.where(np.isnan(best), _agreed(np.stack(one_sided)), best)


def _agreed(estimates: np.ndarray) -> np.ndarray:
    """Of estimates for steps of falling length, one of the two that agree best.

    NaN where there are no two numbers.
    """
    apart = np.abs(np.diff(estimates, axis=0))
    apart = np.where(np.isnan(apart), np.inf, apart)
    chosen = apart.argmin(axis=0)[None]
    best = np.take_along_axis(estimates, chosen + 1, axis=0)[0]
    apart = np.take_along_axis(apart, chosen, axis=0)[0]
    unclear = np.isfinite(apart) & (apart > 1e-3 * np.abs(best)) & (apart > 1e-12)
    return np.where(unclear, np.copysign(np.inf, best), best)
