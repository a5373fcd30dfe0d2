"""Which strength of a path to take: the best, or a sparser one that is as good."""

from __future__ import annotations

import warnings

import numpy as np

from ._path_record import LambdaPath

__all__ = ["best_score", "one_standard_error"]

# A standard error is taken as no larger than this for losses (in nats, or in shares of
# the variance of y): with few rows in a fold it says that anything is as good. On rows
# outside of the search the difference is larger again by about as much.
LOSS_ERROR = 0.01


def best_score(path: LambdaPath) -> int:
    """Index of the highest mean score; the largest strength among equal scores.

    Raises
    ------
    ValueError
        If no strength has a score in all folds.
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
    taken. If no loss is smaller than that of a constant, the smallest loss is taken,
    and a warning says so.

    Raises
    ------
    ValueError
        If no strength has a score in all folds.
    """
    means = _mean_scores(path)
    losses = path.losses.mean(axis=0)
    losses[np.isnan(means)] = np.nan
    lowest = losses == np.nanmin(losses)
    error = min(_standard_error(path.losses[:, lowest]).max(), LOSS_ERROR)
    gains = path.constant_losses[:, None] - path.losses
    helps = gains.mean(axis=0) > _standard_error(gains)
    usable = helps & (losses <= losses[lowest][0] + error)
    if not usable.any():
        warnings.warn(
            "selection='one_se': no strength predicts held-out rows better than a "
            "constant answer by one standard error; the one with the smallest loss is "
            "chosen. There may be nothing to learn, or too few rows to tell.",
            UserWarning,
            stacklevel=4,
        )
        return _strongest(path, lowest)
    highest = means == np.nanmax(means)
    error = _standard_error(path.scores[:, highest]).max()
    good = usable & (means >= means[highest][0] - error)
    if not good.any():
        good = usable & (means == means[usable].max())
    counts = path.effective_columns
    counts = np.where(np.isnan(counts), path.effective_features, counts)
    return _strongest(path, good & (counts == counts[good].min()))


def _mean_scores(path: LambdaPath) -> np.ndarray:
    """Mean scores over folds; NaN where a fold has none."""
    means = path.scores.mean(axis=0)
    if np.isnan(means).all():
        raise ValueError(
            "no strength has a score in all folds: it is NaN in some, or the loss "
            "was no longer finite. Use fewer folds, or another scoring; or scale X "
            "(for example with StandardScaler), or lower learning_rate_init."
        )
    return means


def _standard_error(values: np.ndarray) -> np.ndarray:
    """Standard errors of means over folds; 0 if there is one fold only."""
    n_folds = len(values)
    return values.std(axis=0, ddof=min(1, n_folds - 1)) / np.sqrt(n_folds)


def _strongest(path: LambdaPath, chosen: np.ndarray) -> int:
    among = np.flatnonzero(chosen)
    return int(among[path.lams[among].argmax()])
