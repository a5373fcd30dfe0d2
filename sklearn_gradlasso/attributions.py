"""From a score and the inputs to phi, the attribution of each input.

An attribution is any callable ``(score, x) -> phi``. ``score`` maps a batch of
inputs to the explained scalars, shape ``(n,)`` or ``(n, m)``; ``phi`` has the
shape of ``x``, with a last axis of length m in the second case. The graph is kept
exactly when gradients are enabled, so that one implementation serves the prior
during training and ``explain`` afterwards (inside ``torch.no_grad()``).

``score`` also takes several copies of the rows, one after the other, moved to other
points: ``(c * n, *feature_shape)``. An attribution that promises completeness,
``sum_j phi_ij = score(x_i) - base_value``, has a method ``base_value(score, x)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ._expected_gradients import ExpectedGradients
from ._paths import (
    Score,
    beside,
    check_count,
    gradients_between,
    input_gradients,
    like,
    numbers,
)

__all__ = ["ExpectedGradients", "Gradients", "IntegratedGradients", "by_name"]


@dataclass(frozen=True)
class Gradients:
    """Input gradients, ``phi_ij = d score(x_i) / d x_ij``.

    The attribution of Ross, Lage and Doshi-Velez (2017), *The Neural LASSO*,
    section 3. The parameters' ``.grad`` and the tensor ``x`` are left untouched.
    """

    def __call__(self, score: Score, x: Tensor) -> Tensor:
        """Differentiate the score with respect to the inputs.

        Parameters
        ----------
        score : callable
            ``x -> (n,)`` or ``(n, m)``; the rows must not influence each other.
        x : Tensor of shape (n, *feature_shape)
            Inputs, floating point.

        Returns
        -------
        Tensor of shape (n, *feature_shape) or (n, *feature_shape, m)
            Gradients, in units of the score per unit of the input; zero where the
            score does not depend on the input.

        Raises
        ------
        ValueError
            If gradients are enabled, as in training, and no score depends on x.
        """
        return input_gradients(score, x)


@dataclass(frozen=True, eq=False)
class IntegratedGradients:
    """Gradients on the straight line from a baseline b, times the way.

    ``phi_ij = (x_ij - b_j) int_0^1 d_j score(b + alpha (x_i - b)) d alpha`` by
    Gauss-Legendre quadrature (Sundararajan, Taly and Yan 2017, *Axiomatic Attribution
    for Deep Networks*; Erion et al. 2019, *Learning Explainable Models Using
    Attribution Priors*, section 3).

    Parameters
    ----------
    n_steps : int, default=50
        Points of the quadrature; all of them take part in a training step.
    baseline : float or array-like of the shape of a row, default=0.0
        The input that says nothing, in the units in which the network sees X.
    """

    n_steps: int = 50
    baseline: Any = 0.0

    def __post_init__(self):
        check_count("IntegratedGradients: n_steps", self.n_steps)
        baseline = numbers("IntegratedGradients: baseline", self.baseline)
        object.__setattr__(self, "baseline", baseline)

    def __call__(self, score: Score, x: Tensor) -> Tensor:
        """Attribute to the inputs what the score is above that of the baseline.

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
        alpha, weight = like(x, (nodes + 1) / 2), like(x, weights / 2)
        way = x.detach() - self._baseline(x)
        baseline = self._baseline(x).expand(self.n_steps, 1, *x.shape[1:])
        along = gradients_between(score, x, baseline, alpha[:, None])
        mean = sum(torch.tensordot(weight[points], g, dims=1) for points, g in along)
        return beside(way, mean) * mean

    def base_value(self, score: Score, x: Tensor) -> Tensor:
        """The score at the baseline, of shape () or (m,)."""
        return score(self._baseline(x).expand(1, *x.shape[1:]))[0]

    def _baseline(self, x: Tensor) -> Tensor:
        baseline = like(x, self.baseline)
        if baseline.numel() not in (1, prod(x.shape[1:])):
            raise ValueError(
                "IntegratedGradients: baseline must be a number or have the shape of a "
                f"row, {tuple(x.shape[1:])}, got shape {tuple(baseline.shape)}."
            )
        return baseline.reshape(() if baseline.numel() == 1 else x.shape[1:])


_NAMED = {
    "expected_gradients": ExpectedGradients,
    "gradients": Gradients,
    "integrated_gradients": IntegratedGradients,
}


def by_name(attribution: str | Callable, **params) -> Callable[[Score, Tensor], Tensor]:
    """An attribution given by its name, or as a callable.

    Parameters
    ----------
    attribution : str or callable
        "expected_gradients", "gradients" or "integrated_gradients"; a callable
        ``(score, x) -> phi`` is returned as it is.
    params : keyword arguments
        For a named attribution that has them.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If there is no attribution of that name.
    TypeError
        If it is neither a name nor a callable, or a class instead of an instance.
    """
    if isinstance(attribution, str):
        if attribution not in _NAMED:
            raise ValueError(
                f"attribution must be one of {sorted(_NAMED)} or a callable (score, x) "
                f"-> phi, got {attribution!r}."
            )
        kind = _NAMED[attribution]
        known = kind.__dataclass_fields__
        return kind(**{name: params[name] for name in params if name in known})
    if not callable(attribution) or isinstance(attribution, type):
        raise TypeError(
            "attribution must be a name or a callable (score, x) -> phi such as "
            f"Gradients(), got {attribution!r}."
        )
    return attribution
