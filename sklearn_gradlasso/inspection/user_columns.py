"""The columns of a user's table that the features of a network are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from ..training.rows import Rows
from ..utils.indicator_blocks import indicator_blocks
from .feature_groups import groups_of, with_groups
from .feature_names import numbered

__all__ = ["ColumnSlopes", "UserColumns", "traced_columns", "user_columns"]


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
        """Whether a column is made of several features."""
        return any(len(each) > 1 for each in self.positions)

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


def user_columns(
    rows, names: np.ndarray, groups: Mapping[str, Sequence[str]] | None = None
) -> UserColumns:
    """The columns of rows as they reach a network.

    Parameters
    ----------
    rows : {ndarray, CSR matrix, DataFrame} of shape (n_samples, ...)
        Rows of another shape than a table's have columns of one feature each.
    names : ndarray of str of shape (n_features,)
        Names of the features.
    groups : dict of str to list of str, default=None
        Names of the features of columns that are made of several. By default neighbours
        that are one-hot are one column, as :func:`~.indicator_blocks` finds them.

    Raises
    ------
    TypeError, ValueError
        If ``groups`` is no dict, or does not fit the names.
    """
    names = np.asarray(names, dtype=object).ravel()
    if groups is None:
        is_table = len(np.shape(rows)) == 2
        positions = [np.array([k]) for k in range(names.size)]
        if is_table and np.shape(rows)[1] == names.size:
            positions = indicator_blocks(rows if sp.issparse(rows) else np.array(rows))
        first = [each[0] for each in positions]
        return UserColumns(positions, names[first], are_features=True)
    if not isinstance(groups, Mapping):
        raise TypeError(
            "groups must be a dict from the name of a column to the names of its "
            f"features, or None, got {groups!r}."
        )
    left = with_groups(groups_of(groups, names, rows, []), names.size)
    positions = [
        np.array([k] if group is None else sorted(group.positions))
        for k, group in left.items()
    ]
    named = [names[k] if group is None else group.name for k, group in left.items()]
    return UserColumns(positions, np.array(named, dtype=object), are_features=False)


def traced_columns(X, transformers: list, rows, groups=None) -> UserColumns:
    """The columns of X that the features of transformed rows are made of.

    Behind a step that mixes columns, its outputs are the columns.

    Parameters
    ----------
    X : array-like of shape (n_samples, ...)
        What the transformers are given.
    transformers : list of fitted transformers
    rows : array-like of shape (n_samples, ...)
        What they return.
    groups : dict of str to list of str, default=None
        As for :func:`user_columns`; in place of what is found.
    """
    names = numbered(np.shape(rows)[1:])
    if groups is not None:
        return user_columns(rows, names, groups)
    found = None
    if found is None:
        return user_columns(rows, names)
    return UserColumns(
        [each.positions for each in found],
        np.array([each.name for each in found], dtype=object),
        are_features=False,
    )


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

    Parameters
    ----------
    columns : UserColumns
    rows : Rows
        Training rows.
    sample_weight : array-like of shape (n_samples,), default=None

    Attributes
    ----------
    deviations : ndarray of shape (n_features,)
        Standard deviations of the features.
    """

    def __init__(self, columns: UserColumns, rows: Rows, sample_weight=None):
        self.columns = columns
        weight = np.ones(len(rows)) if sample_weight is None else sample_weight
        weight = np.asarray(weight, dtype=np.float64) / np.sum(weight)
        if sp.issparse(rows.X):
            X = rows.X
            squares = weight @ X.multiply(X) - (weight @ X) ** 2
        else:
            X = rows.X.reshape(len(rows), -1).cpu().numpy().astype(np.float64)
            squares = weight @ (X - weight @ X) ** 2
        self.deviations = np.sqrt(np.asarray(squares).ravel().clip(min=0.0))
        self.covariances = {}
        for j, positions in enumerate(columns.positions):
            if len(positions) > 1:
                part = X[:, positions]
                part = part.toarray() if sp.issparse(part) else part
                part = part - weight @ part
                self.covariances[j] = (part.T * weight) @ part

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
