"""Trains on with a larger strength while a network disobeys (``lam="auto"``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...training.loop import ObjectiveNet
from ...training.prepared import Prepared
from ...training.stopping import Snapshot
from ...training.training_record import TrainingRecord
from .measuring import Measurement

__all__ = ["nets_until_obeyed"]

# A small factor lets the network unlearn what is ruled out. After a large one it would
# shrink all of its answers, because that lowers the penalty sooner.
FACTOR = 3.0
MOST_RAISES = 8
PATIENCE = 2  # raises in a row that may fail to come closer to what is tolerated
# What is measured on training rows must be below what is tolerated, so that it holds
# on other rows as well: a class changes easily there, because training has moved its
# own rows away from the boundary.
MARGIN_OF_DECISIONS, MARGIN = 0.5, 0.75


def nets_until_obeyed(
    prepared: Prepared,
    record: TrainingRecord,
    lam: float,
    objective: Callable[[float], Callable],
    measured: Callable[[ObjectiveNet], Measurement],
    tolerated: float,
) -> Iterator[tuple[ObjectiveNet | None, float]]:
    """Yield the nets to train one after the other, each with its strength.

    The first is trained as it would be with a number for ``lam``. If it disobeys, its
    training continues with a larger strength, and so on, until it obeys or comes no
    closer. If the last net is not the best, the best one gets its weights back, and
    ``None`` is yielded with its strength.

    Parameters
    ----------
    prepared : Prepared
    record : TrainingRecord
        The record to which the caller adds each net after training it.
    lam : float
        The strength to begin with.
    objective : callable
        ``(lam) -> Objective``.
    measured : callable
        ``(net) -> Measurement``, of a trained net.
    tolerated : float
    """
    net = prepared.net(objective(lam), previous=record.net)
    yield net, lam
    missing = _missing(net, measured, tolerated)
    best = missing, net, lam, _weights(net), record.n_epochs
    failures = 0
    for _ in range(MOST_RAISES):
        if missing <= 1 or failures == PATIENCE:
            break
        lam *= FACTOR
        net = prepared.net(objective(lam), previous=net, begins_phase=True)
        yield net, lam
        if net.ended_by_ == "divergence":
            break
        missing = _missing(net, measured, tolerated)
        failures = 0 if missing < best[0] else failures + 1
        if missing < best[0]:
            best = missing, net, lam, _weights(net), record.n_epochs
    _, kept, lam, weights, n_epochs = best
    if kept is not net:
        weights.restore()
        record.forget_from(n_epochs, kept)
        yield None, lam


def _weights(net: ObjectiveNet) -> Snapshot:
    """All weights, because callbacks may let others learn after a raise."""
    return Snapshot([*net.module_.parameters(), *net.module_.buffers()])


def _missing(net: ObjectiveNet, measured: Callable, tolerated: float) -> float:
    """How many times too large the largest figure is; 0 if training was broken off."""
    if net.ended_by_ not in ("plateau", "max_epochs"):
        return 0.0
    return _excess(measured(net)) / tolerated


def _excess(measurement: Measurement) -> float:
    """The largest figure that ``obedience`` limits, as it must be on training rows."""
    change = measurement.joint_change_in_deviations
    _, changed = measurement.joint_effect
    figures = [change / MARGIN, changed / MARGIN_OF_DECISIONS]
    figures += [share / MARGIN for share in measurement.wrong_signs]
    return max((each for each in figures if each == each), default=0.0)  # not NaN
