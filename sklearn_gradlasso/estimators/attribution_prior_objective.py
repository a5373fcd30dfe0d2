"""How an attribution prior becomes part of the training of an estimator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
import torch
from sklearn.utils._param_validation import Interval, StrOptions

from .. import attributions, priors
from ..attributions import Attribution
from ..inspection.evaluation import attributions_of
from ..objective import Objective
from ..utils.seeds import spawn_seeds
from ..utils.validation import check_pairs
from .base import annotated

__all__ = ["PriorTrained"]

IMPORTANCE_REFERENCES = 50

PARAMETERS_DOC = """\
lam : float, default=0.1
        Strength of the prior, the paper's lambda for the Gini prior. Priors of each
        sample are summed over features and averaged over samples, where the paper sums
        over samples. 0 trains a plain network. The Gini prior does not see the scale of
        attributions: where it is strong (0.3 or more on small data) it can be satisfied
        on any feature before something is learned; try ``prior_start=20`` then.
    prior : str, callable or list of (float, callable or str), default="gini"
        "gini", "global_l2", "l1", "l2", "total_variation" (in the shape of
        ``input_shape``), an object from :mod:`sklearn_gradlasso.priors`, or a callable
        ``phi -> (n,)`` or ``()``, which is given ``sample_weight`` if it has such a
        parameter. A list of pairs adds several, each times its weight.
    attribution : str or callable, default="expected_gradients"
        What the prior is about: "expected_gradients", "integrated_gradients",
        "gradients", an object such as ``IntegratedGradients(baseline=x0)``, or a
        callable ``(score, x) -> phi`` that keeps the graph. ``explain`` uses the same.
    n_references : int, default=1
        References that the expected gradients of a row are averaged over in a training
        step, from the rows of its batch; the paper's k. Explanations afterwards use
        200, from the background. An ``ExpectedGradients`` object with a number uses
        that one in both.
    schedule : {"joint", "alternating"}, default="joint"
        Whether each step is on the whole objective, or two steps are taken by turns:
        on the loss with the weight penalties, and on the prior.
    prior_start : int, default=0
        Epochs of training before the prior acts; less than ``max_iter`` unless training
        goes on in further calls. Training does not end before, and ``early_stopping``
        keeps no weights from before (a callback of skorch's may: it counts all epochs).
    weight_penalties : list of (float, callable), default=None
        More penalties of the weights with their strengths, such as ``(0.01,
        SparseGroupLasso())``; see :mod:`sklearn_gradlasso.weight_penalties`."""


@dataclass(kw_only=True, eq=False, repr=False)
class PriorTrained:
    """What the estimators add to a classifier and a regressor."""

    lam: float = 0.1
    prior: str | Callable | Sequence = "gini"
    attribution: str | Callable = "expected_gradients"
    n_references: int = 1
    schedule: str = "joint"
    prior_start: int = 0
    target: str | Callable | None = None
    weight_penalties: Sequence | None = None

    __metadata_request__fit = annotated.REQUEST
    __metadata_request__partial_fit = annotated.REQUEST
    # Otherwise a repeated row would be its own reference more often than once.
    _merges_repeated = True
    _shared_doc = {"{prior_parameters}": PARAMETERS_DOC}
    _constraints = {
        "lam": [Interval(Real, 0, np.inf, closed="left")],
        "prior": [str, callable, list, tuple],
        "attribution": [str, callable],
        "n_references": [Interval(Integral, 1, None, closed="left")],
        "schedule": [StrOptions({"joint", "alternating"})],
        "prior_start": [Interval(Integral, 0, None, closed="left")],
        "target": [str, callable, None],
        "weight_penalties": [list, tuple, None],
    }

    fit = annotated.fit

    def _learn_from(self, prepared, warm):
        self._epochs_before = self.n_iter_ if warm else 0
        # A last row that would be alone joins the batch before it.
        in_one_batch = 1 + prepared.batch_size
        self._shuffled = self.shuffle and len(prepared.train) > in_one_batch
        # Training that goes on draws other references.
        entropy = prepared.seed, 1 + self._epochs_before
        (self._reference_seed,) = spawn_seeds(1, *entropy)

    def _schedule_options(self, one_pass):
        goes_on = one_pass or self.warm_start
        if self.prior_start >= self.max_iter and not goes_on:
            raise ValueError(
                f"prior_start={self.prior_start} leaves no epoch to the prior; it must "
                f"be less than max_iter={self.max_iter}."
            )
        waits = max(0, self.prior_start - self._epochs_before)
        return {"schedule": self.schedule, "prior_start": waits}

    def _objective(self, lam):
        generator = torch.Generator().manual_seed(self._reference_seed)
        attribution = self._attribution(self.n_references)
        attribution = attribution.drawing_from(
            generator, self._shuffled, self.n_references
        )
        return Objective(
            loss=self._task.loss,
            lam=lam,
            prior=self._prior(),
            attribution=attribution,
            target=self._training_target(),
            weight_penalties=(*self._weight_penalties(), *self._penalties_given()),
        )

    def _penalties_given(self) -> tuple:
        pairs = check_pairs("weight_penalties", self.weight_penalties or ())
        for _, penalty in pairs:
            if isinstance(penalty, (str, type)):
                raise TypeError(
                    "weight_penalties: a penalty must be an object such as "
                    f"SparseGroupLasso(), got {penalty!r}."
                )
        return pairs

    def _attribution(self, n_references: int | None) -> Attribution:
        return attributions.by_name(self.attribution, n_references=n_references)

    def _own_attribution(self):
        return self._attribution(None).drawing_from(None)

    def _prior(self):
        if not isinstance(self.prior, (list, tuple)):
            return priors.by_name(self.prior, self._feature_shape)
        if not self.prior:
            raise ValueError("prior is an empty list; use lam=0 for no prior.")
        return tuple(
            (strength, priors.by_name(prior, self._feature_shape))
            for strength, prior in check_pairs("prior", self.prior)
        )

    def _training_target(self):
        if self.target is None:
            return self._importance_target()
        return self._task.training_target(self.target)

    def _importances(self, rows):
        X, weight = self._background
        attribution = self._attribution(IMPORTANCE_REFERENCES).drawing_from(None)
        attribution = self._attribution_to_explain(attribution)
        module, target = self.net_.module_, self._importance_target()
        background = self._rows(module, X)
        phi = np.abs(attributions_of(module, background, attribution, target))
        means = np.average(phi, axis=0, weights=weight)
        n_features = int(np.prod(self._feature_shape))
        return means.astype(np.float64).reshape(n_features, -1).sum(axis=1)
