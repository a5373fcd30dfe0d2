"""Description of the columns of a table, as far as a network needs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

__all__ = ["Columns", "columns_of"]

MOST_VALUES = 128  # columns with at most this many values get one bin per value
N_QUANTILES = 32  # other columns get at most this many bins
ROUNDING = 1e-9  # relative difference by which equal sums or values may differ
ULPS = 8  # the same in units of the last place, where these are coarser


@dataclass(frozen=True, eq=False)
class Columns:
    """Numeric columns with their bins, and columns of two values with their groups.

    Parameters
    ----------
    numeric : ndarray of int of shape (n_numeric,)
        Positions of the columns with more than two values.
    edges : tuple of ndarray of shape (n_bins + 1,)
        The increasing edges of the bins of each numeric column. The training values lie
        between the first and the last edge.
    two_valued : ndarray of int of shape (n_two_valued,)
        Positions of the columns with one or two values. Values that differ by rounding
        alone, or by less than 1e-9, count as one.
    group : ndarray of int of shape (n_two_valued,)
        Number of the group of each two-valued column. The columns that a
        ``OneHotEncoder`` makes of one variable are such a group.
    """

    numeric: np.ndarray
    edges: tuple[np.ndarray, ...]
    two_valued: np.ndarray
    group: np.ndarray

    @property
    def n_groups(self) -> int:
        return int(self.group.max(initial=-1)) + 1


def columns_of(X, n_features: int, sample_weight: np.ndarray | None = None) -> Columns:
    """Describe the columns of training rows.

    A column with at most 128 values has a bin for each of them. A column with more
    values has at most 32 bins, which hold about equally many rows as far as ties allow.
    Neighbouring columns of two values form a group if no row has the larger value in
    two of them.

    Parameters
    ----------
    X : ndarray of shape (n, ...) or CSR matrix
    n_features : int
        Number of columns to describe, from the first.
    sample_weight : ndarray of shape (n,), optional
        Weights of the rows; an integer weight means repetition.

    Returns
    -------
    Columns
    """
    numeric, edges, two_valued, group = [], [], [], []
    taken = np.zeros(X.shape[0], dtype=bool)
    for j, column in enumerate(_iterate_columns(X, n_features)):
        between, number = _distinct_values(column)
        if len(between) > 1:
            weight = np.bincount(number, sample_weight)
            numeric.append(j)
            edges.append(_bin_edges(column, between, weight))
            continue
        # A row takes part in a group by the one column in which it has the larger
        # value; `taken` marks the rows that already do.
        on = number > 0
        joins = two_valued and two_valued[-1] == j - 1 and not (taken & on).any()
        taken = taken | on if joins else on
        group.append(group[-1] + (not joins) if group else 0)
        two_valued.append(j)
    return Columns(
        np.array(numeric, dtype=np.int64),
        tuple(edges),
        np.array(two_valued, dtype=np.int64),
        np.array(group, dtype=np.int64),
    )


def _iterate_columns(X, n_features: int) -> Iterator[np.ndarray]:
    if sp.issparse(X):
        X = X.tocsc()
        for j in range(n_features):
            yield X[:, [j]].toarray().ravel()
    else:
        yield from X.reshape(len(X), -1).T[:n_features]


def _distinct_values(column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middles between neighbouring distinct values, and the number of each row's value.

    Returns
    -------
    between : ndarray of shape (n_values - 1,), float64
    number : ndarray of shape (n,)
        Position of the row's value among the distinct values, in increasing order.
    """
    values, place = np.unique(column, return_inverse=True)
    values = values.astype(np.float64)
    relative = max(ROUNDING, ULPS * np.finfo(column.dtype).eps)
    size = np.abs(values).clip(min=1)
    apart = values[1:] - values[:-1] > relative * np.maximum(size[1:], size[:-1])
    number = np.concatenate([[0], apart.cumsum()])
    return (values[:-1] + (values[1:] - values[:-1]) / 2)[apart], number[place.ravel()]


def _bin_edges(
    column: np.ndarray, between: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Edges of the bins of a numeric column.

    The inner edges lie between values; the first and the last edge lie half a gap
    outside of the values.

    Parameters
    ----------
    column : ndarray of shape (n,)
    between : ndarray of shape (n_values - 1,)
        Increasing middles between the distinct values.
    weight : ndarray of shape (n_values,)
        Number of rows with each value, or the sum of their weights.

    Returns
    -------
    ndarray of shape (n_bins + 1,), in the dtype of the column
    """
    smallest, largest = float(column.min()), float(column.max())
    first, last = 2 * smallest - between[0], 2 * largest - between[-1]
    if len(weight) > MOST_VALUES:
        share = np.cumsum(weight) / weight.sum()
        quantiles = np.arange(1, N_QUANTILES) / N_QUANTILES
        last_below = np.unique(np.searchsorted(share, quantiles - ROUNDING))
        between = between[last_below[last_below < len(between)]]
    edges = np.concatenate([[first], between, [last]])
    return np.unique(edges.astype(column.dtype))
