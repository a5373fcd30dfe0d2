"""The loss of a network that is the average of several members."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ._many_networks import row_by_row

__all__ = ["member_losses"]


def member_losses(
    loss: Callable,
    of_members: Tensor,
    y: Tensor,
    learns: Tensor | None,
    n_networks: int | None,
) -> Tensor:
    """The loss of each row, as the mean over the members.

    Each member learns by itself. A loss of their average would let them make up for
    each other's errors.

    Parameters
    ----------
    loss : callable
        ``(output, y) -> (n,)``.
    of_members : Tensor of shape (n, n_members, n_outputs)
    y : Tensor of shape (n, ...)
    learns : Tensor of shape (n, n_members) or None
        Weights of the rows for each member.
    n_networks : int or None
        With a number all tensors have a second axis for the networks.

    Returns
    -------
    Tensor of shape (n,) or (n, n_networks)
    """
    axis = 1 if n_networks is None else 2
    n_members = of_members.shape[axis]
    each = [
        row_by_row(loss, of_members.select(axis, k), y, n_networks=n_networks)
        for k in range(n_members)
    ]
    if learns is not None:
        each = [losses * learns.select(axis, k) for k, losses in enumerate(each)]
    return sum(each) / n_members
