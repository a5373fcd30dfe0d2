"""NGSLL: networks that write a sparse linear model for each sample.

    decision(x) = z^T (g * w(x)),   g opens K of the features z

Yoshikawa and Iwata (2020), *Neural Generators of Sparse Local Linear Models for
Achieving both Accuracy and Interpretability*.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_expit, log_softmax
from sklearn.utils.validation import check_is_fitted
from torch import nn

from ...modules import LogOdds, LogProbabilities
from ..base.classifier import NetworkClassifier
from ..base.regressor import NetworkRegressor
from .linear_models import ATTRIBUTES_DOC, GeneratesWeights
from .two_phases import NETWORK_DOC, PARAMETERS_DOC

__all__ = ["NGSLLClassifier", "NGSLLRegressor"]


@dataclass(kw_only=True, eq=False, repr=False)
class NGSLLClassifier(GeneratesWeights, NetworkClassifier):
    """Neural network classifier that answers by a sparse linear model for each row.

    The network reads a row and writes the weights of K features; the decision is their
    sum with these weights, ``decision_function(X) = z . w(x)``, and so the explanation
    costs nothing. What is read may be rich (an image, a sequence of words) and what is
    weighted simple (coarse pixels, a bag of words).

    Parameters
    ----------
    {weights_parameters}
    {network_parameters}
    class_weight : dict or "balanced", default=None
        Weights of the classes, multiplied into ``sample_weight``; "balanced" gives
        all classes the same total weight.

    Attributes
    ----------
    {fitted_attributes}
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    n_outputs_ : int
        Number of classes.
    intercept_ : float
        0: what has no weight says nothing.

    See Also
    --------
    NGSLLRegressor : The same for regression.
    GradientLassoClassifier : Few features at each sample, by gradients.

    Notes
    -----
    Two classes have one weight vector, for the log-odds of ``classes_[1]``. Each of
    several classes has a weight vector of its own, for its score before the softmax,
    over the same K features: the gate opens those with the largest sum of squares.
    A row without an allowed feature has the decision 0.

    References
    ----------
    Y. Yoshikawa, T. Iwata (2020). Neural Generators of Sparse Local Linear Models for
    Achieving both Accuracy and Interpretability.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn_gradlasso import NGSLLClassifier, TokenSequencer
    >>> X = ["a funny film", "too bad to be funny", "bad", "not bad at all"] * 20
    >>> y = ["good", "bad", "bad", "good"] * 20
    >>> model = NGSLLClassifier(
    ...     n_nonzero_coefs=1, encode=TokenSequencer(), simplify=CountVectorizer(),
    ...     mask_zeros=True, random_state=0,
    ... ).fit(X, y)
    >>> model.predict(X[:4]).tolist()
    ['good', 'bad', 'bad', 'good']
    >>> model.explain(X[:4]).nnz
    4
    """

    _shared_doc = {
        "{weights_parameters}": PARAMETERS_DOC,
        "{network_parameters}": NETWORK_DOC,
        "{fitted_attributes}": ATTRIBUTES_DOC.format(
            loss="Cross-entropy", score="Accuracy"
        ),
    }
    _parameter_constraints = {
        **NetworkClassifier._parameter_constraints,
        **GeneratesWeights._constraints,
    }

    @property
    def intercept_(self) -> float:
        check_is_fitted(self)
        return 0.0

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """``z . w(x)``: log-odds of the second class, or scores of several classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Rows as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            Two classes: positive for ``classes_[1]``. Several: before the softmax.
        """
        models, _ = self._models(X)
        decisions = models.decisions
        return decisions[:, 0] if decisions.shape[1] == 1 else decisions

    def _outputs(self, X):
        decision = self.decision_function(X)
        if decision.ndim == 2:
            return log_softmax(decision, axis=1)
        return log_expit(np.column_stack([-decision, decision]))

    def _n_vectors(self):
        return 1 if self.n_outputs_ == 2 else self.n_outputs_

    def _with_head(self, generator):
        linear = self._local_linear(generator)
        return LogOdds(linear) if linear.n_vectors == 1 else LogProbabilities(linear)

    def _in_answers(self, models):
        return models

    def _of_predicted(self, models):
        decisions, weights = models.decisions, models.weights
        if decisions.shape[1] == 1:
            sign = np.where(decisions > 0, 1.0, -1.0)
            return models._replace(
                weights=weights * sign[:, :, None], decisions=decisions * sign
            )
        chosen = decisions.argmax(axis=1)[:, None]
        return models._replace(
            weights=np.take_along_axis(weights, chosen[:, :, None], axis=2),
            decisions=np.take_along_axis(decisions, chosen, axis=1),
        )


@dataclass(kw_only=True, eq=False, repr=False)
class NGSLLRegressor(GeneratesWeights, NetworkRegressor):
    """Neural network regressor that answers by a sparse linear model for each row.

    The network reads a row and writes the weights of K features; the prediction is
    ``z . w(x) + intercept_``. Trained by the squared error in units of the standard
    deviation of y; weights and predictions are in the units of y.

    Parameters
    ----------
    {weights_parameters}
    {network_parameters}

    Attributes
    ----------
    {fitted_attributes}
    n_outputs_ : int
        Number of outputs.
    intercept_ : float or ndarray of shape (n_outputs,)
        The mean of the training targets.

    See Also
    --------
    NGSLLClassifier : The paper's method, for classification.

    Notes
    -----
    Several outputs have a weight vector each, over the same K features. The paper is
    about classification, where weights grow until their squares stand out from the
    noise by which the gate is drawn in training. Weights of a standardised target stay
    near 1: the gate here sees them three times as large.

    References
    ----------
    Y. Yoshikawa, T. Iwata (2020). Neural Generators of Sparse Local Linear Models for
    Achieving both Accuracy and Interpretability.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_gradlasso import NGSLLRegressor
    >>> X = np.random.default_rng(0).standard_normal((1000, 5))
    >>> y = np.where(X[:, 0] > 0, X[:, 1], X[:, 2])
    >>> model = NGSLLRegressor(n_nonzero_coefs=1, tol=1e-2, random_state=0).fit(X, y)
    >>> weights = model.explain(X)
    >>> bool(((weights != 0).sum(axis=1) == 1).all())
    True
    >>> answer = (X * weights).sum(axis=1) + model.intercept_
    >>> bool(np.allclose(answer, model.predict(X)))
    True
    """

    _shared_doc = {
        "{weights_parameters}": PARAMETERS_DOC,
        "{network_parameters}": NETWORK_DOC,
        "{fitted_attributes}": ATTRIBUTES_DOC.format(
            loss="Mean squared error in standardised units", score="R2"
        ),
    }
    _parameter_constraints = {
        **NetworkRegressor._parameter_constraints,
        **GeneratesWeights._constraints,
    }

    _gate_scale = 3.0

    @property
    def intercept_(self) -> float | np.ndarray:
        check_is_fitted(self)
        return float(self._y_mean[0]) if self._y_axes == 1 else self._y_mean

    def _outputs(self, X):
        models, _ = self._models(X)
        return models.decisions

    def _n_vectors(self):
        return self.n_outputs_

    def _with_head(self, generator):
        return nn.Sequential(self._local_linear(generator))

    def _in_answers(self, models):
        return models._replace(
            weights=models.weights * self._y_scale,
            decisions=models.decisions * self._y_scale,
        )

    def _of_predicted(self, models):
        self._single_target()  # several outputs are refused
        return models
