"""Names of features: those of a fitted estimator or of a DataFrame, or numbers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.utils.validation import _num_features

__all__ = [
    "check_same_columns",
    "headings",
    "names_after",
    "names_known",
    "numbered",
    "other_columns",
]


def names_known(X, estimator):
    """Names of the columns of X: those the estimator was fitted on, or X's own.

    Returns
    -------
    array-like of str, or None
        ``None`` if neither has names, or if those of X are not strings.
    """
    names = getattr(estimator, "feature_names_in_", None)
    if names is None and hasattr(X, "columns"):
        names = [*X.columns]
        return names if all(isinstance(name, str) for name in names) else None
    return names


def names_after(X, transformers: list, rows, network) -> np.ndarray:
    """Names of the features of transformed rows.

    Parameters
    ----------
    X : array-like
        What the transformers are given.
    transformers : list of fitted transformers
    rows : array-like of shape (n_samples, ...)
        What they return.
    network : object
        What is given the rows, fitted or not.

    Returns
    -------
    ndarray of str of the shape of a row
        Numbers where a step names no outputs, but never names of columns of X that are
        something else.
    """
    own = names = names_known(X, [*transformers, network][0])
    for transformer in transformers:
        try:
            names = transformer.get_feature_names_out(names)
        except AttributeError:  # scikit-learn raises it if a step names no outputs
            names = None
    if names is None:
        names = names_known(rows, network)
    if names is None:
        shape = rows.shape if hasattr(rows, "shape") else np.asarray(rows).shape
        names = numbered(shape[1:])
        if own is not None:
            free = headings(names.ravel(), own) if transformers else names.ravel()
            names = free.reshape(names.shape)
    return np.asarray(names, dtype=object)


def headings(names, taken: Iterable[str] = ()) -> np.ndarray:
    """Names of features as headings of a table, where each heading is there once.

    A name that is taken, by a column of ours or by a feature before it, becomes
    "feature NAME".

    Parameters
    ----------
    names : iterable of str
    taken : iterable of str
        Headings of the other columns.

    Returns
    -------
    ndarray of str
    """
    names, taken = list(names), set(taken)
    others, found = set(names), []
    for name in names:
        heading = name
        while heading in taken or (heading != name and heading in others):
            heading = f"feature {heading}"
        taken.add(heading)
        found.append(heading)
    return np.array(found, dtype=object)


def numbered(shape: tuple) -> np.ndarray:
    """Names for features without one: "x0", "x1", and "x0_1" in an image.

    Returns
    -------
    ndarray of str of this shape
    """
    names = ["x" + "_".join(map(str, each)) for each in np.ndindex(shape)]
    return np.array(names, dtype=object).reshape(shape)


def check_same_columns(names: np.ndarray, X, has_transformers: bool) -> None:
    """Check that the features of a network are the columns of X, in their order.

    Parameters
    ----------
    names : ndarray of str
        Names of the features that reach the network.
    X : array-like or sparse matrix of shape (n_samples, n_columns)
    has_transformers : bool
        Whether X goes through transformers first. Only then are names compared.

    Raises
    ------
    ValueError
    """
    n = _num_features(X)
    own = [*X.columns] if hasattr(X, "columns") else []
    if not own or not all(isinstance(name, str) for name in own):
        own = numbered((n,)).tolist()
    if names.size != n or (has_transformers and names.ravel().tolist() != own):
        raise other_columns(names, X)


def other_columns(names: np.ndarray, X) -> ValueError:
    """The error that features of a network are not the columns of X."""
    return ValueError(
        f"The network sees {names.size} features, {names.ravel().tolist()[:5]} ..., "
        f"and not the {_num_features(X)} columns of X one by one; put the steps that "
        "make or order columns before it, or say what they do by register_transformer."
    )
