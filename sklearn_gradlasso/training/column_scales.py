"""A warning of columns whose scales are so different that a network learns badly."""

from __future__ import annotations

import warnings

import numpy as np
import scipy.sparse as sp
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples

__all__ = ["warn_of_scales"]

TOO_FAR_APART = 1000  # ratio of standard deviations
LEAST_OF_ROUNDING, MOST_OF_ROUNDING = 1e-18, 1e-13
MOST_ROWS = 10_000  # evenly spaced rows that are looked at


def warn_of_scales(X, module, *, stacklevel: int) -> None:
    """Warn if columns that a perceptron reads are far from one scale.

    The first layer multiplies all columns by weights of one size, and a penalty of
    gradients is per unit of each column. A column that has one value in most rows, such
    as an indicator, a count of a rare word or a dead pixel, has a small standard
    deviation whatever its scale is; the rows with another value count for it.

    Parameters
    ----------
    X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
        Rows as the user gave them. Those that are not a table of numbers are passed
        over.
    module : nn.Module, str, callable or None
        The parameter of the estimator, with which it does not code its rows. Networks
        of the user may scale their inputs.
    stacklevel : int
        That of the warning, counted from the caller of this function.

    Warns
    -----
    UserWarning
        If the scales are more than 1000 times apart.
    """
    if not (module is None or module == "perceptron"):
        return
    n_rows = _num_samples(X)
    rows = np.unique(np.linspace(0, n_rows - 1, min(n_rows, MOST_ROWS)).astype(int))
    try:
        part = _safe_indexing(X, rows) if len(rows) < n_rows else X
        table = (
            part.tocsc().astype(np.float64)
            if sp.issparse(part)
            else np.asarray(part, np.float64)
        )
    except (TypeError, ValueError):
        return
    if table.ndim != 2 or not np.isfinite(getattr(table, "data", table)).all():
        return
    scales = _sparse_scales(table) if sp.issparse(table) else _scales(table)
    precision = np.finfo(np.float32 if _is_single(X) else np.float64).eps
    scales[scales <= 8 * precision * _largest(table)] = 0.0  # by rounding alone
    # So are the last columns of a PCA, by the rounding of the first.
    shares = scales / max(scales.max(), np.finfo(np.float64).tiny)
    scales[(shares > LEAST_OF_ROUNDING) & (shares < MOST_OF_ROUNDING)] = 0.0
    varying = np.flatnonzero(scales)
    if not len(varying):
        return
    low, high = (varying[f(scales[varying])] for f in (np.argmin, np.argmax))
    with np.errstate(over="ignore"):
        if not scales[high] / scales[low] > TOO_FAR_APART:
            return
    names = list(X.columns) if hasattr(X, "columns") else range(table.shape[1])
    largest, smallest = (
        f"{scale:.3g} of column {names[at]!r}" for at, scale in _of(table, high, low)
    )
    warnings.warn(
        f"the columns of X are on very different scales: the standard deviation is "
        f"{largest}, and {smallest}. A network learns little from the small ones, "
        "and a penalty of gradients forgets the large ones. Scale X, for example with "
        "StandardScaler in a Pipeline.",
        UserWarning,
        stacklevel=stacklevel + 1,
    )


def _of(table, *columns: int):
    """The columns with their standard deviations."""
    for at in columns:
        values = table[:, [at]]
        values = values.toarray() if sp.issparse(values) else values
        size = np.abs(values).max()
        yield at, size * (values / size).std()


def _scales(table: np.ndarray) -> np.ndarray:
    """Root mean square of the distances from the median that are not 0."""
    with np.errstate(over="ignore"):
        distances = np.abs(table - np.median(table, axis=0))
    distances = np.minimum(distances, np.finfo(np.float64).max)
    largest = np.maximum(distances.max(axis=0), np.finfo(np.float64).tiny)
    squares = np.square(distances / largest).sum(axis=0)
    return largest * np.sqrt(squares / np.maximum((distances > 0).sum(axis=0), 1))


def _sparse_scales(table) -> np.ndarray:
    """The same of columns whose median is 0, and of others as of dense columns."""
    table.eliminate_zeros()
    counts = np.diff(table.indptr)
    largest = np.maximum(_largest(table), np.finfo(np.float64).tiny)
    of_value = np.arange(table.shape[1]).repeat(counts)
    shares = np.square(table.data / largest[of_value])
    squares = np.bincount(of_value, weights=shares, minlength=table.shape[1])
    scales = largest * np.sqrt(squares / np.maximum(counts, 1))
    for at in np.flatnonzero(2 * counts >= table.shape[0]):
        scales[at] = _scales(table[:, [at]].toarray())[0]
    return scales


def _largest(table) -> np.ndarray:
    largest = abs(table).max(axis=0)
    return largest.toarray().ravel() if sp.issparse(largest) else largest


def _is_single(X) -> bool:
    types = X.dtypes if hasattr(X, "columns") else [getattr(X, "dtype", None)]
    return any(str(each) == "float32" for each in types)
