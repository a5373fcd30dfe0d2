"""Draw, for each row, the rows that are its references."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["check_has_other_rows", "other_rows", "rows_of_background"]


def other_rows(n, weight, n_references, generator) -> Tensor:
    """References of each row among the other rows of its batch.

    Each row is moved by the same random distance along the batch, so that every row is
    a reference equally often, or as often as its weight says.

    Parameters
    ----------
    n : int
        Number of rows.
    weight : Tensor of shape (n,) or (n, n_networks), or None
        Those of the rows of each network, if the rows of a stack differ.
    n_references : int
        At most ``n - 1`` are found.
    generator : torch.Generator

    Returns
    -------
    Tensor of shape (min(n_references, n - 1), n), int64
        With a last axis for the networks, if their weights have one.
    """
    check_has_other_rows(n)
    k = min(n_references, n - 1)
    if weight is None:
        shifts = 1 + torch.randperm(n - 1, generator=generator)[:k]
        return (torch.arange(n) + shifts.unsqueeze(1)) % n
    shifts = torch.rand(k, 1, generator=generator, dtype=torch.float64)
    weight = weight.cpu().double()
    if weight.ndim == 1:
        return _moved(weight, shifts)
    return torch.stack([_moved(each, shifts) for each in weight.unbind(1)], dim=2)


def _moved(weight: Tensor, shifts: Tensor) -> Tensor:
    """Rows at distances from each row, which are shares of the sum of the weights.

    The rows lie on a circle, and each takes as much of it as its weight: an integer
    weight then is the same as repetition.
    """
    ends = weight.cumsum(0)
    places = (ends - weight + shifts * ends[-1]) % ends[-1]
    return torch.searchsorted(ends, places, right=True).clamp(max=len(weight) - 1)


def rows_of_background(n, weight, n_references, generator) -> Tensor:
    """References of n rows in a background, drawn by the weights of its rows.

    Returns
    -------
    Tensor of shape (n_references, n), int64
    """
    places = n * n_references
    drawn = torch.multinomial(weight.cpu(), places, True, generator=generator)
    return drawn.reshape(n_references, n)


def check_has_other_rows(n: int) -> int:
    """The number of rows in a batch.

    Raises
    ------
    ValueError
        If a row has no other rows in its batch.
    """
    if n == 1:
        raise ValueError(
            "The references of a row are others of its batch, but a batch has "
            "n_samples = 1; use a larger batch_size, give more rows, or give the "
            "attribution a background, as in ExpectedGradients(background=rows)."
        )
    return n
