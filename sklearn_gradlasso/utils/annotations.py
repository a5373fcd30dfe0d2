"""Converts all accepted forms of annotations into one array of the shape of X."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

__all__ = ["check_annotations"]

LIKELY_CAUSE = (
    "Annotations are about the columns that reach the estimator; a step before it that "
    "makes other columns (a PCA, a one-hot encoder, a selector) is the likely cause."
)
ROW_WAS_SLICED = (
    "Or a search has cut it, because X has as many rows as columns: give an array of "
    "the shape of X then."
)
NO_POSITIONS = (
    "Positions of columns are not taken: give names or one value for each column."
)


def check_annotations(
    annotations: ArrayLike, X, names: np.ndarray | None, index=None
) -> np.ndarray | sp.csr_matrix | None:
    """Check annotations, and return a non-negative weight for each row and feature.

    Parameters
    ----------
    annotations : array-like, sparse matrix, DataFrame, dict, list of str or None
        Weights of the shape of X, or of the shape of a single row, which applies to all
        rows. A DataFrame, or a Series or dict for a single row, is aligned by names;
        columns that it lacks are not annotated. A list of names marks these features in
        all rows.
    X : ndarray or CSR matrix of shape (n, ...)
        Inputs that reach the estimator.
    names : ndarray of str or None
        Names of the columns of X.
    index : pandas.Index, optional
        Labels of the rows of X, if X was a DataFrame.

    Returns
    -------
    ndarray or CSR matrix of the shape of X, or None
        The weights, as booleans or floating-point numbers. The result is sparse only if
        X is. A single row is not copied for all rows: the array then has stride 0 along
        the rows.

    Raises
    ------
    ValueError
        If the annotations do not match the rows or the columns, or are not non-negative
        numbers.
    """
    if annotations is None:
        return None
    if hasattr(annotations, "columns"):
        _check_order(getattr(annotations, "index", None), index)
        annotations = _aligned_by_name(annotations, X.shape, names)
    if sp.issparse(annotations) and annotations.ndim == 2:
        _check_shape(annotations.shape, X.shape)
        annotations = annotations.tocsr()
        _check_weights(annotations.data)
        annotations = annotations.astype(X.dtype)
        return annotations if sp.issparse(X) else annotations.toarray()
    named = _named_row(annotations)
    if named is not None:
        given, weights = named
        annotations = np.zeros(X.shape[1:], dtype=weights.dtype)
        annotations[_positions(given, names)] = weights
    values = _check_weights(annotations)
    if values.ndim == X.ndim - 1:
        shape = (X.shape[0], *values.shape)
        sliced = values.shape == X.shape[:1]
        hint = f" {ROW_WAS_SLICED if sliced else NO_POSITIONS}"
        values = np.broadcast_to(values, _check_shape(shape, X.shape, hint))
    _check_shape(values.shape, X.shape)
    return values


def _check_shape(given: tuple, expected: tuple, hint: str = "") -> tuple:
    """Return the given shape, or raise a ``ValueError`` if it is not as expected."""
    if given[1:] != expected[1:]:
        raise ValueError(
            f"annotations are for rows of shape {given[1:]}, but the rows of X have "
            f"shape {expected[1:]} at the estimator. {LIKELY_CAUSE}{hint}"
        )
    if given != expected:
        raise ValueError(
            f"annotations have {given[0]} rows, but X has {expected[0]}; give one row "
            "for each row of X (zeros where nothing is annotated), or an array of "
            f"shape {expected[1:]} that holds for all."
        )
    return given


def _check_weights(given) -> np.ndarray:
    """Return the weights as booleans or as non-negative finite numbers in float64."""
    try:
        values = np.asarray(given)
        if values.dtype == bool:
            return values
        if values.ndim == 0 or values.dtype.kind == "c":
            raise TypeError(f"got {given!r}")
        values = values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "annotations must be non-negative weights (array, sparse matrix, "
            "DataFrame, or a dict by name), a boolean mask or a list of feature names; "
            f"{error}."
        ) from error
    if not np.isfinite(values).all():
        raise ValueError(
            "annotations contain NaN or infinity; use 0 where nothing is annotated."
        )
    if (values < 0).any():
        raise ValueError(
            f"annotations must not be negative, got {values.min()}; 0 leaves a feature "
            "free, 1 marks it as irrelevant, and other weights are stronger or weaker."
        )
    return values


def _named_row(annotations) -> tuple[list, np.ndarray] | None:
    """Return names and weights if the annotations are a single row given by names."""
    if isinstance(annotations, Mapping):
        return list(annotations), _check_weights(list(annotations.values()))
    if _are_names(annotations):
        return list(annotations), np.ones(len(annotations), dtype=bool)
    if hasattr(annotations, "iloc") and _are_names(annotations.index):
        return list(annotations.index), _check_weights(annotations)
    return None


def _are_names(given) -> bool:
    """Whether a value is a one-dimensional container that holds names or is empty."""
    if isinstance(given, str) or not hasattr(given, "__len__") or sp.issparse(given):
        return False
    if getattr(given, "ndim", 1) != 1:
        return False
    return len(given) == 0 or any(isinstance(name, str) for name in given)


def _check_order(given, expected) -> None:
    """Raise a ``ValueError`` if the rows have the labels of X in another order."""
    if given is None or expected is None or given.equals(expected):
        return
    if len(given) == len(expected) and set(given) == set(expected):
        raise ValueError(
            "annotations have the rows of X in another order; rows are matched by "
            "position: give annotations.loc[X.index]."
        )


def _aligned_by_name(frame, shape: tuple, names) -> sp.csr_matrix:
    """Move the values of a DataFrame to the columns of X with the same names."""
    values = sp.coo_matrix(_check_weights(frame.to_numpy()))
    column = np.array(_positions(list(frame.columns), names), dtype=int)[values.col]
    return sp.csr_matrix(
        (values.data, (values.row, column)), shape=(len(frame), shape[1])
    )


def _positions(given: list, names) -> list[int]:
    """Positions of these names among the columns of X.

    Raises
    ------
    ValueError
        If a name is not the name of a column, or is given twice.
    """
    if not all(isinstance(name, str) for name in given):
        raise ValueError(
            "annotations: features must be named by strings, got "
            f"{next(name for name in given if not isinstance(name, str))!r}."
        )
    if given and names is None:
        raise ValueError(
            "annotations name features, but X has no column names at the estimator. "
            "Fit on a DataFrame; in a Pipeline call set_output(transform='pandas'), "
            "because its steps return arrays without names; or give the annotations "
            "as an array in the order of the columns."
        )
    known = {} if names is None else {str(name): k for k, name in enumerate(names)}
    unknown = [name for name in given if name not in known]
    if unknown:
        similar = [
            column
            for name in unknown
            for column in known
            if name in column or get_close_matches(name, [column], cutoff=0.8)
        ]
        meant = f" Did you mean {similar[:5]}?" if similar else ""
        raise ValueError(
            f"annotations name {unknown[:5]}, which are not among the columns of X at "
            f"the estimator, {list(known)[:5]}{' ...' * (len(known) > 5)}.{meant} "
            f"{LIKELY_CAUSE}"
        )
    if len(set(given)) < len(given):
        raise ValueError("annotations name a feature twice; name each feature once.")
    return [known[name] for name in given]
