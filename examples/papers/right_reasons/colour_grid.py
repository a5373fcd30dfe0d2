"""Colour grid: two rules tell the classes apart; which one does the network learn?"""

from __future__ import annotations

import numpy as np
from lines import Line, mean, values
from networks import perceptron
from right_reasons.common import auto_line, share_in

from sklearn_gradlasso import FindAnotherExplanation, RRRClassifier
from sklearn_gradlasso.datasets import make_colour_grid

N_SEEDS = 10
GRID = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
ROWS = (10, 30, 100, 300, 1000, 3000, 10_000)


def run(seed: int, n_train: int = 20_000, n_test: int = 5_000) -> dict:
    X, y, (corners, top) = make_colour_grid(n_train, random_state=seed)
    X_test, y_test, _ = make_colour_grid(n_test, random_state=1000 + seed)
    X, X_test = X.astype(np.float32), X_test.astype(np.float32)

    def network(lam="auto") -> RRRClassifier:
        given = {"lam": lam, "obedience": None, "random_state": seed}
        return RRRClassifier(
            **perceptron(max_iter=64, learning_rate_init=1e-3, **given)
        )

    def describe(model) -> dict:
        return {
            "lam": model.lam_,
            "accuracy": model.score(X_test, y_test),
            "corners": share_in(model, X_test, corners),
            "top middle": share_in(model, X_test, top),
        }

    def some_annotated(n_rows: int) -> dict:
        annotations = np.zeros(X.shape, dtype=bool)
        annotations[:n_rows] = corners
        return describe(network(lam=full["lam"]).fit(X, y, annotations=annotations))

    full = describe(network().fit(X, y, annotations=corners))
    search = FindAnotherExplanation(network(), n_explanations=3).fit(X, y)
    return {
        "default": describe(network().fit(X, y)),
        "annotated": full,
        "grid": {
            f"{lam:g}": describe(network(lam).fit(X, y, annotations=corners))
            for lam in GRID
        },
        "annotated rows": {str(n): some_annotated(n) for n in ROWS},
        "another": [describe(member) for member in search.estimators_],
        "another ended by": search.ended_by_,
    }


def lines(runs: list[dict]) -> list[Line]:
    corners = mean(runs, "default", "corners")
    top, accuracy = (
        mean(runs, "annotated", name) for name in ("top middle", "accuracy")
    )
    second = [run["another"][1] if len(run["another"]) > 1 else None for run in runs]
    reached = [member is not None and member["top middle"] >= 0.9 for member in second]
    curve = [
        f"{n}: {mean(runs, 'annotated rows', n, 'top middle'):.2f}"
        for n in runs[0]["annotated rows"]
    ]
    return [
        Line(
            "default networks use the corners: share of large gradients >= 0.9",
            f"{corners:.3f} (least {min(values(runs, 'default', 'corners')):.3f})",
            corners >= 0.9,
        ),
        Line(
            "corners penalised: share of the top middle >= 0.9",
            f"{top:.3f} (least {min(values(runs, 'annotated', 'top middle')):.3f})",
            top >= 0.9,
        ),
        Line(
            "... with test accuracy >= 0.95",
            f"{accuracy:.3f} (least {min(values(runs, 'annotated', 'accuracy')):.3f})",
            accuracy >= 0.95,
        ),
        Line("... share of the top middle by annotated rows", ", ".join(curve)),
        Line(
            "find-another-explanation: second rule at the second member",
            f"{sum(reached)} of {len(runs)} seeds",
            all(reached),
        ),
        auto_line(runs, "colour grid", "accuracy"),
    ]
