"""Center and scale of a column of numbers, which few large values do not change."""

from __future__ import annotations

import numpy as np

__all__ = ["center_and_scale", "in_units_of", "sparse_scales"]

TAILS = 0.01  # share of the rows at each end that the scale does not depend on
ROUNDING = 1e-12  # of cumulated weights
ULPS = 8  # a spread of so many units in the last place is that of rounding alone
LARGEST = 1e9  # distance from the center in scales, beyond which numbers are alike


def center_and_scale(
    numbers: np.ndarray, weight: np.ndarray, eps: float
) -> tuple[float, float]:
    """Weighted median, and the standard deviation between the outer percentiles.

    If that is 0 it is the standard deviation of all values, and if one row has nearly
    all weight, that of the distinct values. It is 1 of a constant column. An integer
    weight means repetition.

    Parameters
    ----------
    numbers : ndarray of shape (n,)
        Finite numbers.
    weight : ndarray of shape (n,)
        Weights, all of them positive.
    eps : float
        Precision in which the numbers were given, as of ``np.finfo``.
    """
    if not len(numbers):
        return 0.0, 1.0
    # Sums by value are the same for a repeated row and for a row of integer weight.
    values, number = np.unique(numbers, return_inverse=True)
    weight = np.bincount(number.ravel(), weight)
    reached = weight.cumsum()
    quantiles = np.array([TAILS, 0.5, 1 - TAILS]) - ROUNDING
    low, middle, high = np.searchsorted(reached, quantiles * reached[-1])
    inner = slice(low, high + 1)
    rounding = ULPS * eps * np.abs(values).max()
    equal = np.ones(len(values))
    for part, of_part in ((inner, weight), (slice(None), weight), (slice(None), equal)):
        scale = _deviation(values[part], of_part[part])
        if scale > rounding:
            return float(values[middle]), scale
    return float(values[middle]), 1.0


def sparse_scales(X, weight: np.ndarray) -> np.ndarray:
    """Root mean squares of the values that are not 0, of the columns of a CSR matrix.

    Parameters
    ----------
    X : CSR matrix of shape (n, n_columns)
    weight : ndarray of shape (n,)
    """
    sizes = np.abs(X.data.astype(np.float64))
    each = weight.repeat(np.diff(X.indptr))
    counts = (sizes > 0) & (each > 0)
    column, sizes, each = X.indices[counts], sizes[counts], each[counts]
    # Sums by value are the same for a repeated row and for a row of integer weight.
    order = np.lexsort((sizes, column))
    column, sizes, each = column[order], sizes[order], each[order]
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (np.diff(column) != 0) | (np.diff(sizes) != 0)
    first = np.flatnonzero(is_new)
    column, sizes = column[first], sizes[first]
    each = np.add.reduceat(each, first) if len(first) else each
    n_columns = X.shape[1]
    largest = np.ones(n_columns)
    largest[column] = sizes  # The last one of a column is the largest.
    shares = (sizes / largest[column]) ** 2
    squares = np.bincount(column, each * shares, minlength=n_columns)
    total = np.bincount(column, each, minlength=n_columns)
    known = total > 0
    scales = np.ones(n_columns)
    scales[known] = largest[known] * np.sqrt(squares[known] / total[known])
    return np.where(scales > 0, scales, 1.0)


def in_units_of(numbers: np.ndarray, center, scale) -> np.ndarray:
    """Distances from the center in scales, at most 1e9; NaN stays NaN."""
    with np.errstate(over="ignore"):
        return np.clip((numbers - center) / scale, -LARGEST, LARGEST)


def _deviation(values: np.ndarray, weight: np.ndarray) -> float:
    """Weighted standard deviation of values that may be close to the largest float."""
    size = np.abs(values).max()
    if not size or values[0] == values[-1]:
        return 0.0
    shares = values / size
    share = weight / weight.sum()
    around = shares - share @ shares
    return float(min(size * np.sqrt(share @ around**2), np.finfo(np.float64).max))
