"""How many features and columns the networks of a path use at a row."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from sklearn.base import is_classifier
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.validation import _num_samples
from torch import Tensor

from ..inspection.column_slopes import ColumnSlopes, UserColumns
from ..inspection.explainable import Explainable
from ..inspection.labels import has_classes
from ..metrics import effective_columns, effective_features, effects
from ..training.rows import Rows, TrainingData

__all__ = ["Usage", "Used"]

MOST_COLUMNS = 200  # networks that see more columns have slopes only
N_VALUES = 32  # values of a column that stand for its distribution
N_BACKGROUND = 512  # training rows, for columns of few values and for the deviation
# The effects of a network take at most this many answers for each training row, unless
# that leaves fewer than LEAST_ROWS. Training takes some hundreds of answers and slopes.
ANSWERS = 100
LEAST_ROWS, MOST_ROWS = 32, 256
FLOOR = 0.01  # share of the scale of the answer
# Log-odds are the mean of a variable whose sign is the class. This is the variance of
# that variable around its mean, in a logistic model.
LOGISTIC_NOISE = np.pi**2 / 3


class Used(NamedTuple):
    """What a network uses at a row, on average.

    ``sizes`` are root mean squares over rows for each column, of shape (n_columns,):
    of effects, in log-odds or in standard deviations of y. Where there are no effects
    they are those of slopes, and ``columns`` is NaN. ``shares`` are the same as shares
    of the scale of the answer; those of slopes are per standard deviation.
    """

    features: float
    columns: float
    sizes: np.ndarray
    shares: np.ndarray


class Usage:
    """Counts what networks use, on rows held out from their training rows.

    The answer is the log-odds of a classifier (of each class against the rest, or of
    each label), and the prediction of a regressor. A feature or column does not count
    at a row where it moves the answer by less than a hundredth of its scale. The scale
    is the standard deviation of what is predicted: of y for a regressor, and for
    log-odds f the root of ``var f + pi ** 2 / 3``, with the variance of the noise of a
    logistic model. The deviation of f alone would be no scale, because a strong penalty
    makes the answer smaller, and all that moves it by the same factor.

    Parameters
    ----------
    estimator : estimator
        One of the fitted networks; all see the same rows.
    train, rest : TrainingData
        The training rows, and those on which is counted.
    columns : UserColumns
    """

    def __init__(
        self, estimator, train: TrainingData, rest: TrainingData, columns: UserColumns
    ):
        self.columns = columns
        self.is_classifier = is_classifier(estimator)
        self.has_classes = has_classes(estimator)
        known = _network_rows(estimator, train.X)
        form = getattr(estimator, "_table_form", None)
        self.slopes = ColumnSlopes(columns, known, train.sample_weight, form)
        weight = np.ones(len(known))
        if train.sample_weight is not None:
            weight = np.asarray(train.sample_weight, dtype=np.float64)
        if not self.is_classifier:
            y = np.reshape(np.asarray(train.y, dtype=np.float64), (len(known), -1))
            self.deviation = _deviation(y, weight)
        random = check_random_state(0)
        drawn = _drawn(len(known), N_BACKGROUND, random)
        self.background = _array(known[torch.from_numpy(drawn).to(known.device)])
        self.weight = weight[drawn]
        n_columns = len(columns.positions)
        self.has_effects = len(known.feature_shape) == 1 and n_columns <= MOST_COLUMNS
        if self.has_effects:
            n_rows = ANSWERS * len(known) // (N_VALUES * n_columns)
            n_rows = int(np.clip(n_rows, LEAST_ROWS, MOST_ROWS))
            drawn = _drawn(_num_samples(rest.X), n_rows, random)
            self.rows = _array(_network_rows(estimator, _rows(rest.X, drawn))[:])
            self.of_few_values, self.of_many_values = _by_values(
                self.background, columns
            )
            self.typical = _typical_values(
                self.background, columns, self.of_many_values, self.weight
            )

    def __call__(self, estimator, X) -> Used:
        """What a network uses, X being the rows on which is counted."""
        target = _of_predicted_class if self.has_classes else None
        phi = estimator._explained(X, target, "gradients").values
        phi = phi.reshape(len(phi), len(estimator.feature_importances_), -1)
        asked = "log_odds" if self.is_classifier else None
        module, row, asked = estimator._differentiable(_rows(X, [0]), asked, True)
        answers = Explainable(module, row, asked, estimator.n_jobs).scores
        scale, magnitudes = self._scale(answers), None
        if self.has_effects:
            magnitudes = self._magnitudes(answers)
        floor = np.full(phi.shape[1:], np.inf)  # of a feature that never changes
        changes = self.slopes.deviations > 0
        of_slopes = scale.mean() if self.has_classes else scale
        floor[changes] = FLOOR * of_slopes / self.slopes.deviations[changes, None]
        features = effective_features(phi, floor=floor)
        if magnitudes is None:
            squares = self.slopes.squares(phi)
            sizes = np.sqrt(squares.mean(axis=(0, 2)))
            squares = squares / np.where(of_slopes > 0, of_slopes, 1.0) ** 2
            shares = np.sqrt(squares.mean(axis=(0, 2)))
            if not self.columns.encode:  # Slopes are per unit of the only feature.
                shares = shares * self.slopes.deviations
            return Used(features, np.nan, sizes, shares)
        counts = effective_columns(magnitudes, scale, floor=FLOOR)
        relative = magnitudes / np.where(scale > 0, scale, 1.0)
        shares = np.sqrt(np.square(relative).mean(axis=(0, 2)))
        sizes = shares  # of outputs that may have different units
        if self.is_classifier:
            sizes = np.sqrt(np.square(magnitudes).mean(axis=(0, 2)))
        return Used(features, float(counts.mean()), sizes, shares)

    def _scale(self, answers) -> np.ndarray:
        """Scale of each scalar of the answer, of shape (m,)."""
        if not self.is_classifier:
            return self.deviation
        found = answers(self.background).reshape(len(self.background), -1)
        return np.sqrt(_deviation(found, self.weight) ** 2 + LOGISTIC_NOISE)

    def _magnitudes(self, answers) -> np.ndarray:
        """Root mean squares of the effects, of shape (n_rows, n_columns, m)."""
        found = []
        for chosen, background, weight in (
            (self.of_few_values, self.background, self.weight),
            (self.of_many_values, self.typical, SHARES),
        ):
            positions = [self.columns.positions[j] for j in chosen]
            given = {"columns": positions, "sample_weight": weight}
            each = effects(
                answers, self.rows, background, n_background=len(background), **given
            )
            m = each.deviation.size
            found.append(each.magnitudes.reshape(len(self.rows), len(chosen), m))
        order = np.argsort([*self.of_few_values, *self.of_many_values])
        return np.concatenate(found, axis=1)[:, order]


def _of_predicted_class(output: Tensor, y: Tensor | None) -> Tensor:
    """Log-odds of the predicted class against all others, ``log p - log(1 - p)``."""
    if output.shape[1] == 1:
        return 0 * output[:, 0]  # There are no others.
    largest = output.max(dim=1, keepdim=True)
    others = output.scatter(1, largest.indices, -torch.inf).logsumexp(dim=1)
    return largest.values.squeeze(1) - others


_of_predicted_class.ignores_y = True


def _network_rows(estimator, X) -> Rows:
    return estimator._differentiable(X)[1]


def _rows(X, index):
    return _safe_indexing(X, np.asarray(index))


def _array(batch) -> np.ndarray:
    return batch[0].cpu().numpy()


def _drawn(n: int, most: int, random: np.random.RandomState) -> np.ndarray:
    """Positions of at most so many of n rows, in increasing order."""
    return np.sort(random.permutation(n)[:most])


def _deviation(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted standard deviations of the columns."""
    mean = np.average(values, axis=0, weights=weight)
    return np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weight))


def _by_values(rows: np.ndarray, columns: UserColumns) -> tuple[list, list]:
    """Columns that have few different values in the rows, and all others."""
    counts = [len(np.unique(rows[:, each], axis=0)) for each in columns.positions]
    few = [j for j, count in enumerate(counts) if count <= N_VALUES]
    return few, [j for j, count in enumerate(counts) if count > N_VALUES]


# Ends of the parts of a distribution that a value stands for, narrow at both tails: few
# rows of large values may make up most of a root mean square.
ENDS = (1 - np.cos(np.pi * np.arange(N_VALUES + 1) / N_VALUES)) / 2
SHARES = np.diff(ENDS)


def _typical_values(
    rows: np.ndarray, columns: UserColumns, chosen: list[int], weight: np.ndarray
) -> np.ndarray:
    """Rows in which each chosen column has the values that stand for its distribution.

    The row k stands for ``SHARES[k]`` of each column by itself. Effects replace one
    column at a time, so that its own distribution is all they see of a background, and
    values that are spread over it stand for it better than random ones.
    """
    typical = rows[np.arange(N_VALUES) % len(rows)]
    for j in chosen:
        values = rows[:, columns.positions[j]]
        order = np.lexsort(values.T)
        reached = weight[order].cumsum()
        at = reached[-1] * (ENDS[1:] + ENDS[:-1]) / 2
        typical[:, columns.positions[j]] = values[order[np.searchsorted(reached, at)]]
    return typical
