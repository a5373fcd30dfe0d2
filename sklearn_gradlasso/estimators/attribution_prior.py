"""Attribution priors: networks whose training penalises unwanted explanations.

    objective = loss + lam * prior(attribution(target o f, x)) + weight penalties

Erion, Janizek, Sturmfels, Lundberg and Lee (2019), *Learning Explainable Models Using
Attribution Priors*.
"""

from __future__ import annotations

from dataclasses import dataclass

from .attribution_prior_objective import AttributionPriorMixin
from .base import annotated
from .base.calibration import CALIBRATE, temperature_
from .base.classifier import ATTRIBUTES_DOC as OF_CLASSIFIERS
from .base.classifier import UNITS, NetworkClassifier
from .base.fit_method import in_passes
from .base.regressor import ATTRIBUTES_DOC as OF_REGRESSORS
from .base.regressor import LOSS, NetworkRegressor

__all__ = ["AttributionPriorClassifier", "AttributionPriorRegressor"]

IMPORTANCES_DOC = """\
feature_importances_ : ndarray of shape (n_features,)
        The global attribution of the paper: the average magnitude of the attribution
        of {importance_target}. The average is over up to 500 rows that represent the
        training data. The importances sum to 1.
    """


@dataclass(kw_only=True, eq=False, repr=False)
class AttributionPriorClassifier(AttributionPriorMixin, NetworkClassifier):
    """Neural network classifier that is trained with a prior on its explanations.

    The network minimises ``cross-entropy + lam * prior(attribution)``. The default
    prior is the Gini index of the average expected gradients of the features, which
    concentrates importance on few features. Other priors make the attributions of
    images smooth (``prior="total_variation"``), or give neighbours in a graph similar
    importance (``prior=GraphLaplacian(adjacency)``). A prior can also be any
    differentiable function of the attributions.

    Parameters
    ----------
    {prior_parameters}
    target : str or callable, default=None
        Scalar that is attributed in training. The default is the log-odds for two
        classes or of each label, and the log-probability of the predicted class for
        more. Other values are "log_prob_sum", "output", "probabilities", "true_class"
        (not of labels), or a callable ``(log_probabilities, y) -> (n,)``, which of
        labels is given the log-odds.
    {network_parameters}
    {class_weight}
    {output_units}
    {calibration_doc}

    Attributes
    ----------
    {fitted_attributes}
    obedience_ : Obedience
        After a fit with annotations: what the network still does with the features that
        they mark. What it should do depends on the prior, so nothing is promised, and
        there is no warning. See ``obedience_.to_frame()``.

    See Also
    --------
    AttributionPriorRegressor : The same method for regression.
    GradientLassoClassifier : Gradients are sparse at each sample.

    Notes
    -----
    Training uses a random estimate of the expected gradients, while ``explain`` returns
    a deterministic and more accurate estimate. Its references are up to 500 rows of the
    training data, which the estimator keeps and which are part of its pickle. The
    attribution is multiplied by the annotations (see ``fit``) before the prior is
    applied, so the prior acts only where the annotations are not 0.

    References
    ----------
    G. Erion, J. D. Janizek, P. Sturmfels, S. M. Lundberg, S.-I. Lee (2019). Learning
    Explainable Models Using Attribution Priors.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn_gradlasso import AttributionPriorClassifier
    >>> from sklearn_gradlasso.metrics import gini_index
    >>> X, y = load_wine(return_X_y=True)
    >>> model = AttributionPriorClassifier(random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.95, gini_index(model.feature_importances_) > 0.5
    (True, True)
    >>> model.explain(X[:5]).shape
    (5, 13, 3)
    """

    _shared_doc = {
        "{fitted_attributes}": IMPORTANCES_DOC.format(
            importance_target="the log-odds (two classes, or each\n"
            "        label) or of the log-probability of the predicted class"
        )
        + OF_CLASSIFIERS,
    }
    single_logit: bool = False
    calibrate: bool = True

    _constraints = {**UNITS, **CALIBRATE}
    temperature_ = temperature_
    partial_fit = in_passes(annotated.partial_fit_classes)


@dataclass(kw_only=True, eq=False, repr=False)
class AttributionPriorRegressor(AttributionPriorMixin, NetworkRegressor):
    """Neural network regressor that is trained with a prior on its explanations.

    The network minimises ``mean squared error + lam * prior(attribution)``. The error
    and the attributed prediction are in units of the standard deviation of y. The
    default prior is the Gini index of the average expected gradients of the features,
    which concentrates importance on few features. With
    ``prior=GraphLaplacian(adjacency)`` neighbours in a graph get similar importance.

    Parameters
    ----------
    {prior_parameters}
    target : str or callable, default=None
        Scalar that is attributed in training. The default is "output", the prediction
        in standardised units; each of several outputs has its own attribution. A
        callable ``(output, y) -> (n,)`` is also possible.
    {regressor_loss}
    {network_parameters}

    Attributes
    ----------
    {fitted_attributes}
    obedience_ : Obedience
        After a fit with annotations: what the network still does with the features that
        they mark. What it should do depends on the prior, so nothing is promised, and
        there is no warning. See ``obedience_.to_frame()``.

    See Also
    --------
    AttributionPriorClassifier : The same method for classification.
    GradientLassoRegressor : Gradients are sparse at each sample.

    Notes
    -----
    Training uses a random estimate of the expected gradients, while ``explain`` returns
    a deterministic and more accurate estimate in the units of y. Its references are up
    to 500 rows of the training data, which the estimator keeps and which are part of
    its pickle. The attribution is multiplied by the annotations (see ``fit``) before
    the prior is applied, so the prior acts only where the annotations are not 0.

    References
    ----------
    G. Erion, J. D. Janizek, P. Sturmfels, S. M. Lundberg, S.-I. Lee (2019). Learning
    Explainable Models Using Attribution Priors.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_gradlasso import AttributionPriorRegressor
    >>> X = np.random.default_rng(0).standard_normal((200, 4))
    >>> y = X[:, 0] + X[:, 1]
    >>> model = AttributionPriorRegressor(random_state=0).fit(X, y)
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
    loss: str = "squared_error"
    normalize_y: bool = True

    _constraints = LOSS
    partial_fit = in_passes(annotated.partial_fit)
