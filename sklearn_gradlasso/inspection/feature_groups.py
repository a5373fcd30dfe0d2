"""Groups of features: given by name, or found as the one-hot features of a column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from .tracing.columns import traced
from .tracing.tables import Origin

__all__ = ["Group", "added", "groups_of", "names_with_groups", "with_groups"]


class Group(NamedTuple):
    """Features that are taken as one.

    Attributes
    ----------
    name : str
    positions : list of int
        Positions of the features.
    """

    name: str
    positions: list[int]

    def data(self, data: np.ndarray, names: np.ndarray) -> np.ndarray:
        """The name of the only feature that is not zero in each row, or None."""
        hot = data[:, self.positions] != 0
        chosen = names[self.positions][hot.argmax(axis=1)]
        return np.where(hot.sum(axis=1) == 1, chosen, None)


def groups_of(groups, names: np.ndarray, X, transformers: list) -> list[Group]:
    """Groups of features that a user asks for.

    Parameters
    ----------
    groups : dict or "onehot"
        The names of the features in each group, or of columns of X, which stand for
        all features that the transformers make of them; or the features that each
        ``OneHotEncoder`` among the transformers has made of a column.
    names : ndarray of str
        Names of all features.
    X : array-like
        What the transformers are given.
    transformers : list

    Raises
    ------
    TypeError
        If ``groups`` is neither, or its values are not lists.
    ValueError
        If a group names a feature that is unknown or in another group, or has the
        name of a feature outside, or if there is no group.
    """
    names = names.ravel().tolist()
    if isinstance(groups, Mapping):
        found = _given(groups, names, _features_of_columns(X, transformers, len(names)))
    elif isinstance(groups, str) and groups == "onehot":
        found = _encoded(X, transformers)
    else:
        raise TypeError(
            "groups must be a dict from names to lists of feature names, 'onehot' or "
            f"None, got {groups!r}."
        )
    grouped = {k for group in found for k in group.positions}
    others = {name for k, name in enumerate(names) if k not in grouped}
    taken = [group.name for group in found if group.name in others]
    if taken:
        raise ValueError(
            f"groups would name a group {taken[0]!r}, but this is a feature outside of "
            "the group; give groups as a dict with other names."
        )
    return found


def with_groups(groups: list[Group], n_features: int) -> dict[int, Group | None]:
    """The features after each group has become one, in the place of its first.

    Returns
    -------
    dict
        The positions that remain when each group is replaced by one feature at its
        first position. The values are the groups, or None for other features.
    """
    first = {min(group.positions): group for group in groups}
    grouped = {k for group in groups for k in group.positions}
    left = [k for k in range(n_features) if k in first or k not in grouped]
    return {k: first.get(k) for k in left}


def added(values: np.ndarray, left: dict[int, Group | None]) -> np.ndarray:
    """Values of features, with those of each group added up.

    Parameters
    ----------
    values : ndarray of shape (n, n_features, ...)
    left : dict
        As :func:`with_groups` returns it.

    Returns
    -------
    ndarray of shape (n, len(left), ...)
    """
    sums = values[:, list(left)]
    for j, group in enumerate(left.values()):
        if group is not None:
            sums[:, j] = values[:, group.positions].sum(axis=1)
    return sums


def names_with_groups(names: np.ndarray, left: dict[int, Group | None]) -> np.ndarray:
    """Names of features, with the name of each group in the place of its first."""
    new = names[list(left)]
    for j, group in enumerate(left.values()):
        if group is not None:
            new[j] = group.name
    return new


def _given(
    groups: Mapping, names: list[str], columns: dict[str, list[int]]
) -> list[Group]:
    found, seen = [], set()
    for parent, children in groups.items():
        if isinstance(children, str) or not np.iterable(children):
            raise TypeError(
                f"groups[{parent!r}] must be a list of feature names, got {children!r}."
            )
        children = list(children)
        unknown = [name for name in children if name not in {*names, *columns}]
        if unknown or not children:
            of_table = f"the columns are {_some([*columns])}, " if columns else ""
            raise ValueError(
                f"groups[{parent!r}] must name columns of X or features of the "
                f"network, got {(unknown or children)[:5]}; {of_table}the features are "
                f"{_some(names)}. If these are numbers, a step in a Pipeline has given "
                "no names: call set_output(transform='pandas')."
            )
        positions = []
        for name in children:
            if name in seen:
                raise ValueError(f"groups name {name!r} twice; name each feature once.")
            seen.add(name)
            positions += _positions(name, names, columns)
        found.append(Group(str(parent), positions))
    taken = Counter(k for group in found for k in group.positions)
    twice = [names[k] for k, count in taken.items() if count > 1]
    if twice:
        raise ValueError(
            f"groups name {twice[0]!r} twice, by itself and by its column; name each "
            "feature once."
        )
    return found


def _some(names: list) -> str:
    return f"{names[:5]}{' ...' * (len(names) > 5)}"


def _positions(name: str, names: list[str], columns: dict[str, list[int]]) -> list[int]:
    """Positions of the feature of this name, or of all that is made of a column."""
    same = [k for k, each in enumerate(names) if each == name]
    made = columns.get(name, [])
    if len(same) > 1:
        raise ValueError(f"groups name {name!r}, but two features have this name.")
    if same and made and same[0] not in made:
        raise ValueError(
            f"groups name {name!r}, which is a column of X and a feature made of "
            f"another one; name the features {[names[k] for k in made[:5]]} instead."
        )
    return made or same


def _features_of_columns(X, transformers: list, n_features: int) -> dict:
    """Positions of all features that are made of each column of X alone."""
    if not transformers or np.ndim(X) != 2:
        return {}
    features = traced(X, transformers[0], transformers).features
    made: dict[str, list[int]] = {}
    for k, feature in enumerate(features):
        if not feature.origin.made_by and len(features) == n_features:
            made.setdefault(feature.origin.name, []).append(k)
    return made


def _encoded(X, transformers: list) -> list[Group]:
    """The one-hot features of each column, found by following the transformers."""
    features = traced(X, transformers[0], transformers).features if transformers else []
    found: dict[Origin, list[int]] = {}
    for position, feature in enumerate(features):
        if feature.is_onehot:
            found.setdefault(feature.origin, []).append(position)
    if not found:
        raise ValueError(
            "groups='onehot' found no feature that is a column of a OneHotEncoder in "
            "the pipeline; give groups as a dict, or None."
        )
    return [Group(origin.name, positions) for origin, positions in found.items()]
