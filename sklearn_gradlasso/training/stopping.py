"""When to stop training, and which weights to keep.

Plateau detection, snapshots and a running mean are kept by our own code because stacks
of networks need them for each network.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

__all__ = ["Plateau", "RunningMean", "Snapshot"]


class Plateau:
    """Detects that a value has stopped falling.

    Parameters
    ----------
    tol : float
        The value has to fall by at least this much for the epoch to count.
    patience : int
        Number of epochs in a row that may pass without such a fall.
    """

    def __init__(self, tol: float, patience: int):
        self.tol, self.patience = tol, patience
        self.best, self.count = math.inf, 0

    def update(self, value: float) -> bool:
        """Add the value of an epoch; return whether it is the lowest so far."""
        self.count = self.count + 1 if value > self.best - self.tol else 0
        lowest = value < self.best
        self.best = min(self.best, value)
        return lowest

    def judge(self, epoch: dict) -> bool:
        """Add an epoch of the history; return whether its weights are the best.

        The validation score is watched or, without validation rows, the objective.
        """
        score = epoch.get("valid_score")
        watched = epoch["train_total"] if score is None else -score
        lowest = self.update(watched)
        if watched == self.best:  # The loss decides between equal scores.
            lowest = lowest or epoch.get("valid_loss_best", False)
        return lowest

    @property
    def reached(self) -> bool:
        return self.count > self.patience


class Snapshot:
    """Copies of tensors, which can be put back later.

    Parameters
    ----------
    tensors : sequence of Tensor
        Parameters and buffers of a network.
    values : sequence of Tensor, optional
        Other values for them; copies of their present values if not given.
    """

    def __init__(self, tensors: Sequence[Tensor], values: Sequence[Tensor] = ()):
        self.tensors = tensors
        self.values = values or [tensor.detach().clone() for tensor in tensors]

    @property
    def finite(self) -> bool:
        return all(bool(value.isfinite().all()) for value in self.values)

    def restore(self) -> None:
        with torch.no_grad():
            for tensor, value in zip(self.tensors, self.values):
                tensor.copy_(value)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """A context in which the tensors have these values."""
        now = Snapshot(self.tensors)
        self.restore()
        try:
            yield
        finally:
            now.restore()


class RunningMean:
    """Mean of the values that tensors had whenever ``add`` was called."""

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
        """Return the mean so far, and start a new one."""
        mean = Snapshot(self.tensors, [total / self.count for total in self.sums])
        self.sums, self.count = [], 0
        return mean
