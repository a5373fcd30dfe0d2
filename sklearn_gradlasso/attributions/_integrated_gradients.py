"""Integrated gradients: gradients on the straight line from a baseline to a row."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..utils.tensors import as_data
from ..utils.validation import check_count, finite_array
from ._attribution import Attribution, Score, encoded
from ._path_integrals import gradients_between, tensor_like, with_output_axis

__all__ = ["IntegratedGradients"]


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
    baseline : float or array-like of the shape of a row, default=0.0
        The input that stands for the absence of information, in the units in which
        the network sees X. Of a network that encodes the columns of a table a number is
        the value of each encoding, so that 0 is no category, and the median.

    Raises
    ------
    ValueError
        If ``n_steps`` is not a positive integer, or the baseline does not consist of
        finite numbers.
    """

    n_steps: int = 50
    baseline: Any = 0.0
    additive = True

    def __post_init__(self):
        check_count("IntegratedGradients: n_steps", self.n_steps)
        baseline = finite_array("IntegratedGradients: baseline", self.baseline)
        object.__setattr__(self, "baseline", baseline)

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
            If the baseline does not have the shape of a row.
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

    def _baseline(self, score: Score, x: Tensor) -> Tensor:
        baseline = tensor_like(self.baseline, x)
        if baseline.numel() > 1:
            baseline = encoded(score, baseline[None])[0]
        if baseline.numel() not in (1, prod(x.shape[1:])):
            raise ValueError(
                "IntegratedGradients: baseline must be a number or have the shape of a "
                f"row, {tuple(x.shape[1:])}, got shape {tuple(baseline.shape)}."
            )
        return baseline.reshape(() if baseline.numel() == 1 else x.shape[1:])
