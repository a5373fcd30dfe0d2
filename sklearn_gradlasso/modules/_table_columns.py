"""What the columns of a table are like, as far as a network needs to know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

__all__ = ["Columns", "columns_of"]

MOST_VALUES = 128  # of a column that has a bin about each
N_QUANTILES = 32  # bins of other columns
ROUNDING = 1e-9  # of sums of sample weights, and of values, relative to their size
ULPS = 8  # by which values may differ and be the same


@dataclass(frozen=True, eq=False)
class Columns:
    """Numbers with their bins, and columns of two values with their groups.

    Parameters
    ----------
    numeric : ndarray of int of shape (n_numeric,)
        Positions of the columns with more than two values.
    edges : tuple of ndarray of shape (n_bins + 1,)
        Of each of them, the increasing edges of its bins; the training values lie
        between the first and the last.
    two_valued : ndarray of int of shape (n_two_valued,)
        Positions of the columns with two values, or one; what differs by rounding
        alone, or by less than 1e-9, is one value.
    group : ndarray of int of shape (n_two_valued,)
        Number of the group that each of those is in, such as the columns of a
        ``OneHotEncoder`` for one variable.
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

    A column with at most 128 values has a bin for each of them; one with more has at
    most 32 bins, which hold about equally many rows as far as ties allow. Neighbouring
    columns of two values make up a group if no row has the larger value in two of them.

    Parameters
    ----------
    X : ndarray of shape (n, ...) or CSR matrix
    n_features : int
        The first values of a row that count.
    sample_weight : ndarray of shape (n,), optional
        An integer weight means repetition.
    """
    numeric, edges, two_valued, group = [], [], [], []
    taken = np.zeros(X.shape[0], dtype=bool)
    for j, column in enumerate(_each(X, n_features)):
        between, number = _gaps(column)
        if len(between) > 1:
            weight = np.bincount(number, sample_weight)
            numeric.append(j)
            edges.append(_edges(column, between, weight))
            continue
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


def _each(X, n_features: int) -> Iterator[np.ndarray]:
    if sp.issparse(X):
        X = X.tocsc()
        for j in range(n_features):
            yield X[:, [j]].toarray().ravel()
    else:
        yield from X.reshape(len(X), -1).T[:n_features]


def _gaps(column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middles between neighbouring values, and for each row the number of its value."""
    values, place = np.unique(column, return_inverse=True)
    values = values.astype(np.float64)
    relative = max(ROUNDING, ULPS * np.finfo(column.dtype).eps)
    size = np.abs(values).clip(min=1)
    apart = values[1:] - values[:-1] > relative * np.maximum(size[1:], size[:-1])
    number = np.concatenate([[0], apart.cumsum()])
    return (values[:-1] + (values[1:] - values[:-1]) / 2)[apart], number[place.ravel()]


def _edges(column: np.ndarray, between: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Edges between values, and one outside of the values at each end.

    Parameters
    ----------
    column : ndarray of shape (n,)
    between : ndarray of shape (n_values - 1,)
        Increasing, with a value between each two of them and at each end.
    weight : ndarray of shape (n_values,)
        Number of rows, or their weights, with each value.
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
