"""What is known of the columns of a table that a network reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["TableForm"]


@dataclass(frozen=True, eq=False, kw_only=True)
class TableForm:
    """The columns of a table, and what each becomes in the coded table.

    A coded table has shape (n_samples, n_columns). A number x is coded as ``(x -
    center) / scale``, a category as the position of its level, and a missing value as
    NaN. Levels that are rare in the training rows, and those that are not among them,
    share the last code.

    Parameters
    ----------
    names : ndarray of object of shape (n_columns,)
    n_levels : ndarray of int of shape (n_columns,)
        Number of codes of a category, the shared one included; 0 for numbers.
    levels : tuple of (ndarray or None)
        Values of the user that have the codes 0 to ``n_levels - 2``; None for numbers.
    shares : tuple of (ndarray or None)
        Share of each code in the training rows where the value is not missing, of shape
        (n_levels,), by weight; None for numbers.
    missing : ndarray of float of shape (n_columns,)
        Share of the training rows in which the value is missing, by weight.
    center, scale : ndarray of float64 of shape (n_columns,)
        0 and 1 for categories.
    """

    names: np.ndarray
    n_levels: np.ndarray
    levels: tuple[np.ndarray | None, ...]
    shares: tuple[np.ndarray | None, ...]
    missing: np.ndarray
    center: np.ndarray
    scale: np.ndarray

    @classmethod
    def of_numbers(cls, n_columns: int) -> TableForm:
        """The form of numbers that are known everywhere, and stay as they are."""
        nothing = (None,) * n_columns
        return cls(
            names=np.array([f"x{j}" for j in range(n_columns)], dtype=object),
            n_levels=np.zeros(n_columns, dtype=np.int64),
            levels=nothing,
            shares=nothing,
            missing=np.zeros(n_columns),
            center=np.zeros(n_columns),
            scale=np.ones(n_columns),
        )

    @property
    def is_category(self) -> np.ndarray:
        """Whether each column holds categories, of shape (n_columns,)."""
        return self.n_levels > 0

    @property
    def is_raw(self) -> bool:
        """Whether there are categories or missing values, and not numbers alone.

        No column of such a table is one of the features that an encoder has made of a
        column of the user.
        """
        return bool(self.is_category.any() or self.missing.any())
