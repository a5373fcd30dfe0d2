"""Values that replace the features of a sample which are hidden from the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.random import RandomState
from sklearn.utils import check_random_state, gen_batches

__all__ = ["MASKS", "filling"]

MASKS = ("mean", "resample", "impute")
MAX_NUMBERS = 2**20  # in an array that is made for a part of the samples or rows
RIDGE = 1e-6  # makes the systems of the conditional means solvable

Fill = Callable[[np.ndarray], Iterator[np.ndarray]]


def filling(
    mask: str,
    X: np.ndarray,
    background: np.ndarray,
    n_resamples: int,
    random_state: int | RandomState | None,
) -> Fill:
    """Function that fills the hidden features of X.

    Parameters
    ----------
    mask : {"mean", "resample", "impute"}
        As in `ablation_curve`.
    X : ndarray of shape (n, d)
        Samples.
    background : ndarray of shape (m, d)
        Rows from which the values of hidden features are taken.
    n_resamples : int
        Number of background rows for each sample with "resample". At most m are used.
    random_state : int, RandomState or None
        Decides the order of the background rows. Each sample takes consecutive rows of
        that order, starting one row later than the sample before it. The rows of a
        sample therefore differ, and all rows are used about equally often.

    Returns
    -------
    callable
        A function of a boolean array of shape (n, d), which is True where an entry of X
        is shown. It yields blocks of shape (k n, d): k versions of all samples with
        their hidden entries filled in. The outputs for all versions of a sample are to
        be averaged.

    Raises
    ------
    ValueError
        If the background has only one row and the mask is "impute".
    """
    if mask == "mean":
        return partial(_means, X, background.mean(axis=0))
    if mask == "impute":
        return partial(_conditional_means, X, *_moments(background))
    order = check_random_state(random_state).permutation(len(background))
    draws = np.arange(min(n_resamples, len(background)))
    rows = order[(draws[:, None] + np.arange(len(X))) % len(background)]
    return partial(_resampled, X, background, rows)


def _means(X, mean, shown) -> Iterator[np.ndarray]:
    yield np.where(shown, X, mean)


def _resampled(X, background, rows, shown) -> Iterator[np.ndarray]:
    for batch in gen_batches(len(rows), max(1, MAX_NUMBERS // X.size)):
        filled = np.where(shown, X, background[rows[batch]])
        yield filled.reshape(-1, X.shape[1])


def _conditional_means(X, mean, scale, correlation, shown) -> Iterator[np.ndarray]:
    """Fill in the expected values of the hidden features, given those shown.

    With the correlations C and standardised features, solve ``C_ss z = x_s`` for the
    shown features s; the hidden features h then have the conditional mean ``C_hs z``.
    Each system has the full size of C, with rows of the identity for hidden features,
    so that numpy solves the systems of many samples in one call.
    """
    n, d = X.shape
    standard = np.where(shown, (X - mean) / scale, 0)
    expected = np.empty_like(X)
    for batch in gen_batches(n, max(1, MAX_NUMBERS // d**2)):
        both = shown[batch, :, None] & shown[batch, None, :]
        systems = np.where(both, correlation, np.eye(d))
        z = np.linalg.solve(systems, standard[batch, :, None])[..., 0]
        expected[batch] = z @ correlation
    yield np.where(shown, X, mean + scale * expected)


def _moments(background) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means, standard deviations (1 for a constant column) and ridged correlations.

    Raises
    ------
    ValueError
        If the background has only one row.
    """
    if len(background) < 2:
        raise ValueError(
            'background must have at least two rows for mask="impute", got one; give '
            "the training set."
        )
    mean, scale = background.mean(axis=0), background.std(axis=0)
    scale[np.ptp(background, axis=0) == 0] = 1
    standard = (background - mean) / scale
    correlation = standard.T @ standard / len(background)
    return mean, scale, correlation + RIDGE * np.eye(len(mean))
