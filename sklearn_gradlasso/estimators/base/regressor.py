"""What regressors add to the common base: standardised targets and their units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from ... import targets
from ...objective import squared_error
from .network_estimator import NetworkEstimator

__all__ = ["NetworkRegressor"]

IMPORTANCES_DOC = """\
feature_importances_ : ndarray of shape (n_features,)
        Root mean square over the training data (and over standardised outputs, if
        there are several) of the gradient of the prediction; sums to 1.
    """
ATTRIBUTES_DOC = """\
lam_ : float
        Strength of the penalty in the last fit.
    loss_curve_, penalty_curve_ : list of float
        Mean squared error in standardised units, and ``lam_`` times the penalty, of
        each epoch.
    loss_, best_loss_ : float
        Last and lowest value of ``loss_curve_``.
    validation_scores_ : list of float
        R2 on the rows held out after each epoch, with ``early_stopping``.
    best_validation_score_ : float or None
        The highest of them in the last fit, that of the weights kept.
    n_iter_ : int
        Number of epochs.
    n_outputs_ : int
        Number of outputs.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X is a DataFrame with string columns.
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_`` maps inputs to standardised predictions."""


@dataclass(kw_only=True, eq=False, repr=False)
class NetworkRegressor(RegressorMixin, NetworkEstimator):
    """A network whose output is the targets in standardised units."""

    _shared_doc = {"{fitted_attributes}": IMPORTANCES_DOC + ATTRIBUTES_DOC}
    _loss = staticmethod(squared_error)
    _default_target = "output"
    _target_names = targets.OF_REGRESSORS

    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ):
        """Train for one pass over the rows, from where training stands.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The first call decides the mean and scale by which targets are
            standardised.
        sample_weight : array-like of shape (n_samples,), default=None
            As in ``fit``.

        Returns
        -------
        self : object
            ``feature_importances_`` are over the rows of this call.

        Raises
        ------
        ValueError
            As in ``fit``.
        """
        return self._fit(X, y, sample_weight, warm=True, one_pass=True)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predicted targets.

        Parameters
        ----------
        X : {array-like, DataFrame, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the units of y, with as many axes as y had.
        """
        output = self._outputs(X)
        with np.errstate(over="ignore"):
            in_units = output * self._y_scale + self._y_mean
            predicted = in_units.astype(output.dtype)
        if not np.isfinite(predicted).all():
            raise ValueError(
                f"Predictions in the units of y do not fit into {output.dtype}, in "
                "which the model computes; rescale y, or fit with X in float64."
            )
        return predicted[:, 0] if self._y_axes == 1 else predicted

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _encode(self, y, sample_weight, reset):
        try:
            y = np.asarray(y, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"y must be numbers for a regressor; {error}.") from error
        columns = y.reshape(len(y), -1)
        if reset:
            self._y_axes, self.n_outputs_ = y.ndim, columns.shape[1]
            with np.errstate(over="ignore"):
                mean = np.average(columns, axis=0, weights=sample_weight)
                squares = (columns - mean) ** 2
                scale = np.sqrt(np.average(squares, axis=0, weights=sample_weight))
            if not np.isfinite(scale).all():
                raise ValueError(
                    "y has values too large to be standardised; rescale y."
                )
            constant = scale <= 10 * np.finfo(float).eps * np.abs(mean)
            self._y_mean, self._y_scale = mean, np.where(constant, 1.0, scale)
        elif columns.shape[1] != self.n_outputs_:
            raise ValueError(
                f"y has {columns.shape[1]} columns, but the network that training "
                f"continues with has {self.n_outputs_} outputs."
            )
        return (columns - self._y_mean) / self._y_scale, sample_weight

    def _strata(self, y):
        return None

    def _guess(self, y, sample_weight):
        return y.new_zeros(y.shape[1])  # standardised targets have mean 0

    def _validation_score(self, output, y, sample_weight):
        weight = None if sample_weight is None else sample_weight.cpu().numpy()
        y, output = y.cpu().numpy(), output.cpu().numpy()
        return float(r2_score(y, output, sample_weight=weight))

    def _with_head(self, network):
        return network

    def _in_units(self, target):
        mean, scale = self._y_mean, self._y_scale

        def in_units(output, y):
            like = {"dtype": output.dtype, "device": output.device}
            values = output * torch.tensor(scale, **like) + torch.tensor(mean, **like)
            return target(values, y)

        return in_units

    def _decision_target(self):
        return targets.output

    def _single_target(self):
        if self.n_outputs_ > 1:
            raise ValueError(
                "target='predicted' is one scalar per row, but there are "
                f"{self.n_outputs_} outputs; use ClassK(k) for output k, or the "
                "default for all."
            )
        return targets.output

    def _importance_target(self):
        return targets.output
