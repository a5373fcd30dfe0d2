"""The base of all classifiers: it adds classes or labels, and their probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.multiclass import check_classification_targets

from ...inspection.labels import has_several_columns
from ...training.rows import TrainingData
from . import fit_method, layers
from .calibration import CALIBRATE_DOC
from .classification import Classification
from .multilabel import (
    Multilabel,
    learn_labels,
    refuse_sets,
    takes_labels,
)
from .network_estimator import NetworkEstimator

__all__ = ["UNITS", "NetworkClassifier"]

UNITS = {"single_logit": ["boolean"]}  # limits
UNITS_DOC = """\
single_logit : bool, default=False
        Whether a network for two classes has one output unit, their log-odds, as
        scikit-learn's has, and not a unit for each class as in the paper. A ``module``
        then has ``n_outputs=1``. More classes have a unit each."""

CLASS_WEIGHT_DOC = """\
class_weight : dict or "balanced", default=None
        Weights of the classes, by which ``sample_weight`` is multiplied. "balanced"
        gives all classes the same total weight. An indicator of labels has none."""
IMPORTANCES_DOC = """\
feature_importances_ : ndarray of shape (n_features,)
        Root mean square over the training data of the attribution that ``explain``
        returns by default, which is the gradient, or the contribution where these are
        penalised: that of the log-odds for two classes, of the log-probability of the
        predicted class for more, and over the log-odds of all labels if y is an
        indicator. The importances sum to 1.
    """
ATTRIBUTES_DOC = f"""\
lam_ : float
        Strength of the penalty in the last fit.
    loss_curve_, penalty_curve_ : list of float
        Cross-entropy (summed over labels, if y is an indicator), and ``lam_`` times the
        penalty, in each epoch.
    loss_, best_loss_ : float
        Last and lowest value of ``loss_curve_``; no lowest with ``early_stopping``.
    validation_scores_ : list of float or None
        Accuracy on the held-out rows after each epoch, with ``early_stopping``; of an
        indicator the share of rows of which all labels are right.
    validation_loss_curve_ : list of float or None
        Loss on the held-out rows after each epoch, with the penalty if
        ``monitor="objective"``.
    best_validation_score_ : float or None
        Validation score of the weights that were kept in the last fit.
    n_iter_ : int
        Number of epochs of the last call of ``fit``; 1 after ``partial_fit``.
    t_ : int
        Number of rows that training has seen, in all epochs of all calls.
    {layers.DOC}
    classes_ : ndarray of shape (n_classes,)
        Class labels, also those whose rows all have weight zero. A network of one
        class is constant: the class has probability 1, and attributions are 0. If y is
        an indicator of labels, they are the numbers of its columns.
    temperature_ : float
        Number by which the scores are divided; 1 without calibration.
    n_outputs_ : int
        Number of classes or labels.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X is a DataFrame with string columns.
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_`` maps inputs to log-probabilities, or to the
        log-odds of labels, and ``net_.history`` has an entry for each epoch of all
        calls."""


@dataclass(kw_only=True, eq=False, repr=False)
class NetworkClassifier(ClassifierMixin, NetworkEstimator):
    """A network estimator whose network returns log-probabilities of the classes.

    If y is an indicator of labels that may occur together, it returns the log-odds of
    each label.
    """

    class_weight: dict | str | None = None

    # What y was in ``fit``: an indicator of labels, and a sparse matrix.
    _has_labels = False
    _y_is_sparse = False
    # A parameter of the estimators whose network computes the scores.
    single_logit = False
    _reasons = "log_odds"
    _shared_doc = {
        "{class_weight}": CLASS_WEIGHT_DOC,
        "{output_units}": UNITS_DOC,
        "{calibration_doc}": CALIBRATE_DOC,
        "{fitted_attributes}": IMPORTANCES_DOC + ATTRIBUTES_DOC,
    }
    _constraints = {"class_weight": [StrOptions({"balanced"}), dict, None]}

    @fit_method.in_passes
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
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Class labels, or an indicator of labels. Classes may be absent from a call.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, as in ``fit``.
        classes : array-like of shape (n_classes,), default=None
            All classes. They are required in the first call. For an indicator of labels
            they are the numbers of its columns.

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
        if classes is None and not self._has_labels:
            classes = self.classes_
        return self._fit(data, warm=True, one_pass=True, classes=classes)

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Log-odds of two classes or of labels, or log-probabilities of more classes.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
            Inputs, as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes ``log p_1 - log p_0``, which is positive if ``classes_[1]``
            is more probable. For more classes one log-probability per class. For one
            class 0. For labels ``log p - log(1 - p)`` of each label.
        """
        output = self._outputs(X)
        return self._task.decision(output)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the most probable class of each row, or all probable labels.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
            Inputs, as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,), or (n_samples, n_labels)
            Class labels. For labels an indicator, 1 where a probability exceeds 0.5; it
            is a CSR matrix if y was sparse.
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
            Log-probabilities, with columns in the order of ``classes_``. Those of
            labels do not add up to a probability of 1.
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
            Probabilities, with columns in the order of ``classes_``. Those of labels
            do not add up to 1.
        """
        output = self._outputs(X)
        return self._task.probabilities(output)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = takes_labels(self)
        return tags

    coefs_, intercepts_ = layers.coefs_, layers.intercepts_
    n_layers_ = layers.n_layers_

    @property
    def out_activation_(self) -> str:
        """scikit-learn's name of the activation of the output."""
        single = len(self.intercepts_[-1]) < self.n_outputs_
        return "logistic" if single else self._task.out_activation

    def _requested_architecture(self):
        requested = super()._requested_architecture()
        return {**requested, "n_outputs": self._n_units()}

    def _with_head(self, network):
        return self._task.head(network, self._n_units())

    def _n_units(self) -> int:
        # A single class has one unit, too, but that is not its log-odds.
        takes_one = self.single_logit and self.n_outputs_ > 1
        return self._task.n_scores if takes_one else self.n_outputs_

    @property
    def _task(self) -> Classification | Multilabel:
        if self._has_labels:
            return Multilabel(self.n_outputs_, self._y_is_sparse)
        return Classification(self.classes_, self.class_weight)

    def _learn_task(self, y, sample_weight, reset, every, classes):
        is_sparse = sp.issparse(y)  # also if it was a DataFrame of sparse columns
        if is_sparse:
            y = y.toarray()
            every = every.toarray() if sp.issparse(every) else every
        has_labels = has_several_columns(y)
        if has_labels:
            learn_labels(self, y, reset, classes)
        elif self._has_labels and not reset:
            raise ValueError(
                "y has one column, but the network that training continues with has "
                f"{self.n_outputs_} labels."
            )
        if reset:
            self._has_labels, self._y_is_sparse = has_labels, is_sparse
        if has_labels:
            return y
        refuse_sets(y)
        # A class keeps its place if all of its rows have weight zero, as they may have
        # in a sample of bagging.
        check_classification_targets(every)
        labels = np.unique(column_or_1d(every, warn=True))
        known = labels if classes is None else np.unique(classes)
        if reset:
            self.classes_ = known
        elif not np.array_equal(known, self.classes_):
            raise ValueError(_other_classes(known, self.classes_, classes is None))
        unknown = np.setdiff1d(labels, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y has labels {unknown.tolist()} that are not among the classes "
                f"{self.classes_.tolist()} of the network."
            )
        self.n_outputs_ = len(self.classes_)
        return column_or_1d(y)


def _other_classes(found: np.ndarray, known: np.ndarray, warm_start: bool) -> str:
    """What to say if training goes on with classes that are not those of before."""
    if not warm_start:
        return (
            f"classes={found.tolist()} are not those of the first call of "
            f"partial_fit, {known.tolist()}."
        )
    return (
        "warm_start can only be used where `y` has the same classes as in the previous "
        f"call to fit. Previously got {known}, `y` has {found}. Fit a clone of the "
        "estimator, or call partial_fit, which allows classes to be absent."
    )
