"""What the raw scores of a network mean to the user, as a linear function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["LinearScore"]


@dataclass(frozen=True, eq=False)
class LinearScore:
    """Scores of the user that are linear in the raw scores of a network.

    Parameters
    ----------
    weights : ndarray of shape (n_raw, n_scores)
    shift : ndarray of shape (n_scores,)
    name, unit : str
        What the scores are, and their unit, in words.
    """

    weights: np.ndarray
    shift: np.ndarray
    name: str
    unit: str
