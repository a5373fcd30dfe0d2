"""What the networks of a path are worth on rows that were held out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import NamedTuple

import numpy as np

from ..inspection.column_slopes import UserColumns
from ..training.rows import TrainingData
from ._losses import HeldOutLoss
from ._path_record import by_lam
from ._scoring import HeldOutScore
from ._supervision import Stop
from ._train_group import Fit
from ._usage import Usage

__all__ = ["Grid", "Split", "evaluate_fits"]

# Results of which a path over folds has one for each fold, and those that are means.
OF_A_FOLD = (
    "scores",
    "losses",
    "constant_losses",
    "train_losses",
    "penalties",
    "n_iter",
)
OF_A_STRENGTH = (
    "effective_columns",
    "effective_features",
    "importances",
    "effect_sizes",
)


class Grid:
    """Results of the networks of all parts and strengths; NaN where there are none.

    Attributes
    ----------
    scores, losses, effective_features, effective_columns : ndarray
        Of shape (n_parts, n_lams), on the rows held out.
    train_losses, penalties, n_iter : ndarray
        Of the same shape: the last loss and penalty of training, and its epochs.
    constant_losses : ndarray of shape (n_parts,)
    importances, effect_sizes : ndarray
        Of shape (n_parts, n_lams, n_features), or with columns of their own names
        (n_parts, n_lams, n_columns).
    """

    def __init__(self, n_parts: int, n_lams: int):
        def empty(*more):
            return np.full((n_parts, n_lams, *more), np.nan)

        self.empty = empty
        self.scores, self.losses = empty(), empty()
        self.effective_features, self.effective_columns = empty(), empty()
        self.train_losses, self.penalties, self.n_iter = empty(), empty(), empty()
        self.constant_losses = np.full(n_parts, np.nan)
        self.importances = self.effect_sizes = empty(0)

    def over_folds(self) -> dict[str, np.ndarray]:
        """Results of a ``LambdaPath`` over folds; some of them are means."""
        means = {name: by_lam(getattr(self, name)) for name in OF_A_STRENGTH}
        return {**self._all(OF_A_FOLD), **means}

    def of_one_part(self) -> dict[str, np.ndarray]:
        """Results of a ``LambdaPath`` without folds."""
        found = self._all((*OF_A_FOLD, *OF_A_STRENGTH))
        return {name: values[0] for name, values in found.items()}

    def _all(self, names: Iterable[str]) -> dict[str, np.ndarray]:
        return {name: getattr(self, name) for name in names}


class Split(NamedTuple):
    """Functions that return the rows networks are trained on, and those held out."""

    train: Callable[[], TrainingData]
    rest: Callable[[], TrainingData]


def evaluate_fits(
    fits: Iterator[Fit],
    shape: tuple[int, int],
    splits: Sequence[Split],
    score: HeldOutScore,
    columns: UserColumns,
    stop: Stop,
) -> Grid:
    """Evaluate each fit on the rows held out from its part, as soon as it is fitted.

    There is a split for each part. A first keyboard interrupt ends training, and what
    has been fitted until then is evaluated.

    Raises
    ------
    ValueError
        If the score failed for all fits.
    """
    grid = Grid(*shape)
    measures: dict[int, tuple[HeldOutLoss, Usage]] = {}

    def evaluate(fit: Fit) -> None:
        part, strength, estimator = fit
        at, rest = (part, strength), splits[part].rest()
        if part not in measures:
            train = splits[part].train()
            loss = HeldOutLoss(estimator, train, rest)
            measures[part] = loss, Usage(estimator, train, rest, columns)
            grid.constant_losses[part] = loss.of_constant
        loss, usage = measures[part]
        used = usage(estimator, rest.X)
        importances = estimator.feature_importances_
        sizes = columns.reported(used.shares, len(importances))
        if not columns.are_features:
            importances = shares(used.sizes)
        if not grid.importances.size:
            grid.importances = grid.empty(len(importances))
            grid.effect_sizes = grid.empty(len(importances))
        grid.importances[at], grid.effect_sizes[at] = importances, sizes
        grid.effective_features[at] = used.features
        grid.effective_columns[at] = used.columns
        if estimator.n_iter_:
            grid.train_losses[at] = estimator.loss_curve_[-1]
            grid.penalties[at] = estimator.penalty_curve_[-1]
        grid.n_iter[at] = estimator.n_iter_
        grid.losses[at] = loss(estimator, rest.X)
        grid.scores[at] = score(estimator, rest, part)

    with closing(fits):
        for fit in fits:
            stop.outlasted(evaluate, fit)
    score.report()
    return grid


def shares(sizes: np.ndarray) -> np.ndarray:
    """Sizes that sum to 1; all are equal if nothing has a size."""
    total = sizes.sum()
    return sizes / total if total > 0 else np.full(len(sizes), 1 / len(sizes))
