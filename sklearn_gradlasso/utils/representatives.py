"""Rows that stand for all others."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["representatives"]


def representatives(values: Tensor, weight: Tensor | None, size: int) -> Tensor:
    """Rows that stand for all: evenly spaced in the order of what they score.

    Parameters
    ----------
    values : Tensor of shape (n,) or (n, m)
        Scores; several are ordered along their first principal axis.
    weight : Tensor of shape (n,), optional
    size : int
        Number of rows to choose; more than n repeat rows.

    Returns
    -------
    Tensor of shape (size,), int64
    """
    values, device = values.cpu().double(), values.device
    if values.ndim == 2:
        centred = values - values.mean(0)
        values = centred @ torch.linalg.svd(centred, full_matrices=False).Vh[0]
    order = values.argsort(stable=True)
    share = torch.ones_like(order) if weight is None else weight.cpu().double()[order]
    upto = share.cumsum(0).double() / share.sum()
    # A little off the middle, where rounding might decide between two rows.
    places = (torch.arange(size, dtype=upto.dtype) + 0.5 + 1e-6) / size
    index = order[torch.searchsorted(upto, places).clamp(max=len(values) - 1)]
    return index.to(device)
