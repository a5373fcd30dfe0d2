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
    losses, penalties, validation_scores, validation_losses : list of float
        Each list has one value per epoch; the last two only with validation rows.
    n_rows : int
        Number of rows that are trained on in this call of ``fit``.
    n_before, n_seen_before : int
        Number of epochs, and of rows in all epochs, of earlier calls.
    best_validation_score : float or None
        The score of the epoch of ``net`` whose weights were kept.
    net : ObjectiveNet or None
        The net that was trained last.
    """

    losses: list[float] = field(default_factory=list)
    penalties: list[float] = field(default_factory=list)
    validation_scores: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    best_validation_score: float | None = None
    net: ObjectiveNet | None = None
    n_rows: int = 0
    n_before: int = 0
    n_seen_before: int = 0

    @classmethod
    def of(cls, fitted, n_rows: int) -> TrainingRecord:
        """Copy the record of a fitted estimator, so that epochs can be added."""
        curves = (
            fitted.loss_curve_,
            fitted.penalty_curve_,
            fitted.validation_scores_ or (),
            fitted.validation_loss_curve_ or (),
        )
        return cls(
            *map(list, curves),
            net=fitted.net_,
            n_rows=n_rows,
            n_before=len(fitted.loss_curve_),
            n_seen_before=fitted.t_,
        )

    @property
    def n_epochs(self) -> int:
        return len(self.losses)

    def add(self, net: ObjectiveNet) -> None:
        """Append the epochs of a trained net."""
        epochs = [epoch for epoch in net.epochs if net.is_finite(epoch)]
        self.losses += [epoch["train_loss"] for epoch in epochs]
        self.penalties += [epoch["train_penalty"] for epoch in epochs]
        validated = [epoch for epoch in epochs if "valid_loss" in epoch]
        self.validation_scores += [epoch["valid_score"] for epoch in validated]
        self.validation_losses += [
            epoch.get("valid_objective", epoch["valid_loss"]) for epoch in validated
        ]
        self.best_validation_score = None
        if validated:
            # Without an epoch that was kept, the weights are those of the last one.
            kept = [epoch for epoch in validated if epoch.get("kept")] or validated
            self.best_validation_score = kept[-1]["valid_score"]
        self.net = net

    def set_on(self, estimator) -> None:
        """Set the fitted attributes of an estimator that describe its training."""
        estimator.net_ = self.net
        estimator.loss_curve_, estimator.penalty_curve_ = self.losses, self.penalties
        validated = bool(self.validation_scores)
        estimator.validation_scores_ = self.validation_scores if validated else None
        estimator.validation_loss_curve_ = self.validation_losses if validated else None
        estimator.best_validation_score_ = self.best_validation_score
        estimator.n_iter_ = self.n_epochs - self.n_before
        estimator.t_ = self.n_seen_before + estimator.n_iter_ * self.n_rows
        estimator.loss_ = self.losses[-1] if self.losses else None
        lowest = None if validated else min(self.losses, default=None)
        estimator.best_loss_ = lowest

    def forget_from(self, n_epochs: int, net: ObjectiveNet) -> None:
        """Remove all epochs after the first ``n_epochs``; ``net`` trained the last."""
        curves = self.losses, self.penalties
        for curve in (*curves, self.validation_scores, self.validation_losses):
            del curve[n_epochs:]
        self.net = net
