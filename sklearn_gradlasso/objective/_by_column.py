"""What attributions are computed at, and how they become those of columns.

A network that encodes the columns of a table is explained at its encodings: a code has
no slope, and a missing value is no number. See :mod:`sklearn_gradlasso.modules` for the
three members of such a network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..utils.networks import encodes_columns, n_members_of, n_per_column_of

__all__ = ["Inputs"]


@dataclass(frozen=True, eq=False)
class Inputs:
    """Rows of a batch in the form in which a network is explained at them.

    Parameters
    ----------
    x : Tensor of shape (n, *feature_shape), or (n, n_networks, *feature_shape)
        The rows, as they reach the network.
    at : Tensor
        A copy of the rows; or of shape (n, n_encodings), or (n, n_networks,
        n_encodings), the encodings of their columns. These keep their graph.
    directions : Tensor of the shape of the encodings, optional
        How each column moves its own.
    column_of : Tensor of shape (n_encodings,), optional
    n_per_column : int, optional
        Number of encodings of each column, if they are equally many and in order.
    """

    x: Tensor
    at: Tensor
    directions: Tensor | None = None
    column_of: Tensor | None = None
    n_per_column: int | None = None

    @classmethod
    def of(cls, module: nn.Module, x: Tensor) -> Inputs:
        """The inputs of a network, or of a stack of networks."""
        if not encodes_columns(module):
            # An attribution may work on it, and its memory may be that of the caller.
            return cls(x, x.detach().clone())
        own = module.column_of, n_per_column_of(module)
        return cls(x, *module.encode(x), *own)

    @property
    def are_encoded(self) -> bool:
        return self.column_of is not None

    @property
    def n_columns(self) -> int | None:
        """Number of columns of the table, for a score at encodings."""
        return self.x.shape[-1] if self.are_encoded else None

    def with_gradients(self) -> Inputs:
        """The same; from now on gradients by ``at`` are computed."""
        if not self.at.requires_grad:
            self.at.requires_grad_()
        return self

    def outputs(
        self, module: nn.Module, held_out: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """What the network returns for the rows, and what its members return.

        Parameters
        ----------
        module : nn.Module
        held_out : Tensor of shape (n, n_members), optional
            Shares of the members in the output. Those of each row matter then, and not
            what each member returns.
        """
        if not self.are_encoded:
            return module(self.at), None
        if n_members_of(module) is None:
            return module.from_encoded(self.at), None
        output, of_members = module.with_members(self.at, held_out)
        return output, of_members if held_out is None else None

    def by_column(self, phi: Tensor, attribution: Callable) -> Tensor:
        """The attribution of each column, from that of its encodings.

        What adds up is added up. Of anything else it is the sum over the encodings of
        phi times the direction in which the column moves them: the slope by a number,
        and for a category, or where a value is missing, the contrast with the average
        of the training rows.

        Parameters
        ----------
        phi : Tensor of the shape of ``at``, or with a last axis more
        attribution : callable
            What phi was computed by.

        Returns
        -------
        Tensor of the shape of the rows, or with a last axis more
        """
        if not self.are_encoded:
            return phi
        if not getattr(attribution, "additive", False):
            outputs = (1,) * (phi.ndim - self.at.ndim)
            phi = phi * self.directions.reshape(self.at.shape + outputs)
        axis = self.at.ndim - 1
        if self.n_per_column is not None:
            return phi.unflatten(axis, (-1, self.n_per_column)).sum(dim=axis + 1)
        sums = phi.new_zeros(*self.x.shape, *phi.shape[self.at.ndim :])
        return sums.index_add(axis, self.column_of, phi)

    def of_numbers(self, phi: Tensor) -> Tensor:
        """Attributions of columns, with 0 where the value of a table is missing."""
        if not self.are_encoded:
            return phi
        outputs = (1,) * (phi.ndim - self.x.ndim)
        return torch.where(self.x.isnan().reshape(self.x.shape + outputs), 0.0, phi)

    def spread(self, annotations: Tensor) -> Tensor:
        """Annotations of columns as annotations of ``at``."""
        if not self.are_encoded:
            return annotations
        return annotations.index_select(self.at.ndim - 1, self.column_of)
