"""Records of importances, with the names of the features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils._optional_dependencies import check_pandas_support

from ..inspection.feature_names import headings

__all__ = [
    "GlobalImportance",
    "InteractionImportance",
    "LagImportance",
    "LocalImportance",
    "NoiseFloor",
]


@dataclass(frozen=True, eq=False, kw_only=True)
class GlobalImportance:
    """Share of the network's sensitivity that each feature has, over all rows.

    Parameters
    ----------
    importances : ndarray of shape (n_features,)
        In percent, with sum 100; all zero for a network that no feature moves. Rows of
        another shape, such as images, keep it in place of ``n_features``.
    feature_names : ndarray of str of the shape of importances
    intervals : ndarray of shape (n_features, 2) or None
        Lower and upper end of the bootstrap interval of each importance.
    confidence_level : float or None
        Level of the intervals.
    """

    importances: np.ndarray
    feature_names: np.ndarray
    intervals: np.ndarray | None = None
    confidence_level: float | None = None

    def to_frame(self):
        """A pandas.DataFrame with a line for each feature, in their order.

        Columns: feature, importance and, with intervals, lower and upper.
        """
        return _frame("feature", self.feature_names, self.importances, self.intervals)


@dataclass(frozen=True, eq=False, kw_only=True)
class LocalImportance:
    """Share of the network's sensitivity that each feature has, row by row.

    Parameters
    ----------
    importances : ndarray of shape (n_samples, n_features)
        In percent, with sum 100 in each row; all zero in a row where no feature moves
        the network.
    feature_names : ndarray of str of shape (n_features,)
    index : pandas.Index or None
        Labels of the rows, if they came in a DataFrame.
    """

    importances: np.ndarray
    feature_names: np.ndarray
    index: Any = None

    def to_frame(self):
        """A pandas.DataFrame with a line for each row and a column for each feature."""
        pandas = check_pandas_support("LocalImportance.to_frame")
        values = self.importances.reshape(len(self.importances), -1)
        names = headings(self.feature_names.ravel())
        return pandas.DataFrame(values, index=self.index, columns=names)


@dataclass(frozen=True, eq=False, kw_only=True)
class LagImportance:
    """Share of the sensitivity of the last output that each time lag has.

    Parameters
    ----------
    importances : ndarray of shape (n_steps,) or (n_samples, n_steps)
        In percent, with sum 100; position k is lag k, and lag 0 is the last step.
    by_feature : ndarray of shape (n_steps, n_features) or None
        The part of each feature in ``importances``; None if each row has its own lags.
    feature_names : ndarray of str of shape (n_features,)
    intervals : ndarray of shape (n_steps, 2) or None
        Lower and upper end of the bootstrap interval of each lag.
    confidence_level : float or None
        Level of the intervals.
    """

    importances: np.ndarray
    by_feature: np.ndarray | None
    feature_names: np.ndarray
    intervals: np.ndarray | None = None
    confidence_level: float | None = None

    def to_frame(self):
        """A pandas.DataFrame with a line for each lag, or for each row.

        Columns: lag, importance, with intervals lower and upper, and the part of each
        feature under its name; a feature "lag" is "feature lag". If each row has its
        own lags, there is a column for each lag.
        """
        pandas = check_pandas_support("LagImportance.to_frame")
        lags = np.arange(self.importances.shape[-1])
        if self.importances.ndim == 2:
            return pandas.DataFrame(self.importances, columns=lags)
        frame = _frame("lag", lags, self.importances, self.intervals)
        names = headings(self.feature_names, frame.columns)
        parts = pandas.DataFrame(self.by_feature, columns=names)
        return pandas.concat([frame, parts], axis=1)


@dataclass(frozen=True, eq=False, kw_only=True)
class InteractionImportance:
    """Root mean square of the second derivatives of a network's answer.

    Parameters
    ----------
    importances : ndarray of shape (n_features, n_features)
        Symmetric, in units of the network's answer per unit of both features (inside a
        ``TransformedTargetRegressor``, of the transformed target). Interactions are off
        the diagonal, the curvature along each feature is on it.
    feature_names : ndarray of str of shape (n_features,)
    """

    importances: np.ndarray
    feature_names: np.ndarray

    def to_frame(self):
        """A pandas.DataFrame with a line for each pair, the strongest first.

        Columns: first, second (features), importance.
        """
        pandas = check_pandas_support("InteractionImportance.to_frame")
        first, second = np.triu_indices(len(self.importances), k=1)
        values = self.importances[first, second]
        order = np.argsort(-values, kind="stable")
        names = self.feature_names
        columns = {
            "first": names[first[order]],
            "second": names[second[order]],
            "importance": values[order],
        }
        return pandas.DataFrame(columns)

    def top(self, k: int = 10):
        """The k strongest pairs of ``to_frame``."""
        return self.to_frame().head(k)


@dataclass(frozen=True, eq=False, kw_only=True)
class NoiseFloor:
    """Which features are more important than features without any meaning.

    Parameters
    ----------
    importances : ndarray of shape (n_features,)
        Mean over the refits, in percent of the sum over features and shadows.
    shadows : ndarray of shape (n_repeats, n_features)
        Importances of the shadows in the same units.
    floor : float
        An irrelevant feature exceeds it with a probability of at most ``level``.
    p_values : ndarray of shape (n_features,)
        Share of importances that are at least as large, among those of the shadows and
        of the feature itself.
    level : float
    feature_names : ndarray of str of shape (n_features,)
    """

    importances: np.ndarray
    shadows: np.ndarray
    floor: float
    p_values: np.ndarray
    level: float
    feature_names: np.ndarray

    @property
    def significant(self) -> np.ndarray:
        """Whether each feature is above the floor, shape (n_features,)."""
        return self.importances > self.floor

    def to_frame(self):
        """A pandas.DataFrame with a line for each feature, in their order.

        Columns: feature, importance, p_value, significant.
        """
        frame = _frame("feature", self.feature_names, self.importances, None)
        return frame.assign(p_value=self.p_values, significant=self.significant)


def _frame(kind: str, names, importances, intervals):
    pandas = check_pandas_support("to_frame")
    columns = {kind: names.ravel(), "importance": importances.ravel()}
    if intervals is not None:
        ends = intervals.reshape(-1, 2)
        columns |= {"lower": ends[:, 0], "upper": ends[:, 1]}
    return pandas.DataFrame(columns)
