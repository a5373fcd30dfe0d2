"""Which features annotations rule out, with the indicators of a variable as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from ...inspection.feature_names import numbered
from ...training.rows import Rows
from ...utils.indicator_blocks import as_indicators, indicator_blocks

__all__ = [
    "RuledOut",
    "annotated_rows",
    "check_something_is_free",
    "features_ruled_out",
]

MOST_COLUMNS = 1000  # in wider runs of columns no blocks of indicators are sought


class RuledOut(NamedTuple):
    """A feature that annotations rule out, at some rows at least.

    ``positions`` are those of its columns in a flattened row.
    """

    name: str
    positions: np.ndarray


def features_ruled_out(
    rows: Rows,
    names: Sequence[str] | None,
    columns: Mapping[str, Sequence[int]],
    are_columns: bool = False,
    are_coded: bool = False,
) -> list[RuledOut]:
    """The features that annotations rule out at some row.

    Parameters
    ----------
    rows : Rows
    names : sequence of str or None
        Names of the columns of X.
    columns : mapping of str to sequence of int
        Positions of the columns that a name stands for, where annotations gave names.
    are_columns : bool
        Whether each feature is a column of the user, so that none are indicators of one
        variable.
    are_coded : bool
        Whether the rows are those of a coded table.

    Returns
    -------
    list of RuledOut
        In the order of ``columns``, and then of the positions. A block of indicators
        without a name is called by the names of its columns.
    """
    if names is None:
        names = numbered(rows.feature_shape).ravel()
    left = _ruled_out_at_some_row(rows)
    found = []
    for name, positions in columns.items():
        own = np.array([k for k in positions if left[k]], dtype=int)
        left[own] = False
        if len(own):
            found.append(RuledOut(name, own))
    positions = np.flatnonzero(left)
    blocks = positions[:, None] if are_columns else _blocks(rows, positions, are_coded)
    for block in blocks:
        found.append(RuledOut(", ".join(str(names[k]) for k in block), block))
    return found


def annotated_rows(rows: Rows) -> np.ndarray:
    """Indices of the rows with an annotation."""
    annotations = rows.extras.get("annotations")
    if annotations is None:
        return np.arange(0)
    if sp.issparse(annotations):
        largest = annotations.max(axis=1).toarray().ravel()
    else:
        largest = annotations.amax(dim=tuple(range(1, annotations.ndim))).cpu().numpy()
    return np.flatnonzero(largest)


def check_something_is_free(rows: Rows) -> None:
    """Check that annotations leave something to predict from.

    Raises
    ------
    ValueError
        If they rule out every feature at every row.
    """
    annotations = rows.extras.get("annotations")
    if annotations is None:
        return
    if sp.issparse(annotations):
        everything = annotations.count_nonzero() == np.prod(annotations.shape)
    else:
        everything = (annotations[:1] != 0).all() and (annotations != 0).all()
    if everything:
        n_features = int(np.prod(rows.feature_shape))
        raise ValueError(
            f"annotations rule out all {n_features} features at every row, so that "
            "nothing is left to predict from; leave at least one of them free "
            "(annotations mark what must not be used)."
        )


def _ruled_out_at_some_row(rows: Rows) -> np.ndarray:
    """Which columns are annotated at some row; of shape (n_features,)."""
    annotations = rows.extras.get("annotations")
    if annotations is None:
        return np.zeros(int(np.prod(rows.feature_shape)), dtype=bool)
    if sp.issparse(annotations):
        return annotations.max(axis=0).toarray().ravel() != 0
    return (annotations.amax(dim=0).flatten() != 0).cpu().numpy()


def _blocks(rows: Rows, positions: np.ndarray, are_coded: bool) -> Iterator[np.ndarray]:
    """Divide positions into blocks of indicators, and all others alone."""
    for run in np.split(positions, 1 + np.flatnonzero(np.diff(positions) > 1)):
        if len(rows.feature_shape) > 1 or not 1 < len(run) <= MOST_COLUMNS:
            yield from run[:, None]
            continue
        X = rows.X[:, run[0] : run[-1] + 1]
        X = X if sp.issparse(X) else X.numpy(force=True)
        X = as_indicators(X) if are_coded else X
        yield from (run[0] + block for block in indicator_blocks(X))
