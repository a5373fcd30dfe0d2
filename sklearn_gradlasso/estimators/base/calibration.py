"""One temperature for the scores of a classifier, from the rows that it held out.

Penalties of gradients make all scores small, so that probabilities say less than the
network knows. After training, scores are multiplied by the positive number that is best
for the log loss of held-out rows: Guo, Pleiss, Sun and Weinberger (2017), *On
Calibration of Modern Neural Networks*, section 4.2. The order of rows and the predicted
classes stay.

The number that is best for few rows may be far from the best one. So it is that of a
largest posterior: ``PRIOR_ROWS * (factor - 1 - log factor)``, the logarithm of a gamma
distribution with its mode at 1, is added to the loss of all rows, and keeps it convex.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from scipy.optimize import brentq
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from ...inspection.evaluation import outputs_of
from ...objective import average
from ...training.rows import Rows
from ...utils.networks import n_members_of

__all__ = ["CALIBRATE", "CALIBRATE_DOC", "calibrate", "temperature_", "uncalibrated"]

LARGEST = 20.0  # factor of the scores; the smallest is one over that
PRIOR_ROWS = 4.0  # the logarithm of the factor has a standard deviation of about 0.5
CALIBRATE = {"calibrate": ["boolean"]}  # limits
CALIBRATE_DOC = """\
calibrate : bool, default=True
        Whether the scores (log-odds, or those of a softmax) of a network that has held
        rows out for ``early_stopping`` are divided, after training, by the temperature
        at which the log loss of these rows is lowest, with their weights; few rows move
        it little. It is one number between 1/20 and 20, so that ``predict`` and the
        order of rows stay.
        Probabilities, decisions and explanations are those of the divided scores; the
        curves of training are not. Nothing is done (the temperature is 1) if the
        network has members that hold out rows of their own, as "tabular" has, and if
        the held-out rows have one class or none of them is classified wrongly."""


def calibrate(estimator, rows: list[Rows]) -> None:
    """Set the temperature of a trained network, if it held rows out.

    Parameters
    ----------
    estimator : NetworkEstimator
    rows : list of Rows
        Training rows, followed by validation rows if some are held out.
    """
    _, *held_out = rows
    net = estimator.net_
    if not (estimator.calibrate and held_out) or net.ended_by_ == "divergence":
        return
    if (n_members_of(net.module_) or 1) > 1:
        return
    net.module_.multiply_scores(_best_factor(net.module_, estimator._task, *held_out))


@contextmanager
def uncalibrated(estimator, warm: bool) -> Iterator[None]:
    """A context in which training goes on from the scores as the network makes them.

    If it fails, the network gets its temperature back.
    """
    if not warm or not estimator._task.is_classifier:
        yield
        return
    head = estimator.net_.module_
    factor = head.factor
    head.multiply_scores(None)
    try:
        yield
    except BaseException:
        head.factor = factor
        raise


def _temperature(estimator) -> float:
    """Number by which the scores of the network are divided; 1 without calibration."""
    if not hasattr(estimator, "net_"):
        check_is_fitted(estimator, "net_")
    factor = estimator.net_.module_.factor
    return 1.0 if factor is None else 1 / float(factor)


temperature_ = property(_temperature)


def _best_factor(head: nn.Module, task, rows: Rows) -> float | None:
    """The factor of the scores at which the loss is lowest; ``None`` to leave them."""
    scores = torch.from_numpy(outputs_of(head[0], rows)).double()
    y, weight = rows.y.cpu(), rows.extras.get("sample_weight")
    weight = None if weight is None else weight.cpu().double()
    y = y.double() if y.is_floating_point() else y
    one_class = bool((y == y[0]).all())
    if one_class or task.validation_score(head.of_scores(scores), y, weight) == 1:
        return None
    prior_share = PRIOR_ROWS / (len(y) if weight is None else float(weight.sum()))

    def loss(factor: Tensor) -> Tensor:
        losses = task.loss(head.of_scores(factor * scores), y)
        return average(losses, weight) + prior_share * (factor - 1 - factor.log())

    return lowest(loss)


def lowest(loss: Callable[[Tensor], Tensor]) -> float:
    """The positive number, up to ``LARGEST``, at which a convex loss is lowest."""

    def slope(log_factor: float) -> float:
        factor = torch.tensor(log_factor, dtype=torch.float64).exp().requires_grad_()
        with torch.enable_grad():
            (of_factor,) = torch.autograd.grad(loss(factor), factor)
        return float(of_factor)

    ends = -math.log(LARGEST), math.log(LARGEST)
    if slope(ends[0]) >= 0:
        return 1 / LARGEST
    if slope(ends[1]) <= 0:
        return LARGEST
    return math.exp(brentq(slope, *ends))
