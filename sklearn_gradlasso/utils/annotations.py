"""Converts all accepted forms of annotations into one array of the shape of X."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from .feature_positions import HOW_NAMES_REACH, NamedFeatures, features_named

__all__ = ["check_annotations", "columns_annotated", "weights_by_name"]

LIKELY_CAUSE = (
    "Annotations are about the columns that reach the estimator; a step before it that "
    "makes other columns (a PCA, a one-hot encoder, a selector) is the likely cause. "
    "An encoder makes fewer columns of the rows of a fold if these lack a category, "
    "unless its parameter categories has all of them; names always fit."
)
ROW_WAS_SLICED = (
    "Or a search has cut it, because X has as many rows as columns: give an array of "
    "the shape of X then."
)
NO_POSITIONS = (
    "Positions of columns are not taken: give names or one value for each column."
)


def check_annotations(
    annotations: ArrayLike,
    X,
    names: np.ndarray | None,
    index=None,
    are_columns: bool = False,
) -> np.ndarray | sp.csr_matrix | None:
    """Check annotations, and return a non-negative weight for each row and feature.

    Parameters
    ----------
    annotations : array-like, sparse matrix, DataFrame, dict, list of str or None
        Weights of the shape of X, or of the shape of a single row, which applies to all
        rows. A DataFrame, or a Series or dict for a single row, is aligned by names;
        columns that it lacks are not annotated. A list of names marks these features in
        all rows. A name stands for all features made of a column, as
        :func:`features_named` finds them.
    X : ndarray or CSR matrix of shape (n, ...)
        Inputs that reach the estimator.
    names : ndarray of str or None
        Names of the columns of X.
    index : pandas.Index, optional
        Labels of the rows of X, if X was a DataFrame.
    are_columns : bool
        Whether X are the columns of the user, and not features made of them, so that a
        name is that of one column.

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
        annotations = _aligned_by_name(annotations, X, names, are_columns)
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
        for each, weight in zip(_features(given, names, X, are_columns), weights):
            annotations[each.positions] = weight
    values = _check_weights(annotations)
    if values.ndim == X.ndim - 1:
        shape = (X.shape[0], *values.shape)
        sliced = values.shape == X.shape[:1]
        hint = f"{ROW_WAS_SLICED if sliced else NO_POSITIONS} "
        values = np.broadcast_to(values, _check_shape(shape, X.shape, hint))
    _check_shape(values.shape, X.shape)
    return values


def _check_shape(given: tuple, expected: tuple, hint: str = "") -> tuple:
    """Return the given shape, or raise a ``ValueError`` if it is not as expected."""
    if given[1:] != expected[1:]:
        raise ValueError(
            f"annotations are for rows of shape {given[1:]}, but the rows of X have "
            f"shape {expected[1:]} at the estimator. {LIKELY_CAUSE} {hint}"
            f"{HOW_NAMES_REACH}"
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
        if values.ndim == 0 or values.dtype.kind in "cmM":
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
            "free, 1 marks it as irrelevant, and other weights are stronger or weaker. "
            "Signs are given as monotonic_cst (see monotonic_cst_for)."
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


def _aligned_by_name(frame, X, names, are_columns: bool) -> sp.csr_matrix:
    """Move the values of a DataFrame to the features that its columns stand for."""
    values = sp.csc_matrix(_check_weights(frame.to_numpy()))
    found = _features(list(frame.columns), names, X, are_columns)
    copies = [k for k, each in enumerate(found) for _ in each.positions]
    positions = [position for each in found for position in each.positions]
    values = values[:, copies].tocoo()
    column = np.array(positions, dtype=int)[values.col]
    return sp.csr_matrix(
        (values.data, (values.row, column)), shape=(len(frame), X.shape[1])
    )


def weights_by_name(annotations) -> tuple[list, np.ndarray] | None:
    """Names and weights of annotations that are given by name, or else None.

    Returns
    -------
    names : list
    weights : ndarray of shape (len(names),), or (n, len(names)) for a DataFrame

    Raises
    ------
    ValueError
        If the weights are not non-negative numbers.
    """
    if hasattr(annotations, "columns"):
        return list(annotations.columns), _check_weights(annotations.to_numpy())
    return _named_row(annotations)


def columns_annotated(
    annotations, X, names, are_columns: bool = False
) -> dict[str, list[int]]:
    """The columns that annotations rule out by name, each with all its features.

    Parameters
    ----------
    annotations, X, names, are_columns
        As in :func:`check_annotations`, which has accepted them.

    Returns
    -------
    dict of str to list of int
        Positions of the features of each name, in the order given, if its weight is
        not zero in all rows. Empty for annotations without names.
    """
    named = weights_by_name(annotations)
    if named is None:
        return {}
    given, weights = named
    used = np.atleast_2d(weights).any(axis=0)
    found = _features(given, names, X, are_columns)
    return {each.name: each.positions for each, is_used in zip(found, used) if is_used}


def _features(given: list, names, X, are_columns: bool) -> list[NamedFeatures]:
    return features_named(given, names, None if are_columns else X, "annotations")
