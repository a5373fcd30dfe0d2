"""The data sets that callbacks are handed: rows in the terms of the user."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from skorch.dataset import Dataset
from skorch.utils import to_numpy
from torch import Tensor

__all__ = ["ReadableRows"]


class ReadableRows(Dataset):
    """Rows as one of skorch's data sets, with labels and units as in ``fit``.

    Parameters
    ----------
    rows : Rows of :mod:`.rows`
    task : object or None
        ``task.decoded`` turns encoded targets into labels or numbers of the user.

    Attributes
    ----------
    X : Tensor of shape (n, *feature_shape), or CSR matrix
        A copy of the inputs, as the network receives them.
    y : ndarray of shape (n,) or (n, n_outputs), or None
    """

    def __init__(self, rows: Any, task: Any = None):
        self.rows, self.task = rows, task

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def X(self) -> Tensor | sp.csr_matrix:
        X = self.rows.X
        return X.copy() if sp.issparse(X) else X.clone()

    @cached_property
    def y(self) -> np.ndarray | None:
        if self.rows.y is None:
            return None
        y = to_numpy(self.rows.y)
        return y if self.task is None else self.task.decoded(y)

    def __getitem__(self, index) -> tuple:
        """Inputs and targets of a row, or of several by a slice or an array."""
        at = torch.from_numpy(np.atleast_1d(np.arange(len(self))[index]))
        x, _ = self.rows[at.to(self.rows.device)]
        x = x if np.ndim(np.arange(len(self))[index]) else x[0]
        return x, None if self.y is None else self.y[index]
