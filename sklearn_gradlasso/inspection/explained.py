"""What a model that explains itself answers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Explained"]


class Explained(NamedTuple):
    """Attributions of rows, and what they explain.

    ``data`` and ``feature_names`` are set only if the explained features differ from
    the columns of X (NGSLL).
    """

    values: np.ndarray
    predictions: np.ndarray | None
    base_values: np.ndarray | None
    data: np.ndarray | None = None
    feature_names: np.ndarray | None = None
