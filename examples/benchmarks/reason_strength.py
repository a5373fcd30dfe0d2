"""What the one-standard-error rule chooses, against the strength that scores best."""

from __future__ import annotations

import numpy as np
from lines import Line
from reason_fits import N_BACKGROUND, NETWORKS, estimator, fitted
from reason_tables import Table, pipeline, split
from reason_truth import decision
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import log_loss

from sklearn_gradlasso import (
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    GradientLassoRegressor,
    GradientLassoRegressorCV,
)
from sklearn_gradlasso.metrics import effects

WORSE, RISE = 0.02, 0.3


def run(
    table: Table,
    network: str,
    early_stopping: bool,
    seed: int,
    n_rows: int,
    **params,
) -> dict:
    """Losses and effective columns of both strengths, and the path of the search.

    The loss is the log loss, or the squared error as a share of the variance of y.
    """
    parts = split(table, seed)
    shared = {
        **NETWORKS[network],
        "early_stopping": early_stopping,
        "random_state": seed,
    }
    search = estimator(
        table,
        GradientLassoClassifierCV,
        GradientLassoRegressorCV,
        selection="one_se",
        **{**shared, **params},
    )
    chosen = fitted(pipeline(table, search), parts.X, parts.y)
    means = search.scores_.mean(axis=0)
    best_lam = float(search.lams_[means == np.nanmax(means)].max())
    network = estimator(
        table, GradientLassoClassifier, GradientLassoRegressor, lam=best_lam, **shared
    )
    best = fitted(pipeline(table, network), parts.X, parts.y)
    constant = estimator(table, DummyClassifier, DummyRegressor)
    figures = {
        "lams": [float(search.lam_), best_lam],
        "path": np.asarray(search.effective_columns_, dtype=float).tolist(),
        "constant": _loss(constant.fit(parts.X, parts.y), parts),
    }
    rows = parts.X_test.iloc[:n_rows]
    for name, model in (("one_se", chosen), ("best", best)):
        found = effects(decision(model), rows, parts.X, n_background=N_BACKGROUND)
        figures[name] = {
            "loss": _loss(model, parts),
            "effective columns": found.effective_columns,
        }
    return figures


def _loss(model, parts) -> float:
    if parts.y.dtype.kind == "f":
        error = parts.y_test - model.predict(parts.X_test)
        return float(np.mean(error**2) / parts.y_test.var())
    return float(log_loss(parts.y_test, model.predict_proba(parts.X_test)))


def rise(path: list[float]) -> float:
    """By how much the path is anywhere above the lowest of a smaller strength."""
    known = np.array([each for each in path if np.isfinite(each)])
    return float((known - np.minimum.accumulate(known)).max())


def lines(found: list[dict]) -> list[Line]:
    worse = [each["one_se"]["loss"] - each["best"]["loss"] for each in found]
    columns = {
        name: np.array([each[name]["effective columns"] for each in found])
        for name in ("one_se", "best")
    }
    more = columns["one_se"] - columns["best"]
    rises = [rise(each["path"]) for each in found]
    useless = sum(each["one_se"]["loss"] >= each["constant"] for each in found)
    return [
        Line(
            f"loss within {WORSE} of the best strength's",
            f"{max(worse):+.3f} at most, {np.mean(worse):+.3f} on average",
            max(worse) <= WORSE,
        ),
        Line(
            f"effective columns rise by at most {RISE} along the path",
            f"{max(rises):.2f}",
            max(rises) <= RISE,
        ),
        Line("models no better than a constant", f"{useless}", useless == 0),
        Line(
            "effective columns of the best, of one_se",
            f"{columns['best'].mean():.1f}, {columns['one_se'].mean():.1f} "
            f"({more.max():+.1f} at most)",
        ),
    ]
