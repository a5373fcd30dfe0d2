"""Masks that mark where gradients are large: which features a model relies on.

A mask has the shape of X. It is an array, or a CSR matrix if X is sparse.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

__all__ = ["covers_everything", "large_gradients", "share_of", "union"]


def covers_everything(mask) -> bool:
    """Whether a mask is true, or a weight is positive, at every row and feature."""
    return _counts(mask > 0).sum() == np.prod(mask.shape)


def large_gradients(phi: np.ndarray, X, cutoff: float) -> np.ndarray | sp.csr_matrix:
    """Mark the attributions that exceed a share of the largest one of their row.

    Parameters
    ----------
    phi : ndarray of the shape of X, or with one more axis for several outputs
        Attributions. The Euclidean norm over the outputs takes their place if there
        are several.
    X : array-like or sparse matrix
        The rows that phi explains. The mask is sparse if X is.
    cutoff : float
        The share, at least 0 and below 1.
    """
    size = np.abs(phi)
    n_axes = X.ndim if hasattr(X, "ndim") else np.asarray(X).ndim
    if size.ndim > n_axes:
        size = np.linalg.norm(size, axis=-1)
    largest = size.max(axis=tuple(range(1, size.ndim)), keepdims=True)
    mask = size > cutoff * largest
    return sp.csr_matrix(mask) if sp.issparse(X) else mask


def share_of(part, whole, sample_weight=None) -> float:
    """Share of the entries of a mask that are in a part of it, weighted by row."""
    counts = [_counts(mask) for mask in (part, whole)]
    weight = np.ones(len(counts[0])) if sample_weight is None else sample_weight
    in_part, in_whole = (np.asarray(weight) @ count for count in counts)
    return float(in_part / in_whole) if in_whole else 0.0


def union(mask, other):
    """Elementwise maximum of a mask and another mask or weights; None counts as 0."""
    if other is None:
        return mask
    if sp.issparse(mask):
        return mask.maximum(sp.csr_matrix(other))
    return np.maximum(mask, other)


def _counts(mask) -> np.ndarray:
    if sp.issparse(mask):
        return np.asarray(mask.sum(axis=1)).ravel()
    return mask.reshape(len(mask), -1).sum(axis=1)
