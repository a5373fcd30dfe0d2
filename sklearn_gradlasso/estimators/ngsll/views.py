"""Two views of a row: x for the network, and z for the linear models.

The network reads ``encode(X)``, which is called x. The features of its linear models
are ``simplify(X)``, which is called z.
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
    """Clone a transformer; return a function unchanged.

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
    """Check z, and return it as an array or CSR matrix of shape (n_rows, n_columns).

    Parameters
    ----------
    z : array-like or sparse matrix
    n_rows : int
    n_columns : int or None
        The expected number of columns; ``None`` before the first fit.

    Raises
    ------
    ValueError
        If z has another shape, or is not numeric.
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
    """Names of the features that a transformer returns; numbers if it has no names."""
    try:
        names = made_by.get_feature_names_out()
    except (AttributeError, NotImplementedError, ValueError):
        names = numbered((n_columns,))
    return np.asarray(names, dtype=object)


def n_tokens_of(encoder: Any) -> int | None:
    """Number of token ids of an encoder or of a Pipeline's last step, or ``None``."""
    while hasattr(encoder, "steps"):
        encoder = encoder.steps[-1][1]
    return getattr(encoder, "n_tokens_", None)


def floating(x):
    """Convert numbers to float32, unless they are float64; token ids are integers."""
    x = x if sp.issparse(x) else np.asarray(x)
    numbers = x.dtype.kind in "biuf" and x.dtype != np.float64
    return x.astype(np.float32) if numbers else x


def refuse_text(X) -> None:
    """Raise a ``ValueError`` if X holds texts, because only an encoder reads texts."""
    one_dimensional = isinstance(X, (list, tuple)) or getattr(X, "ndim", None) == 1
    if one_dimensional and len(X) and isinstance(next(iter(X)), str):
        raise ValueError(
            "X holds texts, which the network cannot read; encode them, for example "
            "with encode=TokenSequencer()."
        )
