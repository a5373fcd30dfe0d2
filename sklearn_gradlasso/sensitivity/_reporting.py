"""Name features, add up groups, and turn sizes of slopes into percent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..inspection.feature_groups import (
    Group,
    added,
    groups_of,
    names_with_groups,
    with_groups,
)
from ..inspection.feature_names import numbered
from ..inspection.open_model import OpenedModel

__all__ = ["NamedFeatures", "percent"]


@dataclass(frozen=True)
class NamedFeatures:
    """The names under which importances are reported, and the sums of groups.

    Attributes
    ----------
    names : ndarray of str
        Names of features and groups, in the shape of a row of importances.
    left : dict of int to Group or None, or None
        The features that are left when groups are features, if there are groups.
    """

    names: np.ndarray
    left: dict[int, Group | None] | None = None

    @classmethod
    def of(
        cls, opened: OpenedModel, X, shape: tuple, feature_names=None, groups=None
    ) -> NamedFeatures:
        """Names of the features, from the user or the model, and groups among them.

        Parameters
        ----------
        opened : OpenedModel
        X : array-like
            Rows as the user has given them.
        shape : tuple of int
            Shape of a row of importances.
        feature_names, groups : optional
            As for ``global_importance``.

        Raises
        ------
        TypeError, ValueError
            If names or groups do not fit the features.
        """
        names = opened.names
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
        found = groups_of(groups, names, X, opened.transformers)
        left = with_groups(found, names.size)
        return cls(names_with_groups(names.ravel(), left), left)

    def added(self, values: np.ndarray) -> np.ndarray:
        """Values of shape (n, *shape of a row), with those of each group added up."""
        if self.left is None:
            return values
        return added(values.reshape(len(values), -1), self.left)


def percent(values: np.ndarray, first_axis: int) -> np.ndarray:
    """Values that sum to 100 over the axes from the first given; zeros stay zeros."""
    axes = tuple(range(first_axis, values.ndim))
    total = values.sum(axis=axes, keepdims=True)
    return 100 * values / np.where(total > 0, total, 1)
