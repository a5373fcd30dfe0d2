"""Trains on with a larger strength while a network disobeys (``lam="auto"``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...training.loop import ObjectiveNet
from ...training.prepared import Prepared
from ...training.stopping import Snapshot
from ...training.training_record import TrainingRecord
from .measuring import Measurement

__all__ = ["nets_until_obeyed"]

MOST_RAISES = 4
# The factor of the strength is twice what is missing, within these limits: the change
# of an answer is inverse to the strength, once the network has learned.
LEAST_FACTOR, MOST_FACTOR = 3.0, 30.0
# A larger strength helps if this share of what is missing is left, or less. Where it
# does not help, nothing else is left to predict from.
HELPS = 0.8
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
    training continues with a larger strength, and so on. If that does not help, the net
    gets its weights back, and ``None`` is yielded with its strength.

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
    for _ in range(MOST_RAISES):
        if missing <= 1:
            return
        weights, n_epochs = Snapshot(net.trained_tensors()), record.n_epochs
        before, lam_before, missing_before = net, lam, missing
        lam *= min(max(LEAST_FACTOR, 2 * missing), MOST_FACTOR)
        net = prepared.net(objective(lam), previous=before)
        yield net, lam
        missing = _missing(net, measured, tolerated)
        if net.ended_by_ == "divergence" or missing > HELPS * missing_before:
            weights.restore()
            record.forget_from(n_epochs, before)
            yield None, lam_before
            return


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
