"""How ``lam="auto"`` is resolved by a trial training."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from ..objective import average
from .rows import Batches

__all__ = ["NOTHING_FOUND", "balanced_strength", "resolve_lam"]

HALVED_WITHIN = 500  # largest number of steps to halve the loss
SETTLED_AFTER = 100  # number of steps before the cost of constraints is measured
WRONG = 0.005  # fraction of the attribution that may break a constraint
ROWS = 256  # smoothing window of the loss, and smallest batch to measure it, in rows

Found = tuple[tuple[str, ...], float]
NOTHING_FOUND: Found = ((), 0.0)


def resolve_lam(
    lam: float | str,
    objective: Callable[[float], Callable],
    prepared,
    known: Found = NOTHING_FOUND,
) -> tuple[float, Found]:
    """Resolve ``lam``: a number is itself, and "auto" is found by a trial training.

    Parameters
    ----------
    lam : float or "auto"
    objective : callable
        ``(lam) -> Objective``, the equation with that strength.
    prepared : Prepared
        The trial trains a copy of its network.
    known : tuple
        The result of earlier calls: the penalised terms for which they found a
        strength, and this strength. It is not searched again, so that all calls of
        ``partial_fit`` use the same strength.

    Returns
    -------
    lam : float
    known : tuple
        The value of ``known`` for the next call.

    Raises
    ------
    ValueError
        See :func:`balanced_strength`.
    """
    if lam != "auto":
        return lam, known
    equation = objective(0.0)
    rows = prepared.train
    penalised = ["constraints"] if equation.constraints else []
    if equation.prior_acts_on(rows.extras.get("annotations")):
        penalised.append("prior")
    known_terms, known_lam = known
    if set(penalised) <= set(known_terms):
        return known_lam, known
    trial = prepared.trial_net(equation, deepcopy(prepared.network))
    batches = Batches(rows, prepared.batch_size, prepared.order())
    constant = prepared.constant_output(rows.y, rows.extras.get("sample_weight"))
    with prepared.global_rng(prepared.seed):
        lam = balanced_strength(trial, batches, constant)
    return lam, (tuple(penalised), lam) if lam else known


def balanced_strength(net, batches: Batches, constant_output: Tensor) -> float:
    """Find the strength at which the penalty is as large as the loss.

    The network is trained without the prior until its loss is half that of the best
    constant output, for at most 500 steps. The strength is then ``loss of the constant
    output / prior``, so that the penalty equals the loss of the constant output. The
    prior is not informative earlier, because the network has learned nothing yet. The
    loss is not informative later, because it can become arbitrarily small.

    An exchange of annotated values must not change the answer by more than it
    tolerates, whatever the loss is. Where the signal is weak, the loss never halves,
    and the rule above is of no use. With an exchange its own rule takes the place of
    it, after 100 steps: its cost is ``change ** 2``, and the loss falls by at most the
    size of the residual for each unit of change, so that ``residual / (2 * tolerated
    change)`` is strong enough. The size of the residual is ``sqrt(loss of the constant
    output * loss reached)``.

    A constraint must hold whatever the loss is. Its cost is linear in the violation,
    while the loss is quadratic in the residual. Its strength is therefore found after
    100 steps by another rule: the size of the residual is divided by the cost that
    arises if half a percent of the attribution breaks the constraint. The largest of
    the strengths is used.

    Ross, Hughes and Doshi-Velez (2017), *Right for the Right Reasons*, appendix on
    cross-validation, recommend a strength that gives both terms one order of magnitude.

    Parameters
    ----------
    net : ObjectiveNet
        A net whose network is used for nothing else, because it is trained here.
    batches : Batches
        The training rows.
    constant_output : Tensor of shape (n_outputs,)
        The best output among those that are the same for all rows.

    Returns
    -------
    float
        The strength, or 0 if nothing is penalised.

    Raises
    ------
    ValueError
        If the loss or the prior becomes infinite or NaN.
    """
    measure = _Measure(net, batches)
    of_constant = measure.loss(lambda x: constant_output.expand(len(x), -1))
    constraints_wait = bool(net.objective.constraints)
    exchange_waits = measure.exchanges
    prior_waits = measure.prior_acts and not exchange_waits
    smooth, strengths = of_constant, [0.0]
    losses = enumerate(_losses(net, batches), 1)
    newest = min(1.0, batches.sizes[0] / min(ROWS, len(batches.rows)))
    while prior_waits or constraints_wait or exchange_waits:
        step, loss = next(losses)
        smooth += newest * (loss - smooth)
        if prior_waits and (smooth < of_constant / 2 or step == HALVED_WITHIN):
            strengths.append(_ratio(of_constant, measure.prior()))
            prior_waits = False
        if constraints_wait and step == SETTLED_AFTER:
            residual = math.sqrt(of_constant * measure.loss(net.module_))
            strengths.append(_ratio(residual, WRONG * measure.constrained()))
            constraints_wait = False
        if exchange_waits and step == SETTLED_AFTER:
            residual = math.sqrt(of_constant * measure.loss(net.module_))
            strengths.append(_ratio(residual, 2 * measure.tolerated_change()))
            exchange_waits = False
        if not all(map(math.isfinite, (smooth, *strengths))):
            raise ValueError(
                'lam="auto": the loss or the penalty is not finite while the strength '
                "is sought. Scale X (for example with StandardScaler), lower "
                "learning_rate_init or the weights in annotations, or give lam a "
                "number."
            )
    return max(strengths)


def _losses(net, batches: Batches) -> Iterator[float]:
    """Train on the batches without the prior, endlessly; yield the loss of each."""
    plain = replace(net.objective, lam=0.0)
    while True:
        for batch in batches:
            x, y = batch
            losses = []

            def closure(x=x, y=y, extras=batch.extras, losses=losses):
                net.optimizer_.zero_grad()
                terms = plain(net.module_, x, y, **extras)
                # A batch counts by its weight.
                weight = extras.get("sample_weight")
                total = terms.total * (1.0 if weight is None else weight.mean())
                total.backward()
                losses.append(terms.data.item())
                return total  # L-BFGS compares its values along a line.

            net.module_.train()
            net.optimizer_.step(closure)
            yield losses[0]


class _Measure:
    """Computes the terms of the net's objective as averages over all rows."""

    def __init__(self, net, batches: Batches):
        self.net, self.rows = net, batches.rows
        self.size = max(ROWS, batches.sizes[0])
        self.exchange = net.objective.exchange
        self.unit = replace(net.objective, lam=1.0, constraints=(), exchange=None)
        annotations = self.rows.extras.get("annotations")
        self.prior_acts = net.objective.prior_acts_on(annotations)
        self.exchanges = self.exchange is not None and annotations is not None

    def loss(self, answer: Callable[[Tensor], Tensor]) -> float:
        def of_batch(x, y, sample_weight=None, **_):
            with torch.no_grad():
                return average(self.unit.loss(answer(x), y), sample_weight)

        return self._mean(of_batch)

    def prior(self) -> float:
        return self._mean(partial(self._prior, self.unit))

    def constrained(self) -> float:
        """The cost of the constraints if every attribution had the wrong sign."""
        both_ways = tuple(
            (lambda phi, prior=prior: prior(phi) + prior(-phi), target)
            for prior, target in self.net.objective.constraints
        )
        nothing = replace(
            self.unit, prior=lambda phi: 0 * phi[:0].sum(), constraints=both_ways
        )
        return self._mean(partial(self._prior, nothing))

    def tolerated_change(self) -> float:
        """The change that the exchange tolerates, in units of its scalar.

        It is multiplied by the mean square of the annotations, as the cost is.
        """
        self.net.module_.eval()
        found = []
        with torch.no_grad():
            for batch in Batches(self.rows, self.size):
                x, _ = batch
                values = self.exchange.target(self.net.module_(x), None)
                largest = batch.extras["annotations"].flatten(1).amax(dim=1)
                weight = batch.extras.get("sample_weight", torch.ones(len(x)))
                each = values.reshape(len(x), -1), largest, weight
                found.append([of.cpu().double() for of in each])
        values, largest, weight = (torch.cat(each) for each in zip(*found))
        squares = (values - average(values, weight[:, None])).square().mean(dim=1)
        annotated = largest > 0
        if not annotated.any():
            return 0.0
        scale = average(largest[annotated] ** 2, weight[annotated])
        deviation = average(squares, weight).sqrt()
        return self.exchange.tolerated * (deviation * scale).item()

    def _prior(self, objective: Callable, x, y, **extras) -> Tensor:
        return objective(self.net.module_, x, y, **extras).prior

    def _mean(self, term: Callable[..., Tensor]) -> float:
        self.net.module_.eval()
        total = weight = 0.0
        for batch in Batches(self.rows, self.size):
            x, y = batch
            given = batch.extras.get("sample_weight")
            of_batch = len(x) if given is None else given.sum().item()
            total += of_batch * term(x, y, **batch.extras).item()
            weight += of_batch
        return total / weight


def _ratio(size: float, cost: float) -> float:
    if not math.isfinite(cost):
        return math.inf
    return size / abs(cost) if cost else 0.0  # The Gini prior is negative.
