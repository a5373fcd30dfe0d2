"""The base of all regressors: it standardises targets and predicts in units of y."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.utils._param_validation import StrOptions

from ...training.rows import TrainingData
from ...utils.readable_columns import are_dates
from . import fit_method, layers
from .network_estimator import NetworkEstimator
from .regression import PoissonRegression, Regression

__all__ = ["LOSS", "NetworkRegressor"]

LOSSES = {"squared_error": Regression, "poisson": PoissonRegression}
LOSS = {"loss": [StrOptions(set(LOSSES))], "normalize_y": ["boolean"]}  # limits
LOSS_DOC = """\
loss : {"squared_error", "poisson"}, default="squared_error"
        "poisson" is half the deviance of counts or rates, which must not be negative.
        The network then computes the logarithm of the prediction; that is the output
        whose gradient a prior penalises, of which importances and ``obedience_`` are,
        and what ``target="training"`` explains. ``predict``, ``explain`` and effects
        are in the units of y.
    normalize_y : bool, default=True
        Whether the network learns y in units of its standard deviation, from its mean,
        or with ``loss="poisson"`` in units of its mean. Penalties then mean the same
        for every unit of y. Without it the loss is that of y as it is."""

IMPORTANCES_DOC = """\
feature_importances_ : ndarray of shape (n_features,)
        Root mean square over the training data of the attribution that ``explain``
        returns by default, which is the gradient, or the contribution where these are
        penalised: that of the standardised prediction (or of what ``loss`` and
        ``normalize_y`` ask for), over all outputs if there are several. The importances
        sum to 1.
    """
ATTRIBUTES_DOC = f"""\
lam_ : float
        Strength of the penalty in the last fit.
    loss_curve_, penalty_curve_ : list of float
        Mean squared error in standardised units (or what ``loss`` and ``normalize_y``
        ask for), and ``lam_`` times the penalty, in each epoch.
    loss_, best_loss_ : float
        Last and lowest value of ``loss_curve_``; no lowest with ``early_stopping``.
    validation_scores_ : list of float or None
        R2 on the held-out rows after each epoch, with ``early_stopping``.
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
    n_outputs_ : int
        Number of outputs.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X is a DataFrame with string columns.
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_`` maps inputs to standardised predictions, and
        ``net_.history`` has an entry for each epoch of all calls."""


@dataclass(kw_only=True, eq=False, repr=False)
class NetworkRegressor(RegressorMixin, NetworkEstimator):
    """A network estimator whose network predicts the targets in standardised units."""

    # Parameters of the estimators whose network computes the prediction.
    loss, normalize_y = "squared_error", True
    _shared_doc = {
        "{fitted_attributes}": IMPORTANCES_DOC + ATTRIBUTES_DOC,
        "{regressor_loss}": LOSS_DOC,
    }

    @fit_method.in_passes
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ):
        """Continue training with one pass over the rows.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
            Inputs, as in ``fit``.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target values. The mean and scale by which they are standardised are those
            of the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, as in ``fit``.

        Returns
        -------
        self : object
            The estimator. Its ``feature_importances_`` are computed on the rows of
            this call.

        Raises
        ------
        ValueError
            If ``fit`` would raise it.
        """
        return self._one_pass(TrainingData(X, y, sample_weight))

    def _one_pass(self, data: TrainingData):
        return self._fit(data, warm=True, one_pass=True)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the targets.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
            Inputs, as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions in the units of y, in float64, with as many axes as y had in
            ``fit``.
        """
        output = self._outputs(X)  # It raises an error before a fit.
        predicted = self._task.predicted(output)
        if not np.isfinite(predicted).all():
            raise ValueError(
                "Predictions in the units of y do not fit into float64; rescale y."
            )
        return predicted

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.positive_only = self.loss == "poisson"
        return tags

    coefs_, intercepts_ = layers.coefs_, layers.intercepts_
    n_layers_ = layers.n_layers_

    @property
    def out_activation_(self) -> str:
        """scikit-learn's name of the activation of the output."""
        return self._task.out_activation

    @property
    def _task(self) -> Regression:
        return self._kind_of_task(self._y_mean, self._y_scale, self._y_axes)

    def _learn_task(self, y, sample_weight, reset, every, classes):
        if sp.issparse(y):
            raise ValueError("y is sparse; a regressor needs an array, y.toarray().")
        if are_dates(np.asarray(y)):
            raise ValueError("y has dates or durations; turn them into numbers.")
        try:
            y = np.asarray(y, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"y must be numbers for a regressor; {error}.") from error
        columns = y.reshape(len(y), -1)
        kind = LOSSES[self.loss]
        if reset:
            task = kind.of(columns, sample_weight, self.normalize_y)
            self._y_axes, self.n_outputs_ = y.ndim, task.n_outputs
            self._y_mean, self._y_scale = task.mean, task.scale
            self._kind_of_task = kind
        elif kind is not self._kind_of_task:
            raise ValueError(
                "partial_fit and warm_start continue with the same loss; fit a clone "
                "of the estimator instead."
            )
        elif columns.shape[1] != self.n_outputs_:
            raise ValueError(
                f"y has {columns.shape[1]} columns, but the network that training "
                f"continues with has {self.n_outputs_} outputs."
            )
        return columns
