"""Attribution priors: networks trained with what one expects of their explanations.

    objective = loss + lam * prior(attribution(target o f, x)) + weight penalties

Erion, Janizek, Sturmfels, Lundberg and Lee (2019), *Learning Explainable Models Using
Attribution Priors*.
"""

from __future__ import annotations

from dataclasses import dataclass

from .attribution_prior_objective import PriorTrained
from .base import annotated
from .base.classifier import ATTRIBUTES_DOC as OF_CLASSIFIERS
from .base.classifier import NetworkClassifier
from .base.regressor import ATTRIBUTES_DOC as OF_REGRESSORS
from .base.regressor import NetworkRegressor

__all__ = ["AttributionPriorClassifier", "AttributionPriorRegressor"]

IMPORTANCES_DOC = """\
feature_importances_ : ndarray of shape (n_features,)
        Average magnitude over the training data (up to 500 rows that stand for it) of
        the attribution of {importance_target}: the paper's global attribution. Sums
        to 1.
    """


@dataclass(kw_only=True, eq=False, repr=False)
class AttributionPriorClassifier(PriorTrained, NetworkClassifier):
    """Neural network classifier trained with an expectation of its explanations.

    Minimises ``cross-entropy + lam * prior(attribution)``. By default the prior is the
    Gini index of the features' average expected gradients: few features are to have
    all the importance. Smooth images (``prior="total_variation"``), alike neighbours in
    a graph (``prior=GraphLaplacian(adjacency)``) or anything that can be written as a
    differentiable function of attributions are as good.

    Parameters
    ----------
    {prior_parameters}
    target : str or callable, default=None
        Scalar that is attributed in training: by default the log-odds (two classes) or
        the log-probability of the predicted class; else "log_prob_sum", "output",
        "probabilities", "true_class", or a callable ``(log_probabilities, y) ->
        (n,)``.
    {network_parameters}
    class_weight : dict or "balanced", default=None
        Weights of the classes, multiplied into ``sample_weight``; "balanced" gives
        all classes the same total weight.

    Attributes
    ----------
    {fitted_attributes}

    See Also
    --------
    AttributionPriorRegressor : The same for regression.
    GradientLassoClassifier : Few features at each sample, by gradients.

    Notes
    -----
    Expected gradients in training are a random estimate; ``explain`` returns a
    deterministic and more exact one. The estimator keeps up to 500 rows of the training
    data as references for it, also in a pickle. Annotations (see ``fit``) multiply the
    attribution before the prior sees it, so that it acts where they are not 0.

    References
    ----------
    G. Erion, J. D. Janizek, P. Sturmfels, S. M. Lundberg, S.-I. Lee (2019). Learning
    Explainable Models Using Attribution Priors.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_gradlasso import AttributionPriorClassifier
    >>> from sklearn_gradlasso.metrics import gini_index
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> X = StandardScaler().fit_transform(X)
    >>> model = AttributionPriorClassifier(tol=1e-3, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.95, gini_index(model.feature_importances_) > 0.6
    (True, True)
    >>> model.explain(X[:5]).shape
    (5, 30)
    """

    _shared_doc = {
        "{fitted_attributes}": IMPORTANCES_DOC.format(
            importance_target="the log-odds (two classes) or of the predicted\n"
            "        class's log-probability"
        )
        + OF_CLASSIFIERS,
    }
    partial_fit = annotated.partial_fit_classes


@dataclass(kw_only=True, eq=False, repr=False)
class AttributionPriorRegressor(PriorTrained, NetworkRegressor):
    """Neural network regressor trained with an expectation of its explanations.

    Minimises ``mean squared error + lam * prior(attribution)``, the error and the
    explained prediction in units of the standard deviation of y. By default the prior
    is the Gini index of the features' average expected gradients: few features are to
    have all the importance. With ``prior=GraphLaplacian(adjacency)`` neighbours in a
    graph are to matter alike.

    Parameters
    ----------
    {prior_parameters}
    target : str or callable, default=None
        Scalar that is attributed in training: by default "output", the prediction in
        standardised units (several outputs have an attribution each); or a callable
        ``(output, y) -> (n,)``.
    {network_parameters}

    Attributes
    ----------
    {fitted_attributes}

    See Also
    --------
    AttributionPriorClassifier : The same for classification.
    GradientLassoRegressor : Few features at each sample, by gradients.

    Notes
    -----
    Expected gradients in training are a random estimate; ``explain`` returns a
    deterministic and more exact one, in the units of y. The estimator keeps up to 500
    rows of the training data as references for it, also in a pickle. Annotations (see
    ``fit``) multiply the attribution before the prior sees it, so that it acts where
    they are not 0.

    References
    ----------
    G. Erion, J. D. Janizek, P. Sturmfels, S. M. Lundberg, S.-I. Lee (2019). Learning
    Explainable Models Using Attribution Priors.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_gradlasso import AttributionPriorRegressor
    >>> X = np.random.default_rng(0).standard_normal((500, 4))
    >>> y = X[:, 0] + X[:, 1]
    >>> model = AttributionPriorRegressor(tol=1e-3, random_state=0).fit(X, y)
    >>> phi = model.explain(X)
    >>> bool(abs(phi.sum(axis=1) - (model.predict(X) - y.mean())).mean() < 0.1)
    True
    """

    _shared_doc = {
        "{fitted_attributes}": IMPORTANCES_DOC.format(
            importance_target="the standardised prediction (summed over outputs)"
        )
        + OF_REGRESSORS,
    }
    partial_fit = annotated.partial_fit
