"""Effects: how far an answer moves when a column gets the values of other rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state
from sklearn.utils.validation import _num_features, _num_samples

__all__ = ["Effects", "columns_that_count", "effective_columns", "effects"]

MAX_ROWS = 2**15  # rows that ``predict`` is asked for at once
MAX_VALUES = 2**22  # and values in them


@dataclass(frozen=True, eq=False)
class Effects:
    """How far each column moves the answer at each row.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_columns) or (n_samples, n_columns, m)
        ``f(x_i) - mean_b f(x_i; j <- x_bj)``, in units of f.
    magnitudes : ndarray of the shape of values
        ``sqrt(mean_b (f(x_i) - f(x_i; j <- x_bj)) ** 2)``, in units of f.
    predictions : ndarray of shape (n_samples,) or (n_samples, m)
        ``f(x_i)``.
    base_values, deviation : ndarray of shape () or (m,)
        Mean and standard deviation of f on the background rows.
    """

    values: np.ndarray
    magnitudes: np.ndarray
    predictions: np.ndarray
    base_values: np.ndarray
    deviation: np.ndarray

    @property
    def effective_columns(self) -> float:
        """Average number of columns that count at a row."""
        return float(effective_columns(self.magnitudes, self.deviation).mean())


def effects(
    predict: Callable,
    X: ArrayLike,
    background: ArrayLike,
    *,
    columns: Sequence[Sequence[int]] | None = None,
    sample_weight: ArrayLike | None = None,
    n_background: int = 256,
    random_state=0,
) -> Effects:
    """Effects of the columns of a table on the answer of any model.

    The effect of column j at row i is ``f(x_i) - mean_b f(x_i; j <- x_bj)``: the answer
    minus its mean when the value of the column is replaced by those of background rows.
    Numbers and categories are treated alike.

    Parameters
    ----------
    predict : callable
        ``rows -> (n,)`` or ``(n, m)``: the answer f, such as the
        ``decision_function`` of a classifier or the ``predict`` of a regressor. It is
        called with rows of the kind of X.
    X : {ndarray, DataFrame} of shape (n_samples, n_features)
        Rows whose answers are explained.
    background : {ndarray, DataFrame} of shape (n_rows, n_features)
        Rows that the other values are taken from, such as the training rows.
    columns : sequence of sequence of int, default=None
        Positions of the features that are replaced together, as those that encode one
        column. By default each feature is a column of its own.
    sample_weight : array-like of shape (n_rows,), default=None
        Weights of the background rows.
    n_background : int, default=256
        If there are more background rows, this many of them are drawn.
    random_state : int, RandomState instance or None, default=0
        Seed of that draw.

    Returns
    -------
    Effects

    Raises
    ------
    ValueError
        If there are no rows, X and the background are not both arrays or both
        DataFrames with the same columns in the same order, or an answer is no number
        (such as the label of a class), infinite or NaN.

    Notes
    -----
    ``predict`` is asked for as many rows as X times the distinct values of the
    background, for each column. Of the network for tables
    :meth:`~sklearn_gradlasso.explanation.Explanation.from_estimator` gives the same
    effects in a small part of that time.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0, 1.0], [2.0, 1.0]])
    >>> found = effects(lambda rows: 3 * rows[:, 0], X, background=X)
    >>> found.values.tolist()
    [[-3.0, 0.0], [3.0, 0.0]]
    >>> found.effective_columns
    1.0
    """
    return effects_by(
        partial(_Predicted, predict),
        *_alike(_table(X, "X"), _table(background, "background")),
        columns=columns,
        sample_weight=sample_weight,
        n_background=n_background,
        random_state=random_state,
    )


def effects_by(
    answering: Callable,
    X,
    background,
    *,
    columns: Sequence[Sequence[int]] | None = None,
    sample_weight: ArrayLike | None = None,
    n_background: int = 256,
    random_state=0,
) -> Effects:
    """Effects of columns on a model that knows itself how to replace them.

    Parameters
    ----------
    answering : callable
        ``(X, background) -> answers``, from the rows and those that are drawn of the
        background. ``answers.at_rows`` and ``answers.at_background`` are its answers
        there. ``answers.moved(replaced)`` is given for each column the positions of its
        features and those of k background rows, and gives, in any order, parts ``(j,
        slice of rows, f(x_i) - f(x_i; j <- x_bj))`` of which the last has shape
        (n_rows, k) or (n_rows, k, m).
    X, background : {ndarray, DataFrame}
        Two tables that are alike.
    columns, sample_weight, n_background, random_state
        As for :func:`effects`.
    """
    weight = _weights(sample_weight, _num_samples(background))
    counts = np.flatnonzero(weight)
    if len(counts) < len(weight):
        background, weight = _rows(background, counts), weight[counts]
    if len(weight) > n_background:
        drawn = check_random_state(random_state).choice(
            len(weight), n_background, replace=False
        )
        drawn.sort()
        background, weight = _rows(background, drawn), weight[drawn]
    if columns is None:
        columns = [[j] for j in range(_num_features(X))]
    answers = answering(X, background)
    predictions, of_background = answers.at_rows, answers.at_background
    shape = (len(predictions), len(columns), *predictions.shape[1:])
    values, magnitudes = np.zeros(shape), np.zeros(shape)
    distinct = [_distinct(background, each, weight) for each in columns]
    replaced = [(each, chosen) for each, (chosen, _) in zip(columns, distinct)]
    for j, rows, moved in answers.moved(replaced):
        share = distinct[j][1]
        values[rows, j] = np.einsum("nb...,b->n...", moved, share)
        squares = np.einsum("nb...,b->n...", moved**2, share)
        magnitudes[rows, j] = np.sqrt(squares)
    mean = np.average(of_background, axis=0, weights=weight)
    squares = np.average((of_background - mean) ** 2, axis=0, weights=weight)
    return Effects(values, magnitudes, predictions, mean, np.sqrt(squares))


class _Predicted:
    """What ``predict`` answers to rows, and to rows with replaced columns."""

    def __init__(self, predict: Callable, X, background):
        self.predict, self.X, self.background = predict, X, background
        self.at_rows = _finite(predict(X.copy()))
        self.at_background = _finite(predict(background.copy()))

    def moved(self, replaced) -> Iterator[tuple[int, slice, np.ndarray]]:
        X, background = self.X, self.background
        outputs = self.at_rows.shape[1:]
        for j, (positions, chosen) in enumerate(replaced):
            for rows in _chunks(len(X), len(chosen), _num_features(X)):
                at = np.arange(rows.start, rows.stop)
                changed = _replaced(X, background, positions, at, chosen)
                answers = _finite(self.predict(changed))
                answers = answers.reshape(len(at), len(chosen), *outputs)
                yield j, rows, self.at_rows[rows, None] - answers


def columns_that_count(
    magnitudes: ArrayLike,
    deviation: ArrayLike,
    *,
    cutoff: float = 0.1,
    floor: float = 0.01,
) -> np.ndarray:
    """Which columns count at each row.

    A column counts at a row if the root mean square of its effect is at least a tenth
    of the row's largest, and at least a hundredth of the standard deviation of the
    answer on training rows. A model whose answer hardly changes therefore has few.

    Parameters
    ----------
    magnitudes : array-like of shape (n_samples, n_columns) or (n_samples, n_columns, m)
        Root mean squares, as in :class:`Effects`.
    deviation : float or array-like of shape (m,)
        Standard deviation of the answer on training rows.
    cutoff : float, default=0.1
        Share of the largest magnitude of the row.
    floor : float, default=0.01
        Share of the deviation.

    Returns
    -------
    ndarray of bool of the shape of magnitudes
    """
    magnitudes = np.asarray(magnitudes, dtype=np.float64)
    largest = magnitudes.max(axis=1, keepdims=True)
    counts = magnitudes >= np.maximum(cutoff * largest, floor * np.asarray(deviation))
    return counts & (magnitudes > 0)


def effective_columns(
    magnitudes: ArrayLike,
    deviation: ArrayLike,
    *,
    cutoff: float = 0.1,
    floor: float = 0.01,
) -> np.ndarray:
    """Number of columns that count at each row.

    Parameters
    ----------
    magnitudes : array-like of shape (n_samples, n_columns) or (n_samples, n_columns, m)
    deviation : float or array-like of shape (m,)
    cutoff : float, default=0.1
    floor : float, default=0.01
        As for :func:`columns_that_count`.

    Returns
    -------
    ndarray of shape (n_samples,) or (n_samples, m)
    """
    limits = {"cutoff": cutoff, "floor": floor}
    return columns_that_count(magnitudes, deviation, **limits).sum(axis=1)


def _table(rows, name: str):
    """Rows as a DataFrame, or as an array of two axes."""
    rows = rows if hasattr(rows, "iloc") else np.asarray(rows)
    if len(rows.shape) != 2 or not rows.shape[0]:
        raise ValueError(
            f"{name} must be a table with at least one row, got shape {rows.shape}."
        )
    return rows


def _alike(X, background) -> tuple:
    """Both tables, so that columns of the one can take the place of the other's."""
    if _num_features(X) != _num_features(background):
        raise ValueError(
            f"background has {_num_features(background)} columns, but X has "
            f"{_num_features(X)}; give rows of the same table."
        )
    if hasattr(X, "iloc") != hasattr(background, "iloc"):
        raise ValueError(
            "background and X must both be arrays or both be DataFrames, got "
            f"{type(background).__name__} and {type(X).__name__}."
        )
    if not hasattr(X, "iloc"):
        # An array of integers or of short texts would cut the values that it is given.
        kind = np.result_type(X, background)
        return X.astype(kind, copy=False), background.astype(kind, copy=False)
    if list(X.columns) != list(background.columns):
        raise ValueError(
            "background must have the columns of X in the same order, got "
            f"{list(background.columns)[:5]} and {list(X.columns)[:5]}; give "
            "background[X.columns]."
        )
    return X, background


def _weights(sample_weight, n: int) -> np.ndarray:
    if sample_weight is None:
        return np.full(n, 1 / n)
    weight = np.asarray(sample_weight, dtype=np.float64)
    good = np.isfinite(weight).all() and (weight >= 0).all() and weight.any()
    if weight.shape != (n,) or not good:
        raise ValueError(
            f"sample_weight must hold {n} weights that are finite and not negative, "
            "one for each row of the background, and not only zeros."
        )
    weight = weight / weight.max()  # The sum of huge weights would be infinite.
    return weight / weight.sum()


def _rows(table, index: np.ndarray):
    return table.iloc[index] if hasattr(table, "iloc") else table[index]


def _distinct(
    background, positions: Sequence[int], weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One background row for each distinct value of the columns, and its share."""
    positions = list(positions)
    if hasattr(background, "iloc"):
        part = background.iloc[:, positions]
        part = part.set_axis(range(len(positions)), axis=1)  # names may be the same
        codes = part.groupby(list(part.columns), dropna=False, observed=True).ngroup()
        codes = codes.to_numpy()
    else:
        part = background[:, positions]
        if part.dtype == object:
            keys = {}
            codes = [keys.setdefault(tuple(map(repr, row)), len(keys)) for row in part]
            codes = np.array(codes)
        elif len(positions) == 1:  # The same, but faster without an axis.
            _, codes = np.unique(part[:, 0], return_inverse=True)
        else:
            _, codes = np.unique(part, axis=0, return_inverse=True)
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    share = np.bincount(inverse.ravel(), weight)
    return first, share / share.sum()


def _chunks(n: int, n_values: int, n_features: int) -> Iterator[slice]:
    """Groups of rows that are changed and answered together."""
    most = min(MAX_ROWS, MAX_VALUES // max(1, n_features))
    size = max(1, most // n_values)
    for start in range(0, n, size):
        yield slice(start, min(n, start + size))


def _replaced(
    X, background, positions: Sequence[int], at: np.ndarray, chosen: np.ndarray
):
    """Each row ``at``, with the columns of each chosen background row."""
    rows, others = np.repeat(at, len(chosen)), np.tile(chosen, len(at))
    if not hasattr(X, "iloc"):
        changed = X[rows]
        changed[:, list(positions)] = background[np.ix_(chosen, list(positions))][
            np.tile(np.arange(len(chosen)), len(at))
        ]
        return changed
    changed = X.iloc[rows].reset_index(drop=True)
    for position in positions:
        changed.isetitem(position, background.iloc[others, position].array)
    return changed


def _finite(answers) -> np.ndarray:
    try:
        answers = np.asarray(answers, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "predict must return numbers; of a classifier give decision_function, or "
            f"a function that returns probabilities: {error}"
        ) from error
    if not np.isfinite(answers).all():
        raise ValueError("predict must return finite numbers, got infinity or NaN.")
    return answers
