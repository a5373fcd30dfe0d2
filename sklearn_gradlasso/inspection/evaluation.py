"""Outputs and attributions of a trained network at rows, computed batch by batch.

The network is left as found: its mode, the gradients of its parameters, and torch's
random generators.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..objective import Score
from ..objective._by_column import Inputs
from ..objective._checks import check_attribution
from ..training.rows import Batches, Rows
from ..utils.networks import encodes_columns
from ..utils.representatives import representatives

__all__ = [
    "Explained",
    "attribution_batches",
    "attributions_of",
    "base_value_of",
    "batches",
    "evaluating",
    "explanation_of",
    "feature_means",
    "finite",
    "local_models_of",
    "name_of",
    "outputs_of",
    "representative_rows",
    "scores_of",
    "sums_of_squares",
]

# A batch has at most this many rows, and as many values as fit into 16 MB of float32.
MAX_ROWS, MAX_VALUES = 4096, 2**22
# Encodings of columns that are computed at once for an answer. More of them leave the
# cache of a processor, and an answer takes several times as long.
MAX_ENCODINGS = 2**19
# A fitted estimator keeps at most this many rows and values as its background.
BACKGROUND_ROWS, BACKGROUND_VALUES = 500, 2**22


class Explained(NamedTuple):
    """Attributions of rows and the scalars they explain.

    Attributes
    ----------
    values : ndarray of shape (n, *row_shape) or (n, *row_shape, m)
        Attributions.
    predictions : ndarray of shape (n,) or (n, m), or None
        The scalars that are explained, if they were computed.
    base_values : ndarray of shape () or (m,), or None
        The value from which attributions start: a prediction is the base value plus
        the sum of the row. ``None`` if the attribution is not complete.
    data : ndarray of shape (n, *row_shape), or None
        The values of the explained features; ``None`` if these are the features of X.
    feature_names : ndarray of str of shape row_shape, or None
        Their names; ``None`` if these are the features of X.
    attribution : str or None
        Name of the attribution.
    per_unit : bool
        Whether the attributions are slopes.
    """

    values: np.ndarray
    predictions: np.ndarray | None
    base_values: np.ndarray | None
    data: np.ndarray | None = None
    feature_names: np.ndarray | None = None
    attribution: str | None = None
    per_unit: bool = False


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; every submodule gets its mode back."""
    training = [part for part in module.modules() if part.training]
    if training:  # In a fitted network no part is, and answers of a row are quick.
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
        outputs = torch.cat([module(x).cpu() for x, _ in _to_answer(module, rows)])
    return finite(outputs, "output")


def explanation_of(module: nn.Module, rows: Rows, attribution, target) -> Explained:
    """Attributions of the target, its values, and what the attributions add up from.

    Raises
    ------
    ValueError
        If an attribution or a value of the target is infinite or NaN.
    """
    of = module, rows, attribution, target
    phi, scores = attributions_of(*of), scores_of(module, rows, target)
    outputs = phi.shape[1 + len(rows.feature_shape) :]
    if outputs != scores.shape[1:]:
        raise ValueError(
            "attribution must have a last axis for the explained scalars exactly if "
            f"there are several, here of shape {scores.shape[1:]}, got {outputs}."
        )
    about = {"attribution": name_of(attribution), "per_unit": attribution.per_unit}
    return Explained(phi, scores, base_value_of(*of), **about)


def name_of(attribution) -> str:
    """The name of an attribution, as a string would ask for it."""
    name = getattr(attribution, "__name__", type(attribution).__name__)
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


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
        stream = attribution_batches(module, rows, attribution, target)
        phi = torch.cat([each.cpu() for each in stream])
    return finite(phi, "attribution")


def scores_of(module: nn.Module, rows: Rows, target) -> np.ndarray:
    """The scalars of each row that are explained.

    Returns
    -------
    ndarray of shape (n,) or (n, m)

    Raises
    ------
    ValueError
        If one of them is infinite or NaN.
    """
    with evaluating(module):
        parts = _to_answer(module, rows)
        scores = torch.cat([Score(module, target, y)(x).cpu() for x, y in parts])
    return finite(scores, "output")


def base_value_of(
    module: nn.Module, rows: Rows, attribution, target
) -> np.ndarray | None:
    """The value from which the attributions of a row add up to its score.

    Returns
    -------
    ndarray of shape () or (m,), or None
        ``None`` if the attribution does not promise a sum.
    """
    x, y = rows[:1]
    with evaluating(module):
        inputs = Inputs.of(module, x)
        score = Score(module, target, y, n_columns=inputs.n_columns)
        value = attribution.base_value(score, inputs.at)
    return None if value is None else finite(value.cpu(), "output")


def local_models_of(module: nn.Module, rows: Rows) -> tuple[np.ndarray, ...]:
    """The tensors that ``module.local_models`` returns for rows, as arrays.

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
    """At most a few hundred rows that represent all, and their weights.

    If there are more rows, those returned are evenly spaced in the order of the
    network's output, where a row takes as much space as its weight.

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


def feature_means(rows: Rows) -> np.ndarray:
    """Weighted means of the features over rows, of shape (n_features,), float64.

    A missing value is left out of the mean of its column of a table.
    """
    total, weights = np.zeros((2, prod(rows.feature_shape)))
    for batch in batches(rows):
        x = batch[0].cpu().double().flatten(1).numpy()
        weight = batch.extras.get("sample_weight")
        weight = np.ones(len(x)) if weight is None else weight.cpu().double().numpy()
        is_missing = np.isnan(x)
        total += weight @ np.where(is_missing, 0.0, x)
        weights += weight.sum() - weight @ is_missing
    return total / np.where(weights > 0, weights, 1.0)


def sums_of_squares(module: nn.Module, rows: Rows, attribution, target) -> np.ndarray:
    """Weighted sum of squared attributions over rows, and over explained outputs.

    Returns
    -------
    ndarray of shape (prod(feature_shape),), float64
    """
    total = np.zeros(prod(rows.feature_shape))
    start = 0
    with evaluating(module):
        for phi in attribution_batches(module, rows, attribution, target):
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
    """The rows in order, cut so that the memory of a batch is limited."""
    n_values = max(1, prod(rows.feature_shape))
    return Batches(rows, min(MAX_ROWS, max(1, MAX_VALUES // n_values)))


def _to_answer(module: nn.Module, rows: Rows) -> Batches:
    """The rows in order, cut so that an answer is quick."""
    if not encodes_columns(module):
        return batches(rows)
    size = MAX_ENCODINGS // max(1, len(module.column_of))
    return Batches(rows, min(MAX_ROWS, max(1, size)))


def attribution_batches(module, rows, attribution, target) -> Iterator[Tensor]:
    """Attributions of one batch after the other; the caller sets the network's mode."""
    for x, y in batches(rows):
        inputs = Inputs.of(module, x)
        score = _FiniteScore(module, target, y, n_columns=inputs.n_columns)
        phi = attribution(score, inputs.at)
        check_attribution(phi, inputs.at)
        yield inputs.by_column(phi, attribution)


class _FiniteScore(Score):
    """A score that refuses infinity, where its gradient may be finite even so."""

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
