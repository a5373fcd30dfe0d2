"""Pieces of the columns of a coded table, as far as a network needs them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Columns"]


@dataclass(frozen=True, eq=False)
class Columns:
    """The pieces of each column.

    The activations of a number are ``clip((x - left_p) / width_p, 0, 1)`` for each
    piece p between two knots; those of a category are the indicators of its codes.

    Parameters
    ----------
    knots : tuple of (ndarray of shape (n_pieces + 1,) or None)
        Increasing knots of each number, in coded units; None for categories.
    n_pieces : ndarray of int of shape (n_columns,)
        Number of pieces, or of codes.
    mean : tuple of ndarray of shape (n_pieces,)
        Mean activations over the training rows in which the value is not missing.
    if_missing : tuple of ndarray of shape (n_pieces,)
        Activations that stand for a missing value: those of the median of a number, and
        the shares of a category's codes.
    spread : ndarray of float of shape (n_columns,)
        Half of the distance between the first and the last sixth of the training values
        of a number, about a standard deviation, and at least a quarter of its range; 1
        for categories.
    missing : ndarray of float of shape (n_columns,)
        Share of the training rows in which the value is missing.
    slot : ndarray of int of shape (n_columns,)
        Number of the embedding that each column adds to. Columns have one of their
        own, but for indicators of one variable.
    """

    knots: tuple[np.ndarray | None, ...]
    n_pieces: np.ndarray
    mean: tuple[np.ndarray, ...]
    if_missing: tuple[np.ndarray, ...]
    spread: np.ndarray
    missing: np.ndarray
    slot: np.ndarray

    @property
    def n_columns(self) -> int:
        return len(self.n_pieces)

    @property
    def is_number(self) -> np.ndarray:
        """Whether each column holds numbers, of shape (n_columns,)."""
        return np.array([knots is not None for knots in self.knots], dtype=bool)

    @property
    def is_level(self) -> np.ndarray:
        """Whether each column holds levels: a category, or an indicator of a level."""
        is_shared = np.bincount(self.slot, minlength=1)[self.slot] > 1
        return ~self.is_number | is_shared

    @property
    def most(self) -> int:
        """The largest number of pieces or codes of a column."""
        return int(self.n_pieces.max(initial=1))

    @property
    def n_slots(self) -> int:
        return int(self.slot.max(initial=-1)) + 1
