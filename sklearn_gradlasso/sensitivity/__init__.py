"""What a fitted network is sensitive to: by features, rows, time lags and pairs.

    global   lambda_j = 100 / C * sqrt(mean_i (d f(x_i) / d x_ij) ** 2)
    local    lambda_ij = 100 / C_i * (d f(x_i) / d x_ij) ** 2
    lag      gamma_k = 100 / K * sum_j sqrt(mean_t (d y^t / d x_j^(t-k)) ** 2)

Works on every network that can be differentiated: estimators of this package, fitted
skorch nets, torch modules, scikit-learn's ``MLPClassifier``, ``MLPRegressor``; alone,
as the last step of a Pipeline or inside a search. Rows are taken batch by batch.

Slopes are per unit of the column as the network sees it: scale the columns. Several
scalars of a row (outputs of a regressor) are combined by their sum of squares; those of
regressors of this package are each in units of the standard deviation of its target,
unless a target is named. Takes one thread, or the ``n_jobs`` of an estimator.

E. Horel, V. Mison, T. Xiong, K. Giesecke, L. Mangu (2018). *Sensitivity based Neural
Networks Explanations*, sections 2.3 to 2.5.
"""

from ._importance import global_importance, lag_importance, local_importance
from ._interactions import interaction_importance
from ._noise_floor import noise_floor
from ._results import (
    GlobalImportance,
    InteractionImportance,
    LagImportance,
    LocalImportance,
    NoiseFloor,
)
from ._selector import SensitivitySelector

__all__ = [
    "GlobalImportance",
    "InteractionImportance",
    "LagImportance",
    "LocalImportance",
    "NoiseFloor",
    "SensitivitySelector",
    "global_importance",
    "interaction_importance",
    "lag_importance",
    "local_importance",
    "noise_floor",
]
