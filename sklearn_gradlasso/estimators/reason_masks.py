"""Masks over rows and features: dense, or CSR where X is sparse."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

__all__ = ["large_gradients", "share_of", "union"]


def large_gradients(phi: np.ndarray, X, cutoff: float) -> np.ndarray | sp.csr_matrix:
    """Where an attribution is above a share of the row's largest.

    Parameters
    ----------
    phi : ndarray of the shape of X, or with a last axis for explained outputs
        Outputs are combined by their Euclidean norm.
    X : array-like or sparse matrix
        The rows explained; the mask is sparse if X is.
    cutoff : float
    """
    size = np.abs(phi)
    n_axes = X.ndim if hasattr(X, "ndim") else np.asarray(X).ndim
    if size.ndim > n_axes:
        size = np.linalg.norm(size, axis=-1)
    largest = size.max(axis=tuple(range(1, size.ndim)), keepdims=True)
    mask = size > cutoff * largest
    return sp.csr_matrix(mask) if sp.issparse(X) else mask


def share_of(part, whole, sample_weight=None) -> float:
    """Share of a mask that lies in part of it, rows counting by their weight."""
    counts = [_counts(mask) for mask in (part, whole)]
    weight = np.ones(len(counts[0])) if sample_weight is None else sample_weight
    in_part, in_whole = (np.asarray(weight) @ count for count in counts)
    return float(in_part / in_whole) if in_whole else 0.0


def union(mask, other):
    """Larger value of a mask and of weights (or another mask), if there are any."""
    if other is None:
        return mask
    if sp.issparse(mask):
        return mask.maximum(sp.csr_matrix(other))
    return np.maximum(mask, other)


def _counts(mask) -> np.ndarray:
    if sp.issparse(mask):
        return np.asarray(mask.sum(axis=1)).ravel()
    return mask.reshape(len(mask), -1).sum(axis=1)
