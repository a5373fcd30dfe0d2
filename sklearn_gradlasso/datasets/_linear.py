"""Makers of linear labels whose coefficients are known; some features are twins."""

from __future__ import annotations

from numbers import Real

import numpy as np
from sklearn.utils import check_random_state

from ._sparse_regions import check_positive

__all__ = ["make_correlated_groups", "make_independent_linear"]


def make_correlated_groups(
    n_samples: int = 1000,
    n_features: int = 60,
    *,
    group_size: int = 3,
    correlation: float = 0.99,
    noise: float = 0.01,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gaussian features in tight groups, of which one member each counts.

    The first half of the features (30 by default) forms groups of ``group_size``
    neighbours; two features of a group have the given correlation, all others have
    none. These are moments of the sample, not only of the population: every column has
    mean 0 and variance 1, and the correlations are met up to rounding. The label is
    the sum of the first feature of each group, plus noise.

    With the defaults this is "Correlated Groups 60" of Lundberg et al. (2020),
    *Nature Machine Intelligence* 2 (as a preprint in 2019); Erion et al. (2019),
    *Learning Explainable Models Using Attribution Priors*, appendix C, compare
    attributions on it.

    Parameters
    ----------
    n_samples : int, default=1000
        More than ``n_features``, for the moments to be exact.
    n_features : int, default=60
        At least ``2 * group_size``. There are ``n_features // (2 * group_size)``
        groups.
    group_size : int, default=3
    correlation : float, default=0.99
        Of two features of a group, from ``-1 / (group_size - 1)`` to 1.
    noise : float, default=0.01
        Standard deviation of the noise, in units of the label (whose own is the root
        of the number of groups).
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    coef : ndarray of shape (n_features,)
        The truth, 1 for the first feature of each group and 0 otherwise:
        ``X @ coef`` is the label without its noise.

    Raises
    ------
    ValueError
        If a number is out of its range.

    See Also
    --------
    make_independent_linear : The same label without groups.

    Examples
    --------
    >>> X, y, coef = make_correlated_groups(random_state=0)
    >>> X.shape, coef.nonzero()[0].tolist()
    ((1000, 60), [0, 3, 6, 9, 12, 15, 18, 21, 24, 27])
    >>> np.corrcoef(X[:, 0], X[:, 1])[0, 1].round(6)
    np.float64(0.99)
    """
    check_positive(n_samples=n_samples, n_features=n_features, group_size=group_size)
    lowest = -1 / (group_size - 1) if group_size > 1 else -1.0
    check_between(lowest, 1, correlation=correlation)
    check_between(0, np.inf, noise=noise)
    if n_samples <= n_features:
        raise ValueError(
            f"n_samples must be above n_features={n_features} for exact moments, got "
            f"{n_samples}."
        )
    coef = _every(group_size, n_features)
    rng = check_random_state(random_state)
    X = _standardized(rng.standard_normal((n_samples, n_features)))
    n_groups = int(coef.sum())
    grouped = X[:, : n_groups * group_size].reshape(n_samples, n_groups, group_size)
    # The symmetric root of (1 - c) I + c 11': deviations from the mean of the group
    # shrink, the mean itself grows.
    apart = np.sqrt(1 - correlation)
    together = np.sqrt(max(1 + (group_size - 1) * correlation, 0))
    grouped = apart * grouped + (together - apart) * grouped.mean(axis=2, keepdims=True)
    X[:, : n_groups * group_size] = grouped.reshape(n_samples, -1)
    return X, X @ coef + noise * rng.standard_normal(n_samples), coef


def make_independent_linear(
    n_samples: int = 1000,
    n_features: int = 60,
    *,
    noise: float = 0.01,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Independent Gaussian features, of which every third in the first half counts.

    The features are standard normal and then centred, so that the sample mean of each
    is 0 (their variances and correlations are those of the draw). The label is the sum
    of features 0, 3, 6, ... of the first half, plus noise.

    With the defaults this is "Independent Linear 60" of Lundberg et al. (2020),
    *Nature Machine Intelligence* 2 (as a preprint in 2019); Erion et al. (2019),
    *Learning Explainable Models Using Attribution Priors*, appendix C, compare
    attributions on it.

    Parameters
    ----------
    n_samples : int, default=1000
    n_features : int, default=60
        At least 6; ``n_features // 6`` of them count.
    noise : float, default=0.01
        Standard deviation of the noise, in units of the label (whose own is the root
        of the number of features that count).
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    coef : ndarray of shape (n_features,)
        The truth, 1 for the features that count and 0 otherwise: ``X @ coef`` is the
        label without its noise.

    Raises
    ------
    ValueError
        If a number is out of its range.

    See Also
    --------
    make_correlated_groups : The same label where others look like the right features.

    Examples
    --------
    >>> X, y, coef = make_independent_linear(random_state=0)
    >>> X.shape, coef.nonzero()[0].tolist()
    ((1000, 60), [0, 3, 6, 9, 12, 15, 18, 21, 24, 27])
    """
    check_positive(n_samples=n_samples, n_features=n_features)
    check_between(0, np.inf, noise=noise)
    coef = _every(3, n_features)
    rng = check_random_state(random_state)
    X = rng.standard_normal((n_samples, n_features))
    X -= X.mean(axis=0)
    return X, X @ coef + noise * rng.standard_normal(n_samples), coef


def check_between(low: float, high: float, **numbers: float) -> None:
    """Raise a ``ValueError`` unless the numbers are finite and within the bounds."""
    for name, value in numbers.items():
        good = isinstance(value, Real) and np.isfinite(value) and low <= value <= high
        if not good:
            raise ValueError(
                f"{name} must be a finite number from {low:g} to {high:g}, got "
                f"{value!r}."
            )


def _every(step: int, n_features: int) -> np.ndarray:
    """Ones at the start of each whole group of ``step`` in the first half."""
    n_groups = n_features // (2 * step)
    if n_groups == 0:
        raise ValueError(
            f"n_features must be at least {2 * step}, for a group of {step} in the "
            f"first half, got {n_features}."
        )
    coef = np.zeros(n_features)
    coef[: n_groups * step : step] = 1
    return coef


def _standardized(X: np.ndarray) -> np.ndarray:
    """The nearest columns of mean 0 and variance 1 without sample correlation."""
    left, _, right = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    X = left @ right * np.sqrt(len(X))
    return X - X.mean(axis=0)
