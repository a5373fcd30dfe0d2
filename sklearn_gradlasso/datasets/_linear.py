"""Linear labels with known coefficients, on correlated or independent features."""

from __future__ import annotations

import numpy as np
from sklearn.utils import check_random_state

from ..utils.validation import check_count
from ._checks import check_between

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
    """Gaussian features in correlated groups; one feature of each group counts.

    The first half of the features (30 by default) forms groups of ``group_size``
    neighbouring columns. Two features of a group have the given correlation, and all
    other pairs have none. This holds for the sample and not only for the population:
    every column has mean 0 and variance 1, and the correlations are exact up to
    rounding. The label is the sum of the first features of all groups, plus noise.

    With the defaults this is "Correlated Groups 60" of Lundberg et al. (2020),
    *Nature Machine Intelligence* 2 (as a preprint in 2019). Erion et al. (2019),
    *Learning Explainable Models Using Attribution Priors*, appendix C, compare
    attributions on it.

    Parameters
    ----------
    n_samples : int, default=1000
        More than ``n_features``, because the moments could not be exact otherwise.
    n_features : int, default=60
        At least ``2 * group_size``. There are ``n_features // (2 * group_size)``
        groups.
    group_size : int, default=3
    correlation : float, default=0.99
        Correlation of two features of a group, from ``-1 / (group_size - 1)`` to 1.
    noise : float, default=0.01
        Standard deviation of the noise, in units of the label. The label without noise
        has the root of the number of groups as its standard deviation.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    coef : ndarray of shape (n_features,)
        The truth, 1 for the first feature of each group and 0 otherwise. The label
        without noise is ``X @ coef``.

    Raises
    ------
    ValueError
        If a number is out of its range.

    See Also
    --------
    make_independent_linear : The same label on features without groups.

    Examples
    --------
    >>> X, y, coef = make_correlated_groups(random_state=0)
    >>> X.shape, coef.nonzero()[0].tolist()
    ((1000, 60), [0, 3, 6, 9, 12, 15, 18, 21, 24, 27])
    >>> np.corrcoef(X[:, 0], X[:, 1])[0, 1].round(6)
    np.float64(0.99)
    """
    check_count("n_samples", n_samples)
    check_count("n_features", n_features)
    check_count("group_size", group_size)
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
    # Multiplying uncorrelated columns by the symmetric root of (1 - c) I + c 11' gives
    # them the correlation c. The root multiplies the mean of a group by one number and
    # the deviations from that mean by another.
    of_deviations = np.sqrt(1 - correlation)
    of_mean = np.sqrt(max(1 + (group_size - 1) * correlation, 0))
    means = grouped.mean(axis=2, keepdims=True)
    grouped = of_deviations * grouped + (of_mean - of_deviations) * means
    X[:, : n_groups * group_size] = grouped.reshape(n_samples, -1)
    return X, X @ coef + noise * rng.standard_normal(n_samples), coef


def make_independent_linear(
    n_samples: int = 1000,
    n_features: int = 60,
    *,
    noise: float = 0.01,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Independent Gaussian features; every third one of the first half counts.

    The features are drawn from a standard normal distribution and then centred: the
    sample mean of each is 0, while variances and correlations are those of the draw.
    The label is the sum of features 0, 3, 6, ... of the first half, plus noise.

    With the defaults this is "Independent Linear 60" of Lundberg et al. (2020),
    *Nature Machine Intelligence* 2 (as a preprint in 2019). Erion et al. (2019),
    *Learning Explainable Models Using Attribution Priors*, appendix C, compare
    attributions on it.

    Parameters
    ----------
    n_samples : int, default=1000
    n_features : int, default=60
        At least 6; ``n_features // 6`` of them count.
    noise : float, default=0.01
        Standard deviation of the noise, in units of the label. The label without noise
        has the root of the number of features that count as its standard deviation.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    coef : ndarray of shape (n_features,)
        The truth, 1 for the features that count and 0 otherwise. The label without
        noise is ``X @ coef``.

    Raises
    ------
    ValueError
        If a number is out of its range.

    See Also
    --------
    make_correlated_groups : The same label with features that resemble the right ones.

    Examples
    --------
    >>> X, y, coef = make_independent_linear(random_state=0)
    >>> X.shape, coef.nonzero()[0].tolist()
    ((1000, 60), [0, 3, 6, 9, 12, 15, 18, 21, 24, 27])
    """
    check_count("n_samples", n_samples)
    check_count("n_features", n_features)
    check_between(0, np.inf, noise=noise)
    coef = _every(3, n_features)
    rng = check_random_state(random_state)
    X = rng.standard_normal((n_samples, n_features))
    X -= X.mean(axis=0)
    return X, X @ coef + noise * rng.standard_normal(n_samples), coef


def _every(step: int, n_features: int) -> np.ndarray:
    """Coefficients: 1 for the first of each whole group of ``step`` in the first half.

    Raises
    ------
    ValueError
        If the first half does not hold one group.
    """
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
    """The nearest columns with mean 0, variance 1 and no sample correlation."""
    left, _, right = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    X = left @ right * np.sqrt(len(X))
    return X - X.mean(axis=0)
