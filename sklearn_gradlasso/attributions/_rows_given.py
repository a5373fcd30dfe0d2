"""Rows that a user gives to an attribution: numbers, or rows of a raw table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import scipy.sparse as sp
from torch import Tensor

__all__ = ["HOLDS_NUMBERS", "as_given", "as_numbers", "finite_array", "read_by"]

HOLDS_NUMBERS = "must hold finite numbers, and at least one"


def as_given(name: str, rows: Any, n_axes: Sequence[int] = (2,)) -> Any:
    """A copy of rows: numbers as an array, and rows of a raw table as they are.

    Parameters
    ----------
    name : str
        What the rows are, for error messages.
    rows : array-like, Tensor, DataFrame or sparse matrix
    n_axes : sequence of int
        Numbers of axes that cells of a table may have.

    Raises
    ------
    ValueError
        If they are neither numbers nor cells of a table, or if none of them is known.
    """
    is_row_of_frame = hasattr(rows, "iloc") and 1 in n_axes
    if is_row_of_frame or nw.dependencies.is_into_dataframe(rows):
        if not all(rows.shape):
            raise ValueError(f"{name} must hold rows, got none.")
        return deepcopy(rows)  # It knows the names of the columns.
    try:
        numbers = finite_array(name, rows, allow_missing=True)
    except ValueError:
        cells = _cells(rows)
        if cells is None or cells.ndim not in n_axes:
            raise
        return cells
    if np.isnan(numbers).all():
        raise ValueError(f"{name} {HOLDS_NUMBERS}.")
    return numbers


def as_numbers(name: str, rows: Any) -> np.ndarray:
    """Rows for a network that takes numbers, some of which may be NaN.

    Raises
    ------
    ValueError
        If they are no numbers.
    """
    return finite_array(name, rows, allow_missing=True)


def read_by(read: Callable[[Any], Any], name: str, rows: Any) -> np.ndarray:
    """Rows of the user as a model reads them.

    Parameters
    ----------
    read : callable
        From rows of the user to those that the network sees.
    name : str
        What the rows are, for error messages.
    rows : array-like or DataFrame

    Raises
    ------
    TypeError, ValueError
        If they are no rows of the table of the model.
    """
    try:
        return finite_array(name, read(rows), allow_missing=True)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"{name} must hold rows of the table that the model was fitted to: {error}"
        ) from error


def finite_array(name: str, values, *, allow_missing: bool = False) -> np.ndarray:
    """The values of an array, a tensor, a table or a list, as floating-point numbers.

    Parameters
    ----------
    name : str
        What the values are, for error messages.
    values : array-like, Tensor, DataFrame or sparse matrix
    allow_missing : bool
        Whether a value may be NaN.

    Returns
    -------
    ndarray
        A copy. Floating-point values keep their precision, others are in float64.

    Raises
    ------
    ValueError
        If the values are not numbers, if there are none, or if one is infinite or NaN.
    """
    if isinstance(values, Tensor):
        values = values.detach().cpu().numpy()
    values = values.toarray() if sp.issparse(values) else values
    try:
        array = np.array(values)
        if array.dtype.kind not in "fiub":
            array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers: {error}") from error
    array = array if array.dtype.kind == "f" else array.astype(np.float64)
    good = np.isfinite(array) | np.isnan(array) if allow_missing else np.isfinite(array)
    if not array.size or not good.all():
        raise ValueError(f"{name} {HOLDS_NUMBERS}.")
    return array


def _cells(rows: Any) -> np.ndarray | None:
    """Cells of a raw table as objects; None if rows are something else."""
    try:
        if np.asarray(rows).dtype.kind not in "OSU":
            return None
    except ValueError:  # Rows differ in length.
        return None
    cells = np.array(rows, dtype=object)
    return cells if cells.size else None
