"""Rows that others are compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Background"]


@dataclass(frozen=True, eq=False)
class Background:
    """Rows that stand for the data, as the network sees them.

    Attributes
    ----------
    rows : ndarray of shape (n_rows, n_features)
    weight : ndarray of shape (n_rows,) or None
    means : ndarray of shape (n_features,)
        Means of the features, over all training rows if these are known. A missing
        value is left out.
    source : str
        Where the rows are from.
    """

    rows: np.ndarray
    weight: np.ndarray | None
    means: np.ndarray
    source: str

    @classmethod
    def of(cls, rows: np.ndarray, source: str) -> Background:
        means = rows.mean(axis=0)
        for j in np.flatnonzero(np.isnan(means)):
            known = rows[~np.isnan(rows[:, j]), j]
            means[j] = known.mean() if len(known) else 0.0
        return cls(rows, None, means, source)
