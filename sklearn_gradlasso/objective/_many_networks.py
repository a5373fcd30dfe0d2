"""Functions of the rows of one network, applied to many networks at once.

Networks of one architecture can be trained as one module, a stack. Its tensors have a
second axis for the networks: inputs are ``(n, n_networks, *feature_shape)``, outputs
``(n, n_networks, n_outputs)``, and so are targets, weights, annotations and
attributions. Entry ``[i, k]`` belongs to row i of the batch of network k. The networks
share no weights, and each may have other rows, so the entries of one network depend
neither on other networks nor on their rows. A module says by ``n_networks`` how many
networks it is; a module without it is one network, whose tensors lack the axis.

The nouns of the equation know nothing of that axis: a loss, a target or a prior is
written for ``(n, ...)``. The two functions below call them with many networks.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["batch_by_batch", "row_by_row"]


def row_by_row(function: Callable, *tensors: Tensor | None, n_networks: int | None):
    """Apply a function that treats each row by itself, such as a loss or a target.

    The rows of all networks are put one after the other, so that one call suffices.

    Parameters
    ----------
    function : callable
        ``(n, ...) -> (n, ...)``.
    *tensors : Tensor of shape (n, n_networks, ...), or None
    n_networks : int or None
        ``None`` for one network, whose tensors have the shape (n, ...).

    Returns
    -------
    Tensor of shape (n, n_networks, ...), or (n, ...) for one network
    """
    if n_networks is None:
        return function(*tensors)
    rows = [None if t is None else t.transpose(0, 1).flatten(0, 1) for t in tensors]
    value = function(*rows)
    return value.unflatten(0, (n_networks, -1)).transpose(0, 1)


def batch_by_batch(function: Callable, *tensors: Tensor | None, n_networks: int | None):
    """Apply a function that returns one value per row, or one per batch, as a prior.

    It is called on the first network to find out. A function of the batch is then
    called for each network, a function of the rows once for all of them.

    Parameters
    ----------
    function : callable
        ``(n, ...) -> (n,)`` or ``()``.
    *tensors, n_networks
        As in :func:`row_by_row`.

    Returns
    -------
    Tensor of shape (n, n_networks) or (n_networks,), or (n,) or () for one network
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
