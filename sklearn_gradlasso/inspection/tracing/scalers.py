"""Scalers: each output is a line in its input."""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

from .registry import OutputColumn, register
from .tables import TracedTable

__all__: list[str] = []


def _lines(slopes, shifts) -> list[OutputColumn]:
    """Outputs ``slope * x + shift``."""
    return [
        OutputColumn(
            j,
            slope,
            inverse=lambda z, a=slope, b=shift: (z - b) / a,
            keeps_nan=True,
        )
        for j, (slope, shift) in enumerate(zip(slopes, shifts))
    ]


def _clipped(outputs: list[OutputColumn], table: TracedTable, low, high) -> list:
    """The outputs, flat where they would leave a range."""
    clipped = []
    for output in outputs:
        ends = [output.inverse(end) for end in (low, high)]
        x = table.numbers(output.source)
        inside = (x >= min(ends)) & (x <= max(ends))
        # At an end the slope is the mean of those to its left and right.
        at_end = (x == ends[0]) | (x == ends[1])
        slope = output.derivative * np.where(at_end, 0.5, inside)
        clipped.append(OutputColumn(output.source, slope, keeps_nan=True))
    return clipped


def _by(scale, shift, n: int) -> list[OutputColumn]:
    """Outputs ``(x - shift) / scale``, where None stands for one and zero."""
    scale = np.ones(n) if scale is None else np.asarray(scale, dtype=np.float64)
    shift = np.zeros(n) if shift is None else np.asarray(shift, dtype=np.float64)
    return _lines(1 / scale, -shift / scale)


def _standard(step, table):
    mean = step.mean_ if step.with_mean else None
    return _by(step.scale_ if step.with_std else None, mean, len(table))


def _robust(step, table):
    center = step.center_ if step.with_centering else None
    return _by(step.scale_ if step.with_scaling else None, center, len(table))


def _min_max(step, table):
    outputs = _lines(step.scale_, step.min_)
    return _clipped(outputs, table, *step.feature_range) if step.clip else outputs


def _max_abs(step, table):
    outputs = _by(step.scale_, None, len(table))
    clip = getattr(step, "clip", False)  # scikit-learn 1.8
    return _clipped(outputs, table, -1.0, 1.0) if clip else outputs


register(StandardScaler, _standard)
register(RobustScaler, _robust)
register(MinMaxScaler, _min_max)
register(MaxAbsScaler, _max_abs)
