"""Integrated gradients: gradients on the straight line from a baseline to a row."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..utils.tensors import as_data
from ..utils.validation import check_count
from ._attribution import Attribution, Score, encoded, typical_row
from ._path_integrals import gradients_between, tensor_like, with_output_axis
from ._rows_given import HOLDS_NUMBERS, as_given, as_numbers, read_by

__all__ = ["IntegratedGradients"]

AUTO = "auto"
NAME = "IntegratedGradients: baseline"


@dataclass(frozen=True, eq=False)
class IntegratedGradients(Attribution):
    """Average gradient between a baseline b and the row, times their difference.

    ``phi_ij = (x_ij - b_j) int_0^1 d_j score(b + alpha (x_i - b)) d alpha`` by
    Gauss-Legendre quadrature (Sundararajan, Taly and Yan 2017, *Axiomatic Attribution
    for Deep Networks*; Erion et al. 2019, *Learning Explainable Models Using
    Attribution Priors*, section 3).

    Parameters
    ----------
    n_steps : int, default=50
        Number of points of the quadrature; a training step evaluates all of them.
    baseline : "auto", float, or array-like or DataFrame of a row, default="auto"
        The input that stands for the absence of information. A row is like those that
        the estimator is given: one that reads tables reads it as it reads X, and other
        networks are given it as it is. A number is a row of that number, which a table
        with categories cannot have. "auto" is 0. For a network that encodes the columns
        of a table it is the median of each number (0 in a sparse table), and for a
        category the average over the training rows of what the network makes of it.

    Raises
    ------
    ValueError
        If ``n_steps`` is not a positive integer, or the baseline is no row.
    """

    n_steps: int = 50
    baseline: Any = AUTO
    # Whether it is as the network sees it, and not as a user has given it.
    _is_read: bool = field(default=False, init=False, repr=False)
    additive = True

    def __post_init__(self):
        check_count("IntegratedGradients: n_steps", self.n_steps)
        if not self._is_auto:
            baseline = as_given(NAME, self.baseline, n_axes=(1, 2))
            object.__setattr__(self, "baseline", baseline)

    def with_rows_read(self, read: Callable[[Any], Any]) -> IntegratedGradients:
        if self._is_auto or self._is_read:
            return self
        attribution = copy(self)
        row = read_by(read, NAME, _as_rows(self.baseline))
        object.__setattr__(attribution, "baseline", row)
        object.__setattr__(attribution, "_is_read", True)
        return attribution

    def __call__(self, score: Score, x: Tensor) -> Tensor:
        """Attribute the difference between the scores of a row and of the baseline.

        Parameters
        ----------
        score : callable
            ``x -> (n,)`` or ``(n, m)``.
        x : Tensor of shape (n, *feature_shape)

        Returns
        -------
        Tensor of shape (n, *feature_shape) or (n, *feature_shape, m)
            In units of the score.

        Raises
        ------
        ValueError
            If the baseline does not have the shape of a row, or has texts or NaN where
            the network has no place for them.
        """
        nodes, weights = np.polynomial.legendre.leggauss(self.n_steps)
        alpha, weight = tensor_like((nodes + 1) / 2, x), tensor_like(weights / 2, x)
        x, baseline = as_data(x), self._baseline(score, x)
        difference = x - baseline
        baseline = baseline.expand(self.n_steps, 1, *x.shape[1:])
        parts = gradients_between(score, x, baseline, alpha[:, None])
        mean = sum(torch.tensordot(weight[points], g, dims=1) for points, g in parts)
        return with_output_axis(difference, mean) * mean

    def base_value(self, score: Score, x: Tensor) -> Tensor:
        """The score at the baseline, of shape () or (m,)."""
        return score(self._baseline(score, x).expand(1, *x.shape[1:]))[0]

    @property
    def _is_auto(self) -> bool:
        return isinstance(self.baseline, str) and self.baseline == AUTO

    def _baseline(self, score: Score, x: Tensor) -> Tensor:
        if self._is_auto:
            typical = typical_row(score)
            return x.new_zeros(()) if typical is None else typical
        baseline = tensor_like(as_numbers(NAME, self.baseline), x)
        if self._is_read or baseline.numel() > 1:
            row = baseline.reshape(1, -1) if x.ndim == 2 else baseline[None]
            baseline = encoded(score, row)[0]
        if baseline.numel() not in (1, prod(x.shape[1:])):
            raise ValueError(
                f"{NAME} must be a number or have the shape of a row, "
                f"{tuple(x.shape[1:])}, got shape {tuple(baseline.shape)}."
            )
        if baseline.isnan().any():
            raise ValueError(f"{NAME} {HOLDS_NUMBERS}.")
        return baseline.reshape(() if baseline.numel() == 1 else x.shape[1:])


def _as_rows(baseline):
    """A number as it is, and a single row in two axes."""
    if hasattr(baseline, "iloc") and baseline.ndim == 1:  # a row of a frame of pandas
        return baseline.to_frame().T.infer_objects()
    is_row = isinstance(baseline, np.ndarray) and baseline.ndim == 1
    return baseline[None] if is_row else baseline
