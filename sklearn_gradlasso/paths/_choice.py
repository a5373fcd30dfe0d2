"""Which strength of a path to take: the best, or a sparser one that is as good."""

from __future__ import annotations

import warnings

import numpy as np

from ._path_record import LambdaPath, by_lam

__all__ = ["best_score", "one_standard_error"]

# A standard error is taken as no larger than this for losses (in nats, or in shares of
# the variance of y): with few rows in a fold it says that anything is as good. On rows
# outside of the search the difference is larger again by about as much.
LOSS_ERROR = 0.01


def best_score(path: LambdaPath) -> int:
    """Index of the highest mean score; the largest strength among equal scores.

    Means are over the folds that have a score. A strength that has results in fewer
    folds than others, because it diverged there, is not chosen.

    Raises
    ------
    ValueError
        If no strength has a score.
    """
    means = _mean_scores(path)
    return _strongest(path, means == np.nanmax(means))


def one_standard_error(path: LambdaPath) -> int:
    """Index of the sparsest strength that is as good as the best.

    Candidates have a mean score within one standard error of the highest, and a mean
    loss within one standard error of the smallest (at most 0.01). Their loss is smaller
    than that of a constant answer by at least one standard error of the difference. Of
    these the one with the fewest effective columns is chosen, and the largest strength
    among equals. If no candidate has such a score, the best score among the others is
    taken. If no loss is smaller than that of a constant, scores say nothing: the fewest
    columns are taken of those whose loss is as good as the smallest, and a warning says
    so. Means and errors are over the folds that have a value.

    Raises
    ------
    ValueError
        If no strength has a score.
    """
    means = _mean_scores(path)
    losses = by_lam(path.losses)
    losses[np.isnan(means)] = np.nan
    lowest = losses == np.nanmin(losses)
    error = min(_standard_error(path.losses[:, lowest]).max(), LOSS_ERROR)
    gains = path.constant_losses[:, None] - path.losses
    near = losses <= losses[lowest][0] + error
    usable = near & (by_lam(gains) > _standard_error(gains))
    if not usable.any():
        warnings.warn(
            "selection='one_se': no strength predicts held-out rows better than a "
            "constant answer by one standard error; the sparsest of those with the "
            "smallest loss, within one standard error, is chosen. There may be nothing "
            "to learn, or too few rows to tell.",
            UserWarning,
            stacklevel=4,
        )
        return _sparsest(path, near)
    highest = means == np.nanmax(means)
    error = _standard_error(path.scores[:, highest]).max()
    good = usable & (means >= means[highest][0] - error)
    if not good.any():
        good = usable & (means == means[usable].max())
    return _sparsest(path, good)


def _mean_scores(path: LambdaPath) -> np.ndarray:
    """Mean scores over folds; NaN without any, or with results in too few folds."""
    means = by_lam(path.scores)
    n_folds = np.isfinite(path.losses).sum(axis=0)
    means[n_folds < n_folds.max()] = np.nan
    if np.isnan(means).all():
        raise ValueError(
            "no strength has a score in any fold: the scores are NaN, or the loss was "
            "no longer finite. Use fewer folds, or another scoring; or scale X (for "
            "example with StandardScaler), or lower learning_rate_init."
        )
    return means


def _standard_error(values: np.ndarray) -> np.ndarray:
    """Standard errors of means over the folds that have a value; 0 if one has."""
    n_folds = np.isfinite(values).sum(axis=0)
    deviations = by_lam(values, np.ma.MaskedArray.std)  # divided by n_folds
    return deviations / np.sqrt(np.maximum(n_folds - 1, 1))


def _sparsest(path: LambdaPath, chosen: np.ndarray) -> int:
    counts = path.effective_columns
    counts = np.where(np.isnan(counts), path.effective_features, counts)
    return _strongest(path, chosen & (counts == counts[chosen].min()))


def _strongest(path: LambdaPath, chosen: np.ndarray) -> int:
    among = np.flatnonzero(chosen)
    return int(among[path.lams[among].argmax()])
