"""The losses and scores of all epochs, over several nets and calls of ``fit``."""

from __future__ import annotations

from dataclasses import dataclass, field

from .loop import ObjectiveNet

__all__ = ["TrainingRecord"]


@dataclass
class TrainingRecord:
    """Losses and scores of the epochs, and the net that was trained last.

    Epochs whose loss is not finite are left out.

    Parameters
    ----------
    losses, penalties, validation_scores : list of float
        Each list has one value per epoch.
    best_validation_score : float or None
        The highest score among the epochs of ``net``.
    net : ObjectiveNet or None
        The net that was trained last.
    """

    losses: list[float] = field(default_factory=list)
    penalties: list[float] = field(default_factory=list)
    validation_scores: list[float] = field(default_factory=list)
    best_validation_score: float | None = None
    net: ObjectiveNet | None = None

    @classmethod
    def of(cls, fitted) -> TrainingRecord:
        """Copy the record of a fitted estimator, so that epochs can be added."""
        curves = fitted.loss_curve_, fitted.penalty_curve_, fitted.validation_scores_
        return cls(*map(list, curves), net=fitted.net_)

    @property
    def n_epochs(self) -> int:
        return len(self.losses)

    def add(self, net: ObjectiveNet) -> None:
        """Append the epochs of a trained net."""
        epochs = [epoch for epoch in net.history if net.is_finite(epoch)]
        self.losses += [epoch["train_loss"] for epoch in epochs]
        self.penalties += [epoch["train_penalty"] for epoch in epochs]
        scores = [epoch["valid_score"] for epoch in epochs if "valid_score" in epoch]
        self.validation_scores += scores
        self.best_validation_score = max(scores, default=None)
        self.net = net

    def set_on(self, estimator) -> None:
        """Set the fitted attributes of an estimator that describe its training."""
        estimator.net_ = self.net
        estimator.loss_curve_, estimator.penalty_curve_ = self.losses, self.penalties
        estimator.validation_scores_ = self.validation_scores
        estimator.best_validation_score_ = self.best_validation_score
        estimator.n_iter_ = self.n_epochs
        estimator.loss_ = self.losses[-1] if self.losses else None
        estimator.best_loss_ = min(self.losses, default=None)

    def forget_from(self, n_epochs: int, net: ObjectiveNet) -> None:
        """Remove all epochs after the first ``n_epochs``; ``net`` trained the last."""
        for curve in (self.losses, self.penalties, self.validation_scores):
            del curve[n_epochs:]
        self.net = net
