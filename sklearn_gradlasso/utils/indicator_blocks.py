"""Blocks of indicator columns, found in the data and not in names."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

__all__ = ["indicator_blocks"]


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
    binary, sums = _binary_columns(X)
    n_rows, n_features = X.shape
    X = X.tocsc() if sp.issparse(X) else np.asarray(X)
    blocks, j = [], 0
    while j < n_features:
        stop, total, covered = j, 0.0, np.zeros(n_rows, dtype=bool)
        while stop < n_features and binary[stop] and total < n_rows:
            ones = _ones(X, stop)
            if covered[ones].any():  # Some row has two ones, so there is no block.
                break
            covered[ones] = True
            total += sums[stop]
            stop += 1
        whole = stop - j > 1 and total == n_rows
        stop = stop if whole else j + 1
        blocks.append(np.arange(j, stop))
        j = stop
    return blocks


def _binary_columns(X) -> tuple[np.ndarray, np.ndarray]:
    """Whether each column holds zeros and ones only, and the sum of each column."""
    if sp.issparse(X):
        X = X.tocsc()
        ones = sp.csc_matrix((X.data == 1, X.indices, X.indptr), shape=X.shape)
        zeros = sp.csc_matrix((X.data == 0, X.indices, X.indptr), shape=X.shape)
        known = np.asarray((ones + zeros).sum(axis=0)).ravel()
        binary = known == np.diff(X.indptr)
        return binary, np.asarray(ones.sum(axis=0)).ravel().astype(float)
    X = np.asarray(X)
    binary = ((X == 0) | (X == 1)).all(axis=0)
    return binary, np.where(binary, X.sum(axis=0), 0.0)


def _ones(X, j: int) -> np.ndarray:
    """Rows in which a column of zeros and ones has a one."""
    if not sp.issparse(X):
        return np.flatnonzero(X[:, j])
    stored = slice(X.indptr[j], X.indptr[j + 1])
    return X.indices[stored][X.data[stored] == 1]
