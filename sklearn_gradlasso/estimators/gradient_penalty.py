"""The penalty of the gradient LASSO: which attribution is made sparse, and how.

Classes use the functions as their methods by assignments.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from sklearn.utils._param_validation import StrOptions

from ..attributions import Attribution, Contributions, Gradients
from ..objective import Objective
from ..priors import L1, Hoyer
from ..priors._of_columns import of_columns
from ..utils.seeds import spawn_seeds
from .base.columns_of_features import columns_of_features
from .base.params_of_fit import as_fitted
from .base.settings import reads_tables

__all__ = [
    "CONSTRAINTS",
    "SHARED_DOC",
    "learn_from",
    "merges_repeated",
    "objective",
    "own_attribution",
]

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


CONSTRAINTS = {"penalty": [StrOptions({"auto", *PENALTIES})]}
SHARED_DOC = {"{gradient_penalty}": PENALTY_DOC}


def learn_from(self, prepared, warm):
    # When training continues, it must draw new references.
    entropy = prepared.seed, 1 + self._n_epochs_before(warm)
    (self._reference_seed,) = spawn_seeds(1, *entropy)
    if not warm:
        rows, attribution = prepared.train, _penalty(self).attribution
        are_coded = self._table_form is not None
        self._encoded_columns = columns_of_features(rows, attribution, are_coded)


def objective(self, lam):
    prior, attribution = _penalty(self)
    generator = torch.Generator().manual_seed(self._reference_seed)
    return Objective(
        loss=self._task.loss,
        lam=lam,
        prior=of_columns(prior, self._encoded_columns),
        attribution=attribution.drawing_from(generator),
        target=self._task.training_target(self.target),
        weight_penalties=self._weight_penalties(),
    )


@property
def merges_repeated(self):
    # A repeated row could be its own reference. It is merged where an attribution
    # compares rows, which those that add up do.
    return _penalty(self).attribution.additive


def own_attribution(self):
    return _penalty(as_fitted(self)).attribution


def _penalty(estimator) -> _Penalty:
    if estimator.penalty != "auto":
        return PENALTIES[estimator.penalty]
    return PENALTIES["hoyer" if reads_tables(estimator) else "l1"]
