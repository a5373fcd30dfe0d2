"""Explanations with names: what a model answers at rows, and what it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from math import prod
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_scalar

from ..inspection.feature_groups import Group, groups_of, with_groups
from ..inspection.pipelines import dense, opened, transformed

__all__ = ["Explanation"]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Explanation:
    """Attributions of rows, with what they explain and the names of the features.

    Made by :meth:`from_estimator`. ``explanation[rows]`` takes rows (a slice, a mask,
    positions), ``len(explanation)`` counts them.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_features) or (..., n_outputs)
        Attributions. Rows of another shape, such as images, keep it in place of
        ``n_features`` here and below.
    predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The scalars that are explained, in the units of ``explain``'s target.
    base_values : ndarray of shape () or (n_outputs,), or None
        What the attributions add up from, in the same units; None for attributions
        that do not add up to the predictions, such as gradients.
    data : ndarray of shape (n_samples, n_features)
        The rows as the network saw them, dense; of objects where features are grouped.
    feature_names : ndarray of str of shape (n_features,)
        Names of the features; ``x0_1`` is row 0, column 1 of an image.
    output_names : ndarray of str of shape (n_outputs,) or None, default=None
        The classes, if each has its own attributions.
    index : pandas.Index or None, default=None
        Labels of the rows, if they came in a DataFrame.

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
        """Explain a fitted estimator, also inside a Pipeline or a search, at rows.

        Parameters
        ----------
        estimator : estimator, Pipeline or search
            Fitted network; or a Pipeline that ends in one, whose transformers are
            applied to X and name the features; or a search, whose best estimator is
            explained.
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_columns)
            Rows as ``estimator.predict`` takes them.
        target, attribution : optional
            As for the network's ``explain``.
        groups : dict, "onehot" or None, default=None
            Features to add up: a dict from the name of each group to the names of its
            features, or "onehot" to add the columns of each fitted ``OneHotEncoder``
            in the pipeline back to the column they encode. A group stands where its
            first feature stood; its values are the sum of its features' values. Its
            ``data`` are the encoded column of X; where there is none (a dict, or a
            column made on the way) the name of the feature that is not zero, or None
            unless exactly one is. Sums keep additivity. A sum of gradients is the
            effect of raising all features of the group at once, which no one-hot row
            does: prefer integrated or expected gradients for groups.

        Returns
        -------
        Explanation

        Raises
        ------
        TypeError
            If the estimator does not explain itself, or groups are of another kind.
        ValueError
            If groups name an unknown feature, or one twice, or there is nothing to
            group; or X, target or attribution do not fit the network.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        network, transformers = opened(estimator)
        rows, names = transformed(X, network, transformers)
        explained = network._explained(rows, target=target, attribution=attribution)
        data, values = explained.data, np.asarray(explained.values)
        if data is None:
            data = dense(rows)
        else:
            names = explained.feature_names
        base = explained.base_values
        classes = getattr(network, "classes_", None) if target is None else None
        if classes is not None:
            classes = np.array([str(label) for label in classes], dtype=object)
        explanation = cls(
            values=values,
            predictions=np.asarray(explained.predictions),
            base_values=None if base is None else np.asarray(base),
            data=data,
            feature_names=names,
            output_names=classes if values.ndim > data.ndim else None,
            index=X.index if hasattr(X, "iloc") else None,
        )
        if groups is None:
            return explanation
        return explanation._added(groups_of(groups, names, X, transformers))

    @property
    def additivity_gap(self) -> np.ndarray | None:
        """``predictions - base_values - sum of values``, of the shape of predictions.

        In units of the predictions; None without base values: gradients promise no sum.
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
        pandas = _module("pandas")
        columns = self.feature_names.ravel()
        if self.values.ndim > self.data.ndim:
            columns = pandas.MultiIndex.from_product(
                [self._outputs(), columns], names=["output", "feature"]
            )
        values = self._by_output().reshape(len(self), len(columns))
        return pandas.DataFrame(values, index=self.index, columns=columns)

    def top(self, k: int = 5):
        """The features with the largest magnitude at each row.

        Parameters
        ----------
        k : int, default=5
            Number of features of each row (and output); all if there are fewer.

        Returns
        -------
        pandas.DataFrame
            A line for each row, rank and, if there are several, output: ``row`` (label
            in the index of X, or position), ``output``, ``rank`` (from 1), ``feature``,
            ``value`` and ``data``. Ties keep the order of the features.

        Raises
        ------
        TypeError, ValueError
            If k is not an integer from 1.
        """
        check_scalar(k, "k", Integral, min_val=1)
        pandas = _module("pandas")
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
            With the base values repeated for each row. Without base values only the
            plots that need none will work, such as ``shap.plots.beeswarm``.

        Raises
        ------
        ModuleNotFoundError
            If shap is not installed.
        """
        base = self.base_values
        if base is not None:
            base = np.broadcast_to(base, self.predictions.shape).copy()
        return _module("shap").Explanation(
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
        return f"<Explanation with values of shape {self.values.shape}>"

    def _outputs(self) -> np.ndarray:
        """Names or numbers of the outputs, of which there is one at least."""
        if self.output_names is not None:
            return self.output_names
        return np.arange(prod(self.values.shape[self.data.ndim :]))

    def _by_output(self) -> np.ndarray:
        """Values of shape (n_samples, n_outputs, n_features)."""
        shape = (len(self), self.feature_names.size, len(self._outputs()))
        return self.values.reshape(shape).swapaxes(1, 2)

    def _added(self, groups: list[Group]) -> Explanation:
        """Each group as one feature, in the place of its first."""
        names = self.feature_names.ravel()
        shape, outputs = (len(self), names.size), self.values.shape[self.data.ndim :]
        values, data = self.values.reshape(*shape, *outputs), self.data.reshape(shape)
        left = with_groups(groups, names.size)
        kept = list(left)
        new_values, new_names = values[:, kept], names[kept]
        new_data = data[:, kept].astype(object)
        for j, group in enumerate(left.values()):
            if group is not None:
                new_values[:, j] = values[:, group.positions].sum(axis=1)
                new_data[:, j] = group.data(data, names)
                new_names[j] = group.name
        return replace(self, values=new_values, data=new_data, feature_names=new_names)


def _module(name: str):
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"This needs {name}, which is not installed: pip install {name}."
        ) from error
