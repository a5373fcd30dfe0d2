"""What a fitted estimator answers when it is asked for the reasons of rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...inspection.column_sums import ColumnSums
from ...inspection.evaluation import (
    Explained,
    attributions_of,
    explanation_of,
)
from ...inspection.explainable import Explainable
from ...tables import TableForm
from ...training.rows import Rows
from ...utils.networks import column_sum_of
from ...utils.threads import computing

__all__ = ["column_sums", "explainable", "explained"]

UNUSUAL = 1e30  # spread of a column; the largest number of float32 is 3e38


def explained(estimator, X, target, attribution, with_base: bool) -> Explained:
    """Attributions of rows, in the shape of the rows of the user.

    Parameters
    ----------
    estimator : NetworkEstimator
    X, target, attribution
        As in its ``explain``.
    with_base : bool
        Whether to compute also the explained scalars and the base values. The slopes of
        a raw table then are those that ``inspection`` asks for, per unit of the coded
        rows; otherwise they are per unit of a number of X.
    """
    with computing(estimator.n_jobs):
        rows = estimator._rows_to_answer(X)
        attribution = estimator._attribution_to_explain(attribution)
        target = estimator._target_to_explain(target)
        of = estimator.net_.module_, rows, attribution, target
        if with_base:
            found = explanation_of(*of)
        else:
            found = Explained(attributions_of(*of), None, None)
    form = estimator._table_form
    if form is not None and not with_base and not attribution.additive:
        found = found._replace(values=_per_unit_of_columns(found.values, rows, form))
    phi, n_axes = found.values, 1 + len(rows.feature_shape)
    phi = phi.reshape(len(phi), *estimator._row_shape, *phi.shape[n_axes:])
    return found._replace(values=phi)


def _per_unit_of_columns(phi: np.ndarray, rows: Rows, form: TableForm) -> np.ndarray:
    """Slopes by numbers in the units of the user; contrasts stay as they are.

    They are in float64 if a spread is so large or small that float32 could not hold
    slopes.
    """
    is_slope = ~np.isnan(rows.dense())
    scale = np.where(is_slope, form.scale, 1.0)
    scale = scale.reshape(scale.shape + (1,) * (phi.ndim - scale.ndim))
    is_usual = (form.scale >= 1 / UNUSUAL) & (form.scale <= UNUSUAL)
    return phi / (scale.astype(phi.dtype) if is_usual.all() else scale)


def explainable(estimator, X, target) -> Explainable | None:
    """The scalars whose effects are reasons; None unless rows are those of a table."""
    if len(estimator._feature_shape) > 1:
        return None
    scalars = estimator._target_to_explain(target or estimator._reasons)
    rows = _rows_of_network(estimator, X)
    network = estimator.net_.module_
    return Explainable(network, rows, scalars, n_jobs=estimator.n_jobs)


def column_sums(estimator) -> ColumnSums | None:
    """The score as a sum over columns; None for a network that is not made of one."""
    module = column_sum_of(estimator.net_.module_)
    if module is None:
        return None
    score = estimator._task.linear_score(module.shape[1])
    factor = getattr(estimator.net_.module_, "factor", None)
    if factor is not None:  # of calibration
        score = replace(score, weights=float(factor) * score.weights)
    return ColumnSums(module, score, estimator.n_jobs)


def _rows_of_network(estimator, X):
    try:
        return estimator._rows_to_answer(X)
    except ValueError as error:
        if error.__cause__ is None or np.asarray(X).dtype.kind not in "OSU":
            raise  # What is wrong is not that columns are no numbers.
        raise ValueError(
            f"{error.__cause__}. X holds texts at the network: if a Pipeline "
            "encodes them before it, explain the whole Pipeline, and not its last step "
            "alone."
        ) from error
