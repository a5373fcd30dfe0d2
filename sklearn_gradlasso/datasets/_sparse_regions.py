"""Classes that depend on other features in each region of the input."""

from __future__ import annotations

import numpy as np
from sklearn.utils import check_random_state

from ..utils.validation import check_count

__all__ = ["make_sparse_regions"]


def make_sparse_regions(
    n_samples: int = 20_000,
    n_features: int = 49,
    *,
    n_regions: int = 6,
    offset: float = 10.0,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Classes that depend on two features of each sample, which differ by region.

    All columns are standard normal. The first ``n_regions`` of them indicate the region
    of a sample: ``offset`` is added to the indicator of its own region. The class is
    the sign of the product of the two features that belong to the region, which are
    columns ``n_regions + 2 r`` and ``n_regions + 2 r + 1`` for region r; the other
    columns are noise. The regions hold equally many samples (up to one) in random
    order. No linear model does better than chance.

    The data follow the sparse synthetic data of Ross, Lage and Doshi-Velez (2017),
    *The Neural LASSO*, section 4.

    Parameters
    ----------
    n_samples : int, default=20000
    n_features : int, default=49
        At least ``3 * n_regions``.
    n_regions : int, default=6
    offset : float, default=10.0
        What is added to the indicator of a sample's region.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Classes 0 and 1; the class is 1 if the product is positive.
    relevant : ndarray of shape (n_samples, n_features), bool
        The truth: the two features that decide the class of each sample.

    Raises
    ------
    ValueError
        If a number is not an integer or too small.

    Examples
    --------
    >>> X, y, relevant = make_sparse_regions(12, random_state=0)
    >>> X.shape, relevant.sum(axis=1).tolist()
    ((12, 49), [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2])
    """
    check_count("n_samples", n_samples)
    check_count("n_features", n_features)
    check_count("n_regions", n_regions)
    if n_features < 3 * n_regions:
        raise ValueError(
            f"n_features must be at least 3 * n_regions = {3 * n_regions} (an "
            f"indicator and two features for each region), got {n_features}."
        )
    rng = check_random_state(random_state)
    region = rng.permutation(np.arange(n_samples) % n_regions)
    rows = np.arange(n_samples)
    X = rng.standard_normal((n_samples, n_features))
    X[rows, region] += offset
    first = n_regions + 2 * region
    y = (X[rows, first] * X[rows, first + 1] > 0).astype(int)
    relevant = np.zeros(X.shape, dtype=bool)
    relevant[rows, first] = relevant[rows, first + 1] = True
    return X, y, relevant
