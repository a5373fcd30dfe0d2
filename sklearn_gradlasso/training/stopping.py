"""When to stop training, and which weights to keep.

Plateau detection, snapshots and a running mean are the package's own code, because a
stack needs them for each of its networks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from .schedules import cycle_of

__all__ = ["CyclePlateau", "Plateau", "RunningMean", "Snapshot"]

# By this share the loss falls in the second half of a cycle where another one pays.
FALL = 0.05


class Plateau:
    """Detects that a value has stopped falling.

    Parameters
    ----------
    tol : float
        A value counts as a fall if it is lower than the best one by at least this much.
    patience : int
        Number of consecutive epochs without such a fall that are tolerated.
    least_steps : int
        Number of steps without such a fall that are tolerated in any case.
    monitor : {"objective", "loss", "score"}
        What is watched on validation rows: the loss with the penalties of the
        attributions, the loss alone, or minus the score. Without validation rows it is
        the objective of the training rows.
    """

    def __init__(
        self,
        tol: float,
        patience: int,
        least_steps: int = 0,
        monitor: str = "objective",
    ):
        self.tol, self.patience, self.least_steps = tol, patience, least_steps
        self.monitor = monitor
        self.best, self.count, self.n_steps = math.inf, 0, 0
        self._loss_of_best = math.inf

    def update(self, value: float, n_steps: int = 1) -> bool:
        """Add the value of an epoch; return whether it is the lowest so far."""
        falls = value <= self.best - self.tol
        self.count = 0 if falls else self.count + 1
        self.n_steps = 0 if falls else self.n_steps + n_steps
        lowest = value < self.best
        self.best = min(self.best, value)
        return lowest

    def judge(self, epoch: dict) -> bool:
        """Add an epoch of the history; return whether its weights are the best so far.

        Of epochs with equal scores, those with the lower loss are better.
        """
        if "valid_loss" not in epoch:
            return self.update(epoch["train_total"], epoch["train_batch_count"])
        loss = epoch["valid_loss"]
        watched = {
            "objective": epoch.get("valid_objective", loss),
            "loss": loss,
            "score": -epoch["valid_score"],
        }[self.monitor]
        better = self.update(watched, epoch["train_batch_count"])
        if watched == self.best:
            better = better or loss < self._loss_of_best
        if better:
            self._loss_of_best = loss
        return better

    def forget_count(self) -> None:
        """Wait again for as many epochs and steps, with the same best value."""
        self.count = self.n_steps = 0

    @property
    def reached(self) -> bool:
        """Whether training is to end."""
        return self.has_settled and self.n_steps >= self.least_steps

    @property
    def has_settled(self) -> bool:
        """Whether there were enough epochs without a fall, if not enough steps."""
        return self.count > self.patience


class CyclePlateau(Plateau):
    """Ends training after a cycle of annealing in which the held-out loss has settled.

    It has settled if its lowest value of the second half of the cycle is hardly below
    those before. Where noise decides, this is so after the first cycle; where rules
    decide, a network goes on learning. The loss decides, whatever chooses the weights:
    an objective may be negative, and a score has no unit.

    Parameters
    ----------
    tol : float
        As for :class:`Plateau`.
    max_epochs, n_cycles : int
        Epochs and cycles of training at most, see :func:`~.schedules.cycle_of`.
    first : int
        Number of the first epoch that is judged.
    monitor : str
        As for :class:`Plateau`.
    """

    def __init__(
        self, tol: float, max_epochs: int, n_cycles: int, first: int, monitor: str
    ):
        super().__init__(tol, math.inf, monitor=monitor)
        self.max_epochs, self.n_cycles = max_epochs, n_cycles
        self.epoch, self.settles = first, False
        self.lowest_loss = self.lowest_of_half = math.inf

    def judge(self, epoch: dict) -> bool:
        better = super().judge(epoch)
        self.lowest_loss = min(self.lowest_loss, epoch["valid_loss"])
        start, length = cycle_of(self.epoch, self.max_epochs, self.n_cycles)
        self.epoch += 1
        n_epochs = self.epoch - start
        if n_epochs == length // 2:
            self.lowest_of_half = self.lowest_loss
        if n_epochs == length:
            before = self.lowest_of_half
            has_fallen = before - self.lowest_loss > FALL * abs(before)
            self.settles = math.isfinite(before) and not has_fallen
        return better

    @property
    def has_settled(self) -> bool:
        return self.settles


class Snapshot:
    """Copies of the values of tensors, which can be restored later.

    Parameters
    ----------
    tensors : sequence of Tensor
        Parameters and buffers of a network.
    values : sequence of Tensor, optional
        The values to restore. By default they are copies of the current values.
    """

    def __init__(self, tensors: Sequence[Tensor], values: Sequence[Tensor] = ()):
        self.tensors = tensors
        self.values = values or [tensor.detach().clone() for tensor in tensors]

    @property
    def finite(self) -> bool:
        return all(bool(value.isfinite().all()) for value in self.values)

    def cover(self, tensors: Sequence[Tensor]) -> None:
        """Add the current values of tensors that are not in it."""
        known = set(map(id, self.tensors))
        added = [tensor for tensor in tensors if id(tensor) not in known]
        self.tensors = [*self.tensors, *added]
        self.values = [*self.values, *(each.detach().clone() for each in added)]

    def restore(self) -> None:
        with torch.no_grad():
            for tensor, value in zip(self.tensors, self.values):
                tensor.copy_(value)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """A context in which the tensors have the values of the snapshot."""
        now = Snapshot(self.tensors)
        self.restore()
        try:
            yield
        finally:
            now.restore()


class RunningMean:
    """Mean over the values that tensors had at each call of ``add``."""

    def __init__(self, tensors: Sequence[Tensor]):
        self.tensors, self.sums, self.count = tensors, [], 0

    def add(self) -> None:
        self.count += 1
        if self.count == 1:
            self.sums = [tensor.detach().clone() for tensor in self.tensors]
            return
        for total, tensor in zip(self.sums, self.tensors):
            total += tensor.detach()

    def pop(self) -> Snapshot:
        """Return the mean so far, and start a new mean."""
        mean = Snapshot(self.tensors, [total / self.count for total in self.sums])
        self.sums, self.count = [], 0
        return mean
