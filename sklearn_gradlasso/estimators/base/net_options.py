"""The options of the nets that an estimator trains, from its parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...training.full_batch import FullBatchNet, Stationary
from ...training.stopping import Plateau

__all__ = ["net_options"]


def net_options(estimator, one_pass: bool) -> dict[str, Any]:
    """Options of the nets that will be trained.

    Parameters
    ----------
    estimator : NetworkEstimator
    one_pass : bool
        Whether they are trained for one epoch only, as by ``partial_fit``.
    """
    options = {
        **estimator._optimization(),
        "callbacks": list(estimator.callbacks or []),
        "plateau": None if one_pass else _plateau(estimator),
        "average": not one_pass,
        "progress": bool(estimator.verbose),
        "verbose": estimator.verbose,
        "anneals": estimator._settings.anneals and not one_pass,
        "max_epochs": 1 if one_pass else estimator._settings.max_iter,
        **estimator._schedule_options(one_pass),
    }
    if estimator.accelerator is not None:
        # Import this here, because it needs accelerate, which is optional.
        from ...training.distributed import DataParallelNet

        options |= {"kind": DataParallelNet, "accelerator": estimator.accelerator}
    elif estimator._settings.optimizer == "lbfgs":
        options["kind"] = FullBatchNet
    return options


def _plateau(estimator) -> Plateau | None:
    settings = estimator._settings
    if settings.anneals and settings.patience == np.inf and not settings.early_stopping:
        return None
    if settings.optimizer == "lbfgs" and not settings.early_stopping:
        return Stationary(estimator.tol)
    patience, least_steps = settings.patience, settings.least_steps
    return Plateau(estimator.tol, patience, least_steps, estimator.monitor)
