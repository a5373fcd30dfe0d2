"""Fewer examples: does knowing what is irrelevant replace some of the data?"""

from __future__ import annotations

import numpy as np
from lines import Line, mean
from networks import perceptron

from sklearn_gradlasso import RRRClassifier
from sklearn_gradlasso.datasets import make_colour_grid

N_SEEDS = 10
SIZES = (50, 100, 200, 500, 1000, 2000, 5000)
KINDS = ("none", "only the corners", "only the top middle")


def run(seed: int, n_test: int = 5_000) -> dict:
    X, y, (corners, top) = make_colour_grid(max(SIZES), random_state=seed)
    X_test, y_test, _ = make_colour_grid(n_test, random_state=1000 + seed)
    irrelevant = dict(zip(KINDS, (None, ~corners, ~top)))

    def accuracy(n_rows: int, annotations) -> float:
        model = RRRClassifier(
            **perceptron(max_iter=500, obedience=None, random_state=seed)
        )
        model.fit(X[:n_rows], y[:n_rows], annotations=annotations)
        return model.score(X_test, y_test)

    return {
        kind: {str(n): accuracy(n, annotations) for n in SIZES}
        for kind, annotations in irrelevant.items()
    }


def lines(runs: list[dict]) -> list[Line]:
    curves = {
        kind: np.array([mean(runs, kind, n) for n in runs[0][kind]]) for kind in KINDS
    }
    found = [
        Line(
            f"test accuracy at {list(SIZES)} rows, {kind}",
            ", ".join(f"{accuracy:.3f}" for accuracy in curve),
        )
        for kind, curve in curves.items()
    ]
    none = curves["none"]
    for kind in KINDS[1:]:
        gain = curves[kind] - none
        found.append(
            Line(
                f"annotations never worse: {kind}",
                f"least gain {gain.min():+.3f}",
                gain.min() >= 0,
            )
        )
        found.append(
            Line(
                f"annotations better at small sizes: {kind}",
                f"gain {gain[0]:+.3f}, {gain[1]:+.3f}, {gain[2]:+.3f}",
                gain[:3].min() > 0,
            )
        )
    return found
