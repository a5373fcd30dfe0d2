"""Imputers, and indicators of what is missing."""

from __future__ import annotations

import numpy as np
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer

from .registry import OutputColumn, register
from .tables import TracedTable
from .values import as_values, column_of, is_missing

__all__: list[str] = []


def _indicated(indicator, table: TracedTable) -> list[OutputColumn]:
    """Outputs that say where an input is missing."""
    return [
        OutputColumn(
            j, replaced=table.missing(j, indicator.missing_values), keeps_nan=False
        )
        for j in indicator.features_
    ]


def _with_indicator(step, outputs: list, table: TracedTable) -> list[OutputColumn]:
    indicator = step.indicator_
    return outputs if indicator is None else outputs + _indicated(indicator, table)


def _simple(step, table):
    statistics = np.asarray(step.statistics_)
    kept = np.ones(len(table), dtype=bool)
    if not step.keep_empty_features:
        kept = ~_is_nan(statistics)
    outputs = [
        OutputColumn(
            j,
            1.0,
            is_same=True,
            replaced=table.missing(j, step.missing_values),
            in_place=statistics[j],
        )
        for j in np.flatnonzero(kept)
    ]
    return _with_indicator(step, outputs, table)


def _is_nan(statistics: np.ndarray) -> np.ndarray:
    if statistics.dtype.kind == "f":
        return np.isnan(statistics)
    statistics = statistics.astype(object)
    return is_missing(statistics) & np.array([each is not None for each in statistics])


def _knn(step, table):
    # The mean of the same neighbours is a constant.
    return _from_other_columns(step, table, step._valid_mask, step.weights != "uniform")


def _iterative(step, table):
    return _from_other_columns(step, table, ~step._is_empty_feature, True)


def _from_other_columns(step, table, seen: np.ndarray, by_slope: bool) -> TracedTable:
    """The inputs where they are observed, and elsewhere what other columns say.

    Parameters
    ----------
    seen : ndarray of bool
        Whether ``fit`` saw a value of the column; others are dropped, or constant.
    by_slope : bool
        Whether what is put in place has a derivative by the other columns of the row,
        which makes these shared.
    """
    missing = np.array(
        [table.missing(j, step.missing_values) for j in range(len(table))]
    )
    others = missing[seen].sum(axis=0) - missing
    for feature, elsewhere in zip(table.features, others):
        feature.origin.moves_others |= bool((elsewhere > 0).any())
        if by_slope:
            feature.origin.shared = feature.origin.shared | (elsewhere > 0)
    kept = np.flatnonzero(seen | step.keep_empty_features)
    made = table.after(step, [])
    outputs = [
        OutputColumn(j, 1.0, True, missing[j], _reader(made, k))
        if seen[j]
        else OutputColumn(j, 0.0)
        for k, j in enumerate(kept)
    ]
    made.features = table.made(_with_indicator(step, outputs, table))
    return made


def _reader(made: TracedTable, k: int):
    return lambda: as_values(column_of(made.values, k))


register(SimpleImputer, _simple)
register(MissingIndicator, lambda step, table: _indicated(step, table))
register(KNNImputer, _knn)
register("sklearn.IterativeImputer", _iterative)  # Its import asks for a switch.
