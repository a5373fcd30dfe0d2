"""From sizes of slopes to shares with names and intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state, check_scalar

from ..inspection.feature_groups import groups_of, with_groups
from ..inspection.open_model import Differentiable
from ..inspection.pipelines import numbered
from ._slopes import Resampling

MIN_BLOCKS = 10

__all__ = ["Named", "bootstrap", "interval", "percent"]


@dataclass(frozen=True)
class Named:
    """Features with names, some of which may be added up to groups.

    Attributes
    ----------
    names : ndarray of str
        Of features and groups, in the shape of a row of the answer.
    members : ndarray of shape (n_features, n_names) or None
        1 where a feature is part of what is named, if there are groups.
    """

    names: np.ndarray
    members: np.ndarray | None = None

    @classmethod
    def of(
        cls, model: Differentiable, kind: str, X, feature_names=None, groups=None
    ) -> Named:
        """Names of the features of a network of a kind, and groups among them.

        Raises
        ------
        TypeError, ValueError
            If names or groups do not fit the features.
        """
        shape = model.rows.feature_shape
        if kind != "feed_forward":
            shape = shape[1:]
        names = model.names
        if feature_names is not None:
            names = np.array([str(name) for name in feature_names], dtype=object)
            if len(names) != np.prod(shape):
                raise ValueError(
                    f"feature_names must be {np.prod(shape)} names, one for each "
                    f"feature, got {len(names)}."
                )
        elif names.size != np.prod(shape):
            names = numbered(shape)
        names = names.reshape(shape)
        if groups is None:
            return cls(names)
        if kind != "feed_forward" and not isinstance(groups, Mapping):
            raise ValueError(
                "groups of a network for sequences must be a dict of the names of what "
                f"a step holds, got {groups!r}."
            )
        found = groups_of(groups, names, X, model.transformers)
        left = with_groups(found, names.size)
        members, new = np.zeros((names.size, len(left))), names.ravel()[list(left)]
        for j, (k, group) in enumerate(left.items()):
            members[k if group is None else group.positions, j] = 1
            new[j] = new[j] if group is None else group.name
        return cls(new, members)

    def added(self, values: np.ndarray) -> np.ndarray:
        """Values of shape (n, *shape of a row), features of a group added up."""
        if self.members is None:
            return values
        return values.reshape(len(values), -1) @ self.members


def percent(values: np.ndarray, first_axis: int) -> np.ndarray:
    """Values that sum to 100 over the axes from the first given; zeros stay zeros."""
    axes = tuple(range(first_axis, values.ndim))
    total = values.sum(axis=axes, keepdims=True)
    return 100 * values / np.where(total > 0, total, 1)


def bootstrap(
    n_rows: int, confidence_level, n_resamples, block_length, random_state
) -> Resampling | None:
    """How to resample rows; None if there is no level.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, or there are fewer than 10 blocks.
    """
    if confidence_level is None:
        return None
    bounds = {"min_val": 0, "max_val": 1, "include_boundaries": "neither"}
    check_scalar(confidence_level, "confidence_level", Real, **bounds)
    check_scalar(n_resamples, "n_resamples", Integral, min_val=2)
    check_scalar(block_length, "block_length", Integral, min_val=1)
    if n_rows < MIN_BLOCKS * block_length:
        raise ValueError(
            f"confidence_level needs {MIN_BLOCKS} blocks of rows at least, but "
            f"{n_rows} rows make fewer with block_length={block_length}; give more "
            "rows, shorter blocks, or no confidence_level."
        )
    seed = check_random_state(random_state).randint(2**31 - 1)
    return Resampling(n_resamples, block_length, np.random.default_rng(seed))


def interval(resampled: np.ndarray | None, level: float | None) -> np.ndarray | None:
    """Percentile interval over the first axis; ends on a new last axis."""
    if resampled is None:
        return None
    ends = [(1 - level) / 2, (1 + level) / 2]
    return np.moveaxis(np.quantile(resampled, ends, axis=0), 0, -1)
