"""One contestant fitted to one split of a table and judged on its test rows.

As a program it prints the figures: ``python peer_fit.py adult ebm 0``.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from functools import partial

import numpy as np
from peer_data import TABLES
from peer_models import CONTESTANTS
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits
from time_box import answer_in_time

from sklearn_gradlasso.metrics import effective_features, effects

N_MOVED = 200  # test rows at which the effects of columns are measured


def figures(table: str, contestant: str, split: int) -> dict[str, float]:
    """Fit, predict and explain on one thread; imports count for neither time."""
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        return _figures(TABLES[table](split), CONTESTANTS[contestant], split)


def _figures(rows, contestant, seed: int) -> dict[str, float]:
    model = contestant.make(rows.X, seed)
    started = time.perf_counter()
    model.fit(rows.X, rows.y)
    fit_seconds = time.perf_counter() - started
    contestant.explain(model, rows.X_test[:100], rows.y_test[:100])  # warms up
    started = time.perf_counter()
    explained = contestant.explain(model, rows.X_test, rows.y_test)
    explain_seconds = time.perf_counter() - started
    largest = explained.by_column(np.maximum)
    moved = effects(partial(_decision, model), rows.X_test[:N_MOVED], rows.X)
    return {
        "auc": float(roc_auc_score(rows.y_test, _decision(model, rows.X_test))),
        "by effects": moved.effective_columns,
        "per row": effective_features(largest),
        "per row, parts added": effective_features(explained.by_column(np.add)),
        "overall": effective_features(largest.mean(axis=0, keepdims=True)),
        "read": explained.n_read(),
        "fit seconds": fit_seconds,
        "explain seconds per 1,000 rows": 1000 * explain_seconds / len(rows.X_test),
    }


def _decision(model, X) -> np.ndarray:
    if hasattr(model, "decision_function"):
        return model.decision_function(X)
    return np.asarray(model.predict_proba(X))[:, 1]


def figures_in_time(table: str, contestant: str, split: int, seconds: float) -> dict:
    """The same in a process of its own, which is ended after so many seconds."""
    return answer_in_time(__file__, [table, contestant, split], seconds)


if __name__ == "__main__":
    table, contestant, split = sys.argv[1:]
    print(json.dumps(figures(table, contestant, int(split))))
