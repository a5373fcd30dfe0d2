"""Arrays whose rows belong together: X, targets, weights, annotations."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

__all__ = ["merged", "take_rows"]


def take_rows(values, index):
    """Rows of an array or a CSR matrix; a row that holds for all is not copied."""
    if values is None or (isinstance(index, slice) and index == slice(None)):
        return values
    if sp.issparse(values) or values.strides[0] != 0:
        return values[index]
    n_rows = len(np.empty(len(values), dtype=bool)[index])
    return np.broadcast_to(values[0], (n_rows, *values.shape[1:]))


def merged(X, y, sample_weight, annotations) -> tuple:
    """Rows that are the same, once each, with the sum of their weights.

    In an order that only depends on what they are, so that a row of weight 2 and a row
    that is there twice give the same arrays.

    Parameters
    ----------
    X, y : ndarray or CSR matrix of shape (n, ...)
    sample_weight : ndarray of shape (n,) or None
    annotations : ndarray or CSR matrix of shape (n, ...) or None

    Returns
    -------
    tuple
        The same four; the weights are ``None`` if they were and no row is there twice.
    """
    parts = [_bytes(values) for values in (X, annotations) if values is not None]
    keys = list(zip(*parts, np.reshape(y, (len(y), -1)).tolist()))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    starts = [
        k for k, row in enumerate(order) if not k or keys[row] != keys[order[k - 1]]
    ]
    if len(starts) < len(order) or sample_weight is not None:
        each = np.ones(len(order)) if sample_weight is None else sample_weight
        sample_weight = np.add.reduceat(each[order], starts)
    chosen = np.array(order)[starts]
    return (
        take_rows(X, chosen),
        y[chosen],
        sample_weight,
        take_rows(annotations, chosen),
    )


def _bytes(values) -> list[bytes]:
    rows = values.toarray() if sp.issparse(values) else values
    return [row.tobytes() for row in rows]
