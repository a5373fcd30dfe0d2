"""Mean squares of a network's slopes over rows, and over resampled rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from ..attributions import Gradients
from ..inspection.differentiable import DifferentiableNetwork
from ..inspection.evaluation import attribution_batches, evaluating, finite
from ..utils.threads import computing
from ._bootstrap import BlockBootstrap
from ._time_steps import TargetOfStep

__all__ = ["computing_slopes", "mean_squares", "squared_slopes"]


@contextmanager
def computing_slopes(network: DifferentiableNetwork) -> Iterator[None]:
    """The context in which slopes are computed; the network is left as found."""
    with computing(network.n_jobs), evaluating(network.module):
        yield


def squared_slopes(
    network: DifferentiableNetwork, each_step: bool = False
) -> Iterator[Tensor]:
    """Squared slopes of batches of rows, added up over the scalars of a row.

    Parameters
    ----------
    network : DifferentiableNetwork
    each_step : bool
        Whether, for a network with outputs at every step, the outputs of a step are
        differentiated with respect to the inputs of the same step. Otherwise all
        scalars are, with respect to all inputs.

    Yields
    ------
    Tensor of shape (batch, *feature_shape), float64
    """
    targets = [network.target]
    if each_step:
        n_steps = network.rows.feature_shape[0]
        targets = [TargetOfStep(network.target, k, n_steps) for k in range(n_steps)]
    streams = [
        attribution_batches(network.module, network.rows, Gradients(), target)
        for target in targets
    ]
    for parts in zip(*streams):
        squares = [_squares(part, network) for part in parts]
        if each_step:
            yield torch.stack([part[:, k] for k, part in enumerate(squares)], dim=1)
        else:
            yield squares[0]


def mean_squares(
    network: DifferentiableNetwork,
    bootstrap: BlockBootstrap | None = None,
    each_step: bool = False,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Weighted means over rows of the squared slopes.

    Returns
    -------
    means : ndarray of shape feature_shape
    resampled : ndarray of shape (n_resamples, *feature_shape) or None
        Means over each resample, without resamples that are empty.
    """
    n = len(network.rows)
    weight = network.rows.extras.get("sample_weight")
    weight = np.ones(n) if weight is None else weight.cpu().double().numpy()
    total = resampled = n_resampled = 0.0
    start = 0
    with computing_slopes(network):
        for squares in squared_slopes(network, each_step):
            squares, stop = squares.flatten(1).numpy(), start + len(squares)
            of_batch = weight[start:stop]
            total = total + of_batch @ squares
            if bootstrap:
                drawn = bootstrap.counts(start, stop) * of_batch
                resampled = resampled + drawn @ squares
                n_resampled = n_resampled + drawn.sum(axis=1)
            start = stop
    shape = network.rows.feature_shape
    means = (total / weight.sum()).reshape(shape)
    if not bootstrap:
        return means, None
    drawn = n_resampled > 0
    resampled = resampled[drawn] / n_resampled[drawn, None]
    return means, resampled.reshape(-1, *shape)


def _squares(gradients: Tensor, network: DifferentiableNetwork) -> Tensor:
    """Squares of gradients, added up over a last axis for several scalars."""
    squares = gradients.cpu().double().square()
    finite(squares, "slope")
    n_axes = 1 + len(network.rows.feature_shape)
    return squares.sum(dim=n_axes) if squares.ndim > n_axes else squares
