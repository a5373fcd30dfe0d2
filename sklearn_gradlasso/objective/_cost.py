"""The cost that priors put on an attribution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from ..utils.signatures import has_parameter
from ._checks import check_differentiable, shape_of
from ._losses import average
from ._many_networks import batch_by_batch

__all__ = ["Cost", "SumOfCosts", "cost_of"]


@dataclass(frozen=True)
class Cost:
    """The average cost of an attribution by one prior.

    Parameters
    ----------
    prior : callable
        ``phi -> (n,)`` or ``()``.
    takes_weights : bool
        Whether it is called with the weights of the rows as ``sample_weight``.
    """

    prior: Callable
    takes_weights: bool

    def __call__(
        self, phi: Tensor, sample_weight: Tensor | None, n_networks: int | None
    ) -> Tensor:
        """Weighted average over the rows, of shape () or (n_networks,).

        Raises
        ------
        ValueError
            If the prior returns something else than a tensor of the promised shape,
            or loses the graph.
        """
        value = batch_by_batch(
            self._of_network, phi, sample_weight, n_networks=n_networks
        )
        of_batch = (n_networks,) if n_networks else ()
        of_rows = (len(phi), *of_batch)
        if not isinstance(value, Tensor) or value.shape not in (of_batch, of_rows):
            raise ValueError(
                f"prior must return a tensor of shape ({len(phi)},), a cost for each "
                f"row, or of shape () for all of them, got {shape_of(value)}."
            )
        check_differentiable("prior", value)
        return value if value.shape == of_batch else average(value, sample_weight)

    def _of_network(self, phi: Tensor, sample_weight: Tensor | None) -> Tensor:
        if self.takes_weights:
            return self.prior(phi, sample_weight=sample_weight)
        return self.prior(phi)


@dataclass(frozen=True)
class SumOfCosts:
    """Several costs, each times its weight, with the signature of :class:`Cost`."""

    costs: tuple[tuple[float, Cost], ...]

    def __call__(self, *arguments) -> Tensor:
        return sum(weight * cost(*arguments) for weight, cost in self.costs)


def cost_of(prior: Callable | Sequence[tuple[float, Callable]]) -> Cost | SumOfCosts:
    """The cost by a prior, or by pairs of a weight and a prior.

    This is the one place that looks whether a prior has a parameter ``sample_weight``.
    """
    if isinstance(prior, tuple):
        return SumOfCosts(tuple((weight, cost_of(each)) for weight, each in prior))
    return Cost(prior, has_parameter(prior, "sample_weight"))
