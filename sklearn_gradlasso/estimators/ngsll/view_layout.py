"""Two views of a row side by side: what a network reads, and what it answers by.

A data set has one array of inputs. For a network that also takes a simplified
representation z of each row, z lies behind x in that array.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

__all__ = ["Layout", "Simplified"]


@dataclass(frozen=True)
class Simplified:
    """Simplified representation of rows, as a network takes it.

    Parameters
    ----------
    values : Tensor of shape (n, l)
        z, or those of its values that may be used.
    allowed : Tensor of shape (n, l), bool, or None
        Which of them may be used; ``None`` stands for all.
    positions : Tensor of shape (n, l), int64, or None
        Where in z they are; ``None`` if ``values`` are all of z.
    """

    values: Tensor
    allowed: Tensor | None = None
    positions: Tensor | None = None


@dataclass(frozen=True)
class Layout:
    """Where x and z are in a row.

    Parameters
    ----------
    feature_shape : tuple of int
        Shape in which the network sees x.
    n_simplified : int
        Length d of z.
    kind : {"same", "dense", "listed"}
        "same": z is x. "dense": all of z follows x. "listed": the positions in z that
        are not zero follow x, then their values, both filled up with zeros.
    mask_zeros : bool
        Whether zeros of z are not to be used; always so in a list.
    """

    feature_shape: tuple[int, ...]
    n_simplified: int
    kind: str
    mask_zeros: bool

    def packed(self, x, z):
        """One array, or CSR matrix, of both.

        Parameters
        ----------
        x : ndarray of shape (n, ...) or CSR matrix
        z : ndarray or CSR matrix of shape (n, d)

        Returns
        -------
        ndarray or CSR matrix of shape (n, n_columns)
        """
        x = x if sp.issparse(x) else x.reshape(len(x), -1)
        if self.kind == "same":
            return x
        of_z = _lists(sp.csr_matrix(z)) if self.kind == "listed" else (z,)
        parts = [x, *of_z]
        if any(map(sp.issparse, parts)):
            return sp.hstack(parts, format="csr", dtype=x.dtype)
        return np.hstack(parts, dtype=x.dtype)

    def unpacked(self, inputs: Tensor) -> tuple[Tensor, Simplified]:
        """Both views of rows, from the array of both.

        Parameters
        ----------
        inputs : Tensor of shape (n, n_columns)

        Returns
        -------
        x : Tensor of shape (n, *feature_shape)
        z : Simplified
        """
        n_inputs = prod(self.feature_shape)
        x, z = inputs[:, :n_inputs].unflatten(1, self.feature_shape), inputs
        if self.kind != "same":
            z = inputs[:, n_inputs:]
        if self.kind != "listed":
            return x, Simplified(z, z != 0 if self.mask_zeros else None)
        positions, values = z.chunk(2, dim=1)
        return x, Simplified(values, values != 0, positions.to(torch.int64))


def _lists(z: sp.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Positions and values of what is not zero, each of shape (n, l), l at least 1."""
    counts = np.diff(z.indptr)
    rows = np.arange(z.shape[0]).repeat(counts)
    places = np.arange(z.nnz) - z.indptr[:-1].repeat(counts)
    shape = (z.shape[0], max(1, counts.max(initial=0)))
    positions, values = np.zeros(shape, dtype=np.intp), np.zeros(shape, dtype=z.dtype)
    positions[rows, places], values[rows, places] = z.indices, z.data
    return positions, values
