"""A regression in which the sensitivity to every feature is known."""

from __future__ import annotations

import numpy as np
from sklearn.utils import check_random_state

from ..utils.validation import check_count
from ._checks import check_between

__all__ = ["make_sensitivity_regression"]


def make_sensitivity_regression(
    n_samples: int = 10_000,
    n_features: int = 5,
    *,
    noise: float = 0.1,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A sum of functions of one feature each, whose slopes are known.

    ``y = cos x_0 + sin x_1 + 2 x_2 + x_3 + x_4 / 100 + noise``. All features are
    standard normal, and those after the fifth have no effect. With the defaults this is
    the simulation of Horel et al. (2018), *Sensitivity based Neural Networks
    Explanations*, section 3.

    Parameters
    ----------
    n_samples : int, default=10000
    n_features : int, default=5
        At least 5.
    noise : float, default=0.1
        Standard deviation of the noise. The default is the paper's variance of 0.01.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    importances : ndarray of shape (n_features,)
        The truth: the root mean squares of the slopes over the distribution of X, in
        percent of their sum. Those of cosine and sine are not equal: they are
        ``sqrt((1 -+ exp(-2)) / 2)``, which gives 14.9 and 17.0 percent.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    >>> X, y, importances = make_sensitivity_regression(100, random_state=0)
    >>> X.shape, importances.round(1).tolist()
    ((100, 5), [14.9, 17.0, 45.2, 22.6, 0.2])
    """
    check_count("n_samples", n_samples)
    check_count("n_features", n_features)
    if n_features < 5:
        raise ValueError(f"n_features must be at least 5, got {n_features}.")
    check_between(0, np.inf, noise=noise)
    rng = check_random_state(random_state)
    X = rng.standard_normal((n_samples, n_features))
    y = np.cos(X[:, 0]) + np.sin(X[:, 1]) + X[:, 2:5] @ [2, 1, 0.01]
    y += noise * rng.standard_normal(n_samples)
    slopes = np.zeros(n_features)
    slopes[:2] = np.sqrt((1 + np.array([-1, 1]) * np.exp(-2)) / 2)
    slopes[2:5] = 2, 1, 0.01
    return X, y, 100 * slopes / slopes.sum()
