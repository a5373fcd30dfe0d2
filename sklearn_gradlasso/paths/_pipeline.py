"""An estimator that is trained with many strengths, alone or behind transformers."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state

from ..inspection.column_slopes import UserColumns
from ..inspection.user_columns import traced_columns
from ..inspection.wrappers import check_not_frozen
from ..tables import is_raw
from ..tables._raw_table import RawTable
from ..training.column_scales import warn_of_scales
from ..training.prepared import can_be_prepared, codes_columns
from ..training.rows import TrainingData
from ..utils.readable_columns import names_columns_it_cannot_read, refuse_dates
from ..utils.validation import weight_in_rows
from ._path_record import names_of

__all__ = ["Opened", "columns_as_they_are", "opened", "seeded_clone"]


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
        if self.pipeline is None or len(self.pipeline.steps) == 1:
            return X
        return self.pipeline[:-1].transform(X)

    def complete(self, fitted):
        """A fitted estimator with the user's ``n_jobs``, behind the transformers."""
        fitted.set_params(n_jobs=self.estimator.n_jobs)
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
        Columns that are taken as one, by the names of columns of X or of features.

    Raises
    ------
    TypeError, ValueError
        If the estimator has no ``lam``, or the groups do not fit its features.
    """
    check_not_frozen(estimator, "A path")
    weight = weight_in_rows(data.sample_weight, data.X)
    data = replace(data, sample_weight=weight)
    steps = getattr(estimator, "steps", None)
    if not steps:
        estimator = seeded_clone(estimator)
        return Opened(estimator, *_read(data, estimator, [], data.X, groups))
    last = seeded_clone(steps[-1][1])
    resamplers = [name for name, step in steps[:-1] if hasattr(step, "fit_resample")]
    if resamplers:
        raise ValueError(
            f"estimator has the step {resamplers[0]!r}, which resamples rows; resample "
            "X and y before, and leave it out."
        )
    pipeline, rows, transformers = clone(estimator), data.X, []
    if len(steps) > 1:
        front = pipeline[:-1]
        rows, transformers = front.fit_transform(data.X, data.y), [front]
        pipeline.steps = [*front.steps, pipeline.steps[-1]]
    data, columns = _read(replace(data, X=rows), last, transformers, data.X, groups)
    return Opened(last, data, columns, pipeline)


def _read(
    data: TrainingData, estimator, transformers: list, X, groups
) -> tuple[TrainingData, UserColumns]:
    """Rows as they reach an estimator, and the columns of X that they are made of.

    If the estimator has to read them as a raw table, it does so with each part.
    """
    rows = data.X
    refuse_dates(rows)
    how = estimator.categorical_features, estimator.input_shape
    data = replace(data, is_raw=is_raw(rows, *how))
    if not codes_columns(estimator, rows):
        warn_of_scales(rows, estimator.module, stacklevel=4)
    if data.is_raw and not transformers and groups is None:
        return data, columns_as_they_are(RawTable(rows).names)
    with names_columns_it_cannot_read(rows):
        return data, traced_columns(X, transformers, rows, groups)


def columns_as_they_are(names: np.ndarray) -> UserColumns:
    """The columns of a raw table, each of which is one feature of the network."""
    positions = list(np.arange(len(names))[:, None])
    return UserColumns(positions, names, are_features=True)


def seeded_clone(estimator):
    """Clone an estimator, with an integer as ``random_state``.

    All fits of the clone to the same rows then give the same network.

    Raises
    ------
    TypeError
        If it is not an estimator of this package with a parameter ``lam``.
    ValueError
        If it has an accelerator.
    """
    if not can_be_prepared(estimator) or not hasattr(estimator, "lam"):
        raise TypeError(
            "estimator must be one of this package with a parameter lam, such as "
            f"GradientLassoClassifier(), alone or as the last step of a Pipeline, got "
            f"{estimator!r}."
        )
    if estimator.accelerator is not None:
        raise ValueError(
            "accelerator is for one network that several processes train; for many "
            "networks use accelerator=None, and several jobs."
        )
    estimator = clone(estimator)
    random_state = estimator.random_state
    if not isinstance(random_state, Integral):
        random_state = check_random_state(random_state).randint(2**31 - 1)
    return estimator.set_params(random_state=random_state)
