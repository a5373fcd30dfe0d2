"""The cost of a scalar that changes when annotated values are exchanged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ..utils.networks import n_networks_of
from ..utils.tensors import as_data
from ._by_column import Inputs
from ._many_networks import row_by_row
from ._score import evaluated

__all__ = ["Exchange"]


@dataclass(frozen=True)
class Exchange:
    """Squared change of a scalar when annotated values become those of another row.

    ``cost_i = (a_i * (t(f(x_i)) - t(f(x_i'))))**2`` with ``a_i = max_j A_ij`` and
    ``x_ij' = x_ij + A_ij / a_i * (x_rj - x_ij)`` for another row r of the batch. With
    annotations of 0 and 1 the annotated values are exchanged as a whole. To first order
    the cost is ``(sum_j A_ij (x_rj - x_ij) d t/dx_ij)**2``, so it is the penalty on
    gradients over a finite distance. A step that is too narrow to have a slope at any
    row costs nothing there, but it costs here.

    For a network that encodes the columns of a table, x are the encodings, and each has
    the annotation of its column.

    Parameters
    ----------
    target : callable
        ``(output, None) -> (n,)`` or ``(n, m)``.
    generator : torch.Generator
        Source of the other rows. All rows are moved along the batch by the same random
        distance, so that each of them is the other row of one.
    tolerated : float
        The average change, in standard deviations of the scalar, that is small enough.
    batch, share : Tensor and slice, optional
        The whole batch, and which of its rows the call is given; see :meth:`for_share`.
    """

    target: Callable[[Tensor, Tensor | None], Tensor]
    generator: torch.Generator
    tolerated: float
    batch: Tensor | None = None
    share: slice | None = None

    def for_share(self, batch: Tensor, share: slice) -> Exchange:
        """The exchange for a process that computes on a share of the batch.

        Rows are exchanged for those of the whole batch, so that the costs are those
        that a single process would find.
        """
        return replace(self, batch=batch, share=share)

    def __call__(self, module: nn.Module, x: Tensor, annotations: Tensor) -> Tensor:
        """Cost of each row.

        Parameters
        ----------
        module : nn.Module
            The network, or a stack of networks.
        x : Tensor of shape (n, *feature_shape), or (n, n_networks, *feature_shape)
        annotations : Tensor of the shape of x

        Returns
        -------
        Tensor of shape (n,) or (n, n_networks)
        """
        return self.costs(module, Inputs.of(module, x), annotations)

    def costs(self, module: nn.Module, inputs: Inputs, annotations: Tensor) -> Tensor:
        """The same of rows whose inputs are known."""
        x, annotations = as_data(inputs.at), inputs.spread(annotations)
        n, n_networks = len(x), n_networks_of(module)
        n_axes = 1 if n_networks is None else 2
        largest = annotations.flatten(n_axes).amax(dim=-1).to(x.dtype)
        largest = largest.reshape(largest.shape + (1,) * (x.ndim - n_axes))
        weight = annotations / torch.where(largest > 0, largest, 1.0)
        batch = x
        if self.batch is not None:
            batch = as_data(Inputs.of(module, self.batch).at)
        shifts = max(1, len(batch) - 1)
        distance = int(torch.randint(shifts, (), generator=self.generator)) + 1
        others = batch.roll(distance, dims=0)[self.share or slice(None)]
        exchanged = torch.lerp(x, others, weight)
        # Both are evaluated without dropout, which would be taken for a change.
        both = torch.cat([x, exchanged])
        values = evaluated(module, both, is_encoded=inputs.are_encoded)
        values = row_by_row(self.target, values, None, n_networks=n_networks)
        change = (values[:n] - values[n:]).reshape(*x.shape[:n_axes], -1)
        return (largest.reshape(x.shape[:n_axes]) ** 2) * change.square().sum(dim=-1)
