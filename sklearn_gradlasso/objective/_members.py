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
    n_members = of_members.shape[-2]
    rows = of_members.movedim(-2, 1).flatten(0, 1)
    repeated = y.repeat_interleave(n_members, dim=0)
    losses = row_by_row(loss, rows, repeated, n_networks=n_networks)
    losses = losses.unflatten(0, (-1, n_members))
    if learns is not None:
        losses = losses * learns.movedim(-1, 1)
    return losses.mean(dim=1)
