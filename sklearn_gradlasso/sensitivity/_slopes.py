"""Mean squares of a network's slopes over rows, and over resampled rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..attributions import Gradients
from ..inspection.evaluation import evaluating, explained, finite
from ..inspection.open_model import Differentiable
from ..utils.threads import threads

__all__ = ["OfStep", "Resampling", "computing", "mean_squares", "squared_slopes"]


@dataclass(frozen=True)
class Resampling:
    """Poisson bootstrap of blocks of rows that follow each other.

    Each block counts in each resample as often as a Poisson variable of mean 1 says:
    for many blocks the ordinary bootstrap, and it takes no memory.
    """

    n_resamples: int
    block_length: int
    generator: np.random.Generator

    def counts(self) -> Callable[[int, int], np.ndarray]:
        """Counts of rows start ... stop in each resample, asked for in order."""
        kept = np.empty((self.n_resamples, 0))
        done = 0  # blocks before those kept

        def of(start: int, stop: int) -> np.ndarray:
            nonlocal kept, done
            first, last = start // self.block_length, -(-stop // self.block_length)
            new = last - done - kept.shape[1]
            drawn = self.generator.poisson(1.0, (self.n_resamples, new))
            kept = np.hstack([kept[:, first - done :], drawn])
            done = first
            blocks = np.arange(start, stop) // self.block_length - first
            return kept[:, blocks]

        return of


@contextmanager
def computing(model: Differentiable) -> Iterator[None]:
    """What holds while slopes are computed; the network is left as found."""
    with threads(model.n_jobs), evaluating(model.module):
        yield


def squared_slopes(model: Differentiable, each_step: bool = False) -> Iterator[Tensor]:
    """Squared slopes of batches of rows, added up over the scalars of a row.

    Parameters
    ----------
    model : Differentiable
    each_step : bool
        Of a network with outputs at every step: the slopes of the outputs of a step
        with respect to the inputs of the same step. Else those of all scalars with
        respect to all inputs.

    Yields
    ------
    Tensor of shape (batch, *feature_shape), float64
    """
    targets = [model.target]
    if each_step:
        n_steps = model.rows.feature_shape[0]
        targets = [OfStep(model.target, k, n_steps) for k in range(n_steps)]
    streams = [
        explained(model.module, model.rows, Gradients(), target) for target in targets
    ]
    for parts in zip(*streams):
        squares = [_summed(part, model) for part in parts]
        if each_step:
            yield torch.stack([part[:, k] for k, part in enumerate(squares)], dim=1)
        else:
            yield squares[0]


def mean_squares(
    model: Differentiable, resampling: Resampling | None = None, each_step=False
) -> tuple[np.ndarray, np.ndarray | None]:
    """Weighted means over rows of the squared slopes.

    Returns
    -------
    means : ndarray of shape feature_shape
    resampled : ndarray of shape (n_resamples, *feature_shape) or None
    """
    n = len(model.rows)
    weight = model.rows.extras.get("sample_weight")
    weight = np.ones(n) if weight is None else weight.cpu().double().numpy()
    counts = resampling and resampling.counts()
    total = resampled = n_resampled = 0.0
    start = 0
    with computing(model):
        for squares in squared_slopes(model, each_step):
            squares, stop = squares.flatten(1).numpy(), start + len(squares)
            of_batch = weight[start:stop]
            total = total + of_batch @ squares
            if counts:
                drawn = counts(start, stop) * of_batch
                resampled = resampled + drawn @ squares
                n_resampled = n_resampled + drawn.sum(axis=1)
            start = stop
    shape = model.rows.feature_shape
    means = (total / weight.sum()).reshape(shape)
    if not counts:
        return means, None
    drawn = n_resampled > 0  # a resample may be empty
    resampled = resampled[drawn] / n_resampled[drawn, None]
    return means, resampled.reshape(-1, *shape)


def _summed(gradients: Tensor, model: Differentiable) -> Tensor:
    squares = gradients.cpu().double().square()
    finite(squares, "slope")
    n_axes = 1 + len(model.rows.feature_shape)
    return squares.sum(dim=n_axes) if squares.ndim > n_axes else squares


@dataclass(frozen=True)
class OfStep:
    """The scalars of one step, of a target that gives all steps side by side."""

    target: Callable
    k: int
    n_steps: int

    def __call__(self, output: Tensor, y: Tensor | None) -> Tensor:
        values = self.target(output, y)
        if values.ndim == 1:
            values = values[:, None]
        if values.shape[1] % self.n_steps:
            raise ValueError(
                "target must return a scalar for every output of a many-to-many "
                f"network, such as 'output', but returned {values.shape[1]} for "
                f"{self.n_steps} steps."
            )
        return values.reshape(len(values), self.n_steps, -1)[:, self.k]
