"""Gradient LASSO that chooses its strength by cross-validation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import gradient_penalty
from .base.calibration import CALIBRATE, temperature_
from .base.classifier import UNITS, NetworkClassifier
from .base.regressor import LOSS, NetworkRegressor
from .gradient_lasso import (
    TARGET,
    GradientLassoClassifier,
    GradientLassoRegressor,
)
from .lambda_search import LambdaSearch

__all__ = ["GradientLassoClassifierCV", "GradientLassoRegressorCV"]


@dataclass(kw_only=True, eq=False, repr=False)
class GradientLassoClassifierCV(LambdaSearch, NetworkClassifier):
    """Gradient LASSO classifier that chooses its strength by cross-validation.

    The networks of all strengths and folds are trained as one large network. This gives
    the same networks as ``GridSearchCV`` in less time. A final network is then trained
    on all rows with the chosen strength.

    Parameters
    ----------
    {search_parameters}
    target : str or callable, default=None
        Scalar whose gradient is penalised, as in ``GradientLassoClassifier``.
    {gradient_penalty}
    {network_parameters}
    {class_weight}
    {output_units}
    {calibration_doc}

    Attributes
    ----------
    {search_attributes}
    {fitted_attributes}

    See Also
    --------
    GradientLassoClassifier : The same method with a given strength.
    sklearn_gradlasso.lambda_path : Fits and returns all networks of a path.

    References
    ----------
    A. S. Ross, I. Lage, F. Doshi-Velez (2017). The Neural LASSO: Local Linear
    Sparsity for Interpretable Explanations, equation 1.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn_gradlasso import GradientLassoClassifierCV
    >>> X, y = load_wine(return_X_y=True)
    >>> search = GradientLassoClassifierCV(
    ...     lams=3, cv=3, selection="one_se", random_state=0
    ... ).fit(X, y)
    >>> search.scores_.shape
    (3, 3)
    >>> bool(search.scores_.mean(axis=0).max() > 0.95)
    True
    """

    target: str | Callable | None = None
    single_logit: bool = False
    calibrate: bool = True
    penalty: str = "auto"

    _constraints = {
        **gradient_penalty.CONSTRAINTS,
        "target": TARGET,
        **UNITS,
        **CALIBRATE,
    }
    temperature_ = temperature_
    _with_lam = staticmethod(GradientLassoClassifier)
    _shared_doc = gradient_penalty.SHARED_DOC

    _learn_from = gradient_penalty.learn_from
    _merges_repeated = gradient_penalty.merges_repeated
    _objective = gradient_penalty.objective
    _own_attribution = gradient_penalty.own_attribution


@dataclass(kw_only=True, eq=False, repr=False)
class GradientLassoRegressorCV(LambdaSearch, NetworkRegressor):
    """Gradient LASSO regressor that chooses its strength by cross-validation.

    The networks of all strengths and folds are trained as one large network. This gives
    the same networks as ``GridSearchCV`` in less time. A final network is then trained
    on all rows with the chosen strength.

    Parameters
    ----------
    {search_parameters}
    target : str or callable, default=None
        Scalar whose gradient is penalised, as in ``GradientLassoRegressor``.
    {regressor_loss}
    {gradient_penalty}
    {network_parameters}

    Attributes
    ----------
    {search_attributes}
    {fitted_attributes}

    See Also
    --------
    GradientLassoRegressor : The same method with a given strength.
    sklearn_gradlasso.lambda_path : Fits and returns all networks of a path.

    References
    ----------
    A. S. Ross, I. Lage, F. Doshi-Velez (2017). The Neural LASSO: Local Linear
    Sparsity for Interpretable Explanations, equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_gradlasso import GradientLassoRegressorCV
    >>> X = np.random.default_rng(0).standard_normal((200, 10))
    >>> y = X[:, 0] * X[:, 1]
    >>> model = GradientLassoRegressorCV(lams=3, cv=3, random_state=0)
    >>> model.fit(X, y).importances_.shape
    (3, 10)
    """

    target: str | Callable | None = None
    penalty: str = "auto"
    loss: str = "squared_error"
    normalize_y: bool = True

    _constraints = {**gradient_penalty.CONSTRAINTS, "target": TARGET, **LOSS}
    _with_lam = staticmethod(GradientLassoRegressor)
    _shared_doc = gradient_penalty.SHARED_DOC

    _learn_from = gradient_penalty.learn_from
    _merges_repeated = gradient_penalty.merges_repeated
    _objective = gradient_penalty.objective
    _own_attribution = gradient_penalty.own_attribution
