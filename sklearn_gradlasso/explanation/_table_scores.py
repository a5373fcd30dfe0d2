"""A model with the network for tables, opened for what it says of columns overall."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..inspection.column_sums import ColumnSums
from ..inspection.open_model import open_model
from ..inspection.table_columns import TableColumn
from ..inspection.wrappers import hint_for, named, unwrapped
from ._columns import columns_to_explain

__all__ = ["Grid", "TableScores", "open_table"]

NUMBER, LEVEL, OTHER, MISSING = "number", "level", "other levels", "missing"
MOST_NUMBERS, N_QUANTILES = 65, 33  # values of a number behind the steps of a Pipeline
MOST_LEVELS = 254
N_ROWS_OF_VALUE = 16  # that stand for a value of which several features are made
DIGITS = 6  # of numbers in units of the user, relative to their scale


@dataclass(frozen=True, eq=False, kw_only=True)
class Grid:
    """The values at which the function of a column is computed.

    Parameters
    ----------
    name : str
    positions : ndarray of int of shape (k,)
        Features of the network that are made of the column.
    values : ndarray of shape (n_values,)
        In units of the user. NaN or None for other levels and for a missing value,
        which come last.
    kinds : ndarray of str of shape (n_values,)
    features : ndarray of shape (n_rows, k)
        Coded features that the values have.
    value_of : ndarray of int of shape (n_rows,)
        To which value each row of features belongs; a value with several is their mean.
    at : ndarray of shape (n_samples,)
        Where the rows lie: 1.5 is in the middle between the values 1 and 2.
    shares : ndarray of shape (n_values,)
        Shares of the rows, each of which is divided between its two neighbours.
    """

    name: str
    positions: np.ndarray
    values: np.ndarray
    kinds: np.ndarray
    features: np.ndarray
    value_of: np.ndarray
    at: np.ndarray
    shares: np.ndarray

    def merged(self, of_features: np.ndarray) -> np.ndarray:
        """Means over the features of each value, of shape (n_values, ...)."""
        n = np.bincount(self.value_of, minlength=len(self.values))
        sums = np.zeros((len(self.values), *of_features.shape[1:]))
        np.add.at(sums, self.value_of, of_features)
        return sums / n.reshape(-1, *(1,) * (of_features.ndim - 1))

    def at_rows(self, scores: np.ndarray) -> np.ndarray:
        """A function that is given at the values, at the rows."""
        low, fraction = _divided(self.at)
        high = np.minimum(low + 1, len(self.values) - 1)
        return scores[low] + fraction[:, None] * (scores[high] - scores[low])


@dataclass(frozen=True, eq=False)
class TableScores:
    """The scores of a network for tables, and rows at which they are looked at.

    Attributes
    ----------
    sums : ColumnSums
    rows : ndarray of shape (n, n_features)
        As the network sees them.
    weight : ndarray of shape (n,)
        Weights of the rows, with sum 1.
    grids : list of Grid
        One for each column of the user.
    target, unit : str
        What the scores are, in words.
    output_names : ndarray or None
    background : str
        The rows, in words.
    """

    sums: ColumnSums
    rows: np.ndarray
    weight: np.ndarray
    grids: list[Grid]
    target: str
    unit: str
    output_names: np.ndarray | None
    background: str

    @property
    def names(self) -> np.ndarray:
        return np.array([grid.name for grid in self.grids], dtype=object)

    def in_shape(self, values: np.ndarray) -> np.ndarray:
        """Values of outputs, without the last axis if there is a single output."""
        return values[..., 0] if values.shape[-1] == 1 else values

    def variance(self, scores: np.ndarray) -> np.ndarray:
        """Variances over the rows, of shape (n_scores,)."""
        return self.weight @ (scores - self.weight @ scores) ** 2


def open_table(model, X, caller: str) -> TableScores:
    """Open a model at rows of the user, or at the training rows that it keeps.

    Raises
    ------
    TypeError
        If there is no network for tables in the model.
    ValueError
        If rows are needed, or do not fit the model.
    sklearn.exceptions.NotFittedError
    """
    inside = unwrapped(model)
    network = inside.network
    asked = getattr(network, "_column_sums", None)
    sums = None if asked is None else asked()
    form = getattr(network, "_table_form", None)
    if sums is None or form is None:
        raise TypeError(
            f"{caller} needs the network for tables, whose score is a sum of functions "
            "of single columns and of what columns do together: an estimator of this "
            "package but NGSLL with module='tabular', alone or in a wrapper such as a "
            "Pipeline; "
            f"got {named(network)}. {hint_for(network)}For other models see "
            "Explanation.from_estimator, or sklearn.inspection.partial_dependence."
        )
    kept = getattr(network, "_background", None)
    if X is None and (inside.transformers or kept is None):
        raise ValueError(
            f"{caller} needs X where there are steps before the network: columns are "
            "followed through the steps by their rows. Give the training table."
        )
    grids = None
    if X is None:
        rows, weight = kept
        weight = np.ones(len(rows)) if weight is None else weight.astype(np.float64)
        rows, weight = rows[weight > 0].astype(np.float64), weight[weight > 0]
        background = f"{len(rows)} training rows"
    else:
        opened = open_model(model, X)
        rows = opened.explainable().rows.dense().astype(np.float64)
        weight, background = np.ones(len(rows)), f"{len(rows)} rows of X"
        if inside.transformers:
            columns = columns_to_explain(opened, None)
            grids = [_of_column(each, rows) for each in columns]
    weight = weight / weight.sum()
    if grids is None:
        grids = [*_of_form(form, sums, rows, weight, X is None)]
    score, labels = sums.score, getattr(network, "classes_", None)
    names = None
    if labels is not None and len(score.shift) > 1:
        names = np.array([str(label) for label in labels], dtype=object)
    target = score.name + (", before calibration" if inside.calibrated else "")
    unit = score.unit
    if inside.transformed_target:
        unit = unit.replace(" y", " the transformed target")
    return TableScores(sums, rows, weight, grids, target, unit, names, background)


def _of_form(form, sums, rows, weight, is_training: bool) -> Iterator[Grid]:
    """The knots and levels of columns that reach the network as the user gave them.

    Of the training rows the shares of levels and of missing values are known exactly.
    """
    for j, coded in enumerate(sums.places):
        column = rows[:, j]
        empty, levels = np.isnan(column), form.levels[j]
        share_known = 1 - (form.missing[j] if is_training else weight @ empty)
        if levels is None:
            values = _in_units(coded, form.center[j], form.scale[j])
            kinds = [NUMBER] * len(values)
        else:
            known, n = form.shares[j], len(levels)
            if not known[n] and not (column == n).any():
                coded, known = coded[:n], known[:n]  # No row has another level.
            values = np.array([*levels.tolist(), None], dtype=object)[: len(coded)]
            kinds = [LEVEL] * n + [OTHER] * (len(coded) - n)
        at = np.interp(np.where(empty, coded[0], column), coded, np.arange(len(coded)))
        if levels is None or not is_training:
            known = _shares(at[~empty], weight[~empty], len(coded))
        shares = share_known * known / max(known.sum(), np.finfo(float).tiny)
        if empty.any() or share_known < 1:
            at = np.where(empty, len(coded), at)
            shares = np.append(shares, 1 - share_known)
            coded, kinds = np.append(coded, np.nan), [*kinds, MISSING]
            values = np.append(values, np.nan if levels is None else None)
        yield Grid(
            name=str(form.names[j]),
            positions=np.array([j]),
            values=values,
            kinds=np.array(kinds, dtype=object),
            features=coded[:, None],
            value_of=np.arange(len(coded)),
            at=at,
            shares=shares,
        )


def _of_column(column: TableColumn, rows: np.ndarray) -> Grid:
    """Values of rows of a column of which steps have made features.

    A number has all of its values, or quantiles of them.
    """
    known = np.flatnonzero(~column.missing)
    given = column.values
    at = np.zeros(len(given))
    if given.dtype.kind == "f":
        values = np.unique(given[known])
        if len(values) > MOST_NUMBERS:
            levels = np.linspace(0, 1, N_QUANTILES)
            method = {"method": "inverted_cdf"}
            values = np.unique(np.quantile(given[known], levels, **method))
        kinds = [NUMBER] * len(values)
        where = [np.flatnonzero(given == value)[:1] for value in values]
        if len(known):
            at[known] = np.interp(given[known], values, np.arange(len(values)))
    else:
        levels = _levels(given[known])
        codes = {value: k for k, value in enumerate(levels)}
        at[known] = [codes.get(value, len(levels)) for value in given[known]]
        where = [known[at[known] == k][:1] for k in range(len(levels))]
        kinds, values = [LEVEL] * len(levels), np.empty(len(levels), dtype=object)
        values[:] = levels
        others = known[at[known] == len(levels)]
        if len(others):
            kinds, where = [*kinds, OTHER], [*where, _some(others)]
            values = np.append(values, None)
    if column.missing.any():
        at[column.missing] = len(values)
        where = [*where, _some(np.flatnonzero(column.missing))]
        kinds = [*kinds, MISSING]
        values = np.append(values, np.nan if given.dtype.kind == "f" else None)
    return Grid(
        name=column.name,
        positions=column.positions,
        values=values,
        kinds=np.array(kinds, dtype=object),
        features=rows[np.ix_(np.concatenate(where), column.positions)],
        value_of=np.repeat(np.arange(len(values)), [len(each) for each in where]),
        at=at,
        shares=_shares(at, np.full(len(at), 1 / len(at)), len(values)),
    )


def _levels(values: np.ndarray) -> list:
    """The most frequent values in their order, or in that of their writing."""
    counts: dict = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    levels = sorted(counts, key=counts.get, reverse=True)[:MOST_LEVELS]
    try:
        return sorted(levels)
    except TypeError:  # They are of several types.
        return sorted(levels, key=str)


def _some(rows: np.ndarray) -> np.ndarray:
    """A few of the rows, evenly spaced."""
    n = min(len(rows), N_ROWS_OF_VALUE)
    return rows[np.linspace(0, len(rows) - 1, n).astype(int)]


def _in_units(coded: np.ndarray, center: float, scale: float) -> np.ndarray:
    """Numbers in units of the user, without digits that are those of rounding."""
    values = center + scale * coded
    rounded = np.round(values, DIGITS - int(np.floor(np.log10(scale)))) + 0.0  # not -0
    return rounded if (np.diff(rounded) > 0).all() else values


def _divided(at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The value below each row, and the fraction of the way to the next one."""
    low = np.floor(at).astype(int)
    return low, at - low


def _shares(at: np.ndarray, weight: np.ndarray, n_values: int) -> np.ndarray:
    low, fraction = _divided(at)
    shares = np.bincount(low, weight * (1 - fraction), minlength=n_values + 1)
    return (shares + np.bincount(low + 1, weight * fraction, minlength=n_values + 1))[
        :n_values
    ]
