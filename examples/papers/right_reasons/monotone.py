"""Signs: an expert knows in which direction a feature acts."""

from __future__ import annotations

import numpy as np
from lines import Line, mean
from networks import perceptron

from sklearn_gradlasso import RRRRegressor

N_SEEDS = 10
SIGNS = np.array([1, 1, -1, 1, 0, 0, 0, 0])
GRID = (0.1, 1.0, 10.0, 100.0, 1000.0)


def make_monotone(n_samples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Steep, curved, falling, flat-then-rising and waving terms, and noise of sd 1."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_samples, len(SIGNS)))
    truth = (
        np.tanh(2 * X[:, 0])
        + np.exp(X[:, 1] / 2)
        - 1 / (1 + np.exp(-4 * X[:, 2]))
        + np.maximum(X[:, 3], 0) / 2
        + np.sin(2 * X[:, 4]) / 2
    )
    return X, truth + rng.standard_normal(n_samples)


def run(seed: int, n_train: int = 1_000, n_test: int = 5_000) -> dict:
    X, y = make_monotone(n_train, seed)
    X_test, y_test = make_monotone(n_test, 1000 + seed)

    def describe(lam, signs=SIGNS) -> dict:
        given = {"lam": lam, "monotonic_cst": signs, "obedience": None}
        model = RRRRegressor(**perceptron(random_state=seed, **given)).fit(X, y)
        push = (model.explain(X_test) * SIGNS)[:, SIGNS != 0]
        return {
            "lam": model.lam_,
            "wrong": float((push < 0).mean()),
            "R2": model.score(X_test, y_test),
        }

    return {
        "default": describe(0.0, None),
        "signs": describe("auto"),
        "grid": {f"{lam:g}": describe(lam) for lam in GRID},
    }


def lines(runs: list[dict]) -> list[Line]:
    wrong, score = mean(runs, "signs", "wrong"), mean(runs, "signs", "R2")
    default = mean(runs, "default", "R2")
    grid = [
        f"{lam}: {mean(runs, 'grid', lam, 'wrong'):.3f} "
        f"({mean(runs, 'grid', lam, 'R2'):.3f})"
        for lam in runs[0]["grid"]
    ]
    return [
        Line(
            "signs: share of wrong-signed gradients below 1 % (test rows)",
            f"{wrong:.4f} (without {mean(runs, 'default', 'wrong'):.3f})",
            wrong < 0.01,
        ),
        Line(
            "... at no loss of R2 (test rows)",
            f"{score:.3f} against {default:.3f}",
            score >= default,
        ),
        Line("... wrong share (R2) by lam", ", ".join(grid)),
    ]
