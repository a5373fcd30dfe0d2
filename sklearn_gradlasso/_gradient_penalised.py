"""The objective of the gradient LASSO.

    loss + lam * mean_i sum_j |d target / d x_ij| + weight penalties

Ross, Lage and Doshi-Velez (2017), *The Neural LASSO: Local Linear Sparsity for
Interpretable Explanations*, equation 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import targets
from ._base import NetworkEstimator
from .attributions import Gradients
from .objective import Objective
from .priors import L1

__all__ = ["GradientPenalised"]


@dataclass(kw_only=True, eq=False, repr=False)
class GradientPenalised(NetworkEstimator):
    """An estimator that penalises input gradients, with strength ``lam_``."""

    target: str | Callable | None = None

    _constraints = {"target": [str, callable, None]}

    def _objective(self):
        target = self.target or self._default_target
        return Objective(
            loss=self._loss,
            lam=self.lam_,
            prior=L1(),
            attribution=Gradients(),
            target=targets.by_name(target, self._target_names),
            weight_penalties=self._weight_penalties(),
        )
