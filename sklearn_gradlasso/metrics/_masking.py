"""What stands for the features of a sample that are hidden from the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.random import RandomState
from sklearn.utils import check_random_state, gen_batches

__all__ = ["MASKS", "filling"]

MASKS = ("mean", "resample", "impute")
CELLS = 2**20  # numbers held at once
RIDGE = 1e-6

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
        Rows that say what hidden features may be.
    n_resamples : int
        Background rows of each sample for "resample"; at most m are used.
    random_state : int, RandomState or None
        Shuffles the background. A sample takes consecutive rows of it from its own
        place on, so that its rows differ and all rows are used about equally often.

    Returns
    -------
    callable
        From which entries are shown, of shape (n, d), to blocks of shape (k n, d),
        each k fillings of all samples, over which outputs are to be averaged.

    Raises
    ------
    ValueError
        If "impute" gets a background of one row.
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
    for batch in gen_batches(len(rows), max(1, CELLS // X.size)):
        filled = np.where(shown, X, background[rows[batch]])
        yield filled.reshape(-1, X.shape[1])


def _conditional_means(X, mean, scale, correlation, shown) -> Iterator[np.ndarray]:
    """Solve ``C_ss z = x_s`` for standardised shown features s; hidden h: ``C_hs z``.

    Each system has the size of C, with the identity in place of the hidden features,
    so that numpy solves many in one call.
    """
    n, d = X.shape
    standard = np.where(shown, (X - mean) / scale, 0)
    expected = np.empty_like(X)
    for batch in gen_batches(n, max(1, CELLS // d**2)):
        both = shown[batch, :, None] & shown[batch, None, :]
        systems = np.where(both, correlation, np.eye(d))
        z = np.linalg.solve(systems, standard[batch, :, None])[..., 0]
        expected[batch] = z @ correlation
    yield np.where(shown, X, mean + scale * expected)


def _moments(background) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means, standard deviations (1 for constants), correlations with the ridge."""
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
