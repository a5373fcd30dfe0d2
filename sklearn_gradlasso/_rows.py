"""Rows of data as tensors on the device, cut into batches without a loader.

Dense rows are slices of tensors that already lie on the device; sparse rows stay in
scipy's CSR format and become dense one batch at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor
from torch.utils.data import Dataset

__all__ = ["Batch", "Batches", "Rows"]

TOGETHER = 16  # batches


class Batch(tuple):
    """``(x, y)``, as skorch unpacks a batch, with what else belongs to its rows.

    Attributes
    ----------
    extras : dict of str to Tensor
        ``sample_weight`` and whatever the objective takes beside x and y.
    """

    extras: dict[str, Tensor]

    def __new__(cls, x: Tensor, y: Tensor | None, extras: dict[str, Tensor]):
        batch = super().__new__(cls, (x, y))
        batch.extras = extras
        return batch

    def split(self, sizes: list[int]) -> Iterator[Batch]:
        """Batches of these sizes, as views."""
        x, y = self
        xs = x.split(sizes)
        ys = [None] * len(sizes) if y is None else y.split(sizes)
        extras = {name: values.split(sizes) for name, values in self.extras.items()}
        for k, (x, y) in enumerate(zip(xs, ys)):
            yield Batch(x, y, {name: parts[k] for name, parts in extras.items()})


class Rows(Dataset):
    """A data set: inputs and what is aligned with them, on one device.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, ...)
        Inputs; CSR rows are made dense batch by batch.
    y : ndarray of shape (n, ...), optional
        Encoded targets.
    extras : dict of str to ndarray or None, optional
        More arrays of length n, by the name of the objective's argument; those that
        are ``None`` are left out.
    feature_shape : tuple of int
        Shape in which the network sees a row.
    dtype : torch.dtype
        Of the inputs and all floating-point arrays.
    device : torch.device or str
    """

    def __init__(self, X, y=None, extras=None, *, feature_shape, dtype, device):
        self.feature_shape = tuple(feature_shape)
        self.dtype, self.device = dtype, device
        self.X = X.tocsr() if sp.issparse(X) else self._dense(X)
        self.y = None if y is None else self._tensor(y)
        self.extras = {
            name: self._tensor(values)
            for name, values in (extras or {}).items()
            if values is not None
        }

    def __len__(self) -> int:
        return self.X.shape[0]

    def __getitem__(self, index: slice | Tensor) -> Batch:
        """The batch of the rows in a slice, or in a tensor of indices."""
        y = None if self.y is None else _take(self.y, index)
        extras = {name: _take(values, index) for name, values in self.extras.items()}
        return Batch(self._inputs(index), y, extras)

    def _inputs(self, index: slice | Tensor) -> Tensor:
        if not sp.issparse(self.X):
            return _take(self.X, index)
        rows = index if isinstance(index, slice) else index.cpu().numpy()
        return self._dense(self.X[rows].toarray())

    def _dense(self, X: np.ndarray) -> Tensor:
        return self._tensor(X).reshape(len(X), *self.feature_shape)

    def _tensor(self, values: np.ndarray) -> Tensor:
        values = np.ascontiguousarray(values)
        # Torch warns about memory it must not write to; we only read.
        tensor = torch.from_numpy(values if values.flags.writeable else values.copy())
        dtype = self.dtype if tensor.is_floating_point() else None
        return tensor.to(device=self.device, dtype=dtype)


def _take(values: Tensor, index: slice | Tensor) -> Tensor:
    if isinstance(index, slice):
        return values[index]
    return values.index_select(0, index)


class Batches:
    """Iterates over :class:`Rows`; one pass per epoch.

    Parameters
    ----------
    rows : Rows
    batch_size : int
        The last batch may be smaller; one row alone joins the batch before it.
    generator : torch.Generator, optional
        Shuffles each pass; rows come in order if not given, and also when one batch
        holds them all.
    """

    def __init__(
        self, rows: Rows, batch_size: int, generator: torch.Generator | None = None
    ):
        self.rows, self.generator = rows, generator
        n = len(rows)
        starts = list(range(0, n, batch_size))
        if batch_size > 1 and n % batch_size == 1 and n > 1:
            starts.pop()
        self.sizes = [stop - start for start, stop in pairwise([*starts, n])]
        self._only = rows[:] if len(self.sizes) == 1 else None

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
        # Dense rows are gathered for several batches at once, which costs less.
        n_together = 1 if sp.issparse(self.rows.X) else TOGETHER
        start = 0
        for first in range(0, len(self.sizes), n_together):
            sizes = self.sizes[first : first + n_together]
            stop = start + sum(sizes)
            index = slice(start, stop) if order is None else order[start:stop]
            yield from self.rows[index].split(sizes)
            start = stop
