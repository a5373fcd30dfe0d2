"""Which zeros of the features z say that something is absent, found in their values.

A feature that is 0 in a row adds nothing to ``z . w``, so it is no reason there. If its
gate is closed in such rows, another feature can take the place. That is right where 0
stands for "absent". A number that passes through 0 is different: if its gate closed at
0 alone, the decision would jump there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from sklearn.utils import gen_batches

__all__ = ["Zeros", "zeros_of"]

# A value counts as 0 up to this share of the feature's mean magnitude. A mean that was
# put in place of a missing value and then scaled is 0 up to rounding only.
NOTHING = 1e-6
ROWS_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class Zeros:
    """What counts as 0 for each of the d features of z, and where it means "absent".

    Parameters
    ----------
    limits : ndarray of shape (d,)
        Largest magnitude that counts as 0.
    absent : ndarray of bool of shape (d,)
        Whether 0 means "absent", so that the gate is closed there.
    """

    limits: np.ndarray
    absent: np.ndarray


def zeros_of(z, sample_weight: np.ndarray | None = None) -> Zeros:
    """Find the features whose zeros mean "absent".

    They are the features that are never negative or never positive, because 0 is the
    end of their scale (indicators, counts, bags of words, amounts), and those that are
    0 in at least half of the rows (hashed words).

    Parameters
    ----------
    z : ndarray or CSR matrix of shape (n, d)
        Training rows.
    sample_weight : ndarray of shape (n,), optional
    """
    weight = np.ones(z.shape[0]) if sample_weight is None else sample_weight
    share = weight / weight.sum()
    size = _sums(z, share, lambda values, at: np.abs(values, dtype=np.float64))
    # The second term is for constant features that scaling has made rounding errors of.
    limits = NOTHING * np.maximum(size, NOTHING * size.max(initial=0.0))
    positive = _sums(z, share, lambda values, at: values > limits[at])
    negative = _sums(z, share, lambda values, at: values < -limits[at])
    one_sided = (positive == 0) | (negative == 0)
    mostly_zero = positive + negative < 0.5 + NOTHING  # the shares are rounded
    return Zeros(limits, one_sided | mostly_zero)


def _sums(z, weight: np.ndarray, function: Callable) -> np.ndarray:
    """Weighted sum over rows of ``function(values, positions)``, which maps 0 to 0."""
    n, d = z.shape
    if sp.issparse(z):
        of_entries = weight.repeat(np.diff(z.indptr)) * function(z.data, z.indices)
        return np.bincount(z.indices, of_entries, minlength=d)
    parts = gen_batches(n, ROWS_AT_ONCE)
    return sum(weight[part] @ function(z[part], slice(None)) for part in parts)
