"""Losses of each row, and the weighted average of any values of rows."""

from __future__ import annotations

from torch import Tensor, special
from torch.nn import functional

__all__ = [
    "average",
    "cross_entropy",
    "labels_cross_entropy",
    "poisson_deviance",
    "squared_error",
]


def cross_entropy(output: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy of each sample, ``-log p_y``.

    Parameters
    ----------
    output : Tensor of shape (n, n_classes)
        Log-probabilities.
    y : Tensor of shape (n,), int64
        Class codes.

    Returns
    -------
    Tensor of shape (n,)
    """
    return functional.nll_loss(output, y, reduction="none")


def labels_cross_entropy(output: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy of each sample, summed over labels that may occur together.

    ``-sum_l y_l log p_l + (1 - y_l) log(1 - p_l)``

    Parameters
    ----------
    output : Tensor of shape (n, n_labels)
        Log-odds of each label.
    y : Tensor of shape (n, n_labels)
        1 where a sample has the label, and 0 elsewhere, in the dtype of output.

    Returns
    -------
    Tensor of shape (n,)
    """
    entropy = functional.binary_cross_entropy_with_logits
    return entropy(output, y, reduction="none").sum(dim=1)


def squared_error(output: Tensor, y: Tensor) -> Tensor:
    """Squared error of each sample, averaged over outputs.

    Parameters
    ----------
    output, y : Tensor of shape (n, n_outputs)
        Predictions and targets in the same units.

    Returns
    -------
    Tensor of shape (n,)
    """
    return (output - y).square().mean(dim=1)


def poisson_deviance(output: Tensor, y: Tensor) -> Tensor:
    """Half the Poisson deviance of each sample, averaged over outputs.

    Parameters
    ----------
    output : Tensor of shape (n, n_outputs)
        Logarithms of the expected values.
    y : Tensor of shape (n, n_outputs)
        Targets, which are not negative, in the same units.

    Returns
    -------
    Tensor of shape (n,)
    """
    of_perfect = special.xlogy(y, y) - y
    return (of_perfect - y * output + output.exp()).mean(dim=1)


def average(values: Tensor, sample_weight: Tensor | None = None) -> Tensor:
    """Weighted average over samples, ``sum(w * v) / sum(w)``.

    Parameters
    ----------
    values : Tensor of shape (n,) or (n, n_networks) or ()
        One value per sample (and network). A scalar is a cost of the whole batch, and
        is returned as it is.
    sample_weight : Tensor of the shape of values, optional
        Non-negative weights with a positive sum; all equal if not given.

    Returns
    -------
    Tensor of shape () or (n_networks,)
    """
    if values.ndim == 0:
        return values
    if sample_weight is None:
        return values.mean(dim=0)
    return (sample_weight * values).sum(dim=0) / sample_weight.sum(dim=0)
