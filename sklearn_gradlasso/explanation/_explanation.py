"""The record of an explanation: attributions with the names and data of features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_scalar
from sklearn.utils._optional_dependencies import check_pandas_support

from ..inspection.feature_groups import (
    Group,
    added,
    groups_of,
    names_with_groups,
    with_groups,
)
from ..inspection.open_model import open_model

__all__ = ["Explanation"]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Explanation:
    """Attributions of rows, with what they explain and the names of the features.

    :meth:`from_estimator` makes one. ``explanation[rows]`` is the explanation of some
    rows (a slice, a mask, positions), and ``len(explanation)`` is their number.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_features) or (..., n_outputs)
        Attributions. Rows of another shape, such as images, keep it in place of
        ``n_features`` here and below.
    predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The scalars that are explained, such as log-odds or a regressor's predictions.
    base_values : ndarray of shape () or (n_outputs,), or None
        The value from which the attributions of a row add up to its prediction; None
        for attributions that do not, such as gradients.
    data : ndarray of shape (n_samples, n_features)
        The rows as the network saw them, dense. Of dtype object where features are
        grouped.
    feature_names : ndarray of str of shape (n_features,)
        Names of the features; ``x0_1`` is row 0, column 1 of an image.
    output_names : ndarray of str of shape (n_outputs,) or None, default=None
        The classes, if each has its own attributions.
    index : pandas.Index or None, default=None
        Labels of the rows, if they came in a DataFrame.
    transformed_target : bool, default=False
        Whether values, predictions and base values are in units of a transformed
        target, because the network is inside a ``TransformedTargetRegressor``.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.compose import make_column_transformer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import OneHotEncoder, StandardScaler
    >>> from sklearn_gradlasso import GradientLassoRegressor
    >>> from sklearn_gradlasso.explanation import Explanation
    >>> X = pd.DataFrame({"age": range(40), "colour": ["red", "blue"] * 20})
    >>> columns = make_column_transformer(
    ...     (StandardScaler(), ["age"]), (OneHotEncoder(), ["colour"])
    ... )
    >>> network = GradientLassoRegressor(tol=1e-2, random_state=0)
    >>> model = make_pipeline(columns, network).fit(X, X["age"])
    >>> explanation = Explanation.from_estimator(model, X, groups="onehot")
    >>> explanation.feature_names.tolist(), explanation.data[0, 1]
    (['standardscaler__age', 'colour'], 'red')
    >>> explanation[:2].top(1)[["row", "feature"]]
       row              feature
    0    0  standardscaler__age
    1    1  standardscaler__age
    """

    values: np.ndarray
    predictions: np.ndarray
    base_values: np.ndarray | None
    data: np.ndarray
    feature_names: np.ndarray
    output_names: np.ndarray | None = None
    index: Any = None
    transformed_target: bool = False

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X: ArrayLike,
        *,
        target=None,
        attribution=None,
        groups: Mapping[str, list[str]] | str | None = None,
    ) -> Explanation:
        """Explain a fitted network at rows, also inside a Pipeline or a search.

        Parameters
        ----------
        estimator : estimator, skorch net or nn.Module
            Fitted network: an estimator of this package, scikit-learn's
            ``MLPClassifier`` or ``MLPRegressor``, a skorch net or a torch module. It
            may be the last step of a Pipeline, whose transformers are applied to X and
            name the features (samplers of imbalanced-learn are skipped, as in
            ``predict``); or the best estimator of a search; or inside
            ``FrozenEstimator``, ``FixedThresholdClassifier``,
            ``TunedThresholdClassifierCV`` or ``TransformedTargetRegressor``.
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_columns)
            Rows as ``estimator.predict`` takes them.
        target : str or callable, default=None
            What is explained. By default the log-odds of the second of two classes,
            the log-probability of each of several classes, or the prediction of a
            regressor; of a torch module its output. A threshold by which a wrapper
            decides has no part in it. For other targets see ``explain`` of the
            estimators of this package; "training" is for these alone.
        attribution : str or callable, default=None
            "gradients", "integrated_gradients", "expected_gradients" or a callable
            ``(score, x) -> phi``. By default that of the estimator, or gradients for a
            network of another package. Those have no background for expected
            gradients: give ``ExpectedGradients(background=rows)`` with rows as the
            network sees them: in a Pipeline ``model[:-1].transform(X)``.
        groups : dict, "onehot" or None, default=None
            Features to add up: a dict from the name of each group to the names of its
            features, or "onehot" to add the columns of each fitted ``OneHotEncoder``
            in the pipeline back to the column they encode. A group takes the place of
            its first feature, and its values are the sums of its features' values. Its
            ``data`` are the encoded column of X. Where X has no such column (the group
            is from a dict, or a transformer has made the column), they are the name of
            the only feature that is not zero, or None. Sums keep additivity. A sum of
            gradients is the effect of raising all features of the
            group at once, which no one-hot row does: prefer integrated or expected
            gradients for groups.

        Returns
        -------
        Explanation

        Raises
        ------
        TypeError
            If there is no network in the estimator, or more than one, or groups are of
            another kind.
        ValueError
            If groups name an unknown feature, or one twice, or there is nothing to
            group; or X, target or attribution do not fit the network.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.

        Notes
        -----
        ``TransformedTargetRegressor`` answers in units of y, but its network in units
        of the transformed target, which is what is explained: ``predictions`` are those
        of its ``regressor_``, and ``transformed_target`` is True.
        """
        opened = open_model(estimator, X)
        explained = opened.explained(target, attribution)
        n_outputs = explained.values.shape[explained.data.ndim :]
        by_class = target is None and n_outputs
        explanation = cls(
            **explained._asdict(),
            output_names=opened.output_names(*n_outputs) if by_class else None,
            index=X.index if hasattr(X, "iloc") else None,
            transformed_target=opened.transformed_target,
        )
        if groups is None:
            return explanation
        names, transformers = explanation.feature_names, opened.transformers
        return explanation._added(groups_of(groups, names, X, transformers))

    @property
    def additivity_gap(self) -> np.ndarray | None:
        """``predictions - base_values - sum of values``, of the shape of predictions.

        None without base values, as for gradients, which promise no sum.
        """
        if self.base_values is None:
            return None
        total = self.values.sum(axis=tuple(range(1, self.data.ndim)))
        return self.predictions - self.base_values - total

    def to_frame(self):
        """Values as a DataFrame with a row for each row and a column for each feature.

        Returns
        -------
        pandas.DataFrame of shape (n_samples, n_features)
            With several outputs, the columns of each output follow each other under
            its name or number: ``frame[output]`` is the frame of one.
        """
        pandas = check_pandas_support("Explanation.to_frame")
        columns = self.feature_names.ravel()
        if self.values.ndim > self.data.ndim:
            columns = pandas.MultiIndex.from_product(
                [self._outputs(), columns], names=["output", "feature"]
            )
        values = self._by_output().reshape(len(self), len(columns))
        return pandas.DataFrame(values, index=self.index, columns=columns)

    def top(self, k: int = 5):
        """The features with the largest magnitudes at each row.

        Parameters
        ----------
        k : int, default=5
            Number of features of each row (and output); all if there are fewer.

        Returns
        -------
        pandas.DataFrame
            A line for each row, each output (if there are several) and each rank, with
            columns ``row`` (label in the index of X, or position), ``output``, ``rank``
            (from 1), ``feature``, ``value`` and ``data``. Features with equal values
            keep their order.

        Raises
        ------
        TypeError, ValueError
            If k is not an integer from 1.
        """
        check_scalar(k, "k", Integral, min_val=1)
        pandas = check_pandas_support("Explanation.top")
        values = self._by_output()
        order = np.argsort(-np.abs(values), axis=2, kind="stable")[:, :, :k]
        n, m, k = order.shape
        data = self.data.reshape(n, self.feature_names.size)
        labels = pandas.RangeIndex(n) if self.index is None else self.index
        columns = {
            "row": labels.repeat(m * k),
            "output": np.tile(np.repeat(self._outputs(), k), n),
            "rank": np.tile(np.arange(1, k + 1), n * m),
            "feature": self.feature_names.ravel()[order.ravel()],
            "value": np.take_along_axis(values, order, axis=2).ravel(),
            "data": data[np.arange(n).repeat(m * k), order.ravel()],
        }
        if self.values.ndim == self.data.ndim:
            del columns["output"]
        return pandas.DataFrame(columns)

    def to_shap(self):
        """The same as a ``shap.Explanation``, for the plots of shap.

        Returns
        -------
        shap.Explanation
            With the base values repeated for each row. Without base values only plots
            that need none work, such as ``shap.plots.beeswarm``.

        Raises
        ------
        ModuleNotFoundError
            If shap is not installed.
        """
        try:
            import shap
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                "Explanation.to_shap needs shap, which is not installed: pip install "
                "shap."
            ) from error
        base = self.base_values
        if base is not None:
            base = np.broadcast_to(base, self.predictions.shape).copy()
        return shap.Explanation(
            self.values,
            base_values=base,
            data=self.data,
            feature_names=self.feature_names.tolist() if self.data.ndim == 2 else None,
            output_names=None if self.output_names is None else [*self.output_names],
        )

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows) -> Explanation:
        rows = np.atleast_1d(np.arange(len(self))[rows])
        return replace(
            self,
            values=self.values[rows],
            predictions=self.predictions[rows],
            data=self.data[rows],
            index=None if self.index is None else self.index[rows],
        )

    def __repr__(self) -> str:
        of = ", of the transformed target" if self.transformed_target else ""
        return f"<Explanation with values of shape {self.values.shape}{of}>"

    def _outputs(self) -> np.ndarray:
        """Names or numbers of the outputs; a single output has number 0."""
        if self.output_names is not None:
            return self.output_names
        return np.arange(prod(self.values.shape[self.data.ndim :]))

    def _by_output(self) -> np.ndarray:
        """Values of shape (n_samples, n_outputs, n_features)."""
        shape = (len(self), self.feature_names.size, len(self._outputs()))
        return self.values.reshape(shape).swapaxes(1, 2)

    def _added(self, groups: list[Group]) -> Explanation:
        """The explanation with each group as one feature, in the place of its first."""
        names = self.feature_names.ravel()
        shape, outputs = (len(self), names.size), self.values.shape[self.data.ndim :]
        values, data = self.values.reshape(*shape, *outputs), self.data.reshape(shape)
        left = with_groups(groups, names.size)
        new_data = data[:, list(left)].astype(object)
        for j, group in enumerate(left.values()):
            if group is not None:
                new_data[:, j] = group.data(data, names)
        return replace(
            self,
            values=added(values, left),
            data=new_data,
            feature_names=names_with_groups(names, left),
        )
