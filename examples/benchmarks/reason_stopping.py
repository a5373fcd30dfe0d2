"""What early stopping costs or gains, on splits with and without it."""

from __future__ import annotations

import warnings

import numpy as np
from lines import Line
from networks import trained
from reason_fits import NETWORKS, estimator, fitted
from reason_tables import Table, pipeline, split
from sensitivity.beijing import windows
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import RidgeCV
from sklearn.metrics import log_loss, roc_auc_score

from sklearn_gradlasso import GradientLassoClassifier, GradientLassoRegressor
from sklearn_gradlasso.modules import RecurrentNet

WAYS = {"with": True, "without": False}
HELD_OUT = {"early_stopping": True, "validation_split": "last"}  # rows in time
BETTER = {"AUC": 1, "log loss": -1}  # the sign of what is better


def run(table: Table, network: str, seed: int) -> dict:
    """AUC and log loss on test rows of two networks that differ in early stopping."""
    parts, found = split(table, seed), {}
    for way, early_stopping in WAYS.items():
        model = estimator(
            table,
            GradientLassoClassifier,
            GradientLassoRegressor,
            random_state=seed,
            **{**NETWORKS[network], "early_stopping": early_stopping},
        )
        model = fitted(pipeline(table, model), parts.X, parts.y)
        p = model.predict_proba(parts.X_test)
        scores = p[:, 1] if p.shape[1] == 2 else p
        found[way] = {
            "AUC": float(roc_auc_score(parts.y_test, scores, multi_class="ovr")),
            "log loss": float(log_loss(parts.y_test, p)),
            "epochs": model["network"].n_iter_,
        }
    return found


def lines(found: list[dict]) -> list[Line]:
    """Mean differences over the splits, against their standard errors."""
    told = []
    for figure, sign in BETTER.items():
        by_way = {way: np.array([each[way][figure] for each in found]) for way in WAYS}
        gain = sign * (by_way["with"] - by_way["without"])
        error = gain.std(ddof=1) / np.sqrt(len(gain)) if len(gain) > 1 else 0.0
        told.append(
            Line(
                f"{figure} is not worse by more than a standard error",
                f"{by_way['without'].mean():.3f} to {by_way['with'].mean():.3f}, "
                f"gain {gain.mean():+.4f} ± {error:.4f}",
                bool(gain.mean() >= -error),
            )
        )
    return told


def windows_in_time(seed: int, max_iter: int = 10, n_rows: int | None = None) -> dict:
    """R2 in 2014 of an LSTM on the Beijing windows, and of ridge regression."""
    X, y, time, _ = windows()
    train = np.flatnonzero(time.year < 2014)[:n_rows]
    test = np.flatnonzero(time.year == 2014)[:n_rows]
    model = GradientLassoRegressor(
        lam=0.003,
        module=RecurrentNet,
        random_state=seed,
        **trained(max_iter=max_iter, learning_rate_init=1e-3, **HELD_OUT),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X[train], y[train])
    flat = X.reshape(len(X), -1)
    ridge = RidgeCV(np.logspace(-2, 4, 7)).fit(flat[train], y[train])
    return {
        "LSTM": float(model.score(X[test], y[test])),
        "ridge": float(ridge.score(flat[test], y[test])),
        "epochs": model.n_iter_,
    }


def lines_of_windows(found: list[dict]) -> list[Line]:
    network, ridge = ([each[name] for each in found] for name in ("LSTM", "ridge"))
    return [
        Line(
            "R2 in 2014 of an LSTM is above that of ridge",
            f"{np.mean(network):.4f} and {np.mean(ridge):.4f}",
            bool(np.mean(network) > np.mean(ridge)),
        )
    ]
