"""Training in two phases: first with many features per row, then with K features.

Yoshikawa and Iwata (2020), *Neural Generators of Sparse Local Linear Models for
Achieving both Accuracy and Interpretability*, section 3.3.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real

from ...modules import KHotGate
from ...training.loop import ObjectiveNet
from ...training.prepared import Prepared
from ...training.stopping import Snapshot
from ...training.training_record import TrainingRecord

__all__ = ["TwoPhases", "checked_fine_phase"]

COARSE_TEMPERATURE = 1.0  # tau of the paper's coarse phase
FINE_PHASE = {"learning_rate_ratio": 0.1, "momentum": 0.9}  # as in the paper
ATTEMPTS = 6  # largest number of times that the fine phase is started
SMALLER = 0.1  # factor of the learning rate when the fine phase is repeated
BLOWN_UP = 10.0  # largest acceptable ratio of the last loss to that of the first epoch


@dataclass
class TwoPhases:
    """The state of the training of an NGSLL network, and the nets to train next.

    In the coarse phase the gate is soft and opens many features, and the estimator's
    optimizer is used. In the fine phase the gate opens K features, and SGD with
    momentum is used, at a fraction of the last learning rate. If its loss grows to more
    than ten times that of the first epoch, the fine phase is repeated with a tenth of
    the learning rate, up to five times.

    Parameters
    ----------
    n_open : int
        Number of features of a linear model, K.
    n_coarse_open : int
        Number of features in the coarse phase; at least ``n_open`` are used.
    temperature : float
        Softness of the gate in the fine phase.
    max_coarse_epochs : int
    fine_phase : dict
        Settings with the keys of ``FINE_PHASE``.
    is_fine : bool
        Whether the coarse phase has ended.
    rate : float or None
        Learning rate of the fine phase; ``None`` before the coarse phase has ended.
    n_coarse_epochs : int
        Number of epochs of the coarse phase.
    """

    n_open: int
    n_coarse_open: int
    temperature: float
    max_coarse_epochs: int
    fine_phase: dict[str, float]
    is_fine: bool = False
    rate: float | None = None
    n_coarse_epochs: int = 0

    def nets(
        self,
        gate: KHotGate,
        prepared: Prepared,
        objective,
        record: TrainingRecord,
    ) -> Iterator[ObjectiveNet]:
        """Yield the nets to train, and set the gate before each of them.

        Parameters
        ----------
        gate : KHotGate
            The gate of the prepared network.
        prepared : Prepared
        objective : Objective
        record : TrainingRecord
            The record to which the caller adds each net after training it.
        """
        if not self.is_fine:
            gate.temperature = COARSE_TEMPERATURE
            gate.n_nonzero_coefs = max(self.n_open, self.n_coarse_open)
            limit = {} if prepared.one_pass else {"max_epochs": self.max_coarse_epochs}
            net = prepared.net(objective, previous=record.net, **limit)
            yield net
            self.n_coarse_epochs = record.n_epochs
            last = net.optimizer_.param_groups[0]["lr"]
            self.rate = self.fine_phase["learning_rate_ratio"] * last
            if net.ended_by_ in ("divergence", "interrupt"):
                return
            is_over = record.n_epochs >= self.max_coarse_epochs
            self.is_fine = is_over or not prepared.one_pass
            if prepared.one_pass:
                return
        gate.temperature, gate.n_nonzero_coefs = self.temperature, self.n_open
        before, n_before = record.net, record.n_epochs
        n_fine = n_before - self.n_coarse_epochs
        weights = Snapshot(before.trained_tensors())
        for attempt in range(ATTEMPTS):
            net = prepared.net(
                objective,
                previous=before,
                begins_phase=attempt > 0 or not n_fine,
                optimizer="sgd",
                optimizer_params={
                    "momentum": self.fine_phase["momentum"],
                    "nesterov": False,
                },
                learning_rate=self.rate,
            )
            yield net
            was_ended = net.ended_by_ in ("interrupt", "callback")
            is_last = attempt + 1 == ATTEMPTS or was_ended
            if is_last or not _has_blown_up(net, record):
                return
            weights.restore()
            record.forget_from(n_before, before)
            self.rate *= SMALLER


def checked_fine_phase(given: dict[str, float] | None) -> dict[str, float]:
    """Check the settings of the fine phase, and add the defaults.

    Raises
    ------
    ValueError
        If a setting is unknown or out of range.
    """
    settings = {**FINE_PHASE, **(given or {})}
    unknown = sorted(map(str, set(settings) - set(FINE_PHASE)))
    if unknown:
        raise ValueError(
            f"fine_phase must have the keys {sorted(FINE_PHASE)} only, got {unknown}."
        )
    ratio, momentum = settings["learning_rate_ratio"], settings["momentum"]
    if not isinstance(ratio, Real) or not 0 < ratio <= sys.float_info.max:
        raise ValueError(
            "fine_phase: learning_rate_ratio must be a finite number above 0, got "
            f"{ratio!r}."
        )
    if not isinstance(momentum, Real) or not 0 <= momentum < 1:
        raise ValueError(
            "fine_phase: momentum must be a number from 0, and below 1, got "
            f"{momentum!r}."
        )
    return settings


def _has_blown_up(net: ObjectiveNet, record: TrainingRecord) -> bool:
    """Whether training diverged, or ended with a much larger loss than it began."""
    diverged = net.ended_by_ == "divergence"
    return diverged or record.losses[-1] > BLOWN_UP * record.losses[0]
