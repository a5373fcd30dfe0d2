"""Columns that are made of several features of a network, and their slopes."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
import scipy.sparse as sp

from ..tables import TableForm
from ..training.rows import Rows

__all__ = ["ColumnSlopes", "UserColumns"]


@dataclass(frozen=True, eq=False)
class UserColumns:
    """Columns, and the positions of the features that are made of each.

    Attributes
    ----------
    positions : list of ndarray of int
        The features of each column. A column without features does not reach the
        network.
    names : ndarray of str of shape (n_columns,)
    are_features : bool
        Whether results are reported for each feature, because the columns were found
        by the values alone and have no names of their own.
    """

    positions: list[np.ndarray]
    names: np.ndarray
    are_features: bool

    @property
    def encode(self) -> bool:
        """Whether a column is made of several features, or of none."""
        return any(len(each) != 1 for each in self.positions)

    def reported(self, values: np.ndarray, n_features: int) -> np.ndarray:
        """Values of the columns, or for each feature the value of its column.

        Parameters
        ----------
        values : ndarray of shape (..., n_columns)
        n_features : int

        Returns
        -------
        ndarray of shape (..., n_columns), or (..., n_features) if ``are_features``
        """
        if not self.are_features:
            return values
        column = np.empty(n_features, dtype=np.intp)
        for j, positions in enumerate(self.positions):
            column[positions] = j
        return values[..., column]


class ColumnSlopes:
    """Sizes of the slopes of columns, from the gradients of their features.

    If some column is made of several features, the size of a column at a row is
    ``sqrt(phi^T C phi)``, with the gradients phi of its features and their covariance
    matrix C on training rows. That is the standard deviation of the answer, to first
    order, when the column gets the values of other rows: ``|slope| * deviation`` for
    one feature, and ``sqrt(sum_k p_k phi_k ** 2 - (sum_k p_k phi_k) ** 2)`` for
    categories of shares p_k. The gradients of one-hot features are never added up:
    their sum is the slope in the direction in which no row differs from another.

    If each column is one feature, sizes are slopes per unit of the feature.

    In a coded table the gradient of a category is its contrast with the average
    category, which is the size of a change by itself. Missing values are left out.

    Parameters
    ----------
    columns : UserColumns
    rows : Rows
        Training rows.
    sample_weight : array-like of shape (n_samples,), default=None
    form : TableForm, default=None
        What the features are, if rows are those of a coded table.

    Attributes
    ----------
    deviations : ndarray of shape (n_features,)
        Standard deviations of the features; 1 for categories of a coded table.
    """

    def __init__(
        self,
        columns: UserColumns,
        rows: Rows,
        sample_weight=None,
        form: TableForm | None = None,
    ):
        self.columns = columns
        is_category = np.zeros(prod(rows.feature_shape), dtype=bool)
        if form is not None:
            is_category = form.is_category
        weight = np.ones(len(rows)) if sample_weight is None else sample_weight
        weight = np.asarray(weight, dtype=np.float64) / np.sum(weight)
        if sp.issparse(rows.X):
            X = rows.X
            squares = weight @ X.multiply(X) - (weight @ X) ** 2
        else:
            X = rows.X.reshape(len(rows), -1).cpu().numpy().astype(np.float64)
            X = X if form is None else _filled(X, weight)
            squares = weight @ (X - weight @ X) ** 2
        deviations = np.sqrt(np.asarray(squares).ravel().clip(min=0.0))
        self.deviations = np.where(is_category, 1.0, deviations)
        self.covariances = {}
        for j, positions in enumerate(columns.positions):
            if len(positions) > 1:
                part = X[:, positions]
                part = part.toarray() if sp.issparse(part) else part
                part = part - weight @ part
                covariance = (part.T * weight) @ part
                at = np.flatnonzero(is_category[positions])
                covariance[at] = covariance[:, at] = 0.0
                covariance[at, at] = 1.0
                self.covariances[j] = covariance

    def squares(self, phi: np.ndarray) -> np.ndarray:
        """Squared sizes of the columns at each row.

        Parameters
        ----------
        phi : ndarray of shape (n, n_features, m)
            Gradients of m scalars.

        Returns
        -------
        ndarray of shape (n, n_columns, m)
        """
        sizes = np.zeros((len(phi), len(self.columns.positions), phi.shape[2]))
        for j, positions in enumerate(self.columns.positions):
            part = phi[:, positions]
            if j in self.covariances:
                spread = np.einsum("kl,nlm->nkm", self.covariances[j], part)
                sizes[:, j] = (part * spread).sum(axis=1)
            elif len(positions):
                scale = self.deviations[positions] if self.columns.encode else 1.0
                sizes[:, j] = np.square(part[:, 0] * scale)
        return sizes.clip(min=0.0)


def _filled(X: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The mean of the other values in place of those that are missing."""
    missing = np.isnan(X)
    if not missing.any():
        return X
    known = weight @ ~missing
    means = weight @ np.where(missing, 0.0, X) / np.where(known > 0, known, 1.0)
    return np.where(missing, means, X)
