"""The equation every estimator of this package minimises.

    objective = loss(f(x), y)
              + lam * prior(annotations * attribution(target o f, x))
              + weight penalties

Averages over samples are weighted: ``sum(w * v) / sum(w)``, in the loss and in the
prior, so that an integer weight means repetition.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import Tensor, nn

from ..utils.cudnn import differentiable
from ._losses import average
from ._many_networks import batch_by_batch, row_by_row
from ._score import Score, shape_of

__all__ = ["Components", "Objective"]


@dataclass(frozen=True)
class Components:
    """The terms of the objective on one batch.

    Tensors of shape (), or (n_networks,) if the module is many networks side by side.

    Parameters
    ----------
    data : Tensor
        Average loss.
    prior : Tensor
        ``lam`` times the average prior.
    total : Tensor
        Data, prior and weight penalties together; carries the graph.
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
        Strength of the prior, of each of many networks; at the number 0 no attribution
        is computed, and what makes up the prior need not be given.
    prior : callable or tuple of (float, callable)
        ``phi -> (n,)``, or ``()`` for a cost of the whole batch; if it has a parameter
        ``sample_weight``, it is given the weights of the rows. Or several of them with
        their weights, to be added up.
    attribution : callable
        ``(score, x) -> phi``.
    target : callable
        ``(output, y) -> (n,)`` or ``(n, m)``.
    weight_penalties : tuple of (float, callable)
        Strength and ``module -> ()``.
    annotated_only : bool
        Whether the prior leaves rows alone that come without annotations.
    constraints : tuple of (prior, target)
        Further priors of strength ``lam``, each on the attribution of its target,
        which annotations do not touch.
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
    has_loss: bool = True

    def __post_init__(self):
        several = isinstance(self.prior, tuple)
        pairs = self.prior if several else ((1.0, self.prior),)
        pairs = [*pairs, *((1.0, prior) for prior, _ in self.constraints)]
        weighted = frozenset(id(prior) for _, prior in pairs if _takes_weights(prior))
        object.__setattr__(self, "_weighted", weighted)
        penalises = isinstance(self.lam, Tensor) or bool(self.lam)
        object.__setattr__(self, "penalises", penalises)

    def by_turns(self) -> tuple[Objective, Objective]:
        """The loss with the weight penalties, and the priors alone."""
        return replace(self, lam=0.0), replace(self, has_loss=False)

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
    ) -> Components:
        """Evaluate the objective on one batch.

        Parameters
        ----------
        module : nn.Module
            The network, ``(n, *feature_shape) -> (n, n_outputs)``; or many of them as
            a ``Stack``, and all tensors have a second axis for the networks.
        x : Tensor of shape (n, *feature_shape)
        y : Tensor of shape (n,) or (n, n_outputs)
        sample_weight : Tensor of shape (n,), optional
        annotations : Tensor of shape (n, *feature_shape), optional
            Multiplies the attribution: 1 where a feature is to be penalised, 0
            where it is free. All ones if not given.

        Returns
        -------
        Components
        """
        n_networks = getattr(module, "n_networks", None)
        if self.penalises:
            x = x.detach().requires_grad_()
        with differentiable(module, x) if self.penalises else nullcontext():
            output = module(x)
        losses = row_by_row(self.loss, output, y, n_networks=n_networks)
        data = average(losses, sample_weight)
        prior = data.new_zeros(data.shape)
        total = data if self.has_loss else prior
        if self.penalises and (self.constraints or self.prior_acts_on(annotations)):

            @cache
            def attribution_of(target):
                score = Score(module, target, y, x, output, sample_weight)
                return _checked(self.attribution(score, x), x)

            if self.prior_acts_on(annotations):
                phi = attribution_of(self.target)
                if annotations is not None:
                    outputs = (1,) * (phi.ndim - annotations.ndim)
                    phi = annotations.reshape(annotations.shape + outputs) * phi
                prior = self._cost(self.prior, phi, sample_weight, n_networks)
            for constraint, target in self.constraints:
                phi = attribution_of(target)
                cost = self._cost(constraint, phi, sample_weight, n_networks)
                prior = prior + cost
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

    def _cost(self, prior, phi, sample_weight, n_networks: int | None) -> Tensor:
        if isinstance(prior, tuple):
            given = phi, sample_weight, n_networks
            return sum(weight * self._cost(each, *given) for weight, each in prior)

        def cost(phi, sample_weight):
            weighted = id(prior) in self._weighted
            return prior(phi, sample_weight=sample_weight) if weighted else prior(phi)

        value = batch_by_batch(cost, phi, sample_weight, n_networks=n_networks)
        of_batch = (n_networks,) if n_networks else ()
        of_rows = (len(phi), *of_batch)
        if not isinstance(value, Tensor) or value.shape not in (of_batch, of_rows):
            raise ValueError(
                f"prior must return a tensor of shape ({len(phi)},), a cost for each "
                f"row, or of shape () for all of them, got {shape_of(value)}."
            )
        _check_differentiable("prior", value)
        return value if value.shape == of_batch else average(value, sample_weight)


def _checked(phi: Tensor, x: Tensor) -> Tensor:
    is_tensor = isinstance(phi, Tensor)
    if not is_tensor or phi.shape[: x.ndim] != x.shape or phi.ndim > x.ndim + 1:
        raise ValueError(
            f"attribution must return a tensor of the shape of x, {tuple(x.shape)}, or "
            f"with a last axis for several scalars, got {shape_of(phi)}."
        )
    _check_differentiable("attribution", phi)
    return phi


def _check_differentiable(name: str, value: Tensor) -> None:
    if torch.is_grad_enabled() and not value.requires_grad:
        raise ValueError(
            f"{name} must keep the graph while gradients are enabled (no detach, no "
            "data, no numpy), or training has no effect on it."
        )


def _takes_weights(prior: Callable) -> bool:
    try:
        return "sample_weight" in inspect.signature(prior).parameters
    except ValueError:  # some callables tell nothing about themselves
        return False
