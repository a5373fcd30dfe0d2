"""What columns of a table do together, where some of them get other values."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Together"]


class Together:
    """What columns add together at rows, and what if some had other values.

    Only what the replaced columns give to the first layer is computed anew.

    Parameters
    ----------
    interactions : nn.Module
        The perceptrons of the network for tables.
    embedded : Tensor of shape (n, n_columns, n_members * size)
    """

    def __init__(self, interactions: nn.Module, embedded: Tensor):
        self.interactions, self.embedded = interactions, embedded
        self.sums = interactions.by_slot(embedded) + interactions.bias
        self.weight = interactions.first_weight()
        self.first = torch.bmm(
            interactions.activated(self.sums), self.weight.flatten(1, 2)
        )
        if len(interactions.biases):
            self.first = self.first + interactions.biases[0]

    def at_rows(self) -> Tensor:
        """Raw scores of shape (n, n_outputs), as averages of the members."""
        return self.interactions.beyond(self.first).mean(dim=1)

    def replaced(self, columns: Tensor, embedded: Tensor) -> Tensor:
        """Raw scores if columns had other embeddings, of shape (n, n_outputs).

        Parameters
        ----------
        columns : Tensor of int64 of shape (k,)
        embedded : Tensor of shape (n or 1, k, n_members * size)
        """
        own = self.interactions
        slots = columns if own.slot is None else own.slot[columns]
        slots, place = slots.unique(return_inverse=True)
        before = self.sums[:, slots]
        after = before.index_add(1, place, embedded - self.embedded[:, columns])
        moved = own.activated(after) - own.activated(before)
        change = torch.bmm(moved, self.weight[:, slots].flatten(1, 2))
        return own.beyond(self.first + change).mean(dim=1)
