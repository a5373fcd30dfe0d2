"""Classification into labels that may occur together: y is an indicator matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from scipy.special import expit, log_expit
from sklearn.metrics import accuracy_score
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from ... import targets
from ...inspection.linear_score import LinearScore
from ...modules import Scores
from ...objective import labels_cross_entropy
from .task import Task

__all__ = [
    "Multilabel",
    "learn_labels",
    "refuse_sets",
    "takes_labels",
]

EXCLUSIVE = ("predicted_class", "true_class")  # targets that are one of several classes


@dataclass(frozen=True, eq=False)
class Multilabel(Task):
    """A task in which the output is the log-odds of labels, each a question by itself.

    Parameters
    ----------
    n_labels : int
    is_sparse : bool, default=False
        Whether predictions are a CSR matrix, as y was.
    """

    n_labels: int
    is_sparse: bool = False

    loss = staticmethod(labels_cross_entropy)
    out_activation = "logistic"
    default_target = "log_prob_sum"
    target_names = targets.OF_LABELS

    @property
    def classes(self) -> np.ndarray:
        """Numbers of the labels, as in ``classes_`` of the estimator."""
        return np.arange(self.n_labels)

    @property
    def n_outputs(self) -> int:
        return self.n_labels

    @property
    def n_scores(self) -> int:
        return self.n_labels

    def encode(self, y, sample_weight):
        return y.astype(np.float64), sample_weight

    def labels_to_stratify_by(self, y):
        return None  # There may be as many sets of labels as rows.

    def constant_output(self, y, sample_weight):
        weight = y.new_ones(len(y)) if sample_weight is None else sample_weight
        shares = weight @ y / weight.sum()
        # The log-odds of a label that all or none of the rows have would be infinite.
        return torch.logit(shares, eps=torch.finfo(y.dtype).eps)

    def validation_score(self, output, y, sample_weight):
        weight = None if sample_weight is None else sample_weight.cpu().numpy()
        y, predicted = y.cpu().numpy().astype(int), _present(output.cpu().numpy())
        return float(accuracy_score(y, predicted, sample_weight=weight))

    def head(self, network, n_scores=None):
        return Scores(network)

    def in_units(self, target):
        return target

    def decision_target(self):
        return targets.output

    def single_target(self):
        raise ValueError(
            "target='predicted' is one scalar per row, but y has "
            f"{self.n_labels} labels, which do not exclude each other; use ClassK(k) "
            "for label k, or the default for all."
        )

    def importance_target(self):
        return targets.output

    def linear_score(self, n_raw):
        shift = np.zeros(n_raw)
        return LinearScore(np.eye(n_raw), shift, "log-odds of each label", "log-odds")

    def training_target(self, target):
        return super().training_target(_of_labels(target))

    def target_to_explain(self, target, trained):
        return super().target_to_explain(_of_labels(target), trained)

    # Answers of a classifier ---------------------------------------------------------

    def decision(self, output: np.ndarray) -> np.ndarray:
        return output

    def predicted(self, output: np.ndarray) -> np.ndarray | sp.csr_matrix:
        labels = _present(output)
        return sp.csr_matrix(labels) if self.is_sparse else labels

    def probabilities(self, output: np.ndarray) -> np.ndarray:
        return expit(output)

    def log_probabilities(self, output: np.ndarray) -> np.ndarray:
        return log_expit(output)


def takes_labels(estimator) -> bool:
    """Whether a classifier with these parameters can be fitted to an indicator."""
    is_exclusive = _meant(getattr(estimator, "target", None)) in EXCLUSIVE
    return estimator.class_weight is None and not is_exclusive


def refuse_sets(y: np.ndarray) -> None:
    """Check that a single column does not hold a set of labels for each row.

    Raises
    ------
    ValueError
        If it does.
    """
    if y.dtype == object and y.ndim == 1 and isinstance(y[0], (set, frozenset, tuple)):
        raise ValueError(
            "y holds a set of labels for each row; give an indicator of labels, as "
            "sklearn.preprocessing.MultiLabelBinarizer().fit_transform(y) makes it."
        )


def learn_labels(estimator, y: np.ndarray, reset: bool, classes) -> None:
    """Set ``classes_`` and ``n_outputs_`` of a classifier from an indicator matrix.

    Parameters
    ----------
    estimator : NetworkClassifier
    y : ndarray of shape (n_samples, n_labels)
    reset : bool
        Whether training begins anew; otherwise y must have the labels known before.
    classes : array-like or None
        What ``partial_fit`` received.

    Raises
    ------
    ValueError
        If y is not an indicator matrix, if its labels are not those known before, or
        if the estimator has a ``class_weight``.
    """
    _check_is_indicator(y)
    labels = np.arange(y.shape[1])
    if estimator.class_weight is not None:
        raise ValueError(
            "class_weight is about classes that exclude each other, but y has "
            f"{len(labels)} labels; use class_weight=None, and give sample_weight to "
            "rows."
        )
    if classes is not None and not np.array_equal(np.unique(classes), labels):
        raise ValueError(
            f"classes={np.asarray(classes).tolist()} must be the numbers of the "
            f"columns of y, {labels.tolist()}, for an indicator of labels."
        )
    if reset:
        estimator.classes_, estimator.n_outputs_ = labels, len(labels)
    elif not estimator._has_labels or len(labels) != estimator.n_outputs_:
        columns = estimator.n_outputs_ if estimator._has_labels else 1
        raise ValueError(
            f"y has {len(labels)} columns, but the network that training continues "
            f"with was fitted to {columns}."
        )


def _check_is_indicator(y: np.ndarray) -> None:
    kind = type_of_target(y, input_name="y")
    if kind == "multiclass-multioutput":
        raise ValueError(
            f"y has {y.shape[1]} columns of several classes each. One network has "
            "several labels, as 0 and 1 in each column of y, or the classes of a "
            "single column; use sklearn.multioutput.MultiOutputClassifier around this "
            "estimator, which fits a network to each column."
        )
    if kind == "unknown":
        raise ValueError(
            f"y has {y.shape[1]} columns of dtype {y.dtype}; give labels as an array "
            "of the numbers 0 and 1, such as y.astype(int)."
        )
    check_classification_targets(y)
    values = np.unique(y)
    if not np.isin(values, (0, 1)).all():
        raise ValueError(
            f"y has several columns, and so is an indicator: 1 where a row has a label "
            f"and 0 elsewhere; got {values.tolist()}."
        )


def _present(log_odds: np.ndarray) -> np.ndarray:
    """1 for labels that are more probable than not, and 0 for others."""
    return (log_odds > 0).astype(int)


def _meant(target: str | Callable | None) -> str | Callable | None:
    """The name of a target that is a function of ``targets``; other targets."""
    known = targets.OF_CLASSIFIERS.items()
    return next((name for name, own in known if own is target), target)


def _of_labels(target: str | Callable | None) -> str | Callable | None:
    """A target that is meant for labels; functions of ``targets`` become their names.

    What these compute of log-probabilities has no meaning for log-odds.

    Raises
    ------
    ValueError
        If the target needs classes that exclude each other.
    """
    target = _meant(target)
    if target in EXCLUSIVE:
        raise ValueError(
            f"target={target!r} is one of several classes that exclude each other, but "
            "y has labels that may occur together; use one of "
            f"{list(targets.OF_LABELS)}, or ClassK(k) for label k."
        )
    return target
