"""Packs both views of a row, x and its simplified representation z, into one array.

``Rows`` have a single array of inputs. For a network that takes x and z, the columns of
z follow those of x in this array.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from .zeros import Zeros

__all__ = ["Layout", "Simplified"]


@dataclass(frozen=True)
class Simplified:
    """The simplified representation z of rows, as tensors for a network.

    Parameters
    ----------
    values : Tensor of shape (n, l)
        All values of z, or only its non-zero values.
    allowed : Tensor of shape (n, l), bool, or None
        Mask of the values that may get a weight; ``None`` allows all of them.
    positions : Tensor of shape (n, l), int64, or None
        Positions of the values in z; ``None`` if ``values`` are all of z.
    present : Tensor of shape (n, l), bool, or None
        Mask of the values that do not count as 0, if some zeros are allowed and yet
        must not be named; ``None`` if all that is allowed may be named.
    """

    values: Tensor
    allowed: Tensor | None = None
    positions: Tensor | None = None
    present: Tensor | None = None


@dataclass(frozen=True)
class Layout:
    """The positions of x and z in a row of the packed array.

    Parameters
    ----------
    feature_shape : tuple of int
        Shape in which the network receives x.
    n_simplified : int
        Length d of z.
    kind : {"same", "dense", "listed"}
        With "same", z is x, which is stored once. With "dense", x is followed by all
        values of z. With "listed", x is followed by the positions of the non-zero
        values of z and then by these values, both padded with zeros.
    mask_zeros : bool
        Whether no zero of z may get a weight. In a list this is always so.
    zeros : Zeros or None
        What counts as 0, and which zeros must not get a weight, if this depends on the
        feature.
    """

    feature_shape: tuple[int, ...]
    n_simplified: int
    kind: str
    mask_zeros: bool
    zeros: Zeros | None = field(default=None, compare=False)

    def packed(self, x, z):
        """Pack x and z into one array or CSR matrix.

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
        """Split rows of the packed array into x and z.

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
    """Positions and values of the non-zero entries, of shape (n, l) with l >= 1."""
    counts = np.diff(z.indptr)
    rows = np.arange(z.shape[0]).repeat(counts)
    places = np.arange(z.nnz) - z.indptr[:-1].repeat(counts)
    shape = (z.shape[0], max(1, counts.max(initial=0)))
    positions, values = np.zeros(shape, dtype=np.intp), np.zeros(shape, dtype=z.dtype)
    positions[rows, places], values[rows, places] = z.indices, z.data
    return positions, values
