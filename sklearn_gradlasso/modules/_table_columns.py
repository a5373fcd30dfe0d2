"""Describes the columns of the training rows for the network for tables."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp

from ..tables import TableForm
from ..utils.indicator_blocks import indicator_blocks
from ..utils.validation import check_count
from ._columns import Columns

__all__ = ["columns_of"]

VALUES_PER_PIECE = 4  # so many times as many values still have a knot each
RANGE = 4  # spreads of a range, at most
ROUNDING = 1e-9  # relative difference by which equal values may differ
ULPS = 8  # the same in units of the last place, where these are coarser


def columns_of(
    X,
    form: TableForm,
    sample_weight: np.ndarray | None = None,
    n_pieces: int = 16,
) -> Columns:
    """Describe the columns of the training rows of a coded table.

    A number with at most ``4 * n_pieces`` values has a knot at each of them. A number
    with more has knots at quantiles. If ties leave less than 0.6 times as many pieces,
    quantiles of the distinct values are knots as well. Neighbouring numbers of two
    values share a slot if each row has the larger value in exactly one of them, as the
    columns of a ``OneHotEncoder``. Flags that no row has together may still be
    independent, if they are rare.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, n_columns)
        Rows of a coded table.
    form : TableForm
    sample_weight : ndarray of shape (n,), optional
        Weights of the rows; an integer weight means repetition.
    n_pieces : int, default=16
        Number of pieces between quantiles; ties may leave fewer, or add half as many.

    Returns
    -------
    Columns

    Raises
    ------
    ValueError
        If ``n_pieces`` is not a positive integer.
    """
    check_count("module_params: n_pieces", n_pieces)
    knots, mean, if_missing, spread, on = [], [], [], [], []
    weight = np.ones(X.shape[0]) if sample_weight is None else sample_weight
    for j, column in enumerate(_iterate_columns(X)):
        if form.n_levels[j]:
            knots.append(None)
            mean.append(form.shares[j])
            if_missing.append(form.shares[j])
            spread.append(1.0)
            on.append(None)
            continue
        known = ~np.isnan(column)
        values, share, place = _distinct(column[known], weight[known])
        between = _knots(values, share, n_pieces)
        knots.append(between)
        mean.append(share @ activations(values, between))
        spread.append(_spread(values, share, between))
        if_missing.append(activations(_median(values, share), between)[0])
        is_indicator = len(values) <= 2 and known.all()
        on.append(np.flatnonzero(place) if is_indicator else None)
    return Columns(
        tuple(knots),
        np.array([len(each) for each in mean], dtype=np.int64),
        tuple(mean),
        tuple(if_missing),
        np.array(spread, dtype=np.float64),
        np.asarray(form.missing, dtype=np.float64),
        _slots(on, X.shape[0]),
    )


def _slots(on: list[np.ndarray | None], n_rows: int) -> np.ndarray:
    """Numbers of the slots, from the rows in which each indicator is "on"."""
    # A column that is no indicator has another value in a row.
    rows = [np.zeros(1, dtype=int) if each is None else each for each in on]
    values = [
        np.full(len(of), 2.0 if each is None else 1.0) for of, each in zip(rows, on)
    ]
    ends = np.cumsum([0, *map(len, rows)])
    entries = np.concatenate([np.zeros(0), *values]), np.concatenate(rows), ends
    blocks = indicator_blocks(sp.csc_matrix(entries, shape=(n_rows, len(on))))
    return np.repeat(np.arange(len(blocks)), [len(block) for block in blocks])


def activations(values: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Activations of numbers, of shape (n_values, n_pieces)."""
    return ((values[:, None] - knots[:-1]) / np.diff(knots)).clip(0, 1)


def _iterate_columns(X) -> Iterator[np.ndarray]:
    if sp.issparse(X):
        X = X.tocsc()
        for j in range(X.shape[1]):
            yield X[:, [j]].toarray().ravel()
    else:
        yield from X.reshape(len(X), -1).T


def _distinct(
    column: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct values, their shares by weight, and the number of each row's value.

    Values that differ by rounding alone count as one, which is the smallest of them.
    """
    if not len(column):
        return np.zeros(1), np.ones(1), np.zeros(0, dtype=int)
    values, place = np.unique(column, return_inverse=True)
    precision = np.finfo(column.dtype).eps
    values = values.astype(np.float64)
    relative = max(ROUNDING, ULPS * precision)
    size = np.abs(values).clip(min=1)
    apart = values[1:] - values[:-1] > relative * np.maximum(size[1:], size[:-1])
    number = np.concatenate([[0], apart.cumsum()])
    values = values[np.concatenate([[True], apart])]
    place = number[place.ravel()]
    share = np.bincount(place, weight, minlength=len(values))
    return values, share / share.sum(), place


def _knots(values: np.ndarray, share: np.ndarray, n_pieces: int) -> np.ndarray:
    if len(values) == 1:
        return np.array([values[0], values[0] + 1])
    if len(values) <= VALUES_PER_PIECE * n_pieces:
        return values
    knots = values[np.unique(_quantiles(share, n_pieces))]
    if len(knots) <= 0.6 * n_pieces:
        evenly = np.linspace(0, len(values) - 1, n_pieces // 2 + 1).round().astype(int)
        knots = np.unique(np.concatenate([knots, values[evenly]]))
    return knots


def _quantiles(share: np.ndarray, n_pieces: int) -> np.ndarray:
    """Numbers of the distinct values that are quantiles, from the smallest on."""
    levels = np.arange(n_pieces + 1) / n_pieces
    found = np.searchsorted(share.cumsum(), levels - ROUNDING)
    found[-1] = len(share) - 1
    return found.clip(max=len(share) - 1)


def _median(values: np.ndarray, share: np.ndarray) -> np.ndarray:
    return values[[np.searchsorted(share.cumsum(), 0.5 - ROUNDING)]]


def _spread(values: np.ndarray, share: np.ndarray, knots: np.ndarray) -> float:
    """About a standard deviation, or a part of the range where outliers are far away.

    It is a difference of values, so that repeated rows give the same as weights, bit
    by bit.
    """
    sixths = values[_quantiles(share, 6)]
    return max((sixths[5] - sixths[1]) / 2, (knots[-1] - knots[0]) / RANGE)
