"""A prior of columns, each of which several features may encode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from torch import Tensor

from ..utils.signatures import has_parameter
from ..utils.tensors import tensor_to_read

__all__ = ["OfColumns", "of_columns"]


@dataclass(frozen=True, eq=False)
class OfColumns:
    """A prior of the attributions of columns, instead of those of features.

    The attribution of a column of a table is the sum over the features that encode it,
    such as the indicators of its categories. Such a sum has a meaning for attributions
    in units of the score, such as expected gradients, and has none for slopes.

    Parameters
    ----------
    prior : callable
        ``phi -> (n,)`` or ``()``, of ``phi`` with an axis of columns.
    columns : sequence of sequence of int
        Positions of the features of each column. Each feature is in one column.

    Raises
    ------
    TypeError
        If the prior is not callable.
    ValueError
        If a feature is in no column, or in several.

    Examples
    --------
    >>> import torch
    >>> from sklearn_gradlasso.priors import L1, OfColumns
    >>> prior = OfColumns(L1(), columns=[[0], [1, 2]])
    >>> prior(torch.tensor([[1.0, -2.0, 3.0]]))
    tensor([2.])
    """

    prior: Callable[..., Tensor]
    columns: Sequence[Sequence[int]]

    def __post_init__(self):
        if not callable(self.prior) or isinstance(self.prior, type):
            raise TypeError(
                "OfColumns: prior must be a callable phi -> (n,) such as Hoyer(), got "
                f"{self.prior!r}."
            )
        columns = tuple(tuple(map(int, column)) for column in self.columns)
        positions = sorted(position for column in columns for position in column)
        if not positions or positions != list(range(len(positions))):
            raise ValueError(
                "OfColumns: columns must hold each position from 0 to n_features - 1 "
                f"once, got {self.columns!r}."
            )
        object.__setattr__(self, "columns", columns)

    def __call__(self, phi: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """Cost of each sample, or of the batch.

        Parameters
        ----------
        phi : Tensor of shape (n, n_features) or (n, n_features, m)
            Attributions.
        sample_weight : Tensor of shape (n,), optional
            Passed on to a prior that takes it.

        Returns
        -------
        Tensor of shape (n,) or ()

        Raises
        ------
        ValueError
            If phi has another number of features.
        """
        n_features = len(self._column_of)
        if phi.ndim < 2 or phi.shape[1] != n_features:
            raise ValueError(
                f"OfColumns: columns hold {n_features} features, but there are "
                f"attributions of shape {tuple(phi.shape[1:])}."
            )
        sums = phi.new_zeros(len(phi), len(self.columns), *phi.shape[2:])
        sums = sums.index_add(1, tensor_to_read(self._column_of).to(phi.device), phi)
        if self._takes_weights:
            return self.prior(sums, sample_weight=sample_weight)
        return self.prior(sums)

    @cached_property
    def _column_of(self) -> np.ndarray:
        """Number of the column of each feature."""
        column_of = np.empty(sum(map(len, self.columns)), dtype=np.int64)
        for number, positions in enumerate(self.columns):
            column_of[list(positions)] = number
        return column_of

    @cached_property
    def _takes_weights(self) -> bool:
        return has_parameter(self.prior, "sample_weight")


def of_columns(prior: Callable, columns: Sequence[Sequence[int]]) -> Callable:
    """The prior of columns if the prior is exchangeable, or else the prior itself."""
    exchangeable = getattr(prior, "exchangeable", False)
    if not exchangeable or all(len(column) == 1 for column in columns):
        return prior
    return OfColumns(prior, columns)
