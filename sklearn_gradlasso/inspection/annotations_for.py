"""Annotations and signs by columns of X, for the last step of a Pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from ..utils.annotations import weights_by_name
from .feature_names import names_known, numbered
from .tracing.columns import traced
from .tracing.tables import Feature
from .tracing.values import as_values, column_of, copied
from .wrappers import steps_before_the_last, unwrapped

__all__ = ["annotations_for", "monotonic_cst_for"]


def annotations_for(
    pipeline, X: ArrayLike, names: ArrayLike, *, y: ArrayLike | None = None
) -> np.ndarray:
    """Annotations of the features that reach the last step, by columns of X.

    The columns are followed through the transformers of the Pipeline, so each name
    stands for all features that are made of the column: its categories, its bins, and
    the indicator of its missing values. The last step needs no names of its features.

    Parameters
    ----------
    pipeline : Pipeline, estimator or search
        A Pipeline, alone or in a search or other wrapper. If it is fitted, its own
        transformers are followed; to fit it again on other rows, pass a clone.
        Otherwise copies of its transformers are fitted on X and y, as ``fit`` would
        fit them.
    X : array-like or DataFrame of shape (n_samples, n_columns)
        Rows as the Pipeline takes them: those it is going to be fitted on. Columns of
        an array have the names "x0", "x1", ...
    names : list of str, dict, Series or DataFrame
        The columns that are ruled out; or a non-negative weight for each; or, as a
        DataFrame, a weight for each row and column.
    y : array-like of shape (n_samples,), default=None
        Targets, if a transformer needs them for its fit.

    Returns
    -------
    ndarray of shape (n_features,) or (n_samples, n_features)
        What the estimator at the end takes as ``annotations``. Booleans for a list of
        names; two dimensions for a DataFrame.

    Raises
    ------
    ValueError
        If a name is not that of a column of X, if the transformers drop a column or mix
        it with others, as a PCA does, or if the weights are not non-negative numbers.

    See Also
    --------
    monotonic_cst_for : The same for signs.

    Notes
    -----
    In a fold of a search an encoder may see fewer categories than in X. Its features
    are then others than those here, and ``fit`` refuses the annotations. Give the
    encoder all ``categories``; or let names reach the last step by
    ``set_output(transform="pandas")``, and give it names.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.compose import make_column_transformer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import OneHotEncoder, StandardScaler
    >>> from sklearn_gradlasso import RRRClassifier, annotations_for
    >>> X = pd.DataFrame({"age": [31, 45, 62], "job": ["cook", "clerk", "cook"]})
    >>> encode = make_column_transformer(
    ...     (StandardScaler(), ["age"]), (OneHotEncoder(), ["job"])
    ... )
    >>> pipeline = make_pipeline(encode, RRRClassifier())
    >>> annotations_for(pipeline, X, ["job"])
    array([False,  True,  True])
    """
    named = weights_by_name(names)
    if named is None:
        raise ValueError(
            "names must be a list of names of columns of X, a dict or Series of "
            f"weights by name, or a DataFrame, got {names!r}."
        )
    given, weights = named
    table = _traced(pipeline, X, y)
    found = np.zeros((*weights.shape[:-1], table.n_features), dtype=weights.dtype)
    for k, name in enumerate(given):
        found[..., table.positions(name)] = weights[..., [k]]
    return found


def monotonic_cst_for(
    pipeline, X: ArrayLike, signs: dict[str, int], *, y: ArrayLike | None = None
) -> np.ndarray:
    """Signs of the features that reach the last step, by columns of X.

    A sign is about the column: if a transformer lets a feature fall where the column
    rises, as ``FunctionTransformer(np.negative)`` does, the feature has the other sign.

    Parameters
    ----------
    pipeline : Pipeline, estimator or search
        As for :func:`annotations_for`.
    X : array-like or DataFrame of shape (n_samples, n_columns)
        Rows as the Pipeline takes them.
    signs : dict of str to int
        1 if the answer may only rise with the column, -1 if it may only fall, 0 if it
        is free.
    y : array-like of shape (n_samples,), default=None
        Targets, if a transformer needs them for its fit.

    Returns
    -------
    ndarray of int of shape (n_features,)
        What the estimator at the end takes as ``monotonic_cst``. The indicator of a
        missing value has no sign.

    Raises
    ------
    ValueError
        As for :func:`annotations_for`; and if a sign is not 1, -1 or 0, if a column
        with a sign holds categories or was cut into bins, or if a feature both rises
        and falls with it, as a square does.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_gradlasso import RRRRegressor, monotonic_cst_for
    >>> X = np.array([[1.0, 3.0], [2.0, 5.0], [4.0, 4.0]])
    >>> pipeline = make_pipeline(StandardScaler(), RRRRegressor())
    >>> monotonic_cst_for(pipeline, X, {"x1": -1})
    array([ 0, -1])
    """
    table = _traced(pipeline, X, y)
    found = np.zeros(table.n_features, dtype=int)
    for name, sign in signs.items():
        if sign not in (-1, 0, 1):
            raise ValueError(f"signs[{name!r}] must be -1, 0 or 1, got {sign!r}.")
        positions = table.positions(name)
        if sign == 0:
            continue
        found[positions] = [sign * table.direction(k) for k in positions]
        if not found[positions].any():
            raise ValueError(
                f"No sign holds for the column {name!r}: it is constant in X."
            )
    return found


@dataclass(frozen=True)
class _Traced:
    """Rows at the last step, and the column of X that each feature is made of.

    Attributes
    ----------
    features : list of Feature
    rows : array, sparse matrix or DataFrame of shape (n_samples, n_features)
    names : list of str
        Names of the columns of X.
    """

    features: list[Feature]
    rows: Any
    names: list[str]

    @property
    def n_features(self) -> int:
        return len(self.features)

    def positions(self, name: str) -> list[int]:
        """The features that are made of a column, if none is made of others too.

        Raises
        ------
        ValueError
        """
        if self.names.count(name) != 1:
            several = " ..." * (len(self.names) > 10)
            raise ValueError(
                f"{name!r} must be the name of one column of X; the columns are "
                f"{self.names[:10]}{several}."
            )
        made = [
            k
            for k, each in enumerate(self.features)
            if each.origin.name == name and each.origin.made_by is None
        ]
        if not made:
            raise ValueError(
                f"No feature of the last step is made of the column {name!r} alone: "
                "the transformers drop it, or mix it with others, as a PCA does. Leave "
                "it out, or take it out of the step that mixes."
            )
        if self.features[made[0]].origin.moves_others:
            raise ValueError(
                f"The column {name!r} also goes into features that are made of other "
                "columns: a step mixes them (a PCA, products), an imputer puts values "
                "that depend on it in place of other columns' missing ones, or a "
                "transformer is of a kind that is not known. Take the column out of "
                "that step, or give one value for each feature of the last step."
            )
        return made

    def direction(self, k: int) -> int:
        """Whether a feature rises (1) or falls (-1) with its column in all rows.

        It is 0 if the feature moves only where the value is missing.

        Raises
        ------
        ValueError
            If it is neither.
        """
        feature, origin = self.features[k], self.features[k].origin
        seen = ~np.broadcast_to(origin.empty | origin.marked, len(origin.empty))
        values = np.asarray(as_values(column_of(self.rows, k)))[seen]
        if len(values) == 0 or (values == values[0]).all():
            return 0
        if not (feature.is_smooth and origin.is_numeric):
            raise ValueError(
                f"No sign holds for the column {origin.name!r}: it holds categories, "
                "was cut into bins, or goes through a transformer whose derivative is "
                "not known."
            )
        slopes = np.broadcast_to(feature.derivative, seen.shape)[seen]
        least = 1e-9 * np.abs(slopes).max()
        rises, falls = (slopes > least).any(), (slopes < -least).any()
        if rises == falls:
            raise ValueError(
                f"No sign holds for the column {origin.name!r}: a transformer makes a "
                "feature of it that rises in some rows and falls in others."
            )
        return 1 if rises else -1


def _traced(pipeline, X, y) -> _Traced:
    last, transformers = _fitted(pipeline, X, y)
    first, rows = [*transformers, last][0], copied(X)
    for each in transformers:
        rows = each.transform(rows)
    rows = rows if hasattr(rows, "ndim") else np.asarray(rows)
    if rows.ndim != 2 or np.ndim(X) != 2:
        raise ValueError("X, and what reaches the last step, must have two dimensions.")
    features = traced(X, first, transformers).features
    if len(features) != rows.shape[1]:
        raise ValueError(
            f"The last step is given {rows.shape[1]} features, but its transformers "
            f"are known to make {len(features)}; give one value for each feature."
        )
    names = [*X.columns] if hasattr(X, "columns") else names_known(X, first)
    if names is None or not all(isinstance(name, str) for name in names):
        names = numbered((np.shape(X)[1],))
    return _Traced(features, rows, [*map(str, names)])


def _fitted(model, X, y) -> tuple[Any, list]:
    """The last step, and fitted transformers before it.

    They are those of the model if it is fitted, or else copies that are fitted here.
    """
    try:
        inside = unwrapped(model)
        return inside.network, inside.transformers
    except NotFittedError:
        pass
    last, transformers, rows = model, [], copied(X)
    while True:
        if hasattr(last, "named_steps"):
            for each in steps_before_the_last(last):
                transformers.append(clone(each).fit(copied(rows), y))
                rows = transformers[-1].transform(rows)
            last = last.steps[-1][1]
            continue
        inner = [getattr(last, name, None) for name in ("estimator", "regressor")]
        inner = [each for each in inner if hasattr(each, "fit")]
        if not inner:
            return last, transformers
        last = inner[0]
