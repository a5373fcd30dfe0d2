"""The equation as a record of its nouns, and its value on one batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cache, cached_property

import torch
from torch import Tensor, nn

from ..utils.cudnn import twice_differentiable
from ..utils.networks import n_members_of, n_networks_of
from ..utils.signatures import has_parameter, leaves_inputs
from ._by_column import Inputs
from ._checks import (
    check_attribution,
    check_differentiable,
    left_alone,
    shape_of,
)
from ._exchange import Exchange
from ._losses import average
from ._many_networks import batch_by_batch, row_by_row
from ._members import member_losses
from ._score import Score

__all__ = ["Components", "Objective"]

HELD_OUT_SEED = 0  # seed of random attributions on held-out rows
JUDGED = 0.05  # share of a constraint's cost that counts on held-out rows


@dataclass(frozen=True)
class Components:
    """The terms of the objective on one batch.

    Tensors of shape (), or (n_networks,) if the module is a stack of networks.

    Parameters
    ----------
    data : Tensor
        Average loss.
    prior : Tensor
        ``lam`` times the average prior.
    total : Tensor
        Data, prior and weight penalties together; it carries the graph.
    output : Tensor of shape (n, n_outputs) or (n, n_networks, n_outputs)
        What the network returned.
    """

    data: Tensor
    prior: Tensor
    total: Tensor
    output: Tensor


@dataclass(frozen=True)
class Objective:
    """The equation with its nouns filled in.

    Parameters
    ----------
    loss : callable
        ``(output, y) -> (n,)``.
    lam : float or Tensor of shape (n_networks,), default=0.0
        Strength of the prior, or of the prior of each network in a stack. At the number
        0 no attribution is computed, and prior, attribution and target need not be
        given.
    prior : callable or tuple of (float, callable)
        ``phi -> (n,)``, or ``()`` for a cost of the whole batch; if it has a parameter
        ``sample_weight``, it is given the weights of the rows. A tuple holds several
        priors with their weights, which are added up.
    attribution : callable
        ``(score, x) -> phi``.
    target : callable
        ``(output, y) -> (n,)`` or ``(n, m)``.
    weight_penalties : tuple of (float, callable)
        Strengths, and penalties ``module -> ()``.
    annotated_only : bool
        Whether the prior leaves batches without annotations alone.
    constraints : tuple of (prior, target)
        Further priors of strength ``lam``, each on the attribution of its own target.
        Annotations do not multiply these attributions, which are slopes of numbers:
        in a table that is encoded, a missing value counts nothing.
    exchange : Exchange, optional
        A further cost of strength ``lam``, for rows with annotations.
    has_loss : bool
        Whether the loss and the weight penalties count, or the priors alone.
    """

    loss: Callable[[Tensor, Tensor], Tensor]
    lam: float | Tensor = 0.0
    prior: Callable | tuple[tuple[float, Callable], ...] = ()
    attribution: Callable[[Callable[[Tensor], Tensor], Tensor], Tensor] | None = None
    target: Callable[[Tensor, Tensor | None], Tensor] | None = None
    weight_penalties: tuple[tuple[float, Callable[[nn.Module], Tensor]], ...] = ()
    annotated_only: bool = False
    constraints: tuple[tuple[Callable, Callable], ...] = ()
    exchange: Exchange | None = None
    has_loss: bool = True

    @cached_property
    def penalises(self) -> bool:
        """Whether there is a prior, so that gradients by the inputs are needed."""
        return isinstance(self.lam, Tensor) or bool(self.lam)

    @property
    def draws(self) -> bool:
        """Whether the attribution draws references at random."""
        return getattr(self.attribution, "draws", False)

    @cached_property
    def _cost(self) -> _Cost | _SumOfCosts:
        return _cost_of(self.prior)

    @cached_property
    def _constraints(self) -> tuple[tuple[_Cost | _SumOfCosts, Callable], ...]:
        return tuple((_cost_of(prior), target) for prior, target in self.constraints)

    def by_turns(self) -> tuple[Objective, Objective]:
        """Two objectives: the loss with the weight penalties, and the priors alone."""
        return replace(self, lam=0.0), replace(self, has_loss=False)

    def on_held_out_rows(self, penalised: bool = True) -> Objective:
        """The loss, and with ``penalised`` the priors, as measured on held-out rows.

        Penalties of the weights are left out, because they do not depend on rows. A
        constraint counts a twentieth: it must hold, so that ``lam`` is much larger than
        what breaking it costs, and with all of it the epochs would be judged by chance,
        by few rows at which it is broken a little. An
        attribution that draws at random is replaced by one with the same draws each
        time that this method is called, from a generator of its own.
        """
        lam = self.lam if penalised else 0.0
        attribution, exchange = self.attribution, self.exchange
        generator = torch.Generator().manual_seed(HELD_OUT_SEED)
        if self.draws:
            attribution = attribution.drawing_from(generator)
        if exchange is not None:
            exchange = replace(exchange, generator=generator)
        constraints = tuple(
            (((JUDGED, prior),), target) for prior, target in self.constraints
        )
        nouns = {
            "attribution": attribution,
            "exchange": exchange,
            "constraints": constraints,
        }
        return replace(self, lam=lam, weight_penalties=(), **nouns)

    def prior_acts_on(self, annotations: Tensor | None) -> bool:
        """Whether the prior looks at rows with these annotations."""
        return annotations is not None or not self.annotated_only

    def __call__(
        self,
        module: nn.Module,
        x: Tensor,
        y: Tensor,
        sample_weight: Tensor | None = None,
        annotations: Tensor | None = None,
        learns: Tensor | None = None,
        held_out: Tensor | None = None,
    ) -> Components:
        """Evaluate the objective on one batch.

        Parameters
        ----------
        module : nn.Module
            The network, ``(n, *feature_shape) -> (n, n_outputs)``; or a stack of
            networks, and then all tensors have a second axis for the networks.
        x : Tensor of shape (n, *feature_shape)
        y : Tensor of shape (n,) or (n, n_outputs)
        sample_weight : Tensor of shape (n,), optional
        annotations : Tensor of shape (n, *feature_shape), optional
            Multiplies the attribution: 1 where a feature is to be penalised, 0
            where it is free. All ones if not given.
        learns : Tensor of shape (n, n_members), optional
            Weights of the rows in the loss of each member, if the network has members.
        held_out : Tensor of shape (n, n_members), optional
            Shares of the members that have not learned from a row, in its output; the
            loss then is that of this output.

        Returns
        -------
        Components

        Raises
        ------
        ValueError
            If a noun returns something else than it promises, or loses the graph.
        """
        n_networks = n_networks_of(module)
        with twice_differentiable(module, x) if self.penalises else nullcontext():
            if self.penalises or n_members_of(module):
                inputs = Inputs.of(module, x)
                if self.penalises:
                    inputs = inputs.with_gradients()
                output, of_members = inputs.outputs(module, held_out)
            else:
                output, of_members = module(x), None
        if of_members is None:
            losses = row_by_row(self.loss, output, y, n_networks=n_networks)
        else:
            losses = member_losses(self.loss, of_members, y, learns, n_networks)
        data = average(losses, sample_weight)
        prior = data.new_zeros(data.shape)
        total = data if self.has_loss else prior
        if self.penalises and (self.constraints or self.prior_acts_on(annotations)):

            @cache
            def attribution_of(target):
                known = inputs.at, output, sample_weight, inputs.n_columns
                score = Score(module, target, y, *known)
                with left_alone("attribution", inputs.at):
                    phi = self.attribution(score, inputs.at)
                check_attribution(phi, inputs.at)
                check_differentiable("attribution", phi)
                return inputs.by_column(phi, self.attribution)

            if self.prior_acts_on(annotations):
                phi = attribution_of(self.target)
                if annotations is not None:
                    outputs = (1,) * (phi.ndim - annotations.ndim)
                    phi = annotations.reshape(annotations.shape + outputs) * phi
                prior = self._cost(phi, sample_weight, n_networks)
            for cost, target in self._constraints:
                phi = inputs.of_numbers(attribution_of(target))
                prior = prior + cost(phi, sample_weight, n_networks)
            if self.exchange is not None and annotations is not None:
                costs = self.exchange.costs(module, inputs, annotations)
                prior = prior + average(costs, sample_weight)
            prior = self.lam * prior
            total = total + prior
        for strength, penalty in self.weight_penalties if self.has_loss else ():
            cost = module.of_each(penalty) if n_networks else penalty(module)
            if not isinstance(cost, Tensor) or cost.shape != data.shape:
                raise ValueError(
                    "weight_penalties: a penalty must return a tensor of shape (), got "
                    f"{shape_of(cost)}."
                )
            total = total + strength * cost
        return Components(data, prior, total, output)


@dataclass(frozen=True)
class _Cost:
    """The average cost of an attribution by one prior.

    Parameters
    ----------
    prior : callable
        ``phi -> (n,)`` or ``()``.
    takes_weights : bool
        Whether it is called with the weights of the rows as ``sample_weight``.
    takes_copies : bool
        Whether it may change what it is given.
    """

    prior: Callable
    takes_weights: bool
    takes_copies: bool

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
        if self.takes_copies:
            phi = phi.clone()
            sample_weight = None if sample_weight is None else sample_weight.clone()
        if self.takes_weights:
            return self.prior(phi, sample_weight=sample_weight)
        return self.prior(phi)


@dataclass(frozen=True)
class _SumOfCosts:
    """Several costs, each times its weight, with the signature of :class:`_Cost`."""

    costs: tuple[tuple[float, _Cost], ...]

    def __call__(self, *arguments) -> Tensor:
        return sum(weight * cost(*arguments) for weight, cost in self.costs)


def _cost_of(prior: Callable | Sequence[tuple[float, Callable]]) -> _Cost | _SumOfCosts:
    """The cost by a prior, or by pairs of a weight and a prior.

    This is the one place that looks whether a prior has a parameter ``sample_weight``,
    and whether it leaves its inputs alone.
    """
    if isinstance(prior, tuple):
        return _SumOfCosts(tuple((weight, _cost_of(each)) for weight, each in prior))
    takes_weights = has_parameter(prior, "sample_weight")
    return _Cost(prior, takes_weights, takes_copies=not leaves_inputs(prior))
