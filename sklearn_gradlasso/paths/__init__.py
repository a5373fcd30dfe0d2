"""Paths: one network for each strength of the prior, many of them trained as one.

``lambda_path`` fits an estimator with many strengths and says what each network is
like; ``stability_selection`` counts how often a feature is selected on subsamples. The
estimators that choose their strength by cross-validation build on the same files.

An estimator can be given if it has a parameter ``lam`` and the wing of the estimators
has registered it with :func:`sklearn_gradlasso.training.prepared.prepare`. Nothing else
is asked of it but its public parameters and ``explain``, ``score`` and
``feature_importances_``. Its networks are trained as one (a ``Stack``) if a first step
of a stack gives what it gives for each network alone; else one by one.

The files, from the top: ``_lambda_path`` and ``_stability`` use ``_grid`` (strengths,
and how fits are judged), which uses ``_scheduler`` (order, memory, threads), which uses
``_grouping`` (which networks can be trained as one) and ``_train_group``.

The wing may import ``training``, ``inspection``, ``objective``, ``metrics`` and
``utils``, and never the estimators.
"""

from ._lambda_path import lambda_path
from ._path_record import LambdaPath
from ._stability import StabilityPath, stability_selection

__all__ = ["LambdaPath", "StabilityPath", "lambda_path", "stability_selection"]
