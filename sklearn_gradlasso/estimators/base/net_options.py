"""The options of the nets that an estimator trains, from its parameters."""

from __future__ import annotations

from typing import Any

from ...training.full_batch import FullBatchNet, Stationary
from ...training.stopping import Plateau

__all__ = ["net_options", "optimization"]

PATIENCE = 10  # epochs of n_iter_no_change="auto"
# With early stopping it also waits for so many steps: the loss on held-out rows may
# rise for a while before it falls, and an epoch of a small table is a single step.
VALIDATED_STEPS = 150


def net_options(estimator, one_pass: bool) -> dict[str, Any]:
    """Options of the nets that will be trained.

    Parameters
    ----------
    estimator : NetworkEstimator
    one_pass : bool
        Whether they are trained for one epoch only, as by ``partial_fit``.
    """
    options = {
        **optimization(estimator),
        "callbacks": list(estimator.callbacks or []),
        "plateau": None if one_pass else _plateau(estimator),
        "average": not one_pass,
        "progress": bool(estimator.verbose),
        "verbose": estimator.verbose,
        "max_epochs": 1 if one_pass else estimator.max_iter,
        **estimator._schedule_options(one_pass),
    }
    if estimator.accelerator is not None:
        # Import this here, because it needs accelerate, which is optional.
        from ...training.distributed import DataParallelNet

        options |= {"kind": DataParallelNet, "accelerator": estimator.accelerator}
    elif estimator.optimizer == "lbfgs":
        options["kind"] = FullBatchNet
    return options


def optimization(estimator) -> dict[str, Any]:
    """Options of all nets, including a net that is loaded from a pickle."""
    return {
        "optimizer": estimator.optimizer,
        "optimizer_params": estimator.optimizer_params,
        "learning_rate": estimator.learning_rate_init,
        "task": estimator._task,
    }


def _plateau(estimator) -> Plateau:
    if estimator.optimizer == "lbfgs" and not estimator.early_stopping:
        return Stationary(estimator.tol)
    patience, least_steps = estimator.n_iter_no_change, 0
    if patience == "auto":
        patience, least_steps = PATIENCE, estimator.early_stopping * VALIDATED_STEPS
    return Plateau(estimator.tol, patience, least_steps, estimator.monitor)
