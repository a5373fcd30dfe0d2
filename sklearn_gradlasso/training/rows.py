"""Rows of data: as ``fit`` is given them, as tensors on the device, and in batches.

Batches of dense rows are slices of tensors that are already on the device. Sparse rows
stay in scipy's CSR format and become dense batch by batch. A torch ``DataLoader`` is
not used: with small networks it takes longer than the training step, and it cannot
serve several networks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_method_params
from torch import Tensor, nn
from torch.utils.data import Dataset

from ..utils.tensors import tensor_to_read
from ..utils.validation import representable, rows_of_positive_weight

__all__ = [
    "Batch",
    "Batches",
    "Rows",
    "StackedRows",
    "TrainingData",
    "bytes_of_rows",
    "read_rows",
    "rows_for",
]

OF_MEMBERS = ("learns", "held_out")  # arrays of shape (n, n_members)
BATCHES_GATHERED = 16  # number of batches whose dense rows are gathered at once


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Inputs, and arrays that are aligned with their rows.

    It holds either the arguments of a user (DataFrames, lists, annotations by name),
    from which :meth:`part` selects rows, or arrays that have been checked. All other
    methods need checked arrays.

    Parameters
    ----------
    X : array-like of shape (n_samples, ...)
    y : array-like of shape (n_samples, ...)
    sample_weight : array-like of shape (n_samples,) or None
    annotations : array-like of the shape of X or of one row, or None
        Before they are checked they may also be names of features.
    groups : array-like of shape (n_samples,) or None
        Groups of the user's rows, which are not split by early stopping.
    places : ndarray of shape (n_samples,), int, or None
        Places of checked rows among the user's rows, some of which may be absent.
    learns, held_out : ndarray of shape (n_samples, n_members) or None
        Weights of checked rows for the members of a network, and shares of those that
        do not learn from a row; see :class:`~sklearn_gradlasso.objective.Objective`.
    is_raw : bool
        Whether the user's rows are part of a table that networks cannot take as it is,
        even if these rows alone are without categories and missing values.
    """

    X: Any
    y: Any
    sample_weight: Any = None
    annotations: Any = None
    groups: Any = None
    places: Any = None
    learns: Any = None
    held_out: Any = None
    is_raw: bool = False

    def part(self, index: np.ndarray) -> TrainingData:
        """Select rows of the user's arguments; one row of annotations stays whole."""
        X, y = (_safe_indexing(values, index) for values in (self.X, self.y))
        others = {
            "sample_weight": self.sample_weight,
            "annotations": self.annotations,
            "groups": self.groups,
        }
        others = _check_method_params(self.X, others, index)
        return TrainingData(X, y, **others, is_raw=self.is_raw)

    def take(self, index: np.ndarray | slice) -> TrainingData:
        """Select rows of checked arrays."""
        names = "X", "y", "sample_weight", "annotations", "places", *OF_MEMBERS
        return TrainingData(**{n: _take(getattr(self, n), index) for n in names})

    def present(self) -> TrainingData:
        """The rows whose weight is not zero."""
        return self.take(rows_of_positive_weight(self.sample_weight))

    def with_relative_weights(self) -> TrainingData:
        """Scale the weights to mean 1; leave them out if all of them are equal.

        A fit without weights and a fit with equal weights then give the same bits.
        """
        weight = self.sample_weight
        if weight is None or np.ptp(weight) == 0:
            return replace(self, sample_weight=None)
        return replace(self, sample_weight=representable(weight / weight.mean()))

    def merged(self) -> TrainingData:
        """Merge equal rows into one row, which has the sum of their weights.

        The new order depends only on the values of the rows, so that a row of weight 2
        and a row that occurs twice give the same arrays. The weights stay ``None`` if
        no row is repeated.
        """
        parts = [
            bytes_of_rows(values)
            for values in (self.X, self.annotations)
            if values is not None
        ]
        keys = list(zip(*parts, np.reshape(self.y, (len(self.y), -1)).tolist()))
        order = sorted(range(len(keys)), key=keys.__getitem__)
        starts = [
            k for k, row in enumerate(order) if not k or keys[row] != keys[order[k - 1]]
        ]
        weight = self.sample_weight
        if len(starts) < len(order) or weight is not None:
            each = np.ones(len(order)) if weight is None else weight
            weight = np.add.reduceat(each[order], starts)
        chosen = replace(self, sample_weight=None).take(np.array(order)[starts])
        return replace(chosen, sample_weight=weight)


class Batch(tuple):
    """A tuple ``(x, y)``, as skorch expects it, with other tensors of the same rows.

    Attributes
    ----------
    extras : dict of str to Tensor
        ``sample_weight`` and other arguments of the objective, by their names.
    """

    extras: dict[str, Tensor]

    def __new__(cls, x: Tensor, y: Tensor | None, extras: dict[str, Tensor]):
        batch = super().__new__(cls, (x, y))
        batch.extras = extras
        return batch

    def copy(self) -> Batch:
        """The same batch in its own memory, which a callback may change."""
        x, y = self
        extras = {name: values.clone() for name, values in self.extras.items()}
        batch = type(self)(x.clone(), None if y is None else y.clone(), extras)
        vars(batch).update({**vars(self), "extras": extras})
        return batch

    def split(self, sizes: list[int]) -> Iterator[Batch]:
        """Split the batch into batches of these sizes, which are views."""
        x, y = self
        xs = x.split(sizes)
        ys = [None] * len(sizes) if y is None else y.split(sizes)
        extras = {name: values.split(sizes) for name, values in self.extras.items()}
        for k, (x, y) in enumerate(zip(xs, ys)):
            yield Batch(x, y, {name: parts[k] for name, parts in extras.items()})


class Rows(Dataset):
    """A data set on one device: inputs, and other tensors of the same rows.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, ...)
        Inputs. CSR rows become dense batch by batch.
    y : ndarray of shape (n, ...), optional
        Encoded targets.
    extras : dict of str to ndarray, CSR matrix or None, optional
        More arrays of the same rows, by the names of the objective's arguments. Each
        has one number per row, or the shape of X. Entries that are ``None`` are left
        out.
    feature_shape : tuple of int
        Shape in which the network receives a row.
    dtype : torch.dtype
        Precision of the inputs and of all floating-point arrays.
    device : torch.device or str
    """

    def __init__(self, X, y=None, extras=None, *, feature_shape, dtype, device):
        self.feature_shape = tuple(feature_shape)
        self.dtype, self.device = dtype, device
        self.X = self._like_inputs(X)
        self.y = None if y is None else self._tensor(y)
        self.extras = {
            name: self._tensor(values)
            if values.ndim == 1 or name in OF_MEMBERS
            else self._like_inputs(values)
            for name, values in (extras or {}).items()
            if values is not None
        }

    def __len__(self) -> int:
        return self.X.shape[0]

    @property
    def is_sparse(self) -> bool:
        return any(map(sp.issparse, (self.X, *self.extras.values())))

    @property
    def n_bytes(self) -> int:
        """Memory of the rows, in bytes."""
        kept = (self.X, self.y, *self.extras.values())
        return sum(
            getattr(each, "data", each).nbytes for each in kept if each is not None
        )

    def dense(self) -> np.ndarray:
        """The inputs as a dense array of shape (n, *feature_shape)."""
        return self._take(self.X, slice(None)).cpu().numpy()

    def __getitem__(self, index: slice | Tensor) -> Batch:
        """The rows of a slice, or of a tensor of indices, as a batch of its own."""
        return self.batch(index).copy()

    def batch(self, index: slice | Tensor) -> Batch:
        """The same to be read only: a slice may be a view of the arrays of the caller.

        What a user's code is given of it must be a copy.
        """
        y = None if self.y is None else self._take(self.y, index)
        extras = {name: self._take(of, index) for name, of in self.extras.items()}
        return Batch(self._take(self.X, index), y, extras)

    def _take(self, values, index: slice | Tensor) -> Tensor:
        if sp.issparse(values):
            rows = index if isinstance(index, slice) else index.cpu().numpy()
            return self._like_inputs(values[rows].toarray())
        return (
            values[index] if isinstance(index, slice) else values.index_select(0, index)
        )

    def _like_inputs(self, values):
        if sp.issparse(values):
            return values.tocsr()
        n_rows = len(values)
        if n_rows > 1 and values.strides[0] == 0:  # All rows share the memory of one.
            values = values[:1]
        tensor = self._tensor(values).reshape(len(values), *self.feature_shape)
        return tensor.expand(n_rows, *self.feature_shape)

    def _tensor(self, values: np.ndarray) -> Tensor:
        tensor = tensor_to_read(np.ascontiguousarray(values))
        dtype = self.dtype if tensor.is_floating_point() else None
        return tensor.to(device=self.device, dtype=dtype)


def rows_for(network: nn.Module, data: TrainingData, feature_shape: tuple) -> Rows:
    """Rows on the device of the network, in its precision."""
    like = next(network.parameters())
    names = "sample_weight", "annotations", *OF_MEMBERS
    extras = {name: getattr(data, name) for name in names}
    form = {"feature_shape": feature_shape, "dtype": like.dtype, "device": like.device}
    return Rows(data.X, data.y, extras, **form)


def read_rows(
    network: nn.Module, X, y: np.ndarray | None, feature_shape: tuple[int, ...] | None
) -> Rows:
    """Rows for a network from an array, a tensor, a sparse matrix or a frame.

    Parameters
    ----------
    network : nn.Module
    X : array-like, Tensor or sparse matrix of shape (n, ...)
    y : ndarray of shape (n, ...) or None
        Encoded targets.
    feature_shape : tuple of int or None
        Shape in which the network receives a row, if rows of X have as many values.
    """
    X = X.numpy(force=True) if isinstance(X, Tensor) else X
    X = X.tocsr() if sp.issparse(X) else np.asarray(X)
    X = X if X.dtype.kind == "f" else X.astype(np.float64)
    shape = X.shape[1:]
    if feature_shape is not None and prod(shape) == prod(feature_shape):
        shape = feature_shape
    return rows_for(network, TrainingData(X, y), shape)


class StackedRows(Dataset):
    """Several data sets with the same number of rows, for networks trained as one.

    The tensors of a batch have a second axis for the data sets.

    Parameters
    ----------
    parts : sequence of Rows
        All of them have extras of the same names.
    """

    def __init__(self, parts: Sequence[Rows]):
        self.parts = parts
        self.device = parts[0].device
        self.is_sparse = any(part.is_sparse for part in parts)

    def __len__(self) -> int:
        return len(self.parts[0])

    def batch(self, index: slice | Tensor) -> Batch:
        """The rows of a slice, or of a tensor of indices, of all data sets."""
        taken = [part.batch(index) for part in self.parts]
        x, y = (torch.stack(each, dim=1) for each in zip(*taken))
        names = taken[0].extras
        extras = {n: torch.stack([t.extras[n] for t in taken], dim=1) for n in names}
        return Batch(x, y, extras)


class Batches:
    """The batches of an epoch. Each iteration over it is one pass over the rows.

    Parameters
    ----------
    rows : Rows or StackedRows
    batch_size : int
        Number of rows of a batch. The last batch may be smaller. If a single row
        remains, it is added to the batch before it.
    generator : torch.Generator, optional
        Generator that shuffles the rows in each pass. The rows are in their own order
        without it, or if one batch holds all of them.
    """

    def __init__(
        self,
        rows: Rows | StackedRows,
        batch_size: int,
        generator: torch.Generator | None = None,
    ):
        self.rows, self.generator = rows, generator
        n = len(rows)
        starts = list(range(0, n, batch_size))
        if batch_size > 1 and n % batch_size == 1 and n > 1:
            starts.pop()
        self.sizes = [stop - start for start, stop in pairwise([*starts, n])]
        self._only = rows.batch(slice(None)) if len(self.sizes) == 1 else None

    def __len__(self) -> int:
        return len(self.sizes)

    def __iter__(self) -> Iterator[Batch]:
        if self._only is not None:
            yield self._only
            return
        order = None
        if self.generator is not None:
            order = torch.randperm(len(self.rows), generator=self.generator)
            order = order.to(self.rows.device)
        # Gathering dense rows for several batches at once takes less time.
        n_gathered = 1 if self.rows.is_sparse else BATCHES_GATHERED
        start = 0
        for first in range(0, len(self.sizes), n_gathered):
            sizes = self.sizes[first : first + n_gathered]
            stop = start + sum(sizes)
            index = slice(start, stop) if order is None else order[start:stop]
            yield from self.rows.batch(index).split(sizes)
            start = stop


def _take(values, index: np.ndarray | slice):
    """Select rows of an array or CSR matrix; do not copy a broadcast row."""
    if values is None or (isinstance(index, slice) and index == slice(None)):
        return values
    if sp.issparse(values) or values.strides[0] != 0:
        return values[index]
    n_rows = len(np.empty(len(values), dtype=bool)[index])
    return np.broadcast_to(values[0], (n_rows, *values.shape[1:]))


def bytes_of_rows(values) -> list[bytes]:
    """What each row of an array or CSR matrix holds, so that rows can be compared."""
    rows = values.toarray() if sp.issparse(values) else values
    return [row.tobytes() for row in rows]
