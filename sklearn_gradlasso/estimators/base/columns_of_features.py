"""The columns of a table that features of a network encode together."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from ...attributions import Attribution
from ...training.rows import Rows
from ...utils.indicator_blocks import as_indicators, indicator_blocks

__all__ = ["columns_of_features"]


def columns_of_features(
    rows: Rows, attribution: Attribution, are_coded: bool
) -> list[np.ndarray]:
    """Positions of the features of each column, for a prior of an attribution.

    Parameters
    ----------
    rows : Rows
    attribution : Attribution
    are_coded : bool
        Whether the rows are those of a coded table.

    Returns
    -------
    list of ndarray of int
        Empty if the rows are no table, or if sums of the attribution mean nothing.
    """
    if len(rows.feature_shape) > 1 or not attribution.additive:
        return []
    X = rows.X if sp.issparse(rows.X) else rows.X.cpu().numpy()
    return indicator_blocks(as_indicators(X) if are_coded else X)
