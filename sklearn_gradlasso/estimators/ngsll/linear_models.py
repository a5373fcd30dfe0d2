"""The linear models that a network has generated, as arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

__all__ = ["LinearModels"]


class LinearModels(NamedTuple):
    """Sparse linear models of n rows, each with k of the d features of z.

    Parameters
    ----------
    index : ndarray of shape (n, k)
        Indices of the features; -1 if a row has fewer than k features.
    weights : ndarray of shape (n, k, m)
        Weights of these features in m outputs; 0 where the index is -1.
    z : ndarray of shape (n, k)
        Values of these features.
    decisions : ndarray of shape (n, m)
        Sums of the values times the weights.
    """

    index: np.ndarray
    weights: np.ndarray
    z: np.ndarray
    decisions: np.ndarray

    @classmethod
    def of(cls, index: np.ndarray, weights: np.ndarray, z) -> LinearModels:
        """Make models from weights and from z, an array or CSR matrix (n, d)."""
        weights = weights.astype(np.float64)
        at = np.maximum(index, 0)
        if sp.issparse(z):
            row = np.arange(len(index)).repeat(index.shape[1])
            z_at = np.asarray(z.tocsr()[row, at.ravel()]).reshape(at.shape)
        else:
            z_at = np.take_along_axis(z, at, axis=1)
        return cls(index, weights, z_at, np.einsum("nk,nkm->nm", z_at, weights))

    @property
    def n_outputs(self) -> int:
        return self.weights.shape[2]

    def times(self, factor: np.ndarray) -> LinearModels:
        """Multiply weights and decisions by a factor of shape (m,) or (n, m)."""
        by_row = np.reshape(factor, (-1, 1, np.shape(factor)[-1]))
        weights, decisions = self.weights * by_row, self.decisions * factor
        return self._replace(weights=weights, decisions=decisions)

    def of_output(self, chosen: np.ndarray) -> LinearModels:
        """Select one output for each row; ``chosen`` has shape (n,)."""
        at = chosen[:, None]
        return self._replace(
            weights=np.take_along_axis(self.weights, at[:, :, None], axis=2),
            decisions=np.take_along_axis(self.decisions, at, axis=1),
        )

    def contributions(self) -> LinearModels:
        """Replace the weights by weights times values, which sum to the decisions."""
        return self._replace(weights=self.weights * self.z[:, :, None])

    def dense(self, n_features: int) -> np.ndarray:
        """Weights of all features, of shape (n, n_features, m)."""
        values = np.zeros((len(self.index), n_features, self.n_outputs))
        row, kept = np.nonzero(self.index >= 0)
        values[row, self.index[row, kept]] = self.weights[row, kept]
        return values

    def sparse(self, n_features: int) -> list[sp.csr_matrix]:
        """Weights of all features, as one (n, n_features) matrix per output."""
        row, kept = np.nonzero(self.index >= 0)
        where = row, self.index[row, kept]
        shape = len(self.index), n_features
        return [
            sp.csr_matrix((self.weights[row, kept, k], where), shape=shape)
            for k in range(self.n_outputs)
        ]
