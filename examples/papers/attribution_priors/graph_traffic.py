"""Graph prior on traffic: do detectors that are near by road matter alike?

A detector's speed in 15 minutes is predicted from the speeds at all 207 detectors now.
The first 60 % of the week are to train on, the next 20 % to choose by, the last 20 % to
report on. The detectors predicted are those whose speed varies most in the first part;
R2 is averaged over them. Each run draws 200 of the rows to train on and other initial
weights.
"""

from __future__ import annotations

import numpy as np
from attribution_priors.graph_common import (
    METHODS,
    Data,
    Part,
    compare,
    lines_of,
    picture_of,
    share_line,
)
from lines import Line, mean
from sklearn.metrics import r2_score

from sklearn_gradlasso.datasets import fetch_metr_la

N_SEEDS = 10
AHEAD = 3
N_DETECTORS = 5


def run(seed: int, n_train: int = 200) -> dict:
    week = fetch_metr_la()
    now, then = week.data[:-AHEAD].astype(float), week.data[AHEAD:].astype(float)
    ends = int(0.6 * len(week.data)), int(0.8 * len(week.data))
    # No part sees a speed that it predicts in another one.
    periods = (
        np.arange(ends[0] - AHEAD),
        np.arange(ends[0], ends[1] - AHEAD),
        np.arange(ends[1], len(now)),
    )
    spread = now[periods[0]].std(axis=0)
    X = (now - now[periods[0]].mean(axis=0)) / spread
    drawn = np.random.default_rng(seed).choice(periods[0], n_train, replace=False)
    parts = (drawn, *periods[1:])
    detectors = {}
    for j in spread.argsort()[::-1][:N_DETECTORS]:
        data = Data(*(Part(X[rows], then[rows, j]) for rows in parts))
        itself = np.arange(len(spread)) == j
        found = compare(data, week.adjacency, itself, seed)
        persistence = r2_score(then[periods[2], j], now[periods[2], j])
        detectors[week.feature_names[j]] = {**found, "as now": {"R2": persistence}}
    return {"detectors": detectors, **averaged(list(detectors.values()))}


def averaged(detectors: list[dict]) -> dict:
    keys = ("R2", "log10 penalty", "share")
    found = {
        name: {key: mean(detectors, name, key) for key in keys} for name in METHODS
    }
    return {**found, "as now": {"R2": mean(detectors, "as now", "R2")}}


def lines(runs: list[dict]) -> list[Line]:
    return [
        Line(
            "test R2: the speed stays as it is now",
            f"{mean(runs, 'as now', 'R2'):.3f}",
        ),
        *lines_of(runs),
        share_line(runs, "on the detector itself"),
    ]


def pictures(runs: list[dict]) -> dict:
    title = f"Traffic, 200 rows, mean of {N_DETECTORS} detectors"
    return {"graph_traffic_r2": picture_of(runs, title)}
