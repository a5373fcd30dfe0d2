"""The paper's remark that networks are less certain with the gradient penalty.

Certainty is the mean probability of the predicted class on test rows. Whether that is
better or worse is for calibration to say: log loss, Brier score, and the expected
calibration error, the mean distance of probability and frequency in ten bins of equally
many rows.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from lines import Line, values
from sklearn.metrics import brier_score_loss, log_loss

from sklearn_gradlasso import lambda_path

from . import adult, sparse_regions

N_SEEDS = 1
TASKS = {"sparse regions": sparse_regions.task, "Adult": adult.task}
STRENGTHS = {
    "sparse regions": (0.0, 0.03, 0.1, 0.3, 1.0),
    "Adult": (0.0, 0.003, 0.01, 0.03, 0.1),
}
SCORES = ("certainty", "accuracy", "log loss", "Brier", "calibration error")
N_BINS = 10


def run(seed: int) -> dict:
    figures = {}
    for name, task in TASKS.items():
        data = task(seed)
        path = lambda_path(
            data.network(),
            data.X_train,
            data.y_train,
            lams=STRENGTHS[name],
            X_test=data.X_test,
            y_test=data.y_test,
            return_estimators=True,
        )
        probability = [e.predict_proba(data.X_test)[:, 1] for e in path.estimators]
        each = [judged(data.y_test, p.astype(float)) for p in probability]
        figures[name] = {score: values(each, score) for score in SCORES}
        figures[name]["strength"] = list(path.lams)
    return figures


def judged(y: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    return {
        "certainty": float(np.maximum(probability, 1 - probability).mean()),
        "accuracy": float(((probability > 0.5) == y).mean()),
        "log loss": float(log_loss(y, probability)),
        "Brier": float(brier_score_loss(y, probability)),
        "calibration error": calibration_error(y, probability),
    }


def calibration_error(y: np.ndarray, probability: np.ndarray) -> float:
    order = np.argsort(probability, kind="stable")
    gaps = [
        abs(y[part].mean() - probability[part].mean()) * len(part)
        for part in np.array_split(order, N_BINS)
    ]
    return float(sum(gaps) / len(y))


def lines(runs: list[dict]) -> list[Line]:
    found = []
    for name in TASKS:
        table = {score: np.mean(values(runs, name, score), axis=0) for score in SCORES}
        lams = runs[0][name]["strength"]
        certainty = table["certainty"]
        found.append(
            Line(
                f"{name}: certainty falls with every step of lam",
                f"{certainty[0]:.3f} to {certainty[-1]:.3f}",
                bool((np.diff(certainty) < 0).all()),
            )
        )
        for k, lam in enumerate(lams):
            text = ", ".join(f"{table[score][k]:.4f}" for score in SCORES)
            found.append(Line(f"... lam {lam:g}: {', '.join(SCORES)}", text))
    return found


def pictures(runs: list[dict]) -> dict:
    figure, grid = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for name, axes in zip(TASKS, grid):
        lams = runs[0][name]["strength"]
        for score, colour in zip(SCORES, ("blue", "green", "red", "purple", "orange")):
            y = np.mean(values(runs, name, score), axis=0)
            axes.plot(lams, y, "o-", color=f"tab:{colour}", label=score, markersize=4)
        axes.set_xscale("symlog", linthresh=lams[1])
        axes.set(title=name, xlabel="strength of gradient L1", ylim=(0, 1))
    grid[1].legend(fontsize="small", loc="center")
    return {"certainty": figure}
