"""Whether classes exclude each other, or are labels that may occur together."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from sklearn.base import is_classifier

__all__ = ["has_classes", "has_labels", "has_several_columns"]


def has_several_columns(y) -> bool:
    """Whether y is about several labels; a single column is that of the classes.

    Parameters
    ----------
    y : array-like or sparse matrix of shape (n,) or (n, n_columns)
    """
    y = y if sp.issparse(y) else np.asarray(y)
    return y.ndim == 2 and y.shape[1] > 1


def has_labels(model) -> bool:
    """Whether the outputs of a fitted model are the log-odds of labels."""
    return getattr(model, "_has_labels", False)


def has_classes(model) -> bool:
    """Whether a fitted model is a classifier of classes that exclude each other."""
    return is_classifier(model) and not has_labels(model)
