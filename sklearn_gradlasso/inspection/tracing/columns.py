"""The columns of a user's table, found by following it to the network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from ...tables import TableForm
from ..feature_names import names_known, numbered
from ..table_columns import TableColumn, own_columns

# These say what is known of their kinds of transformers when they are imported.
from . import (  # noqa: F401
    composites,
    encoders,
    functions,
    imputers,
    scalers,
    shapes,
    skrub_steps,
)
from .coded import coded_by
from .tables import Feature, Origin, TracedTable
from .values import as_values, column_of

__all__ = ["table_columns", "traced"]


def traced(X, first, transformers: list) -> TracedTable:
    """Follow the columns of X through fitted transformers.

    Parameters
    ----------
    X : array-like, sparse matrix or DataFrame of shape (n_samples, n_columns)
    first : estimator
        What is given X: the first of the transformers, or the network.
    transformers : list
    """
    return _followed(_table(X, first), transformers)


def table_columns(
    X, first, transformers, rows, names, form: TableForm | None = None
) -> list[TableColumn] | None:
    """The columns of X, and those that a step has mixed, with the features of each.

    Parameters
    ----------
    X, first, transformers
        As for :func:`traced`.
    rows : array, sparse matrix or DataFrame of shape (n_samples, n_features)
        X after the transformers.
    names : ndarray of str of the shape of a row
        Names of the features.
    form : TableForm, optional
        How the network codes the rows, if it reads them as a raw table.

    Returns
    -------
    list of TableColumn, or None
        Columns of X in their order, and then columns that steps have made. Each feature
        belongs to one of them. The features are their own columns if X is no table,
        such as a list of texts. None if the rows have another shape.
    """
    if names.ndim != 1:
        return None
    start = table = None
    if len(np.shape(X if hasattr(X, "shape") else np.asarray(X, dtype=object))) == 2:
        start = _table(X, first)
        table = _followed(start, transformers)
    if table is None or len(table) != len(names):
        # X is no table, or what is known does not fit what was done.
        if form is None:
            return own_columns(_dense(rows), names)
        start = table = _table(rows, None)
    rows = rows.tocsc() if sp.issparse(rows) else rows
    for k, feature in enumerate(table.features):
        _read_from_rows(feature, rows, k)
    if form is not None:
        table = coded_by(form, table)
    made_of: dict[Origin, list[int]] = {each.origin: [] for each in start.features}
    for k, feature in enumerate(table.features):
        made_of.setdefault(feature.origin, []).append(k)
    _rename_made(made_of, {each.origin.name for each in start.features}, names)
    return _distinct(
        [
            _column(origin, positions, table)
            for origin, positions in made_of.items()
            if positions
        ],
        names,
    )


def _table(X, first) -> TracedTable:
    """The table of a user, before any step."""
    if not hasattr(X, "shape"):
        X = np.asarray(X)
    names, labels = names_known(X, first), None
    if hasattr(X, "columns"):
        labels = [*X.columns]
        names = labels if all(isinstance(name, str) for name in labels) else None
    if names is None:
        names = numbered(X.shape[1:])
    source = X.tocsc() if sp.issparse(X) else X
    origins = [
        Origin(str(name), lambda j=j: column_of(source, j))
        for j, name in enumerate(names)
    ]
    features = [
        Feature(origin=each, empty=lambda each=each: each.empty) for each in origins
    ]
    return TracedTable(features, lambda: X, lambda: names, X.shape[0], labels)


def _followed(table: TracedTable, transformers: list) -> TracedTable:
    for transformer in transformers:
        table = table.through(transformer)
    return table


def _read_from_rows(feature: Feature, rows, k: int) -> None:
    """Take from the network's rows what would need a transform otherwise."""
    origin = feature.origin
    if origin.made_by and feature.is_origin and feature.filled is None:
        origin.read = lambda: column_of(rows, k)
    if feature.unread is not None:
        where, read = feature.unread
        if feature.back is not None:
            origin.fill(where, feature.back(as_values(column_of(rows, k))))
        else:
            origin.fill(where, read())


def _column(origin: Origin, positions: list[int], table: TracedTable) -> TableColumn:
    features = [table.features[k] for k in positions]
    missing = origin.empty | origin.marked
    slopes = [np.atleast_1d(each.derivative) for each in features]
    derivative = np.stack(np.broadcast_arrays(*slopes), axis=1)
    if missing.any() and derivative.any():
        derivative = np.where(missing[:, None], 0.0, derivative)
    return TableColumn(
        name=origin.name,
        values=origin.values,
        missing=missing,
        in_place=origin.filled,
        is_number=origin.is_numeric and any(each.is_smooth for each in features),
        positions=np.array(positions),
        derivative=derivative,
        is_linear=all(np.ndim(each.derivative) == 0 for each in features),
        shared=np.broadcast_to(origin.shared, missing.shape),
        moves_others=origin.moves_others,
    )


def _rename_made(made_of: dict[Origin, list[int]], own: set[str], names) -> None:
    """Give a column that a step has made another name than those of the columns of X.

    A step may keep the names of what it mixes, as ``Normalizer`` does, or number its
    outputs like the columns of an array. The name would be taken for the column of X.
    """
    for origin, positions in made_of.items():
        if positions and origin.made_by and origin.name in own:
            first = str(names[positions[0]])
            kind = f"{origin.made_by}__{origin.name}"
            origin.name = kind if first in own else first


def _distinct(columns: list[TableColumn], names: np.ndarray) -> list[TableColumn]:
    """Columns under names of their own: that of a feature where another has the name.

    Columns of X keep theirs, and come first.
    """
    taken, distinct = set(), []
    for column in columns:
        name, first = column.name, str(names[column.positions[0]])
        if name in taken and first not in taken:
            name = first
        taken.add(name)
        distinct.append(column if name == column.name else replace(column, name=name))
    return distinct


def _dense(rows) -> np.ndarray:
    if hasattr(rows, "toarray"):
        return rows.toarray()
    return np.asarray(rows, dtype=np.float64)
