"""Gradient LASSO whose strength is chosen by cross-validation.

Ross, Lage and Doshi-Velez (2017), *The Neural LASSO: Local Linear Sparsity for
Interpretable Explanations*.
"""

from __future__ import annotations

from dataclasses import dataclass

from .base.classifier import NetworkClassifier
from .base.regressor import NetworkRegressor
from .gradient_lasso import (
    GradientLassoClassifier,
    GradientLassoRegressor,
    GradientPenalised,
)
from .lambda_search import ATTRIBUTES_DOC, PARAMETERS_DOC, LambdaSearch

__all__ = ["GradientLassoClassifierCV", "GradientLassoRegressorCV"]

_DOC = {"{search_parameters}": PARAMETERS_DOC, "{search_attributes}": ATTRIBUTES_DOC}


@dataclass(kw_only=True, eq=False, repr=False)
class GradientLassoClassifierCV(LambdaSearch, GradientPenalised, NetworkClassifier):
    """Gradient LASSO classifier that chooses its strength by cross-validation.

    The networks of all strengths and folds are trained as one, which takes less time
    than ``GridSearchCV`` and gives the same networks; then one is trained with the
    chosen strength on all rows.

    Parameters
    ----------
    {search_parameters}
    target : str or callable, default=None
        Scalar whose gradient is penalised, as in ``GradientLassoClassifier``.
    {network_parameters}
    class_weight : dict or "balanced", default=None
        Weights of the classes, multiplied into ``sample_weight``; "balanced" gives
        all classes the same total weight.

    Attributes
    ----------
    {search_attributes}
    {fitted_attributes}

    See Also
    --------
    GradientLassoClassifier : With a given strength.
    sklearn_gradlasso.lambda_path : The networks of a path themselves.

    References
    ----------
    A. S. Ross, I. Lage, F. Doshi-Velez (2017). The Neural LASSO: Local Linear
    Sparsity for Interpretable Explanations, equation 1.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_gradlasso import GradientLassoClassifierCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> search = GradientLassoClassifierCV(
    ...     lams=5, cv=3, selection="one_se", tol=1e-2, random_state=0
    ... )
    >>> model = make_pipeline(StandardScaler(), search).fit(X, y)
    >>> search.scores_.shape
    (3, 5)
    >>> bool(search.scores_.mean(axis=0).max() > 0.95)
    True
    """

    _shared_doc = {**NetworkClassifier._shared_doc, **_DOC}
    _with_lam = staticmethod(GradientLassoClassifier)
    _parameter_constraints = {
        **NetworkClassifier._parameter_constraints,
        **GradientPenalised._constraints,
        **LambdaSearch._search_constraints,
    }


@dataclass(kw_only=True, eq=False, repr=False)
class GradientLassoRegressorCV(LambdaSearch, GradientPenalised, NetworkRegressor):
    """Gradient LASSO regressor that chooses its strength by cross-validation.

    The networks of all strengths and folds are trained as one, which takes less time
    than ``GridSearchCV`` and gives the same networks; then one is trained with the
    chosen strength on all rows.

    Parameters
    ----------
    {search_parameters}
    target : str or callable, default=None
        Scalar whose gradient is penalised, as in ``GradientLassoRegressor``.
    {network_parameters}

    Attributes
    ----------
    {search_attributes}
    {fitted_attributes}

    See Also
    --------
    GradientLassoRegressor : With a given strength.
    sklearn_gradlasso.lambda_path : The networks of a path themselves.

    References
    ----------
    A. S. Ross, I. Lage, F. Doshi-Velez (2017). The Neural LASSO: Local Linear
    Sparsity for Interpretable Explanations, equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_gradlasso import GradientLassoRegressorCV
    >>> X = np.random.default_rng(0).standard_normal((500, 10))
    >>> y = X[:, 0] * X[:, 1]
    >>> model = GradientLassoRegressorCV(lams=4, cv=3, tol=1e-2, random_state=0)
    >>> model.fit(X, y).importances_.shape
    (4, 10)
    """

    _shared_doc = {**NetworkRegressor._shared_doc, **_DOC}
    _with_lam = staticmethod(GradientLassoRegressor)
    _parameter_constraints = {
        **NetworkRegressor._parameter_constraints,
        **GradientPenalised._constraints,
        **LambdaSearch._search_constraints,
    }
