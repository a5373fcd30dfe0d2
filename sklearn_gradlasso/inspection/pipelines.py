"""The network inside an estimator, and the rows and names of features it sees."""

from __future__ import annotations

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import _num_features, check_is_fitted

__all__ = [
    "check_same_columns",
    "dense",
    "names_known",
    "numbered",
    "opened",
    "transformed",
    "unwrapped",
]


def unwrapped(estimator) -> tuple:
    """The last step inside searches and pipelines, and the transformers before it.

    Raises
    ------
    TypeError, NotFittedError
        If one of them is not a fitted estimator.
    """
    last, transformers = estimator, []
    while True:
        check_is_fitted(last)
        if hasattr(last, "best_estimator_"):
            last = last.best_estimator_
        elif hasattr(last, "named_steps"):
            if len(last.steps) > 1:
                transformers.append(last[:-1])
            last = last.steps[-1][1]
        else:
            return last, transformers


def opened(estimator) -> tuple:
    """The network inside searches and pipelines, and the transformers before it.

    Raises
    ------
    TypeError
        If there is no network that explains itself.
    NotFittedError
    """
    network, transformers = unwrapped(estimator)
    if not hasattr(network, "_explained"):
        raise TypeError(
            "estimator must explain itself: a network of this package, a Pipeline that "
            "ends in one, a search over one with refit=True, or a member of "
            "FindAnotherExplanation (one of its estimators_); got "
            f"{type(network).__name__}."
        )
    return network, transformers


def transformed(X, network, transformers: list) -> tuple:
    """Rows as the network sees them, and the names of their features.

    Returns
    -------
    rows : array, sparse matrix or DataFrame
    names : ndarray of str of the shape of a row
    """
    names, rows = names_known(X, (transformers + [network])[0]), X
    for transformer in transformers:
        try:
            names = transformer.get_feature_names_out(names)
        except AttributeError:  # how scikit-learn says that a step makes no names
            names = None
        rows = transformer.transform(rows)
    if names is None:
        names = names_known(rows, network)
    if names is None:
        shape = rows.shape if hasattr(rows, "shape") else np.asarray(rows).shape
        names = numbered(shape[1:])
    return rows, np.asarray(names, dtype=object)


def dense(rows) -> np.ndarray:
    """Rows as a floating-point array."""
    kinds = (np.float64, np.float32)
    rows = check_array(
        rows, accept_sparse=True, dtype=kinds, allow_nd=True, ensure_all_finite=False
    )
    return rows.toarray() if hasattr(rows, "toarray") else rows


def check_same_columns(names: np.ndarray, X, has_transformers: bool) -> None:
    """Check that what reaches a network are the columns of X, in their order.

    Raises
    ------
    ValueError
    """
    n = _num_features(X)
    own = [*X.columns] if hasattr(X, "columns") else []
    if not own or not all(isinstance(name, str) for name in own):
        own = numbered((n,)).tolist()
    if names.size != n or (has_transformers and names.ravel().tolist() != own):
        raise ValueError(
            f"The network sees {names.size} features, {names.ravel().tolist()[:5]} "
            f"..., and not the {n} columns of X one by one; put the steps that make or "
            "order columns before it."
        )


def names_known(X, estimator):
    """Names of the columns from ``fit``, else from X, else None."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is None and hasattr(X, "columns"):
        names = [*X.columns]
        return names if all(isinstance(name, str) for name in names) else None
    return names


def numbered(shape: tuple) -> np.ndarray:
    names = ["x" + "_".join(map(str, each)) for each in np.ndindex(shape)]
    return np.array(names, dtype=object).reshape(shape)
