"""Functions of the rows of one network, applied to networks side by side.

Tensors then are ``(n, n_networks, ...)``: for each row one entry of each network.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["batch_by_batch", "row_by_row"]


def row_by_row(function: Callable, *tensors: Tensor | None, n_networks: int | None):
    """A function ``(n, ...) -> (n, ...)`` that treats each row by itself.

    With ``n_networks`` it is called once, with the rows of all networks; ``None`` is
    one network, whose tensors have no axis for it.
    """
    if n_networks is None:
        return function(*tensors)
    rows = [None if t is None else t.transpose(0, 1).flatten(0, 1) for t in tensors]
    value = function(*rows)
    return value.unflatten(0, (n_networks, -1)).transpose(0, 1)


def batch_by_batch(function: Callable, *tensors: Tensor | None, n_networks: int | None):
    """A function ``(n, ...) -> (n,)``, of rows, or ``()``, of all of them.

    The second kind is called for each network, and gives ``(n_networks,)``.
    """
    if n_networks is None:
        return function(*tensors)
    of_network = (
        [None if t is None else t[:, k] for t in tensors] for k in range(n_networks)
    )
    first = function(*next(of_network))
    if first.ndim == 0:
        return torch.stack([first, *(function(*each) for each in of_network)])
    return row_by_row(function, *tensors, n_networks=n_networks)
