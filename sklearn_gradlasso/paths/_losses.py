"""How well networks predict rows that were held out, against a constant answer.

The loss is the log loss of a classifier, in nats (the sum of the losses of labels, if y
is an indicator of them), and for a regressor the squared error as a share of the
variance of y. Other scores rank rows, or count errors. They do not see that a network
under a strong penalty says little more than the base rate.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from sklearn.base import is_classifier
from sklearn.utils.class_weight import compute_sample_weight

from ..inspection.labels import has_labels
from ..training.rows import TrainingData

__all__ = ["HeldOutLoss"]

LEAST = np.finfo(np.float64).eps  # least probability, as in scikit-learn's log_loss


class HeldOutLoss:
    """The loss of networks on rows held out from their training rows.

    Parameters
    ----------
    estimator : estimator
        One of the fitted networks; all have the same classes and class weights.
    train, rest : TrainingData
        The training rows, and those on which the loss is computed. With a
        ``class_weight`` the classes have their weights here too.

    Attributes
    ----------
    of_constant : float
        Loss of the best constant on the training rows: the shares of the classes or
        labels, or the mean of y.
    """

    def __init__(self, estimator, train: TrainingData, rest: TrainingData):
        self.is_classifier = is_classifier(estimator)
        self.has_labels = has_labels(estimator)
        y, y_rest = _array(train.y), _array(rest.y)
        weight = _weights(train.sample_weight, len(y))
        self.weight = _weights(rest.sample_weight, len(y_rest))
        if self.has_labels:
            self.y = y_rest
            shares = np.average(y, axis=0, weights=weight)
            self.of_constant = self._loss_of_labels(shares)
        elif self.is_classifier:
            both = np.concatenate([y.ravel(), y_rest.ravel()])
            given = getattr(estimator, "class_weight", None)
            of_class = compute_sample_weight(given, both)
            weight = weight * of_class[: len(y)]
            self.weight = self.weight * of_class[len(y) :]
            self.classes = estimator.classes_
            self.y = y_rest.ravel()
            is_class = y.ravel() == self.classes[:, None]
            shares = (is_class * weight).sum(axis=1) / weight.sum()
            self.of_constant = self._log_loss(np.tile(shares, (len(self.y), 1)))
        else:
            y, self.y = y.reshape(len(y), -1), y_rest.reshape(len(y_rest), -1)
            self.mean = np.average(y, axis=0, weights=weight)
            self.variance = np.average((y - self.mean) ** 2, axis=0, weights=weight)
            self.of_constant = self._squared_error(self.mean)

    def __call__(self, estimator, X) -> float:
        """The loss of a network, X being the rows held out."""
        if self.has_labels:
            return self._loss_of_labels(estimator.predict_proba(X))
        if self.is_classifier:
            return self._log_loss(estimator.predict_proba(X))
        return self._squared_error(estimator.predict(X).reshape(self.y.shape))

    def _log_loss(self, probabilities: np.ndarray) -> float:
        """Log loss; a class that the network does not know has no probability."""
        known = np.flatnonzero(np.isin(self.y, self.classes))
        found = np.zeros(len(self.y))
        found[known] = probabilities[
            known, np.searchsorted(self.classes, self.y[known])
        ]
        losses = -np.log(np.clip(found, LEAST, None))
        return _mean(losses, self.weight)

    def _loss_of_labels(self, probabilities: np.ndarray) -> float:
        """Log losses of labels, each present or absent, summed over the labels."""
        of_truth = np.where(self.y > 0, probabilities, 1 - probabilities)
        losses = -np.log(np.clip(of_truth, LEAST, None)).sum(axis=1)
        return _mean(losses, self.weight)

    def _squared_error(self, predictions: np.ndarray) -> float:
        scale = np.where(self.variance > 0, self.variance, 1.0)
        squares = ((self.y - predictions) ** 2 / scale).mean(axis=1)
        return _mean(squares, self.weight)


def _array(y) -> np.ndarray:
    return y.toarray() if sp.issparse(y) else np.asarray(y)


def _weights(sample_weight, n: int) -> np.ndarray:
    if sample_weight is None:
        return np.ones(n)
    return np.asarray(sample_weight, dtype=np.float64)


def _mean(losses: np.ndarray, weight: np.ndarray) -> float:
    """Weighted mean; NaN if no row has a weight."""
    return float(np.average(losses, weights=weight)) if weight.any() else np.nan
