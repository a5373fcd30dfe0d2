"""Two views of a row: what the network reads, and what its linear models are about.

Of X the network reads ``encode(X)``, called x; its linear models are about
``simplify(X)``, called z.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.utils import check_array

from ...inspection.feature_names import numbered

__all__ = [
    "apply",
    "checked_view",
    "fit_apply",
    "floating",
    "n_tokens_of",
    "names_of_view",
    "refuse_text",
    "unfitted",
]


def unfitted(name: str, transformer: Any) -> Any:
    """A clone of a transformer that is about to be fitted; a function as it is.

    Raises
    ------
    TypeError
        If it is a class.
    """
    if isinstance(transformer, type):
        raise TypeError(
            f"{name} must be an object, got the class {transformer.__name__}; write "
            f"{transformer.__name__}()."
        )
    return clone(transformer) if hasattr(transformer, "fit") else transformer


def fit_apply(transformer: Any, X, y):
    """Fit a transformer in place and transform X; a function is only applied."""
    if hasattr(transformer, "fit_transform"):
        return transformer.fit_transform(X, y)
    if hasattr(transformer, "fit"):
        return transformer.fit(X, y).transform(X)
    return apply(transformer, X)


def apply(transformer: Any, X):
    """Transform X by a fitted transformer or a function."""
    return getattr(transformer, "transform", transformer)(X)


def checked_view(z, n_rows: int, n_columns: int | None):
    """z as an array or CSR matrix of shape (n_rows, n_columns).

    Parameters
    ----------
    z : array-like or sparse matrix
    n_rows : int
    n_columns : int or None
        ``None`` if it is not known yet.

    Raises
    ------
    ValueError
        If z is not as described.
    """
    found = np.shape(z)
    shape = (n_rows, found[-1] if n_columns is None and found else n_columns)
    if len(found) != 2 or found != shape:
        columns = "d" if n_columns is None else n_columns
        raise ValueError(
            f"simplify must return an array of shape ({n_rows}, {columns}) for "
            f"{n_rows} rows, got shape {found}."
        )
    return check_array(z, accept_sparse="csr", input_name="simplify(X)")


def names_of_view(made_by: Any, n_columns: int) -> np.ndarray:
    """Names of what a transformer makes, or numbers if it makes none."""
    try:
        names = made_by.get_feature_names_out()
    except (AttributeError, NotImplementedError, ValueError):
        names = numbered((n_columns,))
    return np.asarray(names, dtype=object)


def n_tokens_of(encoder: Any) -> int | None:
    """Number of token ids that the encoder, or the end of a Pipeline, makes."""
    while hasattr(encoder, "steps"):
        encoder = encoder.steps[-1][1]
    return getattr(encoder, "n_tokens_", None)


def floating(x):
    """What is read in float32, as token ids are counted, unless it is in float64."""
    x = x if sp.issparse(x) else np.asarray(x)
    numbers = x.dtype.kind in "biuf" and x.dtype != np.float64
    return x.astype(np.float32) if numbers else x


def refuse_text(X) -> None:
    """Raise a ``ValueError`` if X is texts, which only an encoder can read."""
    one_dimensional = isinstance(X, (list, tuple)) or getattr(X, "ndim", None) == 1
    if one_dimensional and len(X) and isinstance(next(iter(X)), str):
        raise ValueError(
            "X holds texts; say how the network is to read them, for example with "
            "encode=TokenSequencer()."
        )
