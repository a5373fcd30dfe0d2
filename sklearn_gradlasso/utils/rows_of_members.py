"""Which rows each member of a network learns from, and which it holds out."""

from __future__ import annotations

import numpy as np
from sklearn.utils import check_random_state

from .held_out_rows import cannot_hold_out, warn_of_one_class

__all__ = ["held_out_by_members"]

GOLDEN = (5**0.5 - 1) / 2


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
        Share of the rows, or of the groups, that a member holds out. Up to one over
        ``n_members`` it is rounded to one over an integer, and no row is held out
        twice. If it is more, several members hold out the same rows.
    seed : int
    labels : ndarray of shape (n_rows,) or None
        Classes. All members hold out equal shares of them, without groups, and each
        member keeps a row of each class to learn from.
    groups : ndarray of int of shape (n_rows,) or None
        Rows of a group are held out together.
    n_rows : int

    Returns
    -------
    ndarray of bool of shape (n_rows, n_members)

    Raises
    ------
    ValueError
        If there are too few rows or groups to hold any out.

    Warns
    -----
    UserWarning
        If the rows held out are of one class only.
    """
    random = check_random_state(seed)
    n_folds = round(1 / fraction)
    overlap = n_folds < n_members
    codes = np.zeros(n_rows, dtype=int)
    if labels is not None:
        codes = np.unique(labels, return_inverse=True)[1]
    how = f"validation_fraction={fraction}"
    try:
        if groups is not None:
            held_out = _groups_of_members(random, fraction, n_members, codes, groups)
        elif overlap:
            held_out = _arcs_of_rows(random, fraction, n_members, codes)
        else:
            fold = _folds_of_rows(random, n_folds, codes, labels is not None)
            held_out = fold[:, None] == np.arange(n_members)
        if np.count_nonzero(held_out) < 2:
            raise ValueError(
                f"each of {codes.max() + 1} classes needs a row to train on, and at "
                "least two rows must be held out."
                if labels is not None
                else "at least two rows must be held out."
            )
    except ValueError as error:
        raise ValueError(cannot_hold_out(n_rows, how, error)) from error
    if labels is not None:
        valid = np.flatnonzero(held_out.any(axis=1))
        warn_of_one_class(labels, valid, "random", how)
    return held_out


def _folds_of_rows(
    random: np.random.RandomState, n_folds: int, codes: np.ndarray, are_classes: bool
) -> np.ndarray:
    """The fold of each row; -1 for the only row of a class, which stays in training."""
    # Rows of one class follow each other, and go to the folds by turns.
    order = random.permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    fold = np.empty(len(codes), dtype=int)
    fold[order] = np.arange(len(codes)) % n_folds
    if are_classes:
        fold[np.bincount(codes)[codes] == 1] = -1
    return fold


def _arcs_of_rows(
    random: np.random.RandomState, fraction: float, n_members: int, codes: np.ndarray
) -> np.ndarray:
    """Rows on a circle, of which each member holds out an arc of its own."""
    order = random.permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    # The rows of each class are spread evenly over the circle.
    place = np.empty(len(codes))
    place[order] = (np.arange(len(codes)) * GOLDEN) % 1
    held_out = _arcs(place, fraction, n_members)
    for of_member in held_out.T:
        for code in np.flatnonzero(np.bincount(codes, ~of_member) == 0):
            of_member[order[codes[order] == code][0]] = False
    return held_out


def _arcs(place: np.ndarray, fraction: float, n_members: int) -> np.ndarray:
    """Whether places on a circle of length 1 lie in the arc of each member."""
    starts = np.arange(n_members) / n_members
    return (place[:, None] - starts) % 1 < fraction


def _groups_of_members(
    random: np.random.RandomState,
    fraction: float,
    n_members: int,
    codes: np.ndarray,
    groups: np.ndarray,
) -> np.ndarray:
    names, of_row = np.unique(groups, return_inverse=True)
    if len(names) == 1:
        raise ValueError("all rows have one group, which cannot be divided.")
    order, n_folds = random.permutation(len(names)), round(1 / fraction)
    if n_folds < n_members:
        held_out = _arcs(order / len(names), fraction, n_members)
    else:
        held_out = (order % n_folds)[:, None] == np.arange(n_members)
    members = [
        _without_whole_classes(each, codes, of_row) for each in held_out[of_row].T
    ]
    if not any(each.any() for each in members):
        raise ValueError("every group has all rows of a class, which training needs.")
    return np.column_stack(members)


def _without_whole_classes(
    held_out: np.ndarray, codes: np.ndarray, groups: np.ndarray
) -> np.ndarray:
    """Those of the groups held out after which training still has all classes."""
    if _has_all(codes, ~held_out):
        return held_out
    fewer = np.zeros(len(codes), dtype=bool)
    for group in np.unique(groups[held_out]):
        more = fewer | (groups == group)
        fewer = more if _has_all(codes, ~more) else fewer
    return fewer


def _has_all(codes: np.ndarray, part: np.ndarray) -> bool:
    return bool((np.bincount(codes[part], minlength=codes.max() + 1) > 0).all())
