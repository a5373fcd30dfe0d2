"""The record in which a network explains itself."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Explained"]


class Explained(NamedTuple):
    """Attributions of rows and the scalars they explain.

    Attributes
    ----------
    values : ndarray of shape (n, *row_shape) or (n, *row_shape, m)
        Attributions.
    predictions : ndarray of shape (n,) or (n, m)
        The scalars that are explained.
    base_values : ndarray of shape () or (m,), or None
        What the attributions of a row add up from; ``None`` for an attribution that
        does not promise a sum.
    data : ndarray of shape (n, *row_shape), or None
        The values of the explained features; ``None`` if these are the features of X.
    feature_names : ndarray of str of shape row_shape, or None
        Their names; ``None`` if these are the features of X.
    """

    values: np.ndarray
    predictions: np.ndarray | None
    base_values: np.ndarray | None
    data: np.ndarray | None = None
    feature_names: np.ndarray | None = None
