"""Priors on the importance of features to all samples.

These priors take the attribution of a batch and return one scalar, a function of the
average magnitudes ``a_j = mean_i |phi_ij|``, weighted by ``sample_weight``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from ..utils.tensors import tensor_to_read

__all__ = ["Gini", "GlobalL2", "GraphLaplacian"]


@dataclass(frozen=True)
class GlobalL2:
    """Sum of squared global importances, ``sum_j a_j ** 2``, for the batch.

    One of the penalties that Erion et al. (2019), *Learning Explainable Models Using
    Attribution Priors*, appendix I.3, compare.
    """

    exchangeable = True
    leaves_inputs = True

    def __call__(self, phi: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """Cost of the batch.

        Parameters
        ----------
        phi : Tensor of shape (n, *feature_shape)
            Attributions.
        sample_weight : Tensor of shape (n,), optional

        Returns
        -------
        Tensor of shape ()
        """
        return _importances(phi, sample_weight).square().sum()


@dataclass(frozen=True)
class Gini:
    """Minus twice the Gini index of the global importances, for the batch.

    ``- sum_j sum_k |a_j - a_k| / (p sum_j a_j)``, the sparsity prior of Erion et al.
    (2019), *Learning Explainable Models Using Attribution Priors*, section 2.3. It is
    ``-2 (p - 1) / p`` if one feature has all the importance and 0 if all features are
    equal. It is computed by sorting, does not change with the scale of the
    attributions, and is 0 if all of them are 0.
    """

    exchangeable = True
    leaves_inputs = True

    def __call__(self, phi: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """Cost of the batch.

        Parameters
        ----------
        phi : Tensor of shape (n, *feature_shape)
            Attributions.
        sample_weight : Tensor of shape (n,), optional

        Returns
        -------
        Tensor of shape ()
        """
        a = _importances(phi, sample_weight).sort().values
        p, limits = len(a), torch.finfo(a.dtype)
        slope = torch.arange(p - 1, -p, -2, dtype=a.dtype, device=a.device) * (2 / p)
        return (slope @ a) / a.sum().clamp(min=limits.tiny / limits.eps)


class _Edges(NamedTuple):
    """Edges of a graph, each once: from, to, and weight, of shape (n_edges,) each."""

    n_nodes: int
    start: np.ndarray
    stop: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True, eq=False)
class GraphLaplacian:
    """Squared differences of the global importances along the edges of a graph.

    ``sum_(j,k) W_jk (a_j - a_k) ** 2`` over edges, each once, which is ``a^T L a`` with
    ``L = D - W``: connected features are expected to be equally important (Erion et al.
    2019, *Learning Explainable Models Using Attribution Priors*, section 2.2). Time and
    memory grow with the number of edges, not of pairs of features.

    Parameters
    ----------
    adjacency : sparse matrix or array-like of shape (n_features, n_features)
        Weights W of the edges: symmetric, not negative, finite. The diagonal has no
        effect.

    Raises
    ------
    ValueError
        If the adjacency is not as described.
    """

    adjacency: sp.spmatrix | ArrayLike
    leaves_inputs = True

    def __post_init__(self):
        _ = self._edges  # raises errors here rather than in the first training step

    @cached_property
    def _edges(self) -> _Edges:
        return _edges_of(self.adjacency)

    def __call__(self, phi: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """Cost of the batch.

        Parameters
        ----------
        phi : Tensor of shape (n, *feature_shape) or (n, *feature_shape, m)
            Attributions; explained outputs are summed over.
        sample_weight : Tensor of shape (n,), optional

        Returns
        -------
        Tensor of shape ()

        Raises
        ------
        ValueError
            If the graph has another number of nodes than phi has features.
        """
        n_nodes, *arrays = self._edges
        a = _importances(phi, sample_weight)
        if n_nodes not in (prod(phi.shape[1:]), prod(phi.shape[1:-1])):
            raise ValueError(
                f"GraphLaplacian: adjacency has {n_nodes} nodes, but there are "
                f"attributions of shape {tuple(phi.shape[1:])}."
            )
        start, stop, weight = map(tensor_to_read, arrays)
        a = a.reshape(n_nodes, -1)
        differences = a.index_select(0, start.to(a.device))
        differences = differences - a.index_select(0, stop.to(a.device))
        return (weight.to(a) @ differences.square()).sum()


def _edges_of(adjacency) -> _Edges:
    try:
        given = sp.coo_array(adjacency)
        weights = given.astype(np.float64, casting="same_kind", copy=True)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "GraphLaplacian: adjacency must be a sparse matrix or an array of real "
            f"numbers with two axes, got {type(adjacency).__name__}: {error}"
        ) from error
    square = weights.ndim == 2 and weights.shape[0] == weights.shape[1] > 0
    if not square:
        raise ValueError(
            "GraphLaplacian: adjacency must have shape (n_features, n_features), "
            f"got {weights.shape}."
        )
    weights.sum_duplicates()
    if not np.isfinite(weights.data).all() or (weights.data < 0).any():
        raise ValueError(
            "GraphLaplacian: adjacency must hold finite weights that are not "
            "negative; drop or shift the others."
        )
    if abs(weights - weights.T).max() > 1e-8 * abs(weights).max():
        raise ValueError(
            "GraphLaplacian: adjacency must be symmetric; (W + W.T) / 2 makes it so."
        )
    upper = sp.coo_array(sp.triu(weights, k=1))
    ends = (upper.row.astype(np.int64), upper.col.astype(np.int64))
    return _Edges(weights.shape[0], *ends, upper.data)


def _importances(phi: Tensor, sample_weight: Tensor | None) -> Tensor:
    """Average magnitudes over samples, of shape (prod(feature_shape) * m,)."""
    magnitude = phi.abs().flatten(1)
    if sample_weight is None:
        return magnitude.mean(dim=0)
    return (sample_weight / sample_weight.sum()) @ magnitude
