"""Whether networks do without the columns that they are told not to use."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from lines import Line
from reason_fits import N_BACKGROUND, NETWORKS, estimator, fitted
from reason_tables import Table, encoded_positions, pipeline, split
from reason_truth import decision
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline
from table_scores import auc_or_r2

from sklearn_gradlasso import RRRClassifier, RRRRegressor
from sklearn_gradlasso.metrics import effects

N_RULED_OUT, N_PERMUTATIONS = 3, 10
CHOICES = ("the most important", "at random")
CHANGED, MOVED, APART, MAY_WARN = 0.01, 0.005, 0.01, 0.1


def run(table: Table, network: str, early_stopping: bool, seed: int) -> dict:
    params = {
        **NETWORKS[network],
        "early_stopping": early_stopping,
        "random_state": seed,
    }
    plain, _ = _trained(table, params, seed)
    figures = {}
    for choice, columns in _ruled_out(table, plain, seed).items():
        model, warned = _trained(table, params, seed, columns)
        without, _ = _trained(table.without(columns), params, seed)
        parts = split(table, seed)
        own = auc_or_r2(model, parts.X_test, parts.y_test)
        permuted = list(_permuted(parts.X_test, columns, seed))
        changed = [_changed(model, parts.X_test, rows) for rows in permuted]
        scores = [auc_or_r2(model, rows, parts.y_test) for rows in permuted]
        X_without = parts.X_test.drop(columns=columns)
        figures[choice] = {
            "columns": columns,
            "changed": float(np.mean(changed)),
            "score": own,
            "score of the permuted": float(np.mean(scores)),
            "score without the columns": auc_or_r2(without, X_without, parts.y_test),
            "score of the plain network": auc_or_r2(plain, parts.X_test, parts.y_test),
            "changed, plain network": float(
                np.mean([_changed(plain, parts.X_test, rows) for rows in permuted])
            ),
            "lam": float(model["network"].lam_),
            "warnings": warned,
        }
    return figures


def _trained(
    table: Table, params: dict, seed: int, columns: Sequence[str] = ()
) -> tuple[Pipeline, list[str]]:
    """A network without the columns, if there are any, and what it warned of."""
    parts = split(table, seed)
    network = estimator(table, RRRClassifier, RRRRegressor, **params)
    model = pipeline(table, network)
    options = {}
    if columns:
        transformer = pipeline(table, network)
        transformer["columns"].fit(parts.X)
        positions = encoded_positions(transformer, table)
        of_row = np.zeros(sum(map(len, positions.values())), dtype=bool)
        of_row[[k for name in columns for k in positions[name]]] = True
        annotations = np.broadcast_to(of_row, (len(parts.X), len(of_row)))
        options = {"network__annotations": annotations}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted(model, parts.X, parts.y, **options)
    told = [
        str(each.message)
        for each in caught
        if not issubclass(each.category, ConvergenceWarning)
    ]
    return model, told


def _ruled_out(table: Table, plain: Pipeline, seed: int) -> dict[str, list[str]]:
    """Three columns with the largest effects on training rows, and three others."""
    rows = split(table, seed).X.iloc[:N_BACKGROUND]
    found = effects(decision(plain), rows, rows)
    sizes = np.sqrt((found.magnitudes**2).mean(axis=0))
    order = np.argsort(-sizes.reshape(len(sizes), -1).sum(axis=1))
    n = min(N_RULED_OUT, len(order) - 1)  # one column is left at least
    first, rest = order[:n], order[n:]
    drawn = np.random.default_rng(seed).permutation(rest)[:n]
    names = np.array(table.X.columns, dtype=object)
    return dict(zip(CHOICES, (names[first].tolist(), names[drawn].tolist())))


def _permuted(X: pd.DataFrame, columns: Sequence[str], seed: int):
    """Rows whose ruled-out columns are those of another row, together."""
    rng = np.random.default_rng(seed)
    for _ in range(N_PERMUTATIONS):
        changed = X.copy()
        order = rng.permutation(len(X))
        for name in columns:
            changed[name] = X[name].to_numpy()[order]
        yield changed


def _changed(model: Pipeline, X: pd.DataFrame, permuted: pd.DataFrame) -> float:
    """Share of decisions that change; of a regressor the mean change in deviations."""
    own, other = model.predict(X), model.predict(permuted)
    if own.dtype.kind == "f":
        return float(np.abs(own - other).mean() / own.std())
    return float((own != other).mean())


def lines(found: list[dict]) -> list[Line]:
    cases = [each[choice] for each in found for choice in CHOICES]
    silent = [each for each in cases if not obeys(each) and not each["warnings"]]
    warned = [each for each in cases if each["warnings"]]
    kept = [each for each in cases if not each["warnings"]]
    share = len(warned) / len(cases)
    found = [
        Line("cases that do not obey and do not say so", f"{len(silent)}", not silent),
        Line(
            f"cases that warn, at most {MAY_WARN:.0%}",
            f"{len(warned)} of {len(cases)}",
            share <= MAY_WARN,
        ),
    ]
    if not kept:
        return found
    changed = [each["changed"] for each in kept]
    moved = [abs(each["score"] - each["score of the permuted"]) for each in kept]
    apart = [each["score"] - each["score without the columns"] for each in kept]
    plain = np.mean([each["changed, plain network"] for each in cases])
    return [
        *found,
        Line(
            f"decisions that change, at most {CHANGED:.0%}",
            f"{max(changed):.4f} (mean {np.mean(changed):.4f}, plain {plain:.3f})",
            max(changed) <= CHANGED,
        ),
        Line(
            f"AUC (or R2) moves by at most {MOVED}",
            f"{max(moved):.4f} (mean {np.mean(moved):.4f})",
            max(moved) <= MOVED,
        ),
        Line(
            f"mean AUC (or R2) at most {APART} below the network without them",
            f"{np.mean(apart):+.4f} ({min(apart):+.3f} to {max(apart):+.3f})",
            bool(np.mean(apart) >= -APART),
        ),
    ]


def obeys(case: dict) -> bool:
    moved = abs(case["score"] - case["score of the permuted"])
    return case["changed"] <= CHANGED and moved <= MOVED
