"""Errors and warnings about training, and about data that it does badly with."""

from __future__ import annotations

import warnings

from sklearn.exceptions import ConvergenceWarning

from ...training.column_scales import warn_of_scales

__all__ = ["report_end", "report_scales"]


def report_scales(estimator, X, one_pass: bool) -> None:
    """Warn if the network is given columns of very different scales as they are."""
    if estimator._reads_columns and estimator._table_form is None:
        level = 5 if one_pass else 4  # as in ``report_end``
        warn_of_scales(X, estimator.module, stacklevel=level)


# Reasons of an end before the objective has settled.
LIMITS = {
    "max_epochs": "max_iter={} epochs are over",
    "evaluations": "max_fun of optimizer_params evaluations are used up",
}


def report_end(estimator, ended_by: str, one_pass: bool) -> None:
    """Raise after a divergence; warn after an interrupt, or if ``max_iter`` ran out.

    Raises
    ------
    ValueError
        If the loss is no longer finite.
    """
    name = type(estimator).__name__
    # The warning points to the call of ``fit``, or of ``partial_fit``, which has a
    # method of its own in between.
    level = 5 if one_pass else 4
    if ended_by == "divergence":
        strength = f"lam (now {estimator.lam_}) or " if estimator.lam_ else ""
        raise ValueError(
            f"{name}: the loss is no longer finite after {estimator.n_iter_} epochs; "
            "training has stopped at the last finite weights. Scale X (for example "
            f"with StandardScaler), or lower {strength}learning_rate_init (now "
            f"{estimator._settings.learning_rate})."
        )
    if ended_by == "interrupt":
        warnings.warn(
            f"{name}: training was interrupted in epoch {estimator.n_iter_}; the "
            "estimator holds what it has learned until then.",
            stacklevel=level,
        )
    if ended_by in LIMITS and not one_pass and not estimator._settings.n_cycles:
        limit = LIMITS[ended_by].format(estimator._settings.max_iter)
        warnings.warn(
            f"{name}: {limit}, and training has not settled; raise max_iter, "
            "learning_rate_init or tol.",
            ConvergenceWarning,
            stacklevel=level,
        )
