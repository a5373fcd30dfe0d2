"""One contestant fitted to one split of a raw table and judged on its test rows.

As a program it prints the figures: ``python table_fit.py OJ ebm 0``.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable

from reason_tables import split
from reason_truth import decision
from table_data import loaded
from table_models import CONTESTANTS
from table_scores import scores
from threadpoolctl import threadpool_limits
from time_box import answer_in_time

from sklearn_gradlasso.metrics import effects

N_EXPLAINED = 200


def figures(
    table: str, name: str, seed: int, after_fit: Callable[[dict], None] | None = None
) -> dict[str, float]:
    """Fit, predict and explain on one thread.

    The reasons of all contestants are the same, the effects of the columns of the table
    on the answers to test rows. "explain seconds" are what these take.

    Parameters
    ----------
    table, name : str
        Keys of ``TABLES`` and of ``CONTESTANTS``.
    seed : int
        Of the split and of the model.
    after_fit : callable, default=None
        Told the figures that are known before effects are computed.

    Returns
    -------
    dict of str to float
    """
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        rows = split(loaded(table), seed)
        model = CONTESTANTS[name].make(loaded(table), seed)
        started = time.perf_counter()
        model.fit(rows.X, rows.y)
        found = {"fit seconds": time.perf_counter() - started}
        found.update(scores(model, rows.X_test, rows.y_test))
        if after_fit is not None:
            after_fit(found)
        started = time.perf_counter()
        of_rows = effects(decision(model), rows.X_test.iloc[:N_EXPLAINED], rows.X)
        return {
            **found,
            "columns per row": of_rows.effective_columns,
            "columns": rows.X.shape[1],
            "explain seconds": time.perf_counter() - started,
        }


def figures_in_time(table: str, name: str, seed: int, seconds: float) -> dict:
    """The same in a process of its own, which is ended after so many seconds."""
    return answer_in_time(__file__, [table, name, seed], seconds)


def tell(found: dict) -> None:
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    table, name, seed = sys.argv[1:]
    tell(figures(table, name, int(seed), after_fit=tell))
