"""The penalty of the gradient LASSO: which attribution is made sparse, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from sklearn.utils._param_validation import StrOptions

from ..attributions import Attribution, Contributions, Gradients
from ..objective import Objective
from ..priors import L1, Hoyer
from ..utils.seeds import spawn_seeds
from .base.params_of_fit import as_fitted
from .base.settings import reads_tables

__all__ = ["GradientPenalty"]

PENALTY_DOC = """\
penalty : {"auto", "l1", "hoyer"}, default="auto"
        What is penalised at each row. "l1" is that of the paper, the sum of absolute
        gradients. "hoyer" is the ratio ``sum_j |c_j| / sqrt(sum_j c_j ** 2)`` of the
        first-order :class:`~sklearn_gradlasso.attributions.Contributions` c_j of the
        columns, gradients times the difference from another row. It has no units, so
        that numbers and categories of a table compare, and makes contributions few
        without making all of them small, so that probabilities stay calibrated.
        "auto" is "hoyer" for the network for tables, and "l1" for all others. It is
        also what ``explain`` returns and ``feature_importances_`` sums up: gradients,
        or contributions compared with training rows."""


class _Penalty(NamedTuple):
    """A prior, and the attribution that it is of."""

    prior: L1 | Hoyer
    attribution: Attribution


PENALTIES = {
    "l1": _Penalty(L1(), Gradients()),
    "hoyer": _Penalty(Hoyer(), Contributions()),
}


@dataclass(kw_only=True, eq=False, repr=False)
class GradientPenalty:
    """The parameter ``penalty`` of estimators, and the objective that has it."""

    penalty: str = "auto"

    _constraints = {"penalty": [StrOptions({"auto", *PENALTIES})]}
    _shared_doc = {"{gradient_penalty}": PENALTY_DOC}

    def _learn_from(self, prepared, warm):
        # When training continues, it must draw new references.
        entropy = prepared.seed, 1 + self._n_epochs_before(warm)
        (self._reference_seed,) = spawn_seeds(1, *entropy)

    def _objective(self, lam):
        prior, attribution = self._penalty()
        generator = torch.Generator().manual_seed(self._reference_seed)
        return Objective(
            loss=self._task.loss,
            lam=lam,
            prior=prior,
            attribution=attribution.drawing_from(generator),
            target=self._task.training_target(self.target),
            weight_penalties=self._weight_penalties(),
        )

    @property
    def _merges_repeated(self):
        # As a repeated row could be its own reference several times, it is merged where
        # an attribution compares rows, which those that add up do.
        return self._penalty().attribution.additive

    def _own_attribution(self):
        return as_fitted(self)._penalty().attribution

    def _penalty(self) -> _Penalty:
        if self.penalty != "auto":
            return PENALTIES[self.penalty]
        return PENALTIES["hoyer" if reads_tables(self) else "l1"]
