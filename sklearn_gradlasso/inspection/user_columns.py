"""Which columns of a user's table the features of a network are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import scipy.sparse as sp

from ..utils.indicator_blocks import indicator_blocks
from .column_slopes import UserColumns
from .feature_groups import Group, groups_of, with_groups
from .feature_names import names_after
from .tracing.columns import table_columns, traced

__all__ = ["columns_of_table", "grouped_table", "traced_columns", "user_columns"]


def user_columns(
    rows,
    names: np.ndarray,
    groups: Mapping[str, Sequence[str]] | None = None,
    *,
    are_read: bool = False,
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
    are_read : bool
        Whether the network reads the rows as a raw table, whose columns are those of
        the user. None are one-hot then.

    Raises
    ------
    TypeError, ValueError
        If ``groups`` is no dict, or does not fit the names.
    """
    names = np.asarray(names, dtype=object).ravel()
    if groups is None:
        positions = [np.array([k]) for k in range(names.size)]
        rows = rows if sp.issparse(rows) or are_read else np.asarray(rows)
        if not are_read and rows.ndim == 2 and rows.shape[1] == names.size:
            positions = indicator_blocks(rows)
        first = [each[0] for each in positions]
        return UserColumns(positions, names[first], are_features=True)
    _check_dict(groups)
    left = with_groups(groups_of(groups, names, rows, []), names.size)
    positions = [
        np.array([k] if group is None else sorted(group.positions))
        for k, group in left.items()
    ]
    named = [names[k] if group is None else group.name for k, group in left.items()]
    return UserColumns(positions, np.array(named, dtype=object), are_features=False)


def traced_columns(
    X,
    transformers: list,
    rows,
    groups: Mapping[str, Sequence[str]] | None = None,
    *,
    are_read: bool = False,
) -> UserColumns:
    """The columns of X that the features of transformed rows are made of.

    Behind a step that mixes columns, its outputs are the columns.

    Parameters
    ----------
    X : array-like of shape (n_samples, ...)
        What the transformers are given.
    transformers : list of fitted transformers
        Without any, it is as for :func:`user_columns`.
    rows : array-like of shape (n_samples, ...)
        What they return.
    groups : dict of str to list of str, default=None
        Names of columns of X, or of features, that are one column. Of a column that is
        not in a group as a whole, the other features are columns of their own.
    are_read : bool
        As for :func:`user_columns`.

    Raises
    ------
    TypeError, ValueError
        If ``groups`` is no dict, or does not fit the names.
    """
    names = names_after(X, transformers, rows, None)
    found = None
    if transformers:
        found = table_columns(X, transformers[0], transformers, rows, names)
    if found is None:
        return user_columns(rows, names, groups, are_read=are_read)
    columns = [(each.name, each.positions) for each in found]
    if groups is not None:
        _check_dict(groups)
        columns = _grouped(columns, groups_of(groups, names, X, transformers), names)
    return UserColumns(
        [positions for _, positions in columns],
        np.array([name for name, _ in columns], dtype=object),
        are_features=False,
    )


def columns_of_table(X, transformers: list, names: np.ndarray) -> UserColumns | None:
    """All columns of X, with the features that are made of each.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_columns)
        What the transformers are given.
    transformers : list of fitted transformers
    names : ndarray of str of shape (n_features,)
        Names of the features.

    Returns
    -------
    UserColumns or None
        None if a step has mixed columns, so that features have no column of X.
    """
    own = names_after(X, [], X, transformers[0]).ravel().tolist()
    features = traced(X, transformers[0], transformers).features
    if len(features) != names.size or len(set(own)) < len(own):
        return None
    positions: list[list[int]] = [[] for _ in own]
    for k, feature in enumerate(features):
        if feature.origin.made_by:
            return None
        positions[own.index(feature.origin.name)].append(k)
    return UserColumns(
        [np.array(each, dtype=np.intp) for each in positions],
        np.array(own, dtype=object),
        are_features=False,
    )


def grouped_table(
    columns: UserColumns, groups: Mapping, names: np.ndarray, X, transformers: list
) -> tuple[UserColumns, np.ndarray]:
    """Columns of X with each group as one, and to which of them each column belongs.

    Parameters
    ----------
    columns : UserColumns
        As :func:`columns_of_table` returns them.
    groups : dict of str to list of str
        Names of columns of X, or of all features that are made of them.
    names, X, transformers
        As for :func:`columns_of_table`.

    Raises
    ------
    TypeError, ValueError
        If ``groups`` is no dict, does not fit the names, or divides a column.
    """
    _check_dict(groups)
    before = list(zip(columns.names, columns.positions))
    after = _grouped(before, groups_of(groups, names, X, transformers), names)
    home = np.empty(len(before), dtype=np.intp)
    for j, (name, positions) in enumerate(before):
        whole = [
            k
            for k, (other, made) in enumerate(after)
            if (set(positions) <= set(made) if len(positions) else other == name)
        ]
        if not whole:
            raise ValueError(
                f"groups have some of the features that are made of column {name!r}, "
                "but a column is selected as a whole; name the column."
            )
        home[j] = whole[0]
    grouped = [np.asarray(positions, dtype=np.intp) for _, positions in after]
    called = np.array([name for name, _ in after], dtype=object)
    return UserColumns(grouped, called, are_features=False), home


def _check_dict(groups) -> None:
    if not isinstance(groups, Mapping):
        raise TypeError(
            "groups must be a dict from the name of a column to the names of its "
            f"features, or None, got {groups!r}."
        )


def _grouped(
    columns: list[tuple[str, np.ndarray]], groups: list[Group], names: np.ndarray
) -> list[tuple[str, np.ndarray]]:
    """Columns with each group as one, in the place of the first of its columns."""
    group_of = {k: group for group in groups for k in group.positions}
    result: dict[str, np.ndarray] = {}
    for name, positions in columns:
        if not group_of.keys() & set(positions.tolist()):
            parts = [(name, positions)]
        else:
            parts = [
                (group_of[k].name, np.array(sorted(group_of[k].positions)))
                if k in group_of
                else (names[k], np.array([k]))
                for k in positions.tolist()
            ]
        for name, positions in parts:
            if not np.array_equal(result.setdefault(name, positions), positions):
                raise ValueError(
                    f"groups would name a group {name!r}, but this is a column outside "
                    "of the group; give the group another name."
                )
    return list(result.items())
