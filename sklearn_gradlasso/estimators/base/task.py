"""The meaning of a network's output: log-probabilities, or standardised numbers.

Every estimator has a ``Classification`` or a ``Regression``. Both have the same
methods, so that no other code has to distinguish the two cases.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import compute_class_weight
from torch import Tensor, nn

from ... import targets
from ...modules import LogOdds, LogProbabilities
from ...objective import cross_entropy, squared_error

__all__ = ["Classification", "Regression", "Target", "Task"]

Target = Callable[[Tensor, Tensor | None], Tensor]


class Task(ABC):
    """The meaning of the output of a network.

    Attributes
    ----------
    loss : callable
        ``(output, y) -> (n,)``.
    default_target : str
        Name of the target whose attribution a prior penalises by default.
    target_names : tuple of str
        Names of the targets that are defined for this task.
    n_outputs : int
        Number of columns of the output.
    """

    loss: ClassVar[Callable[[Tensor, Tensor], Tensor]]
    default_target: ClassVar[str]
    target_names: ClassVar[tuple[str, ...]]

    @property
    @abstractmethod
    def n_outputs(self) -> int: ...

    @abstractmethod
    def encode(self, y: np.ndarray, sample_weight: np.ndarray | None) -> tuple:
        """Encode targets for the network, and return them with the final weights."""

    @abstractmethod
    def labels_to_stratify_by(self, y: np.ndarray) -> np.ndarray | None:
        """Labels by which a validation split is stratified, or ``None``."""

    @abstractmethod
    def constant_output(self, y: Tensor, sample_weight: Tensor | None) -> Tensor:
        """The best constant output, of shape (n_outputs,)."""

    @abstractmethod
    def validation_score(self, output: Tensor, y: Tensor, sample_weight) -> float:
        """The score on rows that were held out; larger is better."""

    @property
    @abstractmethod
    def n_scores(self) -> int:
        """Smallest number of scores per row that determine the output."""

    @abstractmethod
    def head(self, network: nn.Module, n_scores: int | None = None) -> nn.Module:
        """Add the last layer, which turns raw scores into the output, to a network.

        Parameters
        ----------
        network : nn.Module
        n_scores : int, optional
            Number of columns that the network returns; ``n_outputs`` by default.
        """

    @abstractmethod
    def in_units(self, target: Target) -> Target:
        """Convert a target so that it is computed in the units of predictions."""

    @abstractmethod
    def decision_target(self) -> Target:
        """The scalars that ``explain`` explains by default."""

    @abstractmethod
    def single_target(self) -> Target:
        """The scalar per row that ``target="predicted"`` means."""

    @abstractmethod
    def importance_target(self) -> Target:
        """The scalars whose gradients define ``feature_importances_``."""

    def training_target(self, target: str | Target | None) -> Target:
        """The target whose attribution a prior penalises in training."""
        return targets.by_name(target or self.default_target, self.target_names)

    def target_to_explain(self, target: str | Target | None, trained: Any) -> Target:
        """Resolve the argument ``target`` of ``explain``.

        Parameters
        ----------
        target : str, callable or None
        trained : callable
            The target of the prior, which ``target="training"`` means.

        Raises
        ------
        ValueError
            If there is no target with this name.
        """
        if target is None:
            return self.in_units(self.decision_target())
        if isinstance(target, str) and target == "training":
            return trained
        if isinstance(target, str) and target == "predicted":
            return self.in_units(self.single_target())
        if isinstance(target, str) and target not in self.target_names:
            raise ValueError(
                f"target must be one of {list(self.target_names)}, 'predicted', "
                f"'training' or a callable, got {target!r}."
            )
        return self.in_units(targets.by_name(target, self.target_names))


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

    def _times_class_weight(self, codes, sample_weight):
        if self.class_weight is None:
            return sample_weight
        given = np.ones(len(codes)) if sample_weight is None else sample_weight
        if self.class_weight == "balanced":
            counts = np.bincount(codes, weights=given, minlength=self.n_outputs)
            of_class = counts.sum() / (self.n_outputs * np.maximum(counts, 1e-300))
        else:
            labels = self.classes[codes]
            of_class = compute_class_weight(
                self.class_weight, classes=self.classes, y=labels
            )
        return given * of_class[codes]

    def labels_to_stratify_by(self, y):
        return y

    def constant_output(self, y, sample_weight):
        weight = torch.ones_like(y) if sample_weight is None else sample_weight
        counts = torch.bincount(y, weights=weight, minlength=self.n_outputs)
        return (counts / counts.sum()).log()

    def validation_score(self, output, y, sample_weight):
        weight = None if sample_weight is None else sample_weight.cpu().numpy()
        predicted = output.argmax(dim=1).cpu().numpy()
        return float(accuracy_score(y.cpu().numpy(), predicted, sample_weight=weight))

    def head(self, network, n_scores=None):
        return LogOdds(network) if n_scores == 1 else LogProbabilities(network)

    def in_units(self, target):
        return target

    def decision_target(self):
        return targets.log_odds if self.is_binary else targets.output

    def single_target(self):
        return targets.predicted_class

    def importance_target(self):
        return targets.log_odds if self.is_binary else targets.predicted_class


@dataclass(frozen=True, eq=False)
class Regression(Task):
    """A task in which the output is the targets in standardised units.

    Parameters
    ----------
    mean, scale : ndarray of shape (n_outputs,)
        Mean and standard deviation of the training targets, in units of y.
    """

    mean: np.ndarray
    scale: np.ndarray

    loss = staticmethod(squared_error)
    default_target = "output"
    target_names = targets.OF_REGRESSORS

    @classmethod
    def of(cls, y: np.ndarray, sample_weight: np.ndarray | None) -> Regression:
        """Learn mean and standard deviation from targets of shape (n, n_outputs).

        Raises
        ------
        ValueError
            If they are too large to be standardised.
        """
        with np.errstate(over="ignore"):
            mean = np.average(y, axis=0, weights=sample_weight)
            squares = (y - mean) ** 2
            scale = np.sqrt(np.average(squares, axis=0, weights=sample_weight))
        if not np.isfinite(scale).all():
            raise ValueError("y has values too large to be standardised; rescale y.")
        constant = scale <= 10 * np.finfo(float).eps * np.abs(mean)
        return cls(mean, np.where(constant, 1.0, scale))

    @property
    def n_outputs(self) -> int:
        return len(self.mean)

    @property
    def n_scores(self) -> int:
        return len(self.mean)

    def encode(self, y, sample_weight):
        return (y - self.mean) / self.scale, sample_weight

    def labels_to_stratify_by(self, y):
        return None

    def constant_output(self, y, sample_weight):
        return y.new_zeros(y.shape[1])  # Standardised targets have mean 0.

    def validation_score(self, output, y, sample_weight):
        weight = None if sample_weight is None else sample_weight.cpu().numpy()
        y, output = y.cpu().numpy(), output.cpu().numpy()
        return float(r2_score(y, output, sample_weight=weight))

    def head(self, network, n_scores=None):
        return network

    def in_units(self, target):
        def in_units(output, y):
            like = {"dtype": output.dtype, "device": output.device}
            scale, mean = (torch.tensor(v, **like) for v in (self.scale, self.mean))
            return target(output * scale + mean, y)

        return in_units

    def decision_target(self):
        return targets.output

    def single_target(self):
        if self.n_outputs > 1:
            raise ValueError(
                "target='predicted' is one scalar per row, but there are "
                f"{self.n_outputs} outputs; use ClassK(k) for output k, or the "
                "default for all."
            )
        return targets.output

    def importance_target(self):
        return targets.output
