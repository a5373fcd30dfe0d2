"""A Pipeline whose last step is trained with many strengths."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from sklearn.base import clone

from ..inspection.user_columns import UserColumns, traced_columns, user_columns
from ..training.rows import TrainingData
from ._grid import seeded_clone
from ._path_record import names_of

__all__ = ["Opened", "columns_of", "opened"]


@dataclass(frozen=True)
class Opened:
    """An estimator with a strength, and rows as they reach it.

    Attributes
    ----------
    estimator : estimator
        A clone with an integer as ``random_state``.
    data : TrainingData
        Rows after the transformers.
    columns : UserColumns
        The columns of X that the features of the rows are made of.
    pipeline : Pipeline or None
        The fitted transformers, and a last step that is not fitted.
    """

    estimator: Any
    data: TrainingData
    columns: UserColumns
    pipeline: Any = None

    def names(self, n_features: int) -> np.ndarray:
        """Names of what is reported: the columns, or the features of the rows."""
        if self.columns.are_features:
            return names_of(self.data.X, n_features)
        return self.columns.names

    def transformed(self, X):
        """Other rows of the user as they reach the estimator."""
        return X if self.pipeline is None else self.pipeline[:-1].transform(X)

    def complete(self, fitted):
        """A fitted estimator, behind the transformers."""
        if self.pipeline is None:
            return fitted
        whole = copy(self.pipeline)
        whole.steps = [*self.pipeline.steps[:-1], (whole.steps[-1][0], fitted)]
        return whole


def opened(
    estimator, data: TrainingData, groups: Mapping[str, list[str]] | None
) -> Opened:
    """Fit the transformers of a Pipeline once, on all training rows.

    Parameters
    ----------
    estimator : estimator
        One with a parameter ``lam``, alone or as the last step of a Pipeline.
    data : TrainingData
        Training rows of the user.
    groups : dict or None
        Features that are made of one column, by their names at the estimator.

    Raises
    ------
    TypeError, ValueError
        If the estimator has no ``lam``, or the groups do not fit its features.
    """
    steps = getattr(estimator, "steps", None)
    if not steps:
        estimator = seeded_clone(estimator)
        return Opened(estimator, data, columns_of(data.X, groups))
    last = seeded_clone(steps[-1][1])
    resamplers = [name for name, step in steps[:-1] if hasattr(step, "fit_resample")]
    if resamplers:
        raise ValueError(
            f"estimator has the step {resamplers[0]!r}, which resamples rows; resample "
            "X and y before, and leave it out."
        )
    pipeline = clone(estimator)
    if len(steps) == 1:
        return Opened(last, data, columns_of(data.X, groups), pipeline)
    front = pipeline[:-1]
    rows = front.fit_transform(data.X, data.y)
    pipeline.steps = [*front.steps, pipeline.steps[-1]]
    columns = traced_columns(data.X, [front], rows, groups)
    return Opened(last, replace(data, X=rows), columns, pipeline)


def columns_of(X, groups: Mapping[str, list[str]] | None = None) -> UserColumns:
    """The columns of rows that reach the estimator as they are."""
    shape = X.shape if hasattr(X, "shape") else np.shape(X)
    return user_columns(X, names_of(X, prod(shape[1:])), groups)
