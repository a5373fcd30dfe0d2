"""Checks of the numbers that data are made from."""

from __future__ import annotations

from numbers import Real

import numpy as np

__all__ = ["check_between"]


def check_between(low: float, high: float, **numbers: float) -> None:
    """Raise a ``ValueError`` unless the numbers are finite and within the bounds."""
    bounds = f"from {low:g}" + (f" to {high:g}" if high < np.inf else "")
    for name, value in numbers.items():
        good = isinstance(value, Real) and np.isfinite(value) and low <= value <= high
        if not good:
            raise ValueError(f"{name} must be a finite number {bounds}, got {value!r}.")
