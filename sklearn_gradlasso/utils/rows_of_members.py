"""Which rows each member of a network learns from, and which it holds out."""

from __future__ import annotations

import numpy as np
from sklearn.utils import check_random_state

__all__ = ["held_out_by_members"]


def held_out_by_members(
    n_members: int,
    fraction: float,
    seed: int,
    labels: np.ndarray | None,
    groups: np.ndarray | None,
    n_rows: int,
) -> np.ndarray:
    """Hold out other rows for each member, so that together they learn from all.

    Parameters
    ----------
    n_members : int
    fraction : float
        Share of the rows, or of the groups, that a member holds out. It is rounded to
        one over an integer, and at most one over ``n_members``.
    seed : int
    labels : ndarray of shape (n_rows,) or None
        Classes, of which all members hold out equal shares, without groups. The only
        row of a class is not held out.
    groups : ndarray of int of shape (n_rows,) or None
        Rows of a group are held out together.
    n_rows : int

    Returns
    -------
    ndarray of bool of shape (n_rows, n_members)
    """
    random = check_random_state(seed)
    n_folds = max(n_members, round(1 / fraction))
    if groups is not None:
        names, of_row = np.unique(groups, return_inverse=True)
        fold = (random.permutation(len(names)) % n_folds)[of_row]
        return fold[:, None] == np.arange(n_members)
    codes = np.zeros(n_rows, dtype=int)
    if labels is not None:
        codes = np.unique(labels, return_inverse=True)[1]
    # Rows of one class follow each other, and go to the folds by turns.
    order = random.permutation(n_rows)
    order = order[np.argsort(codes[order], kind="stable")]
    fold = np.empty(n_rows, dtype=int)
    fold[order] = np.arange(n_rows) % n_folds
    held_out = fold[:, None] == np.arange(n_members)
    if labels is not None:
        held_out[np.bincount(codes)[codes] == 1] = False
    return held_out
