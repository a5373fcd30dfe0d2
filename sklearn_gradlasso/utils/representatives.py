"""A few rows that represent all rows."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["representatives"]


def representatives(values: Tensor, weight: Tensor | None, size: int) -> Tensor:
    """Choose rows that are evenly spaced in the order of their scores.

    Parameters
    ----------
    values : Tensor of shape (n,) or (n, m)
        Scores of the rows. Several scores of a row are ordered along their first
        principal axis.
    weight : Tensor of shape (n,), optional
        Weights of the rows, by which the spacing is measured; equal if not given.
    size : int
        Number of rows to choose. If it is larger than n, rows are repeated.

    Returns
    -------
    Tensor of shape (size,), int64
        Positions of the chosen rows.
    """
    values, device = values.cpu().double(), values.device
    if values.ndim == 2:
        centred = values - values.mean(0)
        values = centred @ torch.linalg.svd(centred, full_matrices=False).Vh[0]
    order = values.argsort(stable=True)
    share = torch.ones_like(order) if weight is None else weight.cpu().double()[order]
    upto = share.cumsum(0).double() / share.sum()
    # The places are a little off the middle of their intervals, because a border
    # between two rows may lie exactly there, and rounding would decide between them.
    places = (torch.arange(size, dtype=upto.dtype) + 0.5 + 1e-6) / size
    index = order[torch.searchsorted(upto, places).clamp(max=len(values) - 1)]
    return index.to(device)
