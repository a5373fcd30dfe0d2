"""Importances of the columns that a selector chooses from."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_array

from ..inspection.column_slopes import UserColumns
from ..inspection.feature_names import check_same_columns, other_columns
from ..inspection.open_model import OpenedModel, open_model
from ..inspection.user_columns import columns_of_table, grouped_table, user_columns
from ..inspection.wrappers import unwrapped
from ._columns import column_sizes
from ._reporting import percent

__all__ = ["MeasuredColumns", "check_filled", "measured", "measured_without_fit"]


class MeasuredColumns(NamedTuple):
    """Importances of the columns to choose from.

    Attributes
    ----------
    importances : ndarray of shape (n_columns,)
        Shares.
    column_of : ndarray of shape (n_features_in_,)
        To which column each feature of X belongs.
    names : ndarray of str of shape (n_columns,)
    """

    importances: np.ndarray
    column_of: np.ndarray
    names: np.ndarray

    @property
    def of_features(self) -> np.ndarray:
        """The share of the column of each feature of X, (n_features_in_,)."""
        return self.importances[self.column_of]


def measured(opened: OpenedModel, X, groups, sample_weight=None) -> MeasuredColumns:
    """Importances at the rows of an opened model.

    Parameters
    ----------
    opened : OpenedModel
    X : array-like of shape (n_samples, n_features_in_)
        Rows whose columns are those of the user's table.
    groups : dict or None
    sample_weight : array-like of shape (n_rows,), optional

    Raises
    ------
    TypeError, ValueError
        If the network has no slopes, or does not see the columns of X one by one.
    """
    columns, column_of = _columns(opened, X, groups)
    network = opened.differentiable(sample_weight=sample_weight)
    sizes = percent(column_sizes(network, columns), 0) / 100
    return MeasuredColumns(sizes, column_of, columns.names)


def measured_without_fit(model, X, groups) -> MeasuredColumns:
    """Importances of a fitted model at the training rows that it keeps.

    If it keeps none, X takes their place, with a warning.
    """
    opened = open_model(model, X)
    kept, weight = opened.at_kept_rows()
    if kept is None:
        kept = opened
        warnings.warn(
            "SensitivitySelector: this network keeps no training rows, so that its "
            "importances were measured on the rows given to transform, and other rows "
            "may keep other features; call fit once.",
            UserWarning,
            stacklevel=4,
        )
    return measured(kept, X, groups, weight)


def check_filled(model, X) -> None:
    """Refuse missing values in X that the steps before a network leave there.

    Raises
    ------
    ValueError
        If they reach the network, which would refuse them.
    """
    inside = unwrapped(model)
    reads = getattr(inside.network, "_table_form", None) is not None
    if reads or not inside.transformers:
        return
    form = {"accept_sparse": True, "dtype": None, "ensure_min_features": 0}
    try:
        check_array(X, **form)
    except ValueError:
        rows = open_model(model, X).rows
        check_array(rows, allow_nd=True, input_name="X", **form)


def _columns(opened: OpenedModel, X, groups) -> tuple[UserColumns, np.ndarray]:
    """Columns to choose from, and to which of them each feature of X belongs."""
    names, transformers = opened.names, opened.transformers
    if transformers and names.ndim == 1:
        columns = columns_of_table(X, transformers, names)
        if columns is None and groups is None:
            # Names that agree are no proof, because they may be numbers.
            raise other_columns(names, X)
        if columns is not None and groups is None:
            return columns, np.arange(len(columns.positions))
        if columns is not None:
            return grouped_table(columns, groups, names, X, transformers)
    check_same_columns(names, X, bool(transformers))
    are_read = opened.form is not None
    columns = user_columns(opened.rows, names, groups, are_read=are_read)
    column_of = np.empty(names.size, dtype=np.intp)
    for j, positions in enumerate(columns.positions):
        column_of[positions] = j
    return columns, column_of
