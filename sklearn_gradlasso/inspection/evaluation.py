"""What a trained network says about rows: outputs and attributions.

The network is left as found: its mode, the gradients of its parameters, and torch's
random generators.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod

import numpy as np
import torch
from torch import Tensor, nn

from ..objective import Score
from ..training.rows import Batches, Rows
from ..utils.representatives import representatives

__all__ = [
    "attributions_of",
    "base_value_of",
    "batches",
    "evaluating",
    "explained",
    "finite",
    "local_models_of",
    "outputs_of",
    "representative_rows",
    "scores_of",
    "sums_of_squares",
]

ROWS_AT_ONCE, VALUES_AT_ONCE = 4096, 2**22
BACKGROUND_ROWS, BACKGROUND_VALUES = 500, 2**22


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; every submodule gets its mode back."""
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part in training:
            part.training = True


def outputs_of(module: nn.Module, rows: Rows) -> np.ndarray:
    """Output of the network, in the precision it was computed in.

    Returns
    -------
    ndarray of shape (n, n_outputs)

    Raises
    ------
    ValueError
        If an output is infinite or NaN.
    """
    with evaluating(module):
        outputs = torch.cat([module(x).cpu() for x, _ in batches(rows)])
    return finite(outputs, "output")


def attributions_of(module: nn.Module, rows: Rows, attribution, target) -> np.ndarray:
    """Attribution of the target to the inputs of each row.

    Returns
    -------
    ndarray of shape (n, *feature_shape) or (n, *feature_shape, m)

    Raises
    ------
    ValueError
        If an attribution is infinite or NaN.
    """
    with evaluating(module):
        phi = torch.cat(
            [phi.cpu() for phi in explained(module, rows, attribution, target)]
        )
    return finite(phi, "attribution")


def scores_of(module: nn.Module, rows: Rows, target) -> np.ndarray:
    """The scalars that are explained.

    Returns
    -------
    ndarray of shape (n,) or (n, m)
    """
    with evaluating(module):
        scores = [Score(module, target, y)(x).cpu() for x, y in batches(rows)]
    return finite(torch.cat(scores), "output")


def base_value_of(
    module: nn.Module, rows: Rows, attribution, target
) -> np.ndarray | None:
    """What the attributions of a row add up to the difference from.

    Returns
    -------
    ndarray of shape () or (m,), or None
        ``None`` if the attribution does not promise completeness.
    """
    x, y = rows[:1]
    with evaluating(module):
        value = attribution.base_value(Score(module, target, y), x)
    return None if value is None else finite(value.cpu(), "output")


def local_models_of(module: nn.Module, rows: Rows) -> tuple[np.ndarray, ...]:
    """What ``module.local_models`` says about rows: its tensors, as arrays.

    Raises
    ------
    ValueError
        If a value is infinite or NaN.
    """
    with evaluating(module):
        parts = zip(*(module.local_models(x) for x, _ in batches(rows)))
        return tuple(finite(torch.cat(each).cpu(), "output") for each in parts)


def representative_rows(
    module: nn.Module, rows: Rows
) -> tuple[np.ndarray, np.ndarray | None]:
    """A few hundred rows that stand for all, and their weights.

    All rows, if they are that few; else rows evenly spaced in the order of the
    network's output, counted by their weights.

    Returns
    -------
    X : ndarray of shape (n_background, *feature_shape)
    sample_weight : ndarray of shape (n_background,) or None
    """
    weight = rows.extras.get("sample_weight")
    limit = BACKGROUND_VALUES // max(1, prod(rows.feature_shape))
    n = min(BACKGROUND_ROWS, max(1, limit))
    if len(rows) > n:
        outputs = torch.from_numpy(outputs_of(module, rows))
        weight = None if weight is None else weight.cpu()
        x, _ = rows[representatives(outputs, weight, n).to(rows.device)]
        weight = None
    else:
        x, _ = rows[:]
    weight = None if weight is None else weight.cpu().numpy().copy()
    return x.cpu().numpy().copy(), weight


def sums_of_squares(module: nn.Module, rows: Rows, attribution, target) -> np.ndarray:
    """Weighted sum of squared attributions over rows, and over explained outputs.

    Returns
    -------
    ndarray of shape (prod(feature_shape),), float64
    """
    total = np.zeros(prod(rows.feature_shape))
    start = 0
    with evaluating(module):
        for phi in explained(module, rows, attribution, target):
            phi = phi.cpu()
            weight = rows.extras.get("sample_weight")
            if weight is not None:
                weight = weight[start : start + len(phi)].cpu().sqrt()
                phi = phi * weight.reshape(-1, *(1,) * (phi.ndim - 1))
            start += len(phi)
            norm = torch.linalg.vector_norm(phi, dim=0, dtype=torch.float64)
            total += norm.square().reshape(len(total), -1).sum(1).numpy()
    return total


def batches(rows: Rows) -> Batches:
    n_values = max(1, prod(rows.feature_shape))
    return Batches(rows, min(ROWS_AT_ONCE, max(1, VALUES_AT_ONCE // n_values)))


def explained(module, rows, attribution, target) -> Iterator[Tensor]:
    """Attributions, batch by batch; the caller sees to the network's mode."""
    for x, y in batches(rows):
        yield attribution(_FiniteScore(module, target, y), x)


class _FiniteScore(Score):
    """Raises where an attribution might not notice: the slope at infinity is finite."""

    def __call__(self, x: Tensor) -> Tensor:
        value = super().__call__(x)
        finite(value.detach().cpu(), "output")
        return value


def finite(values: Tensor, what: str) -> np.ndarray:
    """The values as an array.

    Raises
    ------
    ValueError
        If one of them is infinite or NaN.
    """
    if not values.isfinite().all():
        raise ValueError(
            f"The network's {what} is infinite or NaN for some rows of X: their values "
            "are too large for it, or it has no slope there. Scale X, for example with "
            "StandardScaler in a Pipeline; if this happens in fit, lower lam or "
            "learning_rate_init."
        )
    return values.numpy() if values.dtype != torch.bfloat16 else values.float().numpy()
