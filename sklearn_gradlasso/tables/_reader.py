"""Reads a table: learns its form from training rows, and codes rows by a form.

Which columns are categories is said by ``categorical_features``. ``"from_dtype"`` takes
the columns of a frame that are of categories, strings, bools, or objects that are not
all numbers; the columns of an array are numbers. In a column of objects of several
types, equal are those that are written alike: 1 and "1" are one level. Strings are
categories also if they are written as numbers are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from ._levels import codes_of, learn_levels
from ._raw_table import RawTable, is_sparse, n_axes
from ._spread import center_and_scale, in_units_of, sparse_scales
from ._table_form import TableForm

__all__ = [
    "coded_table",
    "is_raw",
    "learn_form",
    "missing_first",
    "without_known_levels",
]

FROM_DTYPE = "from_dtype"
CHANCE = 1e-3  # that all rows have rare levels, below which it is no accident


def is_raw(
    X,
    categorical_features: str | ArrayLike | None = FROM_DTYPE,
    input_shape: Sequence[int] | None = None,
) -> bool:
    """Whether rows cannot be given to a network as they are.

    That is so if columns are categories, or if a value is missing.

    Parameters
    ----------
    X : {array-like, DataFrame, sparse matrix} of shape (n_samples, ...)
        Rows of other shapes than those of a table, and sparse ones, are not raw.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        See :func:`learn_form`.
    input_shape : sequence of int or None, default=None
        The shape in which a network is given the rows, which only numbers have.

    Raises
    ------
    TypeError, ValueError
        See :func:`learn_form`; and if there are categories in rows that are sparse or
        have another shape.
    """
    are_marked = not (
        categorical_features is None or isinstance(categorical_features, str)
    )
    if is_sparse(X) or n_axes(X) != 2:
        if are_marked:
            kind = "sparse" if is_sparse(X) else f"an array of {n_axes(X)} dimensions"
            raise ValueError(
                f"X is {kind}, but categorical_features={categorical_features!r} are "
                "columns of a dense table; give such an X, or "
                "categorical_features=None."
            )
        return False
    table = RawTable(X)
    if not all(table.shape):
        return False
    has_categories = _categories(table, categorical_features).any()
    if has_categories and input_shape is not None:
        raise ValueError(
            f"input_shape={tuple(input_shape)} is for rows of numbers of one kind, but "
            "X has columns of categories; leave it out, or encode them in a Pipeline "
            "before the estimator."
        )
    return input_shape is None and (has_categories or table.is_anything_missing())


def learn_form(
    X,
    categorical_features: str | ArrayLike | None = FROM_DTYPE,
    sample_weight: ArrayLike | None = None,
) -> TableForm:
    """Learn what each column of a table becomes.

    A column of numbers is measured from its weighted median, in standard deviations of
    the values between the percentiles 1 and 99 (of all values if that is 0). A level of
    a category has its own code if at least 5 rows have it, for at most 254 levels.
    Columns of a sparse matrix are measured from 0, in root mean squares of their values
    that are not 0.

    Parameters
    ----------
    X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_columns)
        Training rows, in which values may be missing (NaN, None or NA).
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Which columns are categories: those whose types say so, those of these
        positions or names or of this mask of shape (n_columns,), or none.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows. An integer weight means repetition, and weight 0 that a row
        is absent. Weights whose average is less than 1 are scaled to an average of 1.

    Raises
    ------
    TypeError, ValueError
        If ``categorical_features`` do not fit the columns, if a column holds other
        values than it should, or if a number is infinite.
    """
    weight = _in_rows(sample_weight, X.shape[0] if hasattr(X, "shape") else len(X))
    if sp.issparse(X):
        return _form_of_sparse(X, weight)
    table = RawTable(X)
    is_category = _categories(table, categorical_features)
    present = weight > 0
    levels, shares = [], []
    n_columns = table.shape[1]
    center, scale, missing = np.zeros(n_columns), np.ones(n_columns), []
    for j in range(n_columns):
        if is_category[j]:
            column = table.distinct(j)
            of_column = learn_levels(column, weight)
            levels.append(of_column.values)
            shares.append(of_column.shares)
            known = column.number >= 0
        else:
            numbers = table.numbers(j)
            known = ~np.isnan(numbers)
            at = known & present
            center[j], scale[j] = center_and_scale(
                numbers[at], weight[at], table.rounding(j)
            )
            levels.append(None)
            shares.append(None)
        missing.append(weight[~known].sum() / weight.sum())
    return TableForm(
        names=table.names,
        n_levels=np.array([0 if of is None else len(of) for of in shares]),
        levels=tuple(levels),
        shares=tuple(shares),
        missing=np.array(missing),
        center=center,
        scale=scale,
    )


def coded_table(form: TableForm, X):
    """Code the rows of a table.

    Parameters
    ----------
    form : TableForm
    X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_columns)

    Returns
    -------
    ndarray or CSR matrix of shape (n_samples, n_columns)
        Numbers lie at most 1e9 scales from their center, from which they are measured
        in float64. The precision is that of an array or of a frame of numbers, and
        float32 of a frame with other columns.

    Raises
    ------
    TypeError, ValueError
        If a column of numbers holds other values, or a number is infinite.
    """
    if sp.issparse(X):
        X = sp.csr_matrix(X, copy=True)
        X.data = in_units_of(X.data, 0.0, form.scale[X.indices]).astype(X.dtype)
        return X
    table = RawTable(X)
    coded = np.empty(table.shape, dtype=table.precision)
    for j, levels in enumerate(form.levels):
        if levels is None:
            numbers = table.numbers(j)
            coded[:, j] = in_units_of(numbers, form.center[j], form.scale[j])
        else:
            coded[:, j] = codes_of(table.distinct(j), levels)
    return coded


def missing_first(form: TableForm, coded) -> list[str]:
    """Names of the columns with missing values that had none in the training rows.

    Parameters
    ----------
    form : TableForm
    coded : ndarray or CSR matrix of shape (n_samples, n_columns)
        Rows of a coded table.
    """
    if sp.issparse(coded):
        return []
    without = np.flatnonzero(form.missing == 0)
    found = without[np.isnan(coded[:, without]).any(axis=0)]
    return [str(form.names[j]) for j in found]


def without_known_levels(form: TableForm, X, coded) -> dict[int, list]:
    """Columns of categories in which no row has a level that is known.

    So it is if levels are spelt in another way than in the training rows. A row alone
    may have any level, and rows may all have rare ones by chance, if these were
    frequent enough in the training rows: such columns are not among them. Nor are those
    of fractions, which are measurements and have no other spelling.

    Parameters
    ----------
    form : TableForm
    X : {array-like, DataFrame} of shape (n_samples, n_columns)
    coded : ndarray of shape (n_samples, n_columns)
        The same rows, coded.

    Returns
    -------
    dict of int to list
        By the position of each column the levels that X has in it.
    """
    if sp.issparse(coded):
        return {}
    found = {}
    for j, levels in enumerate(form.levels):
        if levels is None or not len(levels) or _are_fractions(levels):
            continue
        present = coded[~np.isnan(coded[:, j]), j]
        if len(present) < 2 or (present < len(levels)).any():
            continue
        if form.shares[j][-1] ** len(present) < CHANCE:
            found[j] = RawTable(X).distinct(j).values
    return found


def _are_fractions(levels: np.ndarray) -> bool:
    return levels.dtype.kind == "f" and bool((levels % 1 != 0).any())


def _form_of_sparse(X, weight: np.ndarray) -> TableForm:
    n_columns = X.shape[1]
    nothing = (None,) * n_columns
    return TableForm(
        names=np.array([f"x{j}" for j in range(n_columns)], dtype=object),
        n_levels=np.zeros(n_columns, dtype=int),
        levels=nothing,
        shares=nothing,
        missing=np.zeros(n_columns),
        center=np.zeros(n_columns),
        scale=sparse_scales(sp.csr_matrix(X), weight),
    )


def _in_rows(sample_weight, n_rows: int) -> np.ndarray:
    """Weights as numbers of rows."""
    if sample_weight is None:
        return np.ones(n_rows)
    weight = np.asarray(sample_weight, dtype=np.float64)
    with np.errstate(over="ignore"):
        if not np.isfinite(weight.sum()):
            weight = weight / weight.max() * 1e100  # Sums must be finite.
    return weight / min(1.0, weight[weight > 0].mean())


def _categories(table: RawTable, categorical_features) -> np.ndarray:
    """Which columns are categories, of shape (n_columns,)."""
    n_columns = table.shape[1]
    if categorical_features is None:
        return np.zeros(n_columns, dtype=bool)
    if isinstance(categorical_features, str):
        found = map(table.holds_categories, range(n_columns))
        return np.fromiter(found, dtype=bool, count=n_columns)
    given = np.asarray(categorical_features)
    wanted = (
        "categorical_features must be 'from_dtype', None, positions or names of "
        "columns, or a mask with one bool for each column"
    )
    marked = np.zeros(n_columns, dtype=bool)
    if given.ndim != 1:
        raise ValueError(f"{wanted}, in one axis, got {categorical_features!r}.")
    if not given.size:
        return marked
    if given.dtype.kind == "b":
        if given.shape != marked.shape:
            raise ValueError(
                f"{wanted}; the mask has {len(given)} entries, but X has {n_columns} "
                "columns."
            )
        return given.copy()
    if given.dtype.kind in "iu":
        wrong = given[(given < 0) | (given >= n_columns)]
        if wrong.size:
            raise ValueError(
                f"{wanted}; positions are 0 to {n_columns - 1} here, got {wrong[0]}."
            )
        marked[given] = True
        return marked
    if not all(isinstance(each, str) for each in given.tolist()):
        raise ValueError(f"{wanted}, got {categorical_features!r}.")
    if not table.is_frame:
        raise ValueError(
            f"{wanted}; X has no names of columns, so give positions or a mask."
        )
    for name in given.tolist():
        at = [j for j, each in enumerate(table.names) if each == name]
        if len(at) != 1:
            has = "no column" if not at else f"{len(at)} columns"
            raise ValueError(f"{wanted}; X has {has} with the name {name!r}.")
        marked[at] = True
    return marked
