"""What is true of a fitted Pipeline, asked of its answers alone.

Nothing here uses the package's explanations: values of a column are replaced or moved
in the user's table, and the Pipeline answers again.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline

LEAST = float(np.finfo(np.float32).eps)  # probability that has log-odds
SHARE_OF_LARGEST = 0.1  # truths below this share of the column's largest have no sign
WITHIN = 0.99  # share of training rows below the largest value that is asked for
STEPS = ("one unit", "a tenth of the deviation", "the next decile")


def decision(model: Pipeline) -> Callable[[pd.DataFrame], np.ndarray]:
    """The answer f that is explained, from what the Pipeline says to a user.

    Returns
    -------
    callable
        ``rows -> (n,)``: predictions of a regressor, log-odds of the second of two
        classes; or ``rows -> (n, n_classes)``, log-odds of each class against the rest.
    """
    if not is_classifier(model):
        return model.predict

    def log_odds(rows: pd.DataFrame) -> np.ndarray:
        scores = _log_scores(model, rows)
        if scores.ndim == 1:
            return scores
        odds = np.empty_like(scores)
        for k in range(scores.shape[1]):
            rest = np.delete(scores, k, axis=1)
            odds[:, k] = scores[:, k] - np.logaddexp.reduce(rest, axis=1)
        return odds

    return log_odds


def _log_scores(model: Pipeline, rows: pd.DataFrame) -> np.ndarray:
    """Of two classes the log-odds, of several what their softmax is taken of."""
    if hasattr(model, "decision_function"):
        return np.asarray(model.decision_function(rows), dtype=np.float64)
    p = np.asarray(model.predict_proba(rows), dtype=np.float64)
    scores = np.log(np.clip(p, LEAST, 1))
    return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores


def effects_by_hand(
    f: Callable, X: pd.DataFrame, background: pd.DataFrame, columns: list[str]
) -> np.ndarray:
    """``f(x_i) - mean_b f(x_i; j <- x_bj)``, one row and one column after the other.

    Returns
    -------
    ndarray of shape (n_samples, n_columns) or (n_samples, n_columns, n_classes)
    """
    found = []
    for i, own in enumerate(f(X)):
        row = X.iloc[np.full(len(background), i)].reset_index(drop=True)
        of_row = []
        for name in columns:
            changed = row.copy()
            changed[name] = background[name].to_numpy()
            of_row.append(own - f(changed).mean(axis=0))
        found.append(of_row)
    return np.array(found)


def steps_of(X_train: pd.DataFrame, X: pd.DataFrame, name: str) -> dict:
    """How far the column of each row is moved, in its own units.

    NaN where the row has no such step: a missing value, a step to where less than a
    hundredth of the training rows are, or no decile above the value.

    Returns
    -------
    dict of str to ndarray of shape (n_samples,)
    """
    known, values = X_train[name].dropna().to_numpy(), X[name].to_numpy()
    deciles = np.unique(np.quantile(known, np.linspace(0.1, 0.9, 9)))
    place = np.searchsorted(deciles, values, side="right")  # NaN is put at the end
    above = np.append(deciles, np.nan)[place]
    steps = [np.ones(len(X)), np.full(len(X), known.std() / 10), above - values]
    inside = values + np.array(steps) <= np.quantile(known, WITHIN, method="higher")
    return {
        name: np.where(within, step, np.nan)
        for name, step, within in zip(STEPS, steps, inside)
    }


def changes(f: Callable, X: pd.DataFrame, name: str, step: np.ndarray) -> np.ndarray:
    """``f(x; x_j + step) - f(x)``, NaN where the step is NaN."""
    has_step = np.isfinite(step)
    own = f(X)
    found = np.full_like(own, np.nan)
    if has_step.any():
        rows = X[has_step]
        found[has_step] = f(moved(rows, name, step[has_step])) - own[has_step]
    return found


def slopes_by_hand(f: Callable, X: pd.DataFrame, name: str) -> np.ndarray:
    """Central finite differences of f by a column, in the column's unit.

    Returns
    -------
    ndarray of shape (2, n_samples) or (2, n_samples, n_classes)
        With a step, and with half of it. They differ where f has a kink in between.
    """
    found = []
    for step in X[name].std() * np.array([1e-5, 5e-6]):
        above, below = moved(X, name, step), moved(X, name, -step)
        width = (above[name] - below[name]).to_numpy()  # as the rounded numbers have it
        difference = f(above) - f(below)
        width = width.reshape(-1, *[1] * (difference.ndim - 1))
        found.append(np.divide(difference, width, where=width > 0, out=difference))
    return np.array(found)


def moved(X: pd.DataFrame, name: str, step) -> pd.DataFrame:
    changed = X.copy()
    changed[name] = X[name] + step
    return changed


def agreement(found: np.ndarray, truth: np.ndarray) -> dict:
    """How far what is shown agrees with the truth, over the rows where both are there.

    Returns
    -------
    dict
        ``sign``: share of rows with the same sign, of those whose truth is at least a
        tenth of the largest. ``correlation``: over all rows; if all truths are equal
        (within 1e-6 of them) it has no meaning and is left out. ``error``: root mean
        square of the difference, as a share of that of the truth. ``rows``: number of
        rows. All but the last are left out if the truth is zero, or there are no rows.
    """
    shown = np.isfinite(found) & np.isfinite(truth)
    found, truth = found[shown], truth[shown]
    figures = {"rows": int(shown.sum())}
    largest = np.abs(truth).max(initial=0.0)
    if not largest > 0:
        return figures
    large = np.abs(truth) >= SHARE_OF_LARGEST * largest
    figures["sign"] = float((np.sign(found) == np.sign(truth))[large].mean())
    size = np.sqrt(np.mean(truth**2))
    figures["error"] = float(np.sqrt(np.mean((found - truth) ** 2)) / size)
    if np.ptp(truth) > 1e-6 * largest:
        # What is shown as one number for rows that differ does not follow them.
        flat = not np.ptp(found) > 0
        figures["correlation"] = 0.0 if flat else float(np.corrcoef(found, truth)[0, 1])
    return figures
