"""Columns of X that are not numbers: errors that name them, and say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from typing import Any

import numpy as np
import scipy.sparse as sp

__all__ = [
    "WHAT_TO_DO",
    "are_dates",
    "names_columns_it_cannot_read",
    "refuse_dates",
]

WHAT_TO_DO = (
    "Encode them in a Pipeline before the estimator, for example by a "
    "ColumnTransformer with a OneHotEncoder; or name them in categorical_features, "
    "which also may be 'from_dtype' for the columns of a DataFrame; or leave them out."
)

DATES = (date, time, timedelta, np.datetime64, np.timedelta64)
# Beginnings of the names that pandas, polars and pyarrow give to types of dates.
NAMES_OF_DATES = ("date", "time", "duration", "period")
MOST_NAMED = 5  # columns that an error names, of many


@contextmanager
def names_columns_it_cannot_read(X) -> Iterator[None]:
    """A context in which X is read as numbers, with errors that name the columns.

    Dates and durations are refused before: as numbers they would be nanoseconds since
    1970, or fail in the middle of a computation.

    Raises
    ------
    ValueError
        If a column holds dates or durations.
    TypeError, ValueError
        What the reading raises, with the names of the columns that are no numbers, or
        the lengths of rows that differ.
    """
    refuse_dates(X)
    try:
        yield
    except (TypeError, ValueError) as error:
        lengths = _lengths_of_rows(X)
        if len(lengths) > 1:
            raise ValueError(
                f"X has rows of different lengths, from {min(lengths)} to "
                f"{max(lengths)}. Give all rows the same shape: sequences must be cut, "
                "or padded with a value that the module can tell from the others."
            ) from error
        unread = [_said(n, v) for n, v in _columns(X, lists=True) if not _is_read(v)]
        if not unread:
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"{str(error).rstrip('.')}. X has values that are not numbers, in "
            f"{_listed(unread)}. {WHAT_TO_DO}"
        ) from error


def refuse_dates(X) -> None:
    """Raise a ``ValueError`` if a column holds dates or durations."""
    dates = [_said(name, values) for name, values in _columns(X) if are_dates(values)]
    if dates:
        raise ValueError(
            f"X has dates or durations, in {_listed(dates)}. Turn them into numbers "
            "that mean something, such as days since a day, the month or the weekday, "
            "in a Pipeline before the estimator, or leave them out."
        )


def are_dates(values: Any) -> bool:
    """Whether an array, or a column of a table, holds dates, times or durations."""
    if getattr(values.dtype, "categories", None) is not None:
        return are_dates(np.asarray(values.dtype.categories))
    kind = getattr(values.dtype, "kind", "O")
    if kind != "O":
        return kind in "mM"
    name = str(values.dtype).lower()
    if name != "object":
        return name.startswith(NAMES_OF_DATES)
    return any(isinstance(value, DATES) for value in np.ravel(values))


def _columns(X, lists: bool = False) -> Iterator[tuple[str, Any]]:
    """Names and values of the columns that may be something else than numbers.

    An array of one type is one entry, unless it is of objects or strings. Lists are
    looked at only on demand, because that takes as long as to read them.
    """
    if sp.issparse(X):
        return
    if hasattr(X, "dtypes") and hasattr(X, "columns"):
        for at, name in enumerate(X.columns):
            yield repr(name), X.iloc[:, at] if hasattr(X, "iloc") else X[name]
        return
    if not isinstance(getattr(X, "dtype", None), np.dtype):
        first = X[0] if isinstance(X, (list, tuple)) and len(X) else None
        dated = isinstance(first, (list, tuple)) and _any_dates(first)
        if not (lists or dated) or not isinstance(X, (list, tuple)):
            return
        X = _array(X)
    if np.ndim(X) == 2 and X.dtype.kind in "OSU":
        for at in range(X.shape[1]):
            yield str(at), X[:, at]
    elif X.dtype.kind in "mMOSU":
        yield "all columns", X


def _lengths_of_rows(X) -> set[int]:
    """The different lengths of the rows of a list, or of an array of objects."""
    is_array = isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1
    rows = X if is_array or isinstance(X, (list, tuple)) else ()
    return {len(row) for row in rows if isinstance(row, (list, tuple, np.ndarray))}


def _any_dates(row) -> bool:
    return any(isinstance(value, DATES) for value in row)


def _array(rows) -> np.ndarray:
    try:
        return np.array(rows, dtype=object)
    except ValueError:  # rows of different lengths
        return np.empty(0)


def _is_read(values) -> bool:
    """Whether values can be read as numbers; missing ones can."""
    if getattr(values.dtype, "kind", "O") == "c":
        return False
    try:
        values = values.to_numpy() if hasattr(values, "to_numpy") else values
        np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return all(map(_is_number, np.ravel(np.asarray(values, dtype=object))))
    return True


def _is_number(value) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return value is None or type(value).__name__ in ("NAType", "NaTType")
    return not isinstance(value, DATES)


def _said(name: str, values) -> str:
    """A column by its name, with its type or one of its values."""
    if str(values.dtype) != "object" and are_dates(values):
        return f"{name} ({values.dtype})"
    for value in np.ravel(np.asarray(values, dtype=object)):
        if not _is_number(value):
            return f"{name} (such as {value!r})"
    return name


def _listed(columns: list[str]) -> str:
    more = len(columns) - MOST_NAMED
    named = ", ".join(columns[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    if len(columns) == 1 and named.startswith("all columns"):
        return named
    return f"{'column' if len(columns) == 1 else 'columns'} {named}"
