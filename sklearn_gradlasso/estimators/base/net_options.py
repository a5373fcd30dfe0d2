"""The options of the nets that an estimator trains, from its parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...training.full_batch import FullBatchNet, Stationary
from ...training.stopping import CyclePlateau, Plateau

__all__ = ["net_options"]


def net_options(estimator, one_pass: bool) -> dict[str, Any]:
    """Options of the nets that will be trained.

    Parameters
    ----------
    estimator : NetworkEstimator
    one_pass : bool
        Whether they are trained for one epoch only, as by ``partial_fit``.
    """
    schedule = estimator._schedule_options(one_pass)
    prior_start = schedule.get("prior_start", 0)
    options = {
        **estimator._optimization(),
        "callbacks": list(estimator.callbacks or []),
        "average": not one_pass,
        "progress": bool(estimator.verbose),
        "verbose": estimator.verbose,
        "n_cycles": 0 if one_pass else estimator._settings.n_cycles,
        "rising": estimator._settings.rising,
        "max_epochs": 1 if one_pass else estimator._settings.max_iter,
        "plateau": None if one_pass else _plateau(estimator, prior_start),
        **schedule,
    }
    if estimator.accelerator is not None:
        # Import this here, because it needs accelerate, which is optional.
        from ...training.distributed import DataParallelNet

        options |= {"kind": DataParallelNet, "accelerator": estimator.accelerator}
    elif estimator._settings.optimizer == "lbfgs":
        options["kind"] = FullBatchNet
    return options


def _plateau(estimator, prior_start: int) -> Plateau | None:
    settings = estimator._settings
    if not settings.early_stopping:
        if settings.n_cycles and settings.patience == np.inf:
            return None
        if settings.optimizer == "lbfgs":
            return Stationary(estimator.tol)
    if settings.n_cycles > 1:
        cycles = settings.max_iter, settings.n_cycles
        return CyclePlateau(estimator.tol, *cycles, prior_start, estimator.monitor)
    patience, least_steps = settings.patience, settings.least_steps
    return Plateau(estimator.tol, patience, least_steps, estimator.monitor)
