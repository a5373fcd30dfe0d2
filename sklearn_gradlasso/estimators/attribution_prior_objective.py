"""The parameters and the objective of the estimators with attribution priors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
import torch
from sklearn.utils._param_validation import StrOptions

from .. import attributions, priors
from ..attributions import Attribution
from ..inspection.evaluation import attributions_of
from ..objective import Objective
from ..priors._of_columns import of_columns
from ..utils.seeds import spawn_seeds
from ..utils.validation import Interval, check_pairs
from .base import annotated
from .base.columns_of_features import columns_of_features
from .base.params_of_fit import as_fitted
from .base.table_input import with_rows_read
from .obedience.reporting import checked_by_name, set_obedience

__all__ = ["AttributionPriorMixin"]

IMPORTANCE_REFERENCES = 50

PARAMETERS_DOC = """\
lam : float, default=0.1
        Strength of the prior; for the Gini prior it is the lambda of the paper. Priors
        with one cost per sample are summed over features and averaged over samples,
        while the paper sums them over samples. 0 trains a plain network. The Gini prior
        does not depend on the scale of the attributions. If it is strong (0.3 or more
        on small data), the network can therefore concentrate on an arbitrary feature
        before it has learned anything; in this case try ``prior_start=20``.
    prior : str, callable or list of (float, callable or str), default="gini"
        "gini", "global_l2", "hoyer", "l1", "l2", "total_variation" (of attributions in
        the shape ``input_shape``), an object from :mod:`sklearn_gradlasso.priors`, or a
        callable that maps ``phi`` to ``(n,)`` or ``()``. A callable receives
        ``sample_weight`` if it has a parameter of this name. A list of pairs is a
        weighted sum of priors. Unless the attributions are slopes, the first five are
        given one value for each column of the user's table: neighbouring indicators of
        which each training row has exactly one, as from a ``OneHotEncoder``, are added
        up. ``OfColumns(prior, columns)`` states the columns instead.
    attribution : str or callable, default="expected_gradients"
        The attribution to which the prior is applied: "contributions",
        "expected_gradients", "gradients", "integrated_gradients", an object such as
        ``IntegratedGradients(baseline=x0)``, or a differentiable callable
        ``(score, x) -> phi``. ``explain`` uses the same attribution.
    n_references : int, default=1
        Number of references per row over which a training step averages expected
        gradients or contributions, the k of the paper. They are drawn from the batch.
        ``explain`` uses 200 references from the background for expected gradients, and
        the average row of the background for contributions. If ``attribution`` is an
        ``ExpectedGradients`` object with a number of references, that number is used
        for both.
    schedule : {"joint", "alternating"}, default="joint"
        "joint" takes one step on the whole objective per batch. "alternating" takes two
        steps: one on the loss with the weight penalties, and one on the prior.
    prior_start : int, default=0
        Number of epochs before the prior acts. It must be less than ``max_iter``,
        unless training continues in further calls. In these epochs training does not
        end by itself, and ``early_stopping`` keeps no weights of them (a skorch
        callback may, because it counts all epochs).
    weight_penalties : list of (float, callable), default=None
        Further penalties of the weights, with their strengths, such as ``(0.01,
        SparseGroupLasso())``; see :mod:`sklearn_gradlasso.weight_penalties`."""


@dataclass(kw_only=True, eq=False, repr=False)
class AttributionPriorMixin:
    """Parameters, objective and importances of a network with an attribution prior."""

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
    # A repeated row could be its own reference several times, so it is merged.
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
        self._n_previous_epochs = self._n_epochs_before(warm)
        # A single remaining row is added to the last batch: see ``Batches``.
        in_one_batch = 1 + prepared.batch_size
        self._shuffled = self.shuffle and len(prepared.train) > in_one_batch
        # When training continues, it must draw new references.
        entropy = prepared.seed, 1 + self._n_previous_epochs
        self._reference_seed, self._measuring_seed = spawn_seeds(2, *entropy)
        if not warm:
            attribution = self._attribution(None)
            self._encoded_columns = columns_of_features(
                prepared.train, attribution, self._table_form is not None
            )

    def _check_inputs(self, data, reset):
        return checked_by_name(self, data, super()._check_inputs(data, reset))

    def _compute_importances(self, rows):
        super()._compute_importances(rows)
        set_obedience(self, rows[0], tolerated=None)

    def _schedule_options(self, one_pass):
        may_continue = one_pass or self.warm_start
        max_iter = self._settings.max_iter
        if self.prior_start >= max_iter and not may_continue:
            raise ValueError(
                f"prior_start={self.prior_start} leaves no epoch to the prior; it must "
                f"be less than max_iter={max_iter}."
            )
        remaining = max(0, self.prior_start - self._n_previous_epochs)
        return {"schedule": self.schedule, "prior_start": remaining}

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
        how = {"n_references": n_references}
        return with_rows_read(self, attributions.by_name(self.attribution, **how))

    def _own_attribution(self):
        return as_fitted(self)._attribution(None).drawing_from(None)

    def _prior(self):
        if not isinstance(self.prior, (list, tuple)):
            return self._one_prior(self.prior)
        if not self.prior:
            raise ValueError("prior is an empty list; use lam=0 for no prior.")
        return tuple(
            (strength, self._one_prior(prior))
            for strength, prior in check_pairs("prior", self.prior)
        )

    def _one_prior(self, prior: str | Callable) -> Callable:
        return of_columns(
            priors.by_name(prior, self._feature_shape), self._encoded_columns
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
        background = self._rows(X)
        phi = np.abs(attributions_of(module, background, attribution, target))
        means = np.average(phi, axis=0, weights=weight)
        n_features = int(np.prod(self._feature_shape))
        return means.astype(np.float64).reshape(n_features, -1).sum(axis=1)
