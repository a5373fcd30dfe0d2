"""Slopes in the units of the user's columns, which say what a step does.

The derivative of a network at a point may say little about a step: between the kinks of
a piecewise linear network it is constant and jumps at each of them. Slopes are
therefore compared with finite changes on background rows, column by column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from ..inspection.background import Background
from ..inspection.explainable import Explainable
from ..inspection.table_columns import TableColumn

__all__ = ["Slopes", "point_slopes", "slopes_of_steps"]

N_ROWS = 256  # background rows on which slopes are compared with changes
COUNTS = 0.1  # changes below this share of the largest one have no sign that counts
SAME_SIGN, SAME_COURSE = 0.98, 0.96  # share of rows, correlation
SAME_SIZE = 0.1  # relative error of slopes that may vary too little to correlate
NO_CHANGE = 1e-3  # in standard deviations of the answer: the column has no effect


class Slopes(NamedTuple):
    """Slopes of the answer by the columns.

    Attributes
    ----------
    values : ndarray of shape (n, n_columns) or (n, n_columns, m)
        Per unit of the column; NaN where there is none to show.
    steps : ndarray of shape (n_columns,)
        The step over which a slope is the mean: 0 for a derivative. NaN if the column
        has no slopes.
    """

    values: np.ndarray
    steps: np.ndarray


def point_slopes(gradients: np.ndarray, columns: Sequence[TableColumn]) -> Slopes:
    """Derivatives by the columns, from those by the network's features.

    Parameters
    ----------
    gradients : ndarray of shape (n, n_features) or (n, n_features, m)
    columns : sequence of TableColumn
    """
    shape = (len(gradients), len(columns), *gradients.shape[2:])
    values = np.full(shape, np.nan)
    for j, column in enumerate(columns):
        if column.is_number:
            values[:, j] = np.einsum(
                "nk...,nk->n...",
                gradients[:, column.positions],
                np.broadcast_to(
                    column.derivative, (len(gradients), len(column.positions))
                ),
            )
            values[column.missing, j] = np.nan
    steps = np.array([0.0 if each.is_number else np.nan for each in columns])
    return Slopes(values, steps)


def slopes_of_steps(
    network: Explainable,
    x: np.ndarray,
    columns: Sequence[TableColumn],
    background: Background,
) -> Slopes:
    """Slopes that agree with the changes that steps make.

    On background rows the derivative times a step is compared with the change of the
    answer, for three steps: a tenth of a standard deviation, the way to the next
    decile, and one unit, if that is at most half a standard deviation. Where they
    disagree, the mean slope over one of these steps takes the place of the derivative,
    and where that disagrees too, the column has no slopes.

    Parameters
    ----------
    network : Explainable
    x : ndarray of shape (n, n_features)
        The rows to explain, as the network sees them.
    columns : sequence of TableColumn
    background : Background
    """
    values, steps = point_slopes(network.gradients(x), columns)
    trial = _Trial.on(network, background)
    for j, column in enumerate(columns):
        if not column.is_number:
            continue
        step = trial.step_of(column)
        steps[j] = step
        if np.isnan(step):
            values[:, j] = np.nan
        elif step:
            values[:, j] = _mean_slopes(network, x, column, step)
            values[column.missing, j] = np.nan
    return Slopes(values, steps)


def _mean_slopes(
    network: Explainable, x: np.ndarray, column: TableColumn, step: float
) -> np.ndarray:
    moved = x.copy()
    moved[:, column.positions] += step * column.derivative
    return (network.scores(moved) - network.scores(x)) / step


class _Trial(NamedTuple):
    """Background rows, and the answers and derivatives at them."""

    network: Explainable
    rows: np.ndarray
    scores: np.ndarray
    gradients: np.ndarray

    @classmethod
    def on(cls, network: Explainable, background: Background) -> _Trial:
        rows, weight = background.rows, background.weight
        share = None if weight is None else weight / weight.sum()
        if len(rows) > N_ROWS:
            drawn = check_random_state(0).choice(len(rows), N_ROWS, False, share)
            rows = rows[np.sort(drawn)]
        return cls(network, rows, network.scores(rows), network.gradients(rows))

    def step_of(self, column: TableColumn) -> float:
        """The step of the mean slopes that agree with changes; 0 for derivatives.

        NaN if neither agrees. A column whose features move by different functions of it
        keeps its derivatives.
        """
        moving = np.flatnonzero((column.derivative != 0).any(axis=0))
        if len(moving) != 1:
            return 0.0
        feature = column.positions[moving[0]]
        derivative = column.derivative[:, moving[0]]
        per_unit = float(np.median(derivative[derivative != 0]))
        own = self.rows[:, feature]
        deviation = own.std() / abs(per_unit)
        if not deviation:
            return 0.0
        to_next = _to_next_decile(own) / per_unit
        windows = [0.1 * deviation, float(np.nanmedian(np.abs(to_next)))]
        steps = [np.full(len(own), 0.1 * deviation), to_next]
        if deviation >= 2:
            windows.append(1.0)
            steps.append(np.ones(len(own)))
        truths = [self._changes(feature, per_unit * step) for step in steps]
        slopes = {0.0: self.gradients[:, feature] * per_unit}
        for window in sorted(windows):
            by = np.full(len(own), per_unit * window)
            slopes[window] = self._changes(feature, by) / window
        for agree in (_have_one_course, _have_one_size):
            for window, each in slopes.items():
                pairs = (
                    ((each.T * step).T, truth) for step, truth in zip(steps, truths)
                )
                if all(self._agrees(*pair, agree) for pair in pairs):
                    return window
        return np.nan

    def _changes(self, feature: int, by: np.ndarray) -> np.ndarray:
        """Changes of the answer when a feature changes; NaN where it does not."""
        moved = self.rows.copy()
        moved[:, feature] += np.nan_to_num(by)
        changes = self.network.scores(moved) - self.scores
        changes[np.isnan(by)] = np.nan
        return changes

    def _agrees(self, said: np.ndarray, truth: np.ndarray, agree: Callable) -> bool:
        """Whether a slope times a step has the sign and the size of the change."""
        known = np.isfinite(truth) & np.isfinite(said)
        said, truth = said[known], truth[known]
        largest = np.abs(truth).max(initial=0)
        if largest <= NO_CHANGE * self.scores.std():
            return True
        counts = np.abs(truth) >= COUNTS * largest
        right = np.mean(np.sign(said[counts]) == np.sign(truth[counts]))
        return bool(right >= SAME_SIGN) and agree(said, truth)


def _have_one_course(said: np.ndarray, truth: np.ndarray) -> bool:
    if not said.std() or not truth.std():
        return False
    return bool(np.corrcoef(said, truth)[0, 1] >= SAME_COURSE)


def _have_one_size(said: np.ndarray, truth: np.ndarray) -> bool:
    return bool(np.linalg.norm(said - truth) <= SAME_SIZE * np.linalg.norm(truth))


def _to_next_decile(values: np.ndarray) -> np.ndarray:
    """The way from each value to the next decile above it; NaN above the last."""
    deciles = np.unique(np.quantile(values, np.arange(0.1, 1, 0.1), method="nearest"))
    following = np.searchsorted(deciles, values, side="right")
    next_one = np.append(deciles, np.nan)[following]
    return next_one - values
