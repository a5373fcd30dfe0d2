"""Paths: one network for each strength of the prior, many of them trained as one.

``lambda_path`` fits an estimator with many strengths, and returns the scores, sparsity
and importances of the networks. ``stability_selection`` counts on how many subsamples a
feature is selected. The estimators that choose their strength by cross-validation use
the same files.

The functions take an estimator that has a parameter ``lam`` and that the wing of the
estimators has registered with :func:`sklearn_gradlasso.training.prepared.prepare`.
Besides its public parameters they use ``explain``, ``score``, ``feature_importances_``,
``lam_`` and the trained ``net_``. Its networks are trained as one (a ``Stack``) if a
first step of a stack gives the same values as a first step of each network alone.
Otherwise they are trained one by one.

The files, from the top: ``_lambda_path`` and ``_stability`` use ``_evaluation`` (what
the fits are worth, by ``_scoring``, ``_losses`` and ``_usage``), ``_pipeline`` (the
estimator behind its transformers) and ``_grid`` (strengths), which uses ``_scheduler``
(order, memory, threads), which uses ``_grouping`` (which networks can be trained as
one) and ``_train_group``. A ``Stop`` of ``_supervision`` is shared by all of them: it
is how a keyboard interrupt ends training.

The wing may import ``training``, ``inspection``, ``objective``, ``metrics`` and
``utils``, but not the estimators.
"""

from ._lambda_path import lambda_path
from ._path_record import LambdaPath, Strength
from ._stability import StabilityPath, stability_selection

__all__ = [
    "LambdaPath",
    "StabilityPath",
    "Strength",
    "lambda_path",
    "stability_selection",
]
