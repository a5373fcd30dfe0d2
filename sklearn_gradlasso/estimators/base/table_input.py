"""X of a user on its way to the network: a raw table is read, and rows are checked.

Rows of an estimator that was fitted to a raw table are coded by the form that the first
fit has learned, ``_table_form``. It is None for rows that reach the network as they
are.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import joblib
import numpy as np
import scipy.sparse as sp
from sklearn.base import is_classifier
from sklearn.utils import check_array, check_X_y
from sklearn.utils.validation import validate_data

from ...attributions import Attribution
from ...tables import (
    coded_table,
    is_raw,
    learn_form,
    merged_integers,
    missing_first,
    without_known_levels,
)
from ...tables._raw_table import RawTable, as_array, is_frame, is_sparse, n_axes
from ...training.rows import TrainingData
from ...utils.readable_columns import names_columns_it_cannot_read, refuse_dates
from ...utils.validation import check_equal_lengths, weight_in_rows
from .classification import weight_of_rows
from .params_of_fit import as_fitted
from .settings import prefers_table_net, reads_tables

__all__ = ["read_to_answer", "read_to_fit", "with_rows_read", "would_read"]

MOST_NAMED = 5  # columns that a warning names, of many


def read_to_fit(estimator, data: TrainingData, reset: bool) -> TrainingData:
    """Check X and y for ``fit``, and code X if it is a raw table.

    This sets ``_table_form``, the numbers and names of the features, and the shape of a
    row.

    Parameters
    ----------
    estimator : NetworkEstimator
    data : TrainingData
        The arguments of the user.
    reset : bool
        Whether the columns are learned; otherwise they are those of the first fit.

    Raises
    ------
    TypeError, ValueError
        If X or y are not as ``fit`` documents it.

    Warns
    -----
    UserWarning
        If a first table has integers that float64 cannot tell apart.
    """
    X = data.X
    if estimator.module is None and getattr(X, "ndim", 2) > 2:
        raise ValueError(
            f"Found array with dim {X.ndim}, but the default network takes X of "
            "shape (n_samples, n_features); flatten the rows, or give a module for "
            "rows of another shape, such as modules.RecurrentNet."
        )
    check_equal_lengths(data.y)
    refuse_dates(X)
    if reset:
        estimator._table_form = None
        reads = data.is_raw or would_read(estimator, X)
    else:
        _check_same_categories(estimator)
        reads = estimator._table_form is not None
    if reads:
        X, y = _table_to_fit(estimator, data, reset)
    else:
        form = {"reset": reset, "multi_output": True, **estimator._input_form()}
        with names_columns_it_cannot_read(X):
            X, y = validate_data(estimator, X, data.y, **form)
    if reset:
        _warn_of_integers(estimator, data.X)
    estimator._check_row_shape(X.shape[1:], reset)
    return replace(data, X=X, y=y)


def would_read(estimator, X) -> bool:
    """Whether a first fit codes X, so that its columns may be on any scales."""
    how = estimator.categorical_features, estimator.input_shape
    # Rows of other shapes, and sparse ones, are no table unless it is said so.
    is_table = n_axes(X) == 2 and not is_sparse(X)
    n_columns = _table(estimator, X).shape[1] if is_table else np.inf
    return is_raw(X, *how) or prefers_table_net(estimator, n_columns)


def read_to_answer(estimator, X):
    """Check X, and return it as the fitted network reads it, as an array or CSR matrix.

    Raises
    ------
    TypeError, ValueError
        If X is not as in ``fit``.

    Warns
    -----
    UserWarning
        If values are missing in columns of a raw table that had all of them in ``fit``,
        or if no row has a level that is known in a column of categories.
    """
    if estimator._table_form is None or is_sparse(X):
        with names_columns_it_cannot_read(X):
            X = validate_data(estimator, X, reset=False, **estimator._input_form())
    else:
        refuse_dates(X)
        X = _table(estimator, X)
        validate_data(estimator, X, reset=False, skip_check_array=True)
        check_array(_stand_in(X), estimator=estimator)
    X = _coded(estimator, X)
    estimator._check_row_shape(X.shape[1:], reset=False)
    return X


def with_rows_read(estimator, attribution: Attribution) -> Attribution:
    """An attribution of which the rows that a user gave are read as X is.

    Parameters
    ----------
    estimator : NetworkEstimator
    attribution : Attribution
        The rows that it compares with are those of X in ``fit``. A number stands for a
        row of it.

    Raises
    ------
    TypeError, ValueError
        If rows are not as X in ``fit``.
    """
    if estimator._table_form is None:
        return attribution
    return attribution.with_rows_read(partial(_read_rows, as_fitted(estimator)))


def _read_rows(estimator, rows):
    if n_axes(rows):
        return read_to_answer(estimator, rows)
    form = estimator._table_form
    categories = np.flatnonzero(form.is_category)
    if len(categories):
        raise ValueError(
            f"the number {rows} is no level of {form.names[categories[0]]!r}; give a "
            "row of the table."
        )
    return coded_table(form, np.full((1, len(form.names)), rows, dtype=np.float64))


def _check_same_categories(estimator) -> None:
    now = estimator.categorical_features
    before = as_fitted(estimator).categorical_features
    if joblib.hash(now) != joblib.hash(before):
        raise ValueError(
            "partial_fit and warm_start continue with the columns of the first fit, "
            f"but parameters now ask for categorical_features={now!r} and not "
            f"{before!r} as before. Fit a clone of the estimator instead."
        )


def _table_to_fit(estimator, data: TrainingData, reset: bool) -> tuple:
    """The coded table and y, both checked; a first table is learned."""
    X, y = data.X, data.y
    if is_sparse(X):
        form = {"reset": reset, "multi_output": True, **estimator._input_form()}
        X, y = validate_data(estimator, X, y, **form)
    else:
        X = _table(estimator, X)
        validate_data(estimator, X, y, reset=reset, skip_check_array=True)
        form = {"multi_output": True, "estimator": estimator}
        _, y = check_X_y(_stand_in(X), y, **form)
    if not reset:
        return _coded(estimator, X), y
    weight = weight_in_rows(data.sample_weight, X)
    if is_classifier(estimator):
        weight = weight_of_rows(estimator.class_weight, y, weight)
    marks = estimator.categorical_features
    estimator._table_form = learn_form(X, marks, weight)
    return coded_table(estimator._table_form, X), y


def _coded(estimator, X):
    """Checked rows for the network; they stay as they are without a form."""
    form = estimator._table_form
    if form is None:
        return X
    if sp.issparse(X) and (form.is_category.any() or form.center.any()):
        X = X.toarray()
    coded = coded_table(form, X)
    names = missing_first(form, coded)
    if names:
        average = reads_tables(as_fitted(estimator))
        category = "the average level" if average else "none of the levels"
        _warn(
            f"X has missing values in {_in_columns([*map(repr, names)])}, of which the "
            "rows of fit had all values. Nothing was learned about them: a missing "
            f"number is taken for the median, and a missing category for {category}."
        )
    unknown = without_known_levels(form, X, coded)
    if unknown:
        columns = [
            f"{str(form.names[j])!r} (given are {_listed(map(repr, given))}; known are "
            f"{_listed(map(repr, form.levels[j].tolist()))})"
            for j, given in unknown.items()
        ]
        _warn(
            f"No row of X has a level that fit has learned in {_in_columns(columns)}. "
            "All rows are taken for rows with rare levels; spell levels as in fit."
        )
    return coded


def _warn_of_integers(estimator, X) -> None:
    """Warn of numbers that a network would be given as one and the same."""
    if is_sparse(X) or n_axes(X) != 2:
        return
    form, merged = estimator._table_form, merged_integers(X)
    if form is not None:
        merged = {j: two for j, two in merged.items() if not form.is_category[j]}
    if merged:
        called = RawTable(X).called
        columns = [
            f"{called(j)} (such as {one} and {other})"
            for j, (one, other) in merged.items()
        ]
        _warn(
            f"X has integers beyond 2**53 in {_in_columns(columns)}, which become the "
            "same number in float64. Name a column of codes in categorical_features, "
            "leave it out if it only numbers the rows, and subtract an offset from one "
            "that measures something."
        )


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=_level_of_caller())


def _in_columns(columns: list[str]) -> str:
    return f"{'column' if len(columns) == 1 else 'columns'} {_listed(columns)}"


def _listed(named: Iterable[str]) -> str:
    named = [*named]
    more = len(named) - MOST_NAMED
    return ", ".join(named[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _level_of_caller() -> int:
    """Level of the first function outside of the package, for a warning of ours."""
    level, frame = 0, sys._getframe(1)
    package = __name__.partition(".")[0]
    while frame and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        level, frame = level + 1, frame.f_back
    return level + 1


def _table(estimator, X):
    """X as a frame or an array of two dimensions."""
    if n_axes(X) != 2:
        check_array(X, dtype=None, estimator=estimator, input_name="X")
    return X if is_frame(X) else as_array(X)


def _stand_in(X) -> np.ndarray:
    """An array with as many rows, and with a column if X has any, for checks of both.

    What X holds is checked when it is coded.
    """
    return np.zeros((X.shape[0], min(1, X.shape[1])))
