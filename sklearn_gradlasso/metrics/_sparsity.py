"""How sparse explanations are: features that matter at a sample, and inequality."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_array

__all__ = ["effective_features", "gini_index"]


def effective_features(
    phi: ArrayLike, cutoff: float = 0.1, *, floor: ArrayLike = 0.0
) -> float:
    """Average number of features that matter at a sample.

    The formula is ``mean_i #{j : |phi_ij| >= max(cutoff * max_k |phi_ik|, floor_j)}``,
    where a sample whose attributions are all zero has no such feature. Without a floor
    this is D_eff of Ross, Lage and Doshi-Velez (2017), *The Neural LASSO*, table 1, for
    which phi are input gradients and the cutoff is 1/10. D_eff does not change if all
    attributions become smaller by the same factor, so that a model whose answer hardly
    changes may seem to use many features. With a floor it has few or none.

    Parameters
    ----------
    phi : array-like of shape (n_samples, n_features) or (..., n_outputs)
        Attributions as ``explain`` returns them. With several outputs the result is the
        average over them, and each output has its own largest attribution.
    cutoff : float, default=0.1
        A feature counts if its attribution is at least this share of the largest one
        of the sample, in magnitude. In (0, 1].
    floor : float or array-like of shape (n_features,) or (n_features, n_outputs), \
            default=0.0
        Least magnitude with which a feature counts, in units of phi. For gradients a
        scale is the answer's standard deviation per standard deviation of the feature:
        ``0.01 * y.std() / X.std(axis=0)`` for a regressor that predicts y. Infinity is
        for a feature that never counts, such as one that is constant.

    Returns
    -------
    float
        Between 0 and n_features.

    Raises
    ------
    ValueError
        If phi has another number of axes, is empty, or has infinite or NaN entries, or
        if the cutoff is not in (0, 1], or if the floor is negative, NaN or of another
        shape.

    Examples
    --------
    >>> phi = [[3.0, -0.2, 1.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
    >>> effective_features(phi)
    1.6666666666666667
    >>> effective_features(phi, floor=2.0)
    0.3333333333333333
    """
    if not 0 < cutoff <= 1:
        raise ValueError(f"cutoff must be in (0, 1], got {cutoff!r}.")
    phi = check_array(phi, ensure_2d=False, allow_nd=True, input_name="phi")
    if phi.ndim not in (2, 3):
        raise ValueError(
            "phi must have shape (n_samples, n_features) or (n_samples, n_features, "
            f"n_outputs), got {phi.shape}; flatten the axes of the features."
        )
    floor = np.asarray(floor, dtype=np.float64)
    if floor.shape not in ((), phi.shape[1:2], phi.shape[1:]) or not (floor >= 0).all():
        raise ValueError(
            "floor must be a number that is not negative, or one for each feature "
            f"(shape {phi.shape[1:]}), got shape {floor.shape}: {floor}."
        )
    if floor.ndim == 1 and phi.ndim == 3:
        floor = floor[:, None]
    magnitude = np.abs(phi)
    largest = magnitude.max(axis=1, keepdims=True)
    counts = magnitude >= np.maximum(cutoff * largest, floor)
    return float((counts & (magnitude > 0)).sum(axis=1).mean())


def gini_index(importances: ArrayLike) -> float:
    """Inequality of importances: 0 if all are equal, near 1 if one feature has all.

    The formula is ``sum_j sum_k |a_j - a_k| / (2 p sum_j a_j)`` for p importances a
    (Erion et al. 2019, *Learning Explainable Models Using Attribution Priors*, sparsity
    prior), and it is computed by sorting. The largest possible value is ``1 - 1 / p``.

    Parameters
    ----------
    importances : array-like of shape (n_features,)
        Non-negative numbers.

    Returns
    -------
    float
        In [0, 1). It is 0 if all importances are zero.

    Raises
    ------
    ValueError
        If the importances do not have one axis, or if one of them is negative, infinite
        or NaN.

    Examples
    --------
    >>> gini_index([1.0, 1.0, 1.0, 1.0])
    0.0
    >>> gini_index([0.0, 0.0, 0.0, 5.0])
    0.75
    """
    values = check_array(
        importances, ensure_2d=False, dtype=np.float64, input_name="importances"
    )
    if values.ndim != 1:
        raise ValueError(f"importances must have one axis, got shape {values.shape}.")
    if (values < 0).any():
        raise ValueError(
            f"importances must not be negative, got {values.min()}; take their "
            "magnitudes."
        )
    if not values.any():
        return 0.0
    p = len(values)
    ranks = 2 * np.arange(1, p + 1) - p - 1
    shares = np.sort(values / values.max())
    return float(ranks @ shares / (p * shares.sum()))
