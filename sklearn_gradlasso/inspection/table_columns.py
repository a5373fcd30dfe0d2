"""The columns of a user's table, and the features that a network sees of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["TableColumn", "own_columns"]


@dataclass(frozen=True, eq=False, kw_only=True)
class TableColumn:
    """A column that an explanation speaks of.

    It is a column of X as the user gave it. Behind a step that mixes columns, such as
    a PCA, it is a column that this step has made, in the units of its output.

    Parameters
    ----------
    name : str
    values : ndarray of shape (n_samples,)
        The values before any further step, NaN, None or another marker included.
    missing : ndarray of bool of shape (n_samples,)
        Where the value is missing.
    in_place : ndarray of shape (n_samples,) or None
        What an imputer put in place of missing values, in the units of ``values``; of
        meaning only where ``missing``. None if no imputer did.
    is_number : bool
        Whether a step of the value has a meaning: False for categories, and for
        numbers that were cut into bins.
    positions : ndarray of int of shape (n_made,)
        Positions of the network's features that are made of the column.
    derivative : ndarray of shape (n_samples or 1, n_made)
        Derivative of each of these features by the column, at each row. Zero for
        features without one, such as the indicator of a missing value, and where the
        value is missing.
    is_linear : bool
        Whether ``derivative`` is the same wherever the value is not missing, also at
        rows that are not given here.
    shared : ndarray of bool of shape (n_samples,), or False
        Where features of another column have a derivative by this one as well, because
        a step mixes both, or what an imputer puts in place of the other one's missing
        value depends on this one. A slope holds those features still.
    moves_others : bool
        Whether a change of the column may move features of other columns, in some row.
        An effect of the column alone leaves these as they are.
    """

    name: str
    values: np.ndarray
    missing: np.ndarray
    in_place: np.ndarray | None = None
    is_number: bool = True
    positions: np.ndarray
    derivative: np.ndarray
    is_linear: bool = True
    shared: np.ndarray | bool = False
    moves_others: bool = False


def own_columns(rows: np.ndarray, names: np.ndarray) -> list[TableColumn]:
    """Each feature of the network as a column of its own.

    Parameters
    ----------
    rows : ndarray of shape (n_samples, n_features)
    names : ndarray of str of shape (n_features,)
    """
    return [
        TableColumn(
            name=name,
            values=rows[:, k],
            missing=np.zeros(len(rows), dtype=bool),
            positions=np.array([k]),
            derivative=np.ones((1, 1)),
        )
        for k, name in enumerate(names)
    ]
