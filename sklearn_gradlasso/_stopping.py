"""When training ends, and which weights it leaves."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["Plateau", "Snapshot"]


class Plateau:
    """Has a value stopped falling?

    Parameters
    ----------
    tol : float
        A fall by less than this does not count.
    patience : int
        Number of epochs in a row without a fall that may pass.
    """

    def __init__(self, tol: float, patience: int):
        self.tol, self.patience = tol, patience
        self.best, self.count = math.inf, 0

    def update(self, value: float) -> bool:
        """Take the value of an epoch; returns whether it is the lowest so far."""
        self.count = self.count + 1 if value > self.best - self.tol else 0
        lowest = value < self.best
        self.best = min(self.best, value)
        return lowest

    @property
    def reached(self) -> bool:
        return self.count > self.patience


class Snapshot:
    """Values of the network's parameters and buffers at one moment.

    Parameters
    ----------
    tensors : list of Tensor
        What to remember, and to put back.
    """

    def __init__(self, tensors: list[Tensor]):
        self.tensors = tensors
        self.values = [tensor.detach().clone() for tensor in tensors]

    @property
    def finite(self) -> bool:
        return all(
            bool(value.isfinite().all())
            for value in self.values
            if value.is_floating_point()
        )

    def restore(self) -> None:
        with torch.no_grad():
            for tensor, value in zip(self.tensors, self.values):
                tensor.copy_(value)
