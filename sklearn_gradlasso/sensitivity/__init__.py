"""What a fitted network is sensitive to: by features, rows, time lags and pairs.

    global   lambda_j = 100 / C * sqrt(mean_i (d f(x_i) / d x_ij) ** 2)
    local    lambda_ij = 100 / C_i * (d f(x_i) / d x_ij) ** 2
    lag      gamma_k = 100 / K * sum_j sqrt(mean_t (d y^t / d x_j^(t-k)) ** 2)

Works on every network that can be differentiated: estimators of this package, fitted
skorch nets, torch modules, scikit-learn's ``MLPClassifier`` and ``MLPRegressor``. The
network may be alone, the last step of a Pipeline (samplers of imbalanced-learn are
skipped, as in ``predict``), the best estimator of a search, or inside
``FrozenEstimator``, ``FixedThresholdClassifier``, ``TunedThresholdClassifierCV``,
``CalibratedClassifierCV`` (of one network), ``SelfTrainingClassifier``, ``RFE``,
``RFECV`` or ``TransformedTargetRegressor``. Slopes are those of the network: a
threshold or calibration has no part in them, and a transformed target is not
transformed back.

Slopes are per unit of the column as the network sees it, so that columns should be
scaled. If a row has several scalars, such as the outputs of a regressor, their squares
are added up. Each output of a regressor of this package is in units of the standard
deviation of its target (or in those of ``normalize_y=False``; with ``loss="poisson"``
it is the logarithm of the prediction), unless a target is named. Rows are taken batch
by batch, in one thread or the ``n_jobs`` of the estimator.

E. Horel, V. Mison, T. Xiong, K. Giesecke, L. Mangu (2018). *Sensitivity based Neural
Networks Explanations*, sections 2.3 to 2.5.

Everything is computed from the module, rows and target that ``inspection`` opens, by
its protocol. The selector keeps columns by ``_selection_rules``, given the importances
of ``_measured_columns``. May import ``inspection``, ``attributions``, ``objective`` and
``utils``.
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
