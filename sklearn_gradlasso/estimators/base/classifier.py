"""The base of all classifiers: it adds classes, probabilities and class weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.multiclass import check_classification_targets

from ...training.rows import TrainingData
from .classification import Classification
from .network_estimator import NetworkEstimator

__all__ = ["NetworkClassifier"]

CLASS_WEIGHT_DOC = """\
class_weight : dict or "balanced", default=None
        Weights of the classes, by which ``sample_weight`` is multiplied. "balanced"
        gives all classes the same total weight."""
IMPORTANCES_DOC = """\
feature_importances_ : ndarray of shape (n_features,)
        Root mean square of a gradient over the training data: the gradient of the
        log-odds for two classes, and of the log-probability of the predicted class for
        more. The importances sum to 1.
    """
ATTRIBUTES_DOC = """\
lam_ : float
        Strength of the penalty in the last fit.
    loss_curve_, penalty_curve_ : list of float
        Cross-entropy, and ``lam_`` times the penalty, in each epoch.
    loss_, best_loss_ : float
        Last and lowest value of ``loss_curve_``.
    validation_scores_ : list of float
        Accuracy on the held-out rows after each epoch, with ``early_stopping``.
    validation_loss_curve_ : list of float
        Loss on the held-out rows after each epoch, with the penalty if
        ``monitor="objective"``.
    best_validation_score_ : float or None
        Validation score of the weights that were kept in the last fit.
    n_iter_ : int
        Number of epochs.
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    n_outputs_ : int
        Number of classes.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X is a DataFrame with string columns.
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_`` maps inputs to log-probabilities, and
        ``net_.history`` has an entry for each epoch of all calls."""


@dataclass(kw_only=True, eq=False, repr=False)
class NetworkClassifier(ClassifierMixin, NetworkEstimator):
    """A network estimator whose network returns log-probabilities of the classes."""

    class_weight: dict | str | None = None

    _reasons = "log_odds"
    _shared_doc = {
        "{class_weight}": CLASS_WEIGHT_DOC,
        "{fitted_attributes}": IMPORTANCES_DOC + ATTRIBUTES_DOC,
    }
    _constraints = {"class_weight": [StrOptions({"balanced"}), dict, None]}

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ):
        """Continue training with one pass over the rows.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
            Inputs, as in ``fit``.
        y : array-like of shape (n_samples,)
            Class labels. Classes may be absent from a call.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, as in ``fit``.
        classes : array-like of shape (n_classes,), default=None
            All classes. They are required in the first call.

        Returns
        -------
        self : object
            The estimator. Its ``feature_importances_`` are computed on the rows of
            this call.

        Raises
        ------
        ValueError
            If ``fit`` would raise it, if ``classes`` are missing or change, or if
            ``class_weight="balanced"``, which needs all rows at once.
        """
        return self._one_pass(TrainingData(X, y, sample_weight), classes)

    def _one_pass(self, data: TrainingData, classes):
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' needs all rows at once; for partial_fit give "
                "a dict of weights."
            )
        if classes is None and not hasattr(self, "net_"):
            raise ValueError(
                "classes must be given in the first call of partial_fit: later calls "
                "may bring classes that this one lacks."
            )
        return self._fit(data, warm=True, one_pass=True, classes=classes)

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Log-odds of two classes, or log-probabilities of more classes.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
            Inputs, as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes ``log p_1 - log p_0``, which is positive if ``classes_[1]``
            is more probable. For more classes one log-probability per class.
        """
        output = self._outputs(X)
        return self._task.decision(output)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the most probable class of each row.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
            Inputs, as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
            Class labels.
        """
        output = self._outputs(X)
        return self._task.predicted(output)

    def predict_log_proba(self, X: ArrayLike) -> np.ndarray:
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
            Inputs, as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Log-probabilities, with columns in the order of ``classes_``.
        """
        output = self._outputs(X)
        return self._task.log_probabilities(output)

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Predict the probability of each class.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
            Inputs, as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities, with columns in the order of ``classes_``.
        """
        output = self._outputs(X)
        return self._task.probabilities(output)

    @property
    def _task(self) -> Classification:
        return Classification(self.classes_, self.class_weight)

    def _learn_task(self, y, sample_weight, reset, classes):
        check_classification_targets(y)
        y = column_or_1d(y, warn=True)
        known = np.unique(y if classes is None else classes)
        if reset:
            self.classes_ = known
        elif classes is not None and not np.array_equal(known, self.classes_):
            raise ValueError(
                f"classes={known.tolist()} are not those of the first call of "
                f"partial_fit, {self.classes_.tolist()}."
            )
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y has labels {unknown.tolist()} that are not among the classes "
                f"{self.classes_.tolist()} of the network."
            )
        if len(self.classes_) < 2:
            raise ValueError(
                f"y has one class only, {self.classes_.tolist()} (rows of weight zero "
                "do not count); a classifier needs at least two classes."
            )
        self.n_outputs_ = len(self.classes_)
        return y
