"""Blocks of indicator columns, found in the data and not in names."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

__all__ = ["indicator_blocks", "is_indicator_block"]


def indicator_blocks(X) -> list[np.ndarray]:
    """Columns that a one-hot encoder makes of one column, and all others alone.

    Neighbouring columns of zeros and one other value, such as 1, are a block if each row
    has exactly one larger value among them. Where several divisions into blocks are possible, the shortest blocks
    from the left are taken. An encoder that drops a category, or that ignored an
    unknown one, leaves no such block.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)

    Returns
    -------
    list of ndarray of int
        Positions of each block, in increasing order; all columns are in one of them.
    """
    X = X.tocsc() if sp.issparse(X) else _numbers(np.asarray(X))
    binary, sums = _binary_columns(X)
    n_rows, n_features = X.shape
    blocks, j = [], 0
    while j < n_features:
        stop, total, is_alone = j, 0.0, True
        covered = np.zeros(n_rows, dtype=bool)
        while stop < n_features and binary[stop] and total < n_rows and is_alone:
            ones = _rows_of_ones(X, stop)
            is_alone = not covered[ones].any()  # A second 1 in a row ends the search.
            covered[ones] = True
            total += sums[stop]
            stop += 1
        whole = stop - j > 1 and is_alone and total == n_rows
        stop = stop if whole else j + 1
        blocks.append(np.arange(j, stop))
        j = stop
    return blocks


def is_indicator_block(X, positions: list[int]) -> bool:
    """Whether these columns are all that a one-hot encoder makes of one column.

    Each has two values at most, and in each row exactly one of them has its higher
    one. A scaler may have moved the values. A column that is zero everywhere belongs to
    a category without rows.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
    positions : list of int
        A block has two columns at least.
    """
    if len(positions) < 2:
        return False
    columns = X[:, positions]
    columns = columns.toarray() if sp.issparse(columns) else np.asarray(columns)
    low, high = columns.min(axis=0), columns.max(axis=0)
    hot = (columns == high) & ((low < high) | (high == 1))
    return bool((hot | (columns == low)).all() and (hot.sum(axis=1) == 1).all())


def _numbers(X: np.ndarray) -> np.ndarray:
    """An array of objects as numbers; what is none, such as a missing value, is NaN."""
    return np.vectorize(_number, otypes=[float])(X) if X.dtype == object else X


def _number(value) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan


def _binary_columns(X) -> tuple[np.ndarray, np.ndarray]:
    """Whether each column holds zeros and one other value, and the number of its ones.

    The other value is 1 in rows of a user. A coded table has indicators in other units,
    and its zero may be where they are on.
    """
    if sp.issparse(X):
        other = _other_values(X)
        of_value = np.arange(X.shape[1]).repeat(np.diff(X.indptr))
        alike = (X.data == 0) | (X.data == other[of_value])
        binary = np.bincount(of_value, ~alike, minlength=X.shape[1]) == 0
        is_on = (X.data == other[of_value]) & (X.data > 0)
        return binary & (other > 0), np.bincount(of_value, is_on, minlength=X.shape[1])
    other = _other_values(X)
    binary = ((X == 0) | (X == other)).all(axis=0)
    return binary, np.where(binary, _is_on(X, other).sum(axis=0), 0.0)


def _other_values(X) -> np.ndarray:
    """The value of each column that is farthest from zero; 1 where all are zero."""
    if sp.issparse(X):
        largest = X.max(axis=0).toarray().ravel()
        return np.where(largest == 0, 1.0, largest)
    with np.errstate(invalid="ignore"):
        low, high = X.min(axis=0), X.max(axis=0)
    other = np.where(high > -low, high, low)
    return np.where(other == 0, 1.0, other)


def _is_on(X: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where columns of two values have their larger value."""
    return np.where(other > 0, X != 0, X == 0)


def _rows_of_ones(X, j: int) -> np.ndarray:
    """Rows in which a column of two values has its larger one."""
    if not sp.issparse(X):
        column = X[:, [j]]
        return np.flatnonzero(_is_on(column, _other_values(column)))
    of_column = slice(X.indptr[j], X.indptr[j + 1])
    return X.indices[of_column][X.data[of_column] > 0]
