"""Gradient LASSO: networks that depend on few features at each sample.

    objective = loss + lam * mean_i sum_j |d target / d x_ij| + weight penalties

Ross, Lage and Doshi-Velez (2017), *The Neural LASSO: Local Linear Sparsity for
Interpretable Explanations*.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real

import numpy as np

from ..utils.validation import Interval
from . import gradient_penalty
from .base.calibration import CALIBRATE, temperature_
from .base.classifier import UNITS, NetworkClassifier
from .base.regressor import LOSS, NetworkRegressor

__all__ = [
    "TARGET",
    "GradientLassoClassifier",
    "GradientLassoRegressor",
]

LAM = [Interval(Real, 0, np.inf, closed="left")]
TARGET = [str, callable, None]


@dataclass(kw_only=True, eq=False, repr=False)
class GradientLassoClassifier(NetworkClassifier):
    """Neural network classifier with sparse input gradients.

    The network minimises ``cross-entropy + lam * mean_i || d/dx sum_k log p_k(x_i)
    ||_1``. The decision then depends on few features at each sample, and these features
    may differ between samples. ``explain`` returns them, at the cost of a backward pass
    per output.

    Parameters
    ----------
    lam : float, default=0.01
        Strength of the L1 penalty on gradients, which is summed over features and
        averaged over samples. It is the paper's lambda of the gradient term. 0 trains a
        plain network.
    target : str or callable, default=None
        Scalar whose gradient is penalised. The default is the scalar of the paper,
        "log_prob_sum". Other values are "output" (the log-probability of each class),
        "log_odds", "probabilities", "true_class", "predicted_class", or a callable
        ``(log_probabilities, y) -> (n,)``. If y is an indicator of labels, the default
        is ``sum_l log p_l + log(1 - p_l)`` over labels, "output" and "log_odds" are the
        log-odds of each label (which a callable is given, too), and the true and the
        predicted class have no meaning.
    {gradient_penalty}
    {network_parameters}
    {class_weight}
    {output_units}
    {calibration_doc}

    Attributes
    ----------
    {fitted_attributes}

    See Also
    --------
    GradientLassoRegressor : The same method for regression.

    Notes
    -----
    Input gradients become small, but they do not become exactly zero.
    ``sklearn.feature_selection.SelectFromModel`` has a default threshold of 1e-5 for
    all classes with "Lasso" in their name, and would keep all features. Set its
    ``threshold`` yourself.

    References
    ----------
    A. S. Ross, I. Lage, F. Doshi-Velez (2017). The Neural LASSO: Local Linear
    Sparsity for Interpretable Explanations, equation 1.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn_gradlasso import GradientLassoClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> model = GradientLassoClassifier(lam=0.1, random_state=0).fit(X, y)
    >>> round(model.score(X, y), 1)
    1.0
    >>> model.explain(X[:5]).shape
    (5, 13, 3)
    """

    lam: float = 0.01
    target: str | Callable | None = None
    single_logit: bool = False
    calibrate: bool = True
    penalty: str = "auto"

    _constraints = {
        **gradient_penalty.CONSTRAINTS,
        "lam": LAM,
        "target": TARGET,
        **UNITS,
        **CALIBRATE,
    }
    temperature_ = temperature_
    _shared_doc = gradient_penalty.SHARED_DOC

    _learn_from = gradient_penalty.learn_from
    _merges_repeated = gradient_penalty.merges_repeated
    _objective = gradient_penalty.objective
    _own_attribution = gradient_penalty.own_attribution


@dataclass(kw_only=True, eq=False, repr=False)
class GradientLassoRegressor(NetworkRegressor):
    """Neural network regressor with sparse input gradients.

    The network minimises ``mean squared error + lam * mean_i || d f(x_i) / dx ||_1``,
    both in units of the standard deviation of y. The prediction then depends on few
    features at each sample. With several outputs the penalty is the sum over them.

    Parameters
    ----------
    lam : float, default=0.01
        Strength of the L1 penalty on gradients, which is summed over features and
        averaged over samples. 0 trains a plain network.
    target : str or callable, default=None
        Scalar whose gradient is penalised. The default is "output", the prediction in
        standardised units. A callable ``(output, y) -> (n,)`` is also possible.
    {regressor_loss}
    {gradient_penalty}
    {network_parameters}

    Attributes
    ----------
    {fitted_attributes}

    See Also
    --------
    GradientLassoClassifier : The paper's method, for classification.

    Notes
    -----
    The paper is about classification. The penalty on the gradient of the output is the
    same idea for regression. For ``SelectFromModel`` see the notes of the classifier.

    References
    ----------
    A. S. Ross, I. Lage, F. Doshi-Velez (2017). The Neural LASSO: Local Linear
    Sparsity for Interpretable Explanations, equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_gradlasso import GradientLassoRegressor
    >>> X = np.random.default_rng(0).standard_normal((400, 10))
    >>> y = X[:, 0] * X[:, 1]
    >>> model = GradientLassoRegressor(lam=0.1, random_state=0).fit(X, y)
    >>> model.feature_importances_.round(1).tolist()
    [0.4, 0.4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """

    lam: float = 0.01
    target: str | Callable | None = None
    penalty: str = "auto"
    loss: str = "squared_error"
    normalize_y: bool = True

    _constraints = {
        **gradient_penalty.CONSTRAINTS,
        "lam": LAM,
        "target": TARGET,
        **LOSS,
    }
    _shared_doc = gradient_penalty.SHARED_DOC

    _learn_from = gradient_penalty.learn_from
    _merges_repeated = gradient_penalty.merges_repeated
    _objective = gradient_penalty.objective
    _own_attribution = gradient_penalty.own_attribution
