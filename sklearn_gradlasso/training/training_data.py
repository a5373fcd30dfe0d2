"""The data of a call of ``fit``: inputs, targets, weights and annotations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_method_params

from ..utils.validation import rows_of_positive_weight

__all__ = ["TrainingData"]


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
    """

    X: Any
    y: Any
    sample_weight: Any = None
    annotations: Any = None

    def part(self, index: np.ndarray) -> TrainingData:
        """Select rows of the user's arguments; one row of annotations stays whole."""
        X, y = (_safe_indexing(values, index) for values in (self.X, self.y))
        others = {
            "sample_weight": self.sample_weight,
            "annotations": self.annotations,
        }
        return TrainingData(X, y, **_check_method_params(self.X, others, index))

    def take(self, index: np.ndarray | slice) -> TrainingData:
        """Select rows of checked arrays."""
        given = self.X, self.y, self.sample_weight, self.annotations
        return TrainingData(*(_take(values, index) for values in given))

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
        return replace(self, sample_weight=weight / weight.mean())

    def merged(self) -> TrainingData:
        """Merge equal rows into one row, which has the sum of their weights.

        The new order depends only on the values of the rows, so that a row of weight 2
        and a row that occurs twice give the same arrays. The weights stay ``None`` if
        no row is repeated.
        """
        parts = [
            _bytes_of_rows(values)
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


def _take(values, index: np.ndarray | slice):
    """Select rows of an array or CSR matrix; do not copy a broadcast row."""
    if values is None or (isinstance(index, slice) and index == slice(None)):
        return values
    if sp.issparse(values) or values.strides[0] != 0:
        return values[index]
    n_rows = len(np.empty(len(values), dtype=bool)[index])
    return np.broadcast_to(values[0], (n_rows, *values.shape[1:]))


def _bytes_of_rows(values) -> list[bytes]:
    rows = values.toarray() if sp.issparse(values) else values
    return [row.tobytes() for row in rows]
