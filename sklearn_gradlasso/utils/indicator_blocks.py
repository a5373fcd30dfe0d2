"""Blocks of indicator columns, found in the data and not in names."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

__all__ = ["as_indicators", "indicator_blocks", "is_indicator_block"]


def indicator_blocks(X) -> list[np.ndarray]:
    """Columns that a one-hot encoder makes of one column, and all others alone.

    Neighbouring columns of zeros and ones are a block if each row has exactly one 1
    among them. Where several divisions into blocks are possible, the shortest blocks
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


def as_indicators(X):
    """Rows of a coded table with zeros and ones in place of what codes these.

    A number is coded in units of its spread, measured from its median, so that zeros
    and ones become 0 and a positive number, or a negative number and 0.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)

    Returns
    -------
    ndarray or CSR matrix
        Columns of other values stay as they are.
    """
    if sp.issparse(X):
        high = X.max(axis=0).toarray().ravel()
        is_high, has_others = X.data == high[X.indices], np.zeros(X.shape[1], bool)
        has_others[X.indices[~is_high & (X.data != 0)]] = True
        values = np.where(has_others[X.indices], X.data, is_high & (X.data > 0))
        return sp.csr_matrix((values, X.indices, X.indptr), X.shape)
    low, high = X.min(axis=0), X.max(axis=0)
    is_either = ((low == X) | (high == X)).all(axis=0) & (low < high)
    has_zero = (low == 0) | (high == 0)
    return np.where(is_either & has_zero, high == X, X)


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
    """Whether each column holds zeros and ones only, and the sum of each column."""
    if sp.issparse(X):
        ones = sp.csc_matrix((X.data == 1, X.indices, X.indptr), shape=X.shape)
        zeros = sp.csc_matrix((X.data == 0, X.indices, X.indptr), shape=X.shape)
        known = np.asarray((ones + zeros).sum(axis=0)).ravel()
        binary = known == np.diff(X.indptr)
        return binary, np.asarray(ones.sum(axis=0)).ravel().astype(float)
    binary = ((X == 0) | (X == 1)).all(axis=0)
    return binary, np.where(binary, X.sum(axis=0), 0.0)


def _rows_of_ones(X, j: int) -> np.ndarray:
    """Rows in which a column of zeros and ones has a 1."""
    if not sp.issparse(X):
        return np.flatnonzero(X[:, j])
    of_column = slice(X.indptr[j], X.indptr[j + 1])
    return X.indices[of_column][X.data[of_column] == 1]
