"""Cost of global importance: against LIME, and by rows and columns.

One thread. LIME's cost is that of 100 rows times the number of rows over 100.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from joblib import parallel_config
from lime.lime_tabular import LimeTabularExplainer
from lines import Line, values
from sensitivity.credit_default import LIME_FEATURES, LIME_ROWS, data, network
from threadpoolctl import threadpool_limits

N_SEEDS = 1
N_ROUNDS = 7
SIZES = (
    *((n, 100) for n in (125_000, 250_000, 500_000, 1_000_000)),
    *((1_000_000, d) for d in (13, 25, 50)),
)
ONE_SIZE = Path(__file__).with_name("one_size.py")


def run(seed: int, sizes=SIZES, lime_rows: int = LIME_ROWS) -> dict:
    from sklearn_gradlasso.sensitivity import global_importance

    with threadpool_limits(1), parallel_config(n_jobs=1):
        X, _, y, _ = data()
        model = network(seed).fit(X, y)
        rows = X.to_numpy(dtype=np.float64)
        times = []
        for _ in range(N_ROUNDS):
            start = perf_counter()
            global_importance(model, X)
            times.append(perf_counter() - start)
        model.fit(rows, y)
        explainer = LimeTabularExplainer(rows, random_state=0)
        start = perf_counter()
        for row in rows[:lime_rows]:
            explainer.explain_instance(
                row, model.predict_proba, num_features=LIME_FEATURES
            )
        lime = (perf_counter() - start) * len(rows) / lime_rows
    return {
        "global": times,
        "LIME of all rows, scaled": lime,
        "by size": [[n, d, *measured(n, d)] for n, d in sizes],
    }


def measured(n: int, d: int) -> tuple[float, float]:
    """Seconds and peak memory in GiB, in a process of its own."""
    found = subprocess.run(
        [sys.executable, ONE_SIZE, str(n), str(d)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    return float(found[0]), float(found[1])


def lines(runs: list[dict]) -> list[Line]:
    ours = np.array(values(runs, "global"))
    lime = np.median(values(runs, "LIME of all rows, scaled"))
    sizes = np.array(runs[0]["by size"])
    peak = sizes[:, 3].max()
    return [
        Line(
            "global importance of 25,000 x 23 in <= 0.1 s (paper 0.5 s)",
            f"median {np.median(ours):.4f} s, slowest {ours.max():.4f} s",
            bool(np.median(ours) <= 0.1),
        ),
        Line("LIME on the same, scaled from 100 rows (paper 6 h)", f"{lime:.0f} s"),
        Line("... times ours", f"{lime / np.median(ours):,.0f}"),
        Line(
            "growth of the time from 125,000 to 1,000,000 rows (8 if linear)",
            f"{ratio(sizes, (1_000_000, 100), (125_000, 100)):.2f}",
            bool(ratio(sizes, (1_000_000, 100), (125_000, 100)) <= 8.8),
        ),
        Line(
            "growth of the time from 25 to 100 columns (4 if linear)",
            f"{ratio(sizes, (1_000_000, 100), (1_000_000, 25)):.2f}",
            bool(ratio(sizes, (1_000_000, 100), (1_000_000, 25)) <= 4.4),
        ),
        Line(
            "peak memory at 1,000,000 x 100 <= 2 GiB (X itself: 0.37)",
            f"{peak:.2f} GiB",
            bool(peak <= 2),
        ),
    ]


def ratio(sizes: np.ndarray, large: tuple, small: tuple) -> float:
    seconds = {(int(n), int(d)): time for n, d, time, _ in sizes}
    return seconds[large] / seconds[small]


def pictures(runs: list[dict]) -> dict:
    sizes = np.array(runs[0]["by size"])
    figure, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
    for fixed, label in (
        (1, "rows, at 100 columns"),
        (0, "columns, at 1,000,000 rows"),
    ):
        some = sizes[sizes[:, fixed] == sizes[:, fixed].max()]
        some = some[np.argsort(some[:, 1 - fixed])]
        share = some[:, 1 - fixed] / some[-1, 1 - fixed]
        axes.plot(share, some[:, 2], "o-", label=label)
    axes.set(xlabel="share of 1,000,000 x 100", ylabel="seconds, one thread")
    axes.legend()
    return {"timing": figure}
