"""Columns of tables as arrays, and where their values are missing."""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager
from numbers import Real

import numpy as np
import scipy.sparse as sp

__all__ = ["as_values", "column_of", "copied", "is_missing", "matches", "quiet"]


@contextmanager
def quiet():
    """Without warnings, for rows that a transformer is tried on."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def copied(rows):
    """Rows for a transformer that may work on them in place, as with ``copy=False``."""
    return rows.copy() if hasattr(rows, "copy") else rows


def column_of(table, j: int):
    """Column j of an array, a sparse matrix or a DataFrame.

    Returns
    -------
    ndarray, Series or other column
    """
    if hasattr(table, "iloc"):
        return table.iloc[:, j]
    if sp.issparse(table):
        return table[:, [j]].toarray().ravel()
    return table[:, j]


def as_values(column) -> np.ndarray:
    """A column as floats if it holds numbers alone, or else as objects.

    Missing values among numbers are NaN; others are left as they are. Truth values are
    no numbers: a step of them has no meaning.
    """
    values = np.asarray(column)
    if values.dtype.kind in "iuf":
        return values.astype(np.float64)
    if values.dtype.kind in "mM":  # as an array it would turn into integers
        values = np.asarray(column.astype(object), dtype=object)
    values = values.astype(object)
    kinds = {*map(type, values)}
    if str in kinds or bool in kinds or np.bool_ in kinds:
        return values
    missing = is_missing(values)
    kinds = {*map(type, values[~missing])}
    if not kinds or not all(issubclass(kind, Real) for kind in kinds):
        return values
    values[missing] = np.nan
    return values.astype(np.float64)


def is_missing(values: np.ndarray) -> np.ndarray:
    """Where values are NaN, None, or one of pandas' markers."""
    if values.dtype.kind == "f":
        return np.isnan(values)
    pandas = sys.modules.get("pandas")  # without it there are none of its markers
    if pandas is not None:
        return np.asarray(pandas.isna(values), dtype=bool)
    return np.array([each is None or each != each for each in values], dtype=bool)


def matches(values: np.ndarray, marker) -> np.ndarray:
    """Where values are the marker that an imputer takes for missing."""
    if marker is None:
        return np.array([each is None for each in values], dtype=bool)
    if is_missing(np.array([marker], dtype=object))[0]:
        missing = is_missing(values)
        if values.dtype.kind != "f":  # None is not NaN for scikit-learn.
            missing &= np.array([each is not None for each in values], dtype=bool)
        return missing
    if values.dtype.kind == "f":
        return (
            values == marker
            if isinstance(marker, Real)
            else np.zeros(len(values), bool)
        )
    return np.array([_equal(each, marker) for each in values], dtype=bool)


def _equal(value, marker) -> bool:
    return type(value == marker) in (bool, np.bool_) and bool(value == marker)
