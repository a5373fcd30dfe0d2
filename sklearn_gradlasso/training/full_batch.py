"""Training by L-BFGS: an epoch is an iteration on all rows."""

from __future__ import annotations

from .loop import ObjectiveNet
from .stopping import Plateau

__all__ = ["FullBatchNet", "Stationary"]

# What to do where annotated values are exchanged with those of other rows.
WITHOUT = "obedience=None, so that only gradients are penalised"
SMALLEST_FALL = 2.2e-9  # share of the objective, as in scipy.optimize's L-BFGS-B


class Stationary(Plateau):
    """Detects that no gradient exceeds ``tol``, or that the objective stops falling.

    Parameters
    ----------
    tol : float
    """

    def __init__(self, tol: float):
        super().__init__(tol, patience=0)

    def judge(self, epoch: dict) -> bool:
        value, before = epoch["train_total"], self.best
        least = SMALLEST_FALL * max(abs(value), 1.0)
        settled = epoch["train_gradient"] <= self.tol or not before - value > least
        lowest = self.update(value)
        self.count = int(settled)
        return lowest


class FullBatchNet(ObjectiveNet):
    """A net for ``optimizer="lbfgs"``, whose batch holds all rows.

    The history of an epoch also has ``train_gradient``, the largest absolute gradient
    by a weight. All values are those at the beginning of the iteration. ``ended_by_``
    can be "evaluations", if the optimizer's ``max_fun`` is used up.
    """

    def start(self, mean):
        objective = self.objective
        exchanges = objective.exchange is not None
        if objective.penalises and (objective.draws or exchanges):
            other = "attribution='integrated_gradients' or 'gradients'"
            raise ValueError(
                "optimizer='lbfgs' compares values of the objective along a line, so "
                "it must not be random, but the penalty draws rows at random in "
                f"training; use optimizer='adam', or {WITHOUT if exchanges else other}."
            )
        if self.schedule == "alternating":
            raise ValueError(
                "optimizer='lbfgs' minimises one objective; use schedule='joint'."
            )
        super().start(mean)
        self.optimizer_.forget()  # An earlier objective may have been another one.

    def train(self, rows, valid=None):
        super().train(rows, valid)
        self.optimizer_.forget()

    def _record_training(self, records):
        super()._record_training(records)
        self._epoch["train_gradient"] = self.optimizer_.gradient_size

    def _end_epoch(self, *args):
        improved = super()._end_epoch(*args)
        used_up = self.optimizer_.n_evaluations >= self.optimizer_.max_fun
        if used_up and self.ended_by_ == "max_epochs":
            self.ended_by_ = "evaluations"
        return improved
