"""The columns of a table as a user gives it: a frame, an array or a list of rows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from numbers import Real
from typing import Any, NamedTuple

import narwhals.stable.v2 as nw
import numpy as np
import scipy.sparse as sp

from ..utils.readable_columns import WHAT_TO_DO, names_columns_it_cannot_read

__all__ = ["Distinct", "RawTable", "as_array", "is_frame", "is_sparse", "n_axes"]

NAMES_OF_NA = ("NAType", "NaTType")


class Distinct(NamedTuple):
    """The values of a column, each of them once.

    ``values`` are Python objects, and ``number`` of shape (n_samples,) has the position
    of each row's value among them, or -1 where it is missing.
    """

    values: list
    number: np.ndarray


class RawTable:
    """A table whose columns may be numbers, categories, and partly missing.

    Parameters
    ----------
    X : {DataFrame, array-like} of shape (n_samples, n_columns)
        A frame of any kind that narwhals knows, or rows.

    Attributes
    ----------
    is_frame : bool
    shape : tuple of int
    names : ndarray of object of shape (n_columns,)
        Names of the columns of a frame; "x0", "x1" and so on without names.
    """

    def __init__(self, X):
        self.is_frame = is_frame(X)
        if self.is_frame:
            self.X = X
            self.names = np.empty(X.shape[1], dtype=object)
            self.names[:] = list(X.columns if hasattr(X, "iloc") else _of(X).columns)
        else:
            self.X = as_array(X)
            names = [f"x{j}" for j in range(self.X.shape[1])]
            self.names = np.array(names, dtype=object)
        self.shape = tuple(self.X.shape)

    @property
    def is_single(self) -> bool:
        """Whether all numbers were given in float32."""
        if not self.is_frame:
            return self.X.dtype == np.float32
        types = [self.column(j).dtype for j in range(self.shape[1])]
        return all(each == nw.Float32 for each in types if each.is_numeric())

    @property
    def precision(self) -> type:
        """Floating-point type of the coded table.

        It is that of an array, or of a frame of numbers, and float32 of other frames.
        """
        if not self.is_frame:
            return np.float32 if self.X.dtype == np.float32 else np.float64
        types = [self.column(j).dtype for j in range(self.shape[1])]
        if not all(each.is_numeric() for each in types):
            return np.float32
        return np.float32 if all(each == nw.Float32 for each in types) else np.float64

    def rounding(self, j: int) -> float:
        """Relative precision in which the numbers of a column were given."""
        is_single = self.column(j).dtype == (
            nw.Float32 if self.is_frame else np.float32
        )
        return float(np.finfo(np.float32 if is_single else np.float64).eps)

    def called(self, j: int) -> str:
        """What a message calls a column."""
        return repr(self.names[j]) if self.is_frame else str(j)

    def column(self, j: int):
        """A column: a series of narwhals, or an array of shape (n_samples,)."""
        if not self.is_frame:
            return self.X[:, j]
        if hasattr(self.X, "iloc"):  # Names may occur twice.
            return nw.from_native(self.X.iloc[:, j], series_only=True)
        return _of(self.X)[:, j]

    def holds_categories(self, j: int) -> bool:
        """Whether the type of a column says that its values have no order.

        Columns of objects are looked at: they are numbers if all of their values are.
        A column of an array never says so.
        """
        if not self.is_frame:
            return False
        column = self.column(j)
        if column.dtype in (nw.Categorical, nw.Enum, nw.Boolean):
            return True
        if column.dtype == nw.String and _said_to_be_text(column):
            return True
        if column.dtype not in (nw.String, nw.Object):
            return False
        values = self.distinct(j).values
        are_bools = [isinstance(each, (bool, np.bool_)) for each in values]
        if values and all(are_bools):
            return True
        return not all(map(_is_number, values))

    def is_anything_missing(self) -> bool:
        """Whether a value is NaN, None or NA, in a table of numbers."""
        if not self.is_frame:
            return _is_any_missing(self.X)
        try:
            columns = map(self.numbers, range(self.shape[1]))
            return any(np.isnan(column).any() for column in columns)
        except (TypeError, ValueError):
            return False  # It is no table of numbers.

    def numbers(self, j: int) -> np.ndarray:
        """A column as numbers in float64, NaN where a value is missing.

        Raises
        ------
        TypeError, ValueError
            If a value is no number, or infinite.
        """
        column = self.column(j)
        try:
            numbers = _numbers(column)
        except (TypeError, ValueError, OverflowError) as error:
            raise self._unread(j, error) from error
        self._refuse_infinity(j, numbers)
        return numbers

    def distinct(self, j: int) -> Distinct:
        """The values of a column as categories.

        Raises
        ------
        TypeError, ValueError
            If a value is infinite, or a list or a dictionary.
        """
        column = self.column(j)
        if isinstance(column, nw.Series):
            is_float = column.dtype.is_float()
            column = _numbers(column) if is_float else column.to_list()
        if isinstance(column, np.ndarray) and column.dtype.kind in "fiub":
            self._refuse_infinity(j, column)
            values, number = np.unique(column, return_inverse=True)
            n_present = len(values) - np.isnan(values.astype(np.float64)).sum()
            number = np.where(number < n_present, number, -1)
            return Distinct(values[:n_present].tolist(), number.ravel())
        try:
            return _distinct(column)
        except TypeError as error:  # Lists and dictionaries have no hash.
            kind = next(v for v in self._values(j) if isinstance(v, (dict, list, set)))
            raise TypeError(
                "argument must be a string or a real number, not "
                f"{type(kind).__name__!r}. X has values that can be no categories, in "
                f"column {self.called(j)}. {WHAT_TO_DO}"
            ) from error

    def _refuse_infinity(self, j: int, numbers: np.ndarray) -> None:
        if numbers.dtype.kind == "f" and np.isinf(numbers).any():
            raise ValueError(
                f"Input X contains infinity, in column {self.called(j)}. Give what it "
                "stands for: a missing value (NaN), or a number."
            )

    def _unread(self, j: int, error: Exception) -> Exception:
        """The error of a column that cannot be read as numbers."""
        others = (v for v in self._values(j) if not (_is_missing(v) or _is_number(v)))
        value = next(others, None)
        such = "" if value is None else f" (such as {value!r})"
        kind = TypeError if isinstance(error, TypeError) else ValueError
        return kind(
            f"{str(error).rstrip('.')}. X has values that are not numbers, in column "
            f"{self.called(j)}{such}. {WHAT_TO_DO}"
        )

    def _values(self, j: int) -> Sequence:
        column = self.column(j)
        return column.to_list() if isinstance(column, nw.Series) else column.tolist()


def is_frame(X) -> bool:
    """Whether X is a data frame of a kind that narwhals knows."""
    return nw.dependencies.is_into_dataframe(X)


def is_sparse(X) -> bool:
    """Whether X is a sparse matrix, or a frame all of whose columns are sparse."""
    # Only such frames of pandas have this accessor.
    return sp.issparse(X) or (hasattr(X, "iloc") and hasattr(X, "sparse"))


def n_axes(X) -> int:
    """Number of axes of rows; 2 of those of a table.

    Raises
    ------
    ValueError
        If the rows of a list differ in length.
    """
    if is_frame(X):
        return 2
    if isinstance(n := getattr(X, "ndim", None), int):
        return n
    with names_columns_it_cannot_read(X):
        return np.asarray(X).ndim


def as_array(X) -> np.ndarray:
    """Rows as an array; texts among the numbers of a list do not make texts of them."""
    array = np.asarray(X)
    lost_types = array.dtype.kind in "US" and not hasattr(X, "dtype")
    return np.array(X, dtype=object) if lost_types else array


def _of(X) -> nw.DataFrame:
    return nw.from_native(X, eager_only=True)


def _said_to_be_text(column: nw.Series) -> bool:
    """Whether the type itself is one of strings, and not of pandas' objects."""
    return str(getattr(column.to_native(), "dtype", "")) != "object"


def _numbers(column) -> np.ndarray:
    if isinstance(column, nw.Series):
        if column.dtype.is_numeric():
            return column.cast(nw.Float64).to_numpy()
        column = _objects(column.to_list())
    if column.dtype.kind == "c":
        raise ValueError("Complex data not supported")
    try:
        return np.asarray(column, dtype=np.float64)
    except TypeError:
        if column.dtype != object:
            raise
        filled = [np.nan if _is_missing(value) else value for value in column]
        return np.asarray(filled, dtype=np.float64)


def _objects(values: list) -> np.ndarray:
    """An array of one axis, also if the values are lists."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _distinct(column) -> Distinct:
    """Values that can be hashed; equal ones, as 1 and True, are one."""
    position: dict[Any, int] = {}
    values = column.tolist() if isinstance(column, np.ndarray) else column
    number = [position.setdefault(value, len(position)) for value in values]
    present = [not _is_missing(value) for value in position]
    renumbered = np.where(present, np.cumsum(present) - 1, -1)
    kept = [value for value, is_present in zip(position, present) if is_present]
    return Distinct(kept, renumbered[number])


def _is_missing(value) -> bool:
    """Whether a value is None, NaN, or pandas' NA or NaT."""
    if value is None or type(value).__name__ in NAMES_OF_NA:
        return True
    return isinstance(value, (float, np.floating, Decimal)) and value != value


def _is_number(value) -> bool:
    return isinstance(value, (Real, Decimal, np.bool_))


def _is_any_missing(array: np.ndarray) -> bool:
    if array.dtype.kind == "f":
        with np.errstate(all="ignore"):
            if not np.isnan(array.sum()):
                return False
        return bool(np.isnan(array).any())
    return array.dtype == object and any(map(_is_missing, array.ravel().tolist()))
