"""The columns of a table that features of a network encode together."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from ...attributions import Attribution
from ...training.rows import Rows
from ...utils.indicator_blocks import indicator_blocks

__all__ = ["columns_of_features"]


def columns_of_features(rows: Rows, attribution: Attribution) -> list[np.ndarray]:
    """Positions of the features of each column, for a prior of an attribution.

    Returns
    -------
    list of ndarray of int
        Empty if the rows are no table, or if sums of the attribution mean nothing.
    """
    if len(rows.feature_shape) > 1 or not attribution.additive:
        return []
    return indicator_blocks(rows.X if sp.issparse(rows.X) else rows.X.cpu().numpy())
