"""NGSLL: networks that generate a sparse linear model for each sample.

    decision(x) = z^T (g * w(x)),   where the gate g selects K of the features z

Yoshikawa and Iwata (2020), *Neural Generators of Sparse Local Linear Models for
Achieving both Accuracy and Interpretability*.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_expit, log_softmax
from sklearn.utils.validation import check_is_fitted

from ..base.classifier import NetworkClassifier
from ..base.regressor import NetworkRegressor
from .documentation import ATTRIBUTES_DOC
from .ngsll_estimator import NGSLLEstimator

__all__ = ["NGSLLClassifier", "NGSLLRegressor"]


@dataclass(kw_only=True, eq=False, repr=False)
class NGSLLClassifier(NGSLLEstimator, NetworkClassifier):
    """Neural network classifier that predicts by a sparse linear model for each row.

    The network reads a row x and generates weights for K features z. The decision is
    the weighted sum of these features, ``decision_function(X) = z . w(x)``, so the
    weights themselves are the explanation. The input x can be complex (an image, a
    sequence of words), while the features z are simple (coarse pixels, a bag of words).

    Parameters
    ----------
    {weights_parameters}
    {network_parameters}
    {class_weight}

    Attributes
    ----------
    {fitted_attributes}
    classes_ : ndarray of shape (n_classes,)
        Class labels, also those whose rows all have weight zero. A network of one
        class is constant: the class has probability 1, and all weights are 0. If y is
        an indicator of labels, they are the numbers of its columns.
    n_outputs_ : int
        Number of classes or labels.
    intercept_ : float
        Always 0, because the linear models have no intercept.

    See Also
    --------
    NGSLLRegressor : The same method for regression.
    GradientLassoClassifier : Gradients are sparse at each sample.

    Notes
    -----
    Two classes share one weight vector, which gives the log-odds of ``classes_[1]``.
    With more classes, each class has its own weight vector, which gives its score
    before the softmax. If y is an indicator of labels that may occur together, that of
    each label gives its log-odds. All classes or labels use the same K features: the
    gate selects those whose weights have the largest sum of squares over classes. A row
    whose features are all 0 has the decision 0, and no reason.

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
    ...     n_nonzero_coefs=1, encode=TokenSequencer(),
    ...     simplify=CountVectorizer(min_df=10), random_state=0,
    ... ).fit(X, y)
    >>> model.predict(X[:4]).tolist()
    ['good', 'bad', 'bad', 'good']
    >>> model.explain(X[:4]).nnz
    4
    """

    _shared_doc = {
        "{fitted_attributes}": ATTRIBUTES_DOC.format(
            loss="Cross-entropy", score="Accuracy"
        ),
    }

    @property
    def intercept_(self) -> float:
        check_is_fitted(self)
        return 0.0

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Compute ``z . w(x)``: log-odds of two classes or of labels, or other scores.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Rows, as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes the log-odds, which are positive if ``classes_[1]`` is more
            probable. For more classes the scores before the softmax. For one class 0.
            For labels the log-odds of each label.
        """
        models, _ = self._models(X)
        decisions = self._in_answers(models).decisions
        return decisions[:, 0] if decisions.shape[1] == 1 else decisions

    def _outputs(self, X):
        decision = self.decision_function(X)
        if self._has_labels:
            return decision
        if decision.ndim == 2:
            return log_softmax(decision, axis=1)
        if self.n_outputs_ == 1:
            return decision[:, None]
        return log_expit(np.column_stack([-decision, decision]))

    def _in_answers(self, models):
        # Nothing speaks for or against a class that is the only one.
        return models if self.n_outputs_ > 1 else models.times(np.zeros(1))

    def _importances(self, rows):
        return super()._importances(rows) * (self.n_outputs_ > 1)

    def _of_predicted(self, models):
        if self._has_labels:
            self._task.single_target()  # It raises an error.
        decisions = models.decisions
        if models.n_outputs == 1:
            return models.times(np.where(decisions > 0, 1.0, -1.0))
        return models.of_output(decisions.argmax(axis=1))


@dataclass(kw_only=True, eq=False, repr=False)
class NGSLLRegressor(NGSLLEstimator, NetworkRegressor):
    """Neural network regressor that predicts by a sparse linear model for each row.

    The network reads a row x and generates weights for K features z. The prediction is
    ``z . w(x) + intercept_``. Training minimises the squared error in units of the
    standard deviation of y, while weights and predictions are in the units of y.

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
    Each of several outputs has its own weight vector, and all of them use the same K
    features. The paper is about classification, where weights grow in training until
    their squares exceed the noise of the random gate. Weights for a standardised target
    stay near 1, so the gate multiplies them by 3 before it compares them.

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
        "{fitted_attributes}": ATTRIBUTES_DOC.format(
            loss="Mean squared error in standardised units", score="R2"
        ),
    }
    _gate_scale = 3.0

    @property
    def intercept_(self) -> float | np.ndarray:
        check_is_fitted(self)
        return float(self._y_mean[0]) if self._y_axes == 1 else self._y_mean

    def _outputs(self, X):
        models, _ = self._models(X)
        return models.decisions

    def _in_answers(self, models):
        return models.times(self._y_scale)

    def _of_predicted(self, models):
        self._task.single_target()  # It raises an error for several outputs.
        return models
