"""Beijing: which hours and which weather columns decide about fine dust?

A many-to-one LSTM reads the last 24 hours and predicts PM2.5 of the next one, from
weather and PM2.5, or from the weather alone. Trained on 2010 to 2013, tested on 2014;
windows with missing values are left out. Intervals are from blocks of a week.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from lines import Line, mean, values
from networks import trained

from sklearn_gradlasso import GradientLassoRegressor
from sklearn_gradlasso.datasets import fetch_beijing_pm25
from sklearn_gradlasso.modules import RecurrentNet
from sklearn_gradlasso.sensitivity import global_importance, lag_importance

N_SEEDS = 3
N_HOURS, WEEK = 24, 7 * 24
DUST = "pm2.5"
WIND = "wind direction"
INPUTS = ("PM2.5 and weather", "weather alone")


def windows() -> tuple:
    """Standardised windows, what comes next and the time of it, and their columns."""
    bunch = fetch_beijing_pm25()
    frame = pd.get_dummies(bunch.data, columns=["cbwd"], dtype=float)
    frame.insert(0, DUST, bunch.target)
    past = frame[frame.index.year < 2014]
    table = ((frame - past.mean()) / past.std()).to_numpy(dtype=np.float32)
    X = np.lib.stride_tricks.sliding_window_view(table, N_HOURS, axis=0)[:-1]
    X, y, time = X.swapaxes(1, 2), bunch.target[N_HOURS:], frame.index[N_HOURS:]
    known = np.isfinite(X).all(axis=(1, 2)) & np.isfinite(y)
    return X[known], y[known], time[known], list(frame.columns)


def run(seed: int, max_iter: int = 10, n_rows: int | None = None) -> dict:
    X, y, time, columns = windows()
    train = np.flatnonzero(time.year < 2014)[:n_rows]
    test = np.flatnonzero(time.year == 2014)[:n_rows]
    slope, shift = np.polyfit(X[train, -1, 0], y[train], 1)
    figures = {"line": r2(y[test], slope * X[test, -1, 0] + shift)}
    for name in INPUTS:
        first = 0 if name == INPUTS[0] else 1
        model = GradientLassoRegressor(
            lam=0.003,
            module=RecurrentNet,
            random_state=seed,
            **trained(max_iter=max_iter, learning_rate_init=1e-3),
        ).fit(X[train, :, first:], y[train])
        figures[name] = {
            "R2": model.score(X[test, :, first:], y[test]),
            **importances(model, X[train, :, first:], columns[first:], seed),
        }
    return figures


def r2(y, predicted) -> float:
    return float(1 - np.mean((y - predicted) ** 2) / np.var(y))


def importances(model, X, columns: list[str], seed: int) -> dict:
    resampled = {
        "confidence_level": 0.95,
        "block_length": WEEK,
        "random_state": seed,
        "feature_names": columns,
    }
    wind = [name for name in columns if name.startswith("cbwd")]
    by_column = global_importance(
        model, X, steps="all", groups={WIND: wind}, **resampled
    )
    by_lag = lag_importance(model, X, **resampled)
    return {
        "columns": by_column.feature_names.tolist(),
        "by column": by_column.importances.tolist(),
        "column intervals": by_column.intervals.tolist(),
        "by lag": by_lag.importances.tolist(),
        "lag intervals": by_lag.intervals.tolist(),
    }


def lines(runs: list[dict]) -> list[Line]:
    found = [
        Line(
            "R2 in 2014, a line through PM2.5 of the hour before",
            f"{mean(runs, 'line'):.3f}",
        )
    ]
    for name in INPUTS:
        lags = np.array(values(runs, name, "by lag")).mean(axis=0)
        shares = np.array(values(runs, name, "by column")).mean(axis=0)
        columns = np.array(runs[0][name]["columns"])
        order = np.argsort(-shares)
        told = ", ".join(f"{columns[k]} {shares[k]:.1f}" for k in order)
        short, day = lags[:3].sum(), lags[:12].sum()
        found += [
            Line(f"R2 in 2014, {name}", f"{mean(runs, name, 'R2'):.3f}"),
            Line("... share of lags 0 to 2, 0 to 11, %", f"{short:.1f}, {day:.1f}"),
            Line("... by column, %", told),
        ]
    return found


def pictures(runs: list[dict]) -> dict:
    figure, grid = plt.subplots(2, 2, figsize=(10, 6.4), layout="constrained")
    for name, (by_lag, by_column) in zip(INPUTS, grid):
        for run, offset in zip(runs, np.linspace(-0.25, 0.25, len(runs))):
            style = {"fmt": "o", "markersize": 3, "elinewidth": 1}
            one = run[name]
            lags = np.arange(N_HOURS)
            error = ends(one["by lag"], one["lag intervals"])
            by_lag.errorbar(lags + offset, one["by lag"], error, **style)
            place = np.arange(len(one["columns"]))
            error = ends(one["by column"], one["column intervals"])
            by_column.errorbar(one["by column"], place + offset, xerr=error, **style)
            by_column.set_yticks(place, one["columns"])
        title = f"{name}: R2 {mean(runs, name, 'R2'):.2f} in 2014"
        by_lag.set(title=title, ylabel="importance, %", xlabel="lag, hours")
        by_lag.set_yscale("log" if name == INPUTS[0] else "linear")
        by_column.set(title="by column", xlabel="importance, %")
    figure.suptitle(
        f"Beijing PM2.5: LSTM, {len(runs)} seeds, 95 % intervals over blocks of a week"
    )
    return {"beijing": figure}


def ends(shares: list, intervals: list) -> np.ndarray:
    low, high = np.array(intervals).T
    return np.abs([shares - low, high - shares])
