"""Sizes of columns that are made of several features of a network."""

from __future__ import annotations

import numpy as np

from ..attributions import Gradients
from ..inspection.column_slopes import ColumnSlopes, UserColumns
from ..inspection.differentiable import DifferentiableNetwork
from ..inspection.evaluation import attribution_batches, finite
from ._slopes import computing_slopes, mean_squares

__all__ = ["column_sizes"]


def column_sizes(network: DifferentiableNetwork, columns: UserColumns) -> np.ndarray:
    """Root mean squares over rows of the slopes of columns.

    If columns are made of several features, slopes are those of
    :class:`~sklearn_gradlasso.inspection.column_slopes.ColumnSlopes`.

    Returns
    -------
    ndarray of shape (n_columns,)
    """
    if not columns.encode:
        squares, _ = mean_squares(network)
        chosen = np.concatenate(columns.positions)
        return np.sqrt(squares).ravel()[chosen]
    rows = network.rows
    weight = rows.extras.get("sample_weight")
    weight = np.ones(len(rows)) if weight is None else weight.cpu().double().numpy()
    slopes = ColumnSlopes(columns, rows, weight, network.form)
    total, start = np.zeros(len(columns.positions)), 0
    with computing_slopes(network):
        parts = attribution_batches(network.module, rows, Gradients(), network.target)
        for part in parts:
            part = finite(part.cpu().double(), "slope")
            phi = part.reshape(len(part), len(slopes.deviations), -1)
            stop = start + len(phi)
            total += weight[start:stop] @ slopes.squares(phi).sum(axis=2)
            start = stop
    return np.sqrt(total / weight.sum())
