"""Integers that float64 cannot tell apart."""

from __future__ import annotations

from numbers import Integral

import narwhals.stable.v2 as nw
import numpy as np

from ._raw_table import RawTable

__all__ = ["merged_integers"]

EXACT = 2**53  # integers up to this size are numbers of float64


def merged_integers(X) -> dict[int, tuple[int, int]]:
    """Columns with integers that become the same number in float64.

    Parameters
    ----------
    X : {array-like, DataFrame} of shape (n_samples, n_columns)

    Returns
    -------
    dict of int to tuple of int
        By the position of each such column two of its values that become one.
    """
    table = RawTable(X)
    found = {}
    for j in range(table.shape[1]):
        values = _integers(table.column(j))
        if len(values) and max(int(values.max()), -int(values.min())) > EXACT:
            distinct = np.unique(values)
            same = np.flatnonzero(np.diff(distinct.astype(np.float64)) == 0)
            if len(same):
                found[j] = int(distinct[same[0]]), int(distinct[same[0] + 1])
    return found


def _integers(column) -> np.ndarray:
    """The integers of a column; none of a column of another type."""
    if isinstance(column, nw.Series):
        if column.dtype.is_integer():
            return column.drop_nulls().to_numpy()
        is_object = column.dtype == nw.Object
        column = np.array(column.to_list() if is_object else [], dtype=object)
    if column.dtype == object:
        found = [each for each in column.tolist() if isinstance(each, Integral)]
        return np.array(found, dtype=object)
    return column if column.dtype.kind in "iu" else column[:0]
