"""A strength at which the loss and the prior are of one magnitude."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from torch import Tensor, nn

from ._rows import Batches, Rows
from .objective import Objective, average

__all__ = ["balanced_strength"]

ROWS_AT_ONCE = 1024
TOLERATED = 0.003  # share of the attribution that may break a constraint


def balanced_strength(
    module: nn.Module, objective: Objective, rows: Rows, guess: Tensor
) -> float:
    """Strength at which leaning on what is penalised gains nothing.

    ``loss of the guess / prior(module)``: with it the prior of this network, trained
    without one, costs as much as knowing nothing about the rows. A constraint is to
    hold rather than to be weighed up: with it, breaking it with 0.3 % of the
    attribution costs as much. The larger of the two, if there are both.

    Ross, Hughes and Doshi-Velez (2017), *Right for the Right Reasons*, appendix on
    cross-validation, recommend a strength that gives both terms one order of
    magnitude. They compare the terms where training starts; the loss that training
    has reached says little, because it may be as near to zero as one likes.

    Parameters
    ----------
    module : nn.Module
        A network that has learned from the rows without the prior.
    objective : Objective
    rows : Rows
    guess : Tensor of shape (n_outputs,)
        The best output that is the same for all rows.

    Returns
    -------
    float
        0 if nothing is penalised.
    """
    knowing_nothing = _mean(
        lambda x, y, extras: average(
            objective.loss(guess.expand(len(x), -1), y), extras.get("sample_weight")
        ),
        rows,
    )
    unit = replace(objective, lam=1.0, constraints=())
    magnitudes = [_mean(_prior_of(unit, module), rows)]
    for prior, target in objective.constraints:
        whole = ((_both_ways(prior), target),)
        unit = replace(objective, lam=1.0, prior=_nothing, constraints=whole)
        magnitudes.append(TOLERATED * _mean(_prior_of(unit, module), rows))
    return max((knowing_nothing / size for size in magnitudes if size), default=0.0)


def _prior_of(objective: Objective, module: nn.Module) -> Callable:
    return lambda x, y, extras: objective(module, x, y, **extras).prior


def _both_ways(prior: Callable) -> Callable:
    return lambda phi: prior(phi) + prior(-phi)


def _nothing(phi: Tensor) -> Tensor:
    return phi.new_zeros(())


def _mean(term: Callable, rows: Rows) -> float:
    total = weight = 0.0
    for batch in Batches(rows, ROWS_AT_ONCE):
        x, y = batch
        given = batch.extras.get("sample_weight")
        of_batch = len(x) if given is None else given.sum().item()
        total += of_batch * term(x, y, batch.extras).item()
        weight += of_batch
    return total / weight
