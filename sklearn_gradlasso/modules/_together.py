"""What columns of a table do together, where some of them get other values."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Crossed", "Together"]


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
        slots, place = self._slots_of(columns)
        before = self.sums[:, slots]
        after = before.index_add(1, place, embedded - self.embedded[:, columns])
        moved = own.activated(after) - own.activated(before)
        change = torch.bmm(moved, self.weight[:, slots].flatten(1, 2))
        return own.beyond(self.first + change).mean(dim=1)

    def crossed(self, columns: Tensor, embedded: Tensor) -> Crossed:
        """What columns add together if each row had each of other embeddings.

        Parameters
        ----------
        columns : Tensor of int64 of shape (k,)
        embedded : Tensor of shape (m, k, n_members * size)
        """
        return Crossed(self, columns, embedded)

    def _slots_of(self, columns: Tensor) -> tuple[Tensor, Tensor]:
        """Slots of columns, each once, and the place of each column among them."""
        own = self.interactions
        slots = columns if own.slot is None else own.slot[columns]
        return slots.unique(return_inverse=True)


class Crossed:
    """What columns add together at rows that are crossed with other embeddings.

    If no other column shares a slot with those that are replaced, what these give to
    the first layer is computed once for all rows.

    Parameters
    ----------
    together : Together
        The n rows.
    columns : Tensor of int64 of shape (k,)
        What is replaced.
    embedded : Tensor of shape (m, k, n_members * size)
    """

    def __init__(self, together: Together, columns: Tensor, embedded: Tensor):
        own = together.interactions
        self.together, self.embedded = together, embedded
        self.slots, self.place = together._slots_of(columns)
        self.own = together.embedded[:, columns]
        self.weight = together.weight[:, self.slots].flatten(1, 2)
        self.sums = together.sums[:, self.slots]
        self.before = torch.bmm(own.activated(self.sums), self.weight)
        self.after = None
        if own.slot is None or torch.isin(own.slot, self.slots).sum() == len(columns):
            alone = own.bias[self.slots].expand(len(embedded), -1, -1)
            self.after = self._given(alone.index_add(1, self.place, embedded)[None])

    def at(self, rows: slice) -> Tensor:
        """Raw scores of some rows with each embedding, of shape (r, m, n_outputs)."""
        own, after = self.together.interactions, self.after
        if after is None:
            moved = self.embedded - self.own[rows, None]
            sums = self.sums[rows, None].expand(-1, len(self.embedded), -1, -1)
            after = self._given(sums.index_add(2, self.place, moved))
        # Equal embeddings leave the first layer as it is, without an error of rounding.
        change = after - self.before[:, rows, None]
        first = change.add_(self.together.first[:, rows, None])
        scores = own.beyond(first.flatten(1, 2)).mean(dim=1)
        return scores.unflatten(0, first.shape[1:3])

    def _given(self, sums: Tensor) -> Tensor:
        """What slots give to the first layer, of shape (n_members, r, m, fan_out)."""
        activated = self.together.interactions.activated(sums.flatten(0, 1))
        return torch.bmm(activated, self.weight).unflatten(1, sums.shape[:2])
