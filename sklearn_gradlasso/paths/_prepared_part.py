"""A part of the data, prepared for networks to be trained on it."""

from __future__ import annotations

from torch import Tensor

from ..training.prepared import Prepared
from ._stack import named_tensors, put_into

__all__ = ["Part"]


class Part:
    """Prepared rows and a network, by the number of the part.

    Parameters
    ----------
    number : int
    prepared : Prepared
        With candidates.
    initial : dict of str to Tensor, optional
        Parameters and buffers that the network is to start from.
    """

    def __init__(
        self,
        number: int,
        prepared: Prepared,
        initial: dict[str, Tensor] | None = None,
    ):
        self.number, self.prepared = number, prepared
        if initial is not None:
            put_into(prepared.network, initial)

    @property
    def n_bytes(self) -> int:
        """Memory that the rows take."""
        return sum(rows.n_bytes for rows in self.prepared.rows)

    @property
    def form(self) -> tuple:
        """The same for parts on which networks take the same steps."""
        state = named_tensors(self.prepared.network).items()
        rows = ((len(each), *each.extras) for each in self.prepared.rows)
        return tuple((name, *value.shape) for name, value in state), *rows
