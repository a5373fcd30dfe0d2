"""The columns that an explanation is about: those of the user, and groups of them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..inspection.feature_groups import (
    Group,
    added,
    groups_of,
    names_with_groups,
    with_groups,
)
from ..inspection.open_model import OpenedModel
from ..inspection.table_columns import TableColumn

__all__ = ["check_groups_are_explained", "columns_to_explain", "with_groups_added"]


def columns_to_explain(opened: OpenedModel, groups) -> list[TableColumn] | None:
    """The columns of the user's table, with those of a group as one.

    Parameters
    ----------
    opened : OpenedModel
    groups : dict, "onehot" or None

    Returns
    -------
    list of TableColumn, or None
        None if rows are no table.

    Raises
    ------
    TypeError, ValueError
        If the groups do not fit the columns.
    """
    columns = opened.columns
    if columns is None:
        return None
    _warn_of_shared(columns)
    if groups is None:
        return columns
    found = groups_of(groups, opened.names, opened.X, opened.transformers)
    if isinstance(groups, str):  # One-hot features are with their column already.
        return columns
    for group in found:
        columns = _merged(columns, group, opened)
    names = [column.name for column in columns]
    for group in found:
        if names.count(group.name) > 1:
            raise ValueError(
                f"groups would name a group {group.name!r}, but this is a column "
                "outside of the group; give the group another name."
            )
    return columns


def check_groups_are_explained(groups, names: np.ndarray) -> None:
    """Check that groups are among what is explained.

    Raises
    ------
    ValueError
        If features of a view of its own are explained, such as those that ``simplify``
        of NGSLL makes, but groups are of columns of X.
    """
    lost = [*groups] if isinstance(groups, Mapping) else []
    lost = [name for name in lost if str(name) not in {*names.ravel()}]
    if lost:
        raise ValueError(
            f"groups={{{lost[0]!r}: ...}} is about columns of X, but this network is "
            f"explained by other features, {names.ravel()[:5].tolist()}; leave groups "
            "out, and add the values of those features."
        )


def with_groups_added(fields: dict[str, Any], opened: OpenedModel, groups) -> dict:
    """Values of features that are no columns of a table, with those of groups added.

    Parameters
    ----------
    fields : dict
        Fields of an ``Explanation`` without ``magnitudes``.
    opened : OpenedModel
    groups : dict or None
    """
    if groups is None:
        return fields
    names, data = fields["feature_names"], fields["data"]
    found = groups_of(groups, names, opened.X, opened.transformers)
    values, names = fields["values"], names.ravel()
    outputs = values.shape[data.ndim :]
    data = data.reshape(len(data), names.size)
    left = with_groups(found, names.size)
    new_data = data[:, list(left)].astype(object)
    for j, group in enumerate(left.values()):
        if group is not None:
            new_data[:, j] = group.data(data, names)
    return {
        **fields,
        "values": added(values.reshape(len(data), names.size, *outputs), left),
        "data": new_data,
        "feature_names": names_with_groups(names, left),
    }


def _merged(
    columns: list[TableColumn], group: Group, opened: OpenedModel
) -> list[TableColumn]:
    """The columns with those of a group as one, in the place of the first."""
    wanted = set(group.positions)
    taken = [each for each in columns if wanted & set(each.positions.tolist())]
    for column in taken:
        if not set(column.positions.tolist()) <= wanted:
            raise ValueError(
                f"groups[{group.name!r}] has some of the features that are made of "
                f"column {column.name!r}, but a column is explained as a whole; name "
                "the column."
            )
    positions = np.concatenate([each.positions for each in taken])
    merged = TableColumn(
        name=group.name,
        values=_values(taken, group, opened),
        missing=np.any([each.missing for each in taken], axis=0),
        is_number=False,
        positions=positions,
        derivative=np.zeros((1, len(positions))),
        moves_others=any(each.moves_others for each in taken),
    )
    first = columns.index(taken[0])
    rest = [each for each in columns if each not in taken[1:]]
    rest[first] = merged
    return rest


def _values(taken: list[TableColumn], group: Group, opened: OpenedModel) -> np.ndarray:
    """What a group holds in each row.

    Of zeros and ones that no transformer has made, it is the name of the only one, as
    of a one-hot code, or None. Otherwise it is a tuple of values.
    """
    codes = [np.isin(each.values, (0, 1)).all() for each in taken]
    if not opened.transformers and all(codes):
        data = np.stack([each.values for each in taken], axis=1)
        names = np.array([each.name for each in taken], dtype=object)
        return Group(group.name, list(range(len(taken)))).data(data, names)
    rows = np.empty(len(taken[0].values), dtype=object)
    rows[:] = list(zip(*(each.values for each in taken)))
    return rows


def _warn_of_shared(columns: list[TableColumn]) -> None:
    """Warn of columns of which other columns are made as well."""
    shared = [column.name for column in columns if column.moves_others]
    if shared:
        warnings.warn(
            f"{shared[:5]}{' ...' * (len(shared) > 5)}: a step of the Pipeline also "
            "makes other columns of these, such as a PCA, or fills missing values of "
            "others with them. Their own part alone is explained; for the whole "
            "effect use metrics.effects with the predict of the model.",
            UserWarning,
            stacklevel=4,
        )
