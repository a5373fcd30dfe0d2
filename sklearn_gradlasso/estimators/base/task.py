"""The meaning of a network's output: log-probabilities, log-odds, or numbers.

Every estimator has a task: a ``Classification`` into classes that exclude each other, a
``Multilabel`` classification or a ``Regression``. They have the same methods, so that
no other code has to distinguish the cases.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from torch import Tensor, nn

from ... import targets
from ...inspection.linear_score import LinearScore

__all__ = ["Target", "Task"]

Target = Callable[[Tensor, Tensor | None], Tensor]


class Task(ABC):
    """The meaning of the output of a network.

    Attributes
    ----------
    loss : callable
        ``(output, y) -> (n,)``.
    default_target : str
        Name of the target whose attribution a prior penalises by default.
    target_names : dict of str to callable
        The targets that are defined for this task, by their names.
    out_activation : str
        scikit-learn's name of the activation of the output.
    n_outputs : int
        Number of columns of the output.
    is_classifier : bool
        Whether answers are classes, which have probabilities.
    """

    loss: ClassVar[Callable[[Tensor, Tensor], Tensor]]
    default_target: ClassVar[str]
    target_names: ClassVar[Mapping[str, Target]]
    out_activation: ClassVar[str]
    is_classifier: ClassVar[bool] = True

    @property
    @abstractmethod
    def n_outputs(self) -> int: ...

    @abstractmethod
    def encode(self, y: np.ndarray, sample_weight: np.ndarray | None) -> tuple:
        """Encode targets for the network, and return them with the final weights."""

    def decoded(self, y: np.ndarray) -> np.ndarray:
        """Hook: return encoded targets as they were before."""
        return y

    @abstractmethod
    def predicted(self, output: np.ndarray) -> np.ndarray:
        """What ``predict`` returns."""

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

    @abstractmethod
    def linear_score(self, n_raw: int) -> LinearScore:
        """The scores that are linear in the raw scores of a network.

        Parameters
        ----------
        n_raw : int
            Number of raw scores.
        """

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
