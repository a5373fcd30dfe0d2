"""Classification: encoded labels, class weights, log-probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from sklearn.metrics import accuracy_score
from sklearn.utils import compute_class_weight

from ... import targets
from ...inspection.linear_score import LinearScore
from ...modules import LogOdds, LogProbabilities
from ...objective import cross_entropy
from .task import Task

__all__ = ["Classification", "weight_of_rows"]


@dataclass(frozen=True, eq=False)
class Classification(Task):
    """A task in which the output is the log-probabilities of classes.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
    class_weight : dict, "balanced" or None, default=None
    """

    classes: np.ndarray
    class_weight: dict | str | None = None

    loss = staticmethod(cross_entropy)
    out_activation = "softmax"
    default_target = "log_prob_sum"
    target_names = targets.OF_CLASSIFIERS

    @property
    def n_outputs(self) -> int:
        return len(self.classes)

    @property
    def is_binary(self) -> bool:
        return len(self.classes) == 2

    @property
    def n_scores(self) -> int:
        return 1 if self.is_binary else len(self.classes)

    def encode(self, y, sample_weight):
        codes = np.searchsorted(self.classes, y)
        return codes, self._times_class_weight(codes, sample_weight)

    def decoded(self, y):
        return self.classes[y]

    def _times_class_weight(self, codes, sample_weight):
        if self.class_weight is None:
            return sample_weight
        given = np.ones(len(codes)) if sample_weight is None else sample_weight
        if self.class_weight == "balanced":
            of_class = _balancing(codes, given, self.n_outputs)
        else:
            labels = self.classes[codes]
            of_class = compute_class_weight(
                self.class_weight, classes=self.classes, y=labels
            )
            if not (np.isfinite(of_class) & (of_class >= 0)).all():
                raise ValueError(
                    "class_weight must hold finite numbers that are not negative, got "
                    f"{self.class_weight!r}; a weight of 0 leaves a class out."
                )
        return given * of_class[codes]

    def labels_to_stratify_by(self, y):
        return self.classes[y]

    def constant_output(self, y, sample_weight):
        weight = torch.ones_like(y) if sample_weight is None else sample_weight
        counts = torch.bincount(y, weights=weight, minlength=self.n_outputs)
        return (counts / counts.sum()).log()

    def validation_score(self, output, y, sample_weight):
        weight = None if sample_weight is None else sample_weight.cpu().numpy()
        predicted = output.argmax(dim=1).cpu().numpy()
        return float(accuracy_score(y.cpu().numpy(), predicted, sample_weight=weight))

    def head(self, network, n_scores=None):
        if self.is_binary and n_scores == 1:
            return LogOdds(network)
        return LogProbabilities(network, n_scores or self.n_outputs)

    def in_units(self, target):
        return target

    def decision_target(self):
        return targets.log_odds if self.is_binary else targets.output

    def single_target(self):
        return targets.predicted_class

    def importance_target(self):
        return targets.log_odds if self.is_binary else targets.predicted_class

    def linear_score(self, n_raw):
        if self.is_binary:
            weights = np.array([[1.0]] if n_raw == 1 else [[-1.0], [1.0]])
            name = f"log-odds of {str(self.classes[-1])!r}"
            return LinearScore(weights, np.zeros(1), name, "log-odds")
        # Raw scores are known but for a number that is added to all of a row.
        weights = np.eye(n_raw) - 1 / n_raw
        name = "log-probability of each class, less the mean of all classes"
        return LinearScore(weights, np.zeros(n_raw), name, "log-probabilities")

    # Answers of a classifier ---------------------------------------------------------

    def decision(self, output: np.ndarray) -> np.ndarray:
        """What ``decision_function`` returns."""
        if self.is_binary:
            return output[:, 1] - output[:, 0]
        return output[:, 0] if self.n_outputs == 1 else output

    def predicted(self, output: np.ndarray) -> np.ndarray:
        """What ``predict`` returns."""
        return self.classes[output.argmax(axis=1)]

    def probabilities(self, output: np.ndarray) -> np.ndarray:
        """What ``predict_proba`` returns."""
        return np.exp(output)

    def log_probabilities(self, output: np.ndarray) -> np.ndarray:
        """What ``predict_log_proba`` returns."""
        return output


def weight_of_rows(class_weight, y: np.ndarray, sample_weight: np.ndarray | None):
    """Weights of rows with those of their classes, before a task is learned.

    Parameters
    ----------
    class_weight : dict, "balanced" or None
    y : ndarray or CSR matrix of shape (n,) or (n, n_outputs)
    sample_weight : ndarray of shape (n,) or None

    Returns
    -------
    ndarray of shape (n,) or None
        Those that were given, if the task will refuse the weights of the classes.
    """
    if class_weight is None or sp.issparse(y) or y.size != len(y):
        return sample_weight
    given = np.ones(len(y)) if sample_weight is None else sample_weight
    try:
        classes, codes = np.unique(np.ravel(y), return_inverse=True)
        if isinstance(class_weight, str):
            of_class = _balancing(codes, given, len(classes))
        else:
            labels = classes.tolist()
            of_class = np.array([class_weight.get(k, 1.0) for k in labels], dtype=float)
    except (TypeError, ValueError):
        return sample_weight
    weight = given * of_class[codes]
    good = np.isfinite(weight).all() and (weight >= 0).all() and weight.any()
    return weight if good else sample_weight


def _balancing(codes: np.ndarray, weight: np.ndarray, n_classes: int) -> np.ndarray:
    """Weights of classes that give all of them the same total weight."""
    totals = np.bincount(codes, weights=weight, minlength=n_classes)
    return totals.sum() / (n_classes * np.maximum(totals, 1e-300))
