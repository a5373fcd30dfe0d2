"""Slopes in the units of the user's columns, which say what a step does.

The derivative of a network at a point may say little about a step: between the kinks of
a piecewise linear network it is constant and jumps at each of them. Slopes are
therefore compared with finite changes on background rows, column by column.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from ..inspection.background import Background
from ..inspection.explainable import Explainable
from ..inspection.table_columns import TableColumn

__all__ = ["Slopes", "point_slopes", "slopes_of_steps"]

N_ROWS = 256  # background rows on which slopes are compared with changes
COUNTS = 0.1  # changes below this share of the largest one have no sign that counts
# Slopes agree with changes by the share of rows with the same sign, and either by the
# correlation or, as they may vary too little to correlate, by the relative error.
SAME_SIGN, SAME_COURSE, SAME_SIZE = 0.98, 0.96, 0.1
ROUNDING = 1e-6  # of columns in float32, relative to the largest value
CONSTANT = 1e-4  # variation, relative to the largest, that is only rounding
TOP = 0.99  # quantile of the rows beyond which a step may not lead
MANY = 0.1  # share of the rows that must be able to make a step
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
            shares = (len(gradients), len(column.positions))
            with np.errstate(invalid="ignore"):  # infinite where a transformer jumps
                values[:, j] = np.einsum(
                    "nk...,nk->n...",
                    gradients[:, column.positions],
                    np.broadcast_to(column.derivative, shares),
                )
            values[_without_slope(column), j] = np.nan
    values[~np.isfinite(values)] = np.nan
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
    decile, and one unit, if that is at most half a standard deviation or if values are
    whole units apart. Rows that a step would lead beyond the 99th percentile do not
    make it, and a step that few rows can make does not count. Where they disagree, the
    mean slope over one of these steps takes the place of the derivative (downwards
    where there are no rows above), and where that disagrees too, the column has no
    slopes.

    Rows in which the value is missing have no slope, and do not count for those of
    other rows.

    Behind a transformer that is not linear, steps are those of the feature that it
    makes, and its derivative at each row turns slopes into those of the column. A
    column of which several features are such functions keeps its derivatives.

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
    answers = network.scores(x)
    for j, column in enumerate(columns):
        way = _Way.of(column) if column.is_number else None
        if way is None:
            continue
        known = trial.where_known(way)
        step = known.step_of(way)
        if np.isnan(step):
            steps[j], values[:, j] = np.nan, np.nan
        elif step:
            mean = known.mean_slopes(way, x, answers, step)
            steps[j] = step / way.rate
            values[:, j] = (mean.T * np.where(way.is_known, way.rates, np.nan)).T
            values[_without_slope(column), j] = np.nan
    return Slopes(values, steps)


def _without_slope(column: TableColumn) -> np.ndarray:
    """Rows in which the value is missing, or features of other columns move with it."""
    return column.missing | column.shared


class _Way(NamedTuple):
    """How the features of a column move with it.

    Attributes
    ----------
    positions : ndarray of int
        Positions of the features.
    direction : ndarray
        How far they move in a unit of the way: that of the column if all are linear in
        it, or that of the feature if one alone moves.
    rates : ndarray of shape (n_samples,) or float
        Units of the way in a unit of the column, at each row to explain.
    is_in_units : bool
        Whether these units are the same.
    """

    positions: np.ndarray
    direction: np.ndarray
    rates: np.ndarray | float
    is_in_units: bool

    @classmethod
    def of(cls, column: TableColumn) -> _Way | None:
        """The way of a column; None if several features move by functions of it.

        What these make of a step is not known at background rows.
        """
        moves = column.derivative != 0
        if column.is_linear:
            known = column.derivative[moves.any(axis=1)]
            return cls(column.positions, known[0], 1.0, True) if len(known) else None
        moving = np.flatnonzero(moves.any(axis=0))
        if len(column.positions) > 1 and len(moving) != 1:
            return None
        one = moving[:1] if len(moving) else np.array([0])
        rates = column.derivative[:, one[0]]
        return cls(column.positions[one], np.ones(1), rates, False)

    @property
    def is_known(self) -> np.ndarray:
        """Where ``rates`` are finite; a transformer may jump."""
        return np.isfinite(self.rates)

    @property
    def rate(self) -> float:
        """The typical size of ``rates``."""
        sizes = np.abs(np.atleast_1d(self.rates))
        sizes = sizes[self.is_known & (sizes > 0)]
        return float(np.median(sizes)) if len(sizes) else 1.0

    def moved(self, rows: np.ndarray, by: np.ndarray | float) -> np.ndarray:
        """Rows that have gone this way, each by its own length or all by one."""
        rows = rows.copy()
        rows[:, self.positions] += np.multiply.outer(by, self.direction)
        return rows

    def passed(self, rows: np.ndarray) -> np.ndarray:
        """How far rows have gone this way, from an unknown start."""
        k = np.abs(self.direction).argmax()
        return rows[:, self.positions[k]] / self.direction[k]

    def slopes(self, gradients: np.ndarray) -> np.ndarray:
        return np.einsum("nk...,k->n...", gradients[:, self.positions], self.direction)


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

    def where_known(self, way: _Way) -> _Trial:
        """The rows that are somewhere on the way: those without missing values."""
        known = np.isfinite(way.passed(self.rows))
        if known.all():
            return self
        parts = (each[known] for each in (self.rows, self.scores, self.gradients))
        return _Trial(self.network, *parts)

    def step_of(self, way: _Way) -> float:
        """The step of the mean slopes that agree with changes; 0 for derivatives.

        It is in units of the way. NaN if neither agrees.
        """
        own = way.passed(self.rows)
        size = np.abs(own).max(initial=0.0)
        # Squares of very large and very small numbers are no floats.
        deviation = size * (own / size).std() if size else 0.0
        if not deviation:
            return 0.0
        to_next = _to_next_decile(own)
        steps = [np.full(len(own), 0.1 * deviation), to_next]
        gap = np.diff(np.unique(own)).min(initial=np.inf)
        if way.is_in_units and (deviation >= 2 or gap >= 1 - 1e-3):
            steps.append(np.ones(len(own)))
        end = np.quantile(own, TOP, method="higher") + ROUNDING * np.abs(own).max()
        steps = [np.where(own + step <= end, step, np.nan) for step in steps]
        steps = [step for step in steps if np.isfinite(step).mean() >= MANY]
        truths = [self._changes(way, step) for step in steps]

        def agree(slopes: np.ndarray) -> bool:
            said = [(slopes.T * step).T for step in steps]
            return all(self._agrees(*pair) for pair in zip(said, truths))

        if agree(way.slopes(self.gradients)):
            return 0.0
        for window in sorted(float(np.nanmedian(step)) for step in steps):
            if agree(self.mean_slopes(way, self.rows, self.scores, window)):
                return window
        return np.nan

    def mean_slopes(
        self, way: _Way, rows: np.ndarray, scores: np.ndarray, step: float
    ) -> np.ndarray:
        """Mean slopes over a step upwards, or downwards where no row is above."""
        top = way.passed(self.rows).max()
        top += ROUNDING * abs(top)
        by = np.where(way.passed(rows) + step <= top, step, -step)
        return ((self.network.scores(way.moved(rows, by)) - scores).T / by).T

    def _changes(self, way: _Way, by: np.ndarray) -> np.ndarray:
        """Changes of the answer when rows go a way; NaN where they do not."""
        changes = self.network.scores(way.moved(self.rows, np.nan_to_num(by)))
        changes -= self.scores
        changes[np.isnan(by)] = np.nan
        return changes

    def _agrees(self, said: np.ndarray, truth: np.ndarray) -> bool:
        """Whether a slope times a step has the sign and the size of the change."""
        known = np.isfinite(truth) & np.isfinite(said)
        said, truth = said[known], truth[known]
        largest = np.abs(truth).max(initial=0)
        if max(largest, np.abs(said).max(initial=0)) <= NO_CHANGE * self.scores.std():
            return True
        counts = np.abs(truth) >= COUNTS * largest
        if np.mean(np.sign(said[counts]) == np.sign(truth[counts])) < SAME_SIGN:
            return False
        if np.linalg.norm(said - truth) <= SAME_SIZE * np.linalg.norm(truth):
            return True
        varies = min(_variation(said), _variation(truth)) >= CONSTANT
        return varies and bool(np.corrcoef(said, truth)[0, 1] >= SAME_COURSE)


def _variation(values: np.ndarray) -> float:
    return values.std() / np.abs(values).max(initial=np.finfo(values.dtype).tiny)


def _to_next_decile(values: np.ndarray) -> np.ndarray:
    """The way from each value to the next decile above it; NaN above the last.

    If nearly all values are the same, the deciles are those of the distinct values.
    """
    deciles = _deciles(values)
    if len(deciles) < 2:
        distinct = np.unique(values)
        deciles = distinct if len(distinct) < 10 else _deciles(distinct)
    following = np.searchsorted(deciles, values, side="right")
    next_one = np.append(deciles, np.nan)[following]
    return next_one - values


def _deciles(values: np.ndarray) -> np.ndarray:
    return np.unique(np.quantile(values, np.arange(0.1, 1, 0.1), method="nearest"))
