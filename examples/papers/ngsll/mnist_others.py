"""Table 1, the other models: dense weights, the plain network, ridge and lasso."""

from __future__ import annotations

import warnings

import numpy as np
from lines import Line, mean, values
from pictures import as_text, image_maps
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LassoCV, RidgeCV

from .images import (
    WEIGHTS,
    DenseLinear,
    binary_mnist,
    block_means,
    dense_weights,
    first_digits,
    plain,
    shuffled,
)

N_SEEDS = 3
K = (1, 5, 10)
PAPER = {
    "top K of dense weights": (0.967, 0.991, 0.991),
    "ridge": (0.526, 0.561, 0.582),
    "lasso": (0.523, 0.549, 0.582),
}
PLAIN = "the same network, no gate, all pixels"


def run(seed: int) -> dict:
    (X, y), (X_test, y_test) = binary_mnist("train"), binary_mnist("test")
    X, y = shuffled(X, y, seed)
    Z, Z_test = block_means(X), block_means(X_test)
    dense = plain(seed, DenseLinear).fit(X, y)
    ungated = dense_weights(dense, X_test)
    figures = {
        "top K of dense weights": {
            str(k): accuracy(largest(ungated, Z_test, k), Z_test, y_test) for k in K
        },
        PLAIN: plain(seed).fit(X, y).score(X_test, y_test),
        "dense, all weights": dense.score(X_test, y_test),
        **linear(Z, y, Z_test, y_test),
    }
    if seed == 0:
        first = first_digits()
        shown = {"image": X_test[first], "dense": ungated[first]}
        figures["maps"] = {name: as_text(rows) for name, rows in shown.items()}
    return figures


def largest(weights: np.ndarray, Z: np.ndarray, k: int) -> np.ndarray:
    """The K largest weights of each row that are not of blank blocks."""
    size = np.where(Z > 0, np.abs(weights), -1)
    kept = np.argsort(-size, axis=1)[:, :k]
    sparse = np.zeros_like(weights)
    np.put_along_axis(sparse, kept, np.take_along_axis(weights, kept, 1), 1)
    return sparse


def accuracy(weights, Z, y, intercept: float = 0.0) -> float:
    return float((((Z * weights).sum(axis=1) + intercept > 0) == y).mean())


def linear(Z, y, Z_test, y_test) -> dict:
    """Ridge and lasso on the 49 means, cut to their K largest weights."""
    figures = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        models = {
            "ridge": RidgeCV(np.logspace(-2, 4, 13)).fit(Z, 2 * y - 1),
            "lasso": LassoCV(cv=3).fit(Z, 2 * y - 1),
        }
    for name, model in models.items():
        figures[name] = {}
        for k in K:
            weights = np.zeros(len(model.coef_))
            kept = np.argsort(-np.abs(model.coef_))[:k]
            weights[kept] = model.coef_[kept]
            found = accuracy(weights, Z_test, y_test, model.intercept_)
            figures[name][str(k)] = found
        figures[f"{name}, all weights"] = accuracy(
            model.coef_, Z_test, y_test, model.intercept_
        )
    return figures


def lines(runs: list[dict]) -> list[Line]:
    found = []
    for name, paper in PAPER.items():
        for k, of_paper in zip(K, paper):
            text = f"{mean(runs, name, str(k)):.4f} (paper {of_paper:.3f})"
            found.append(Line(f"accuracy at K = {k}, {name}", text))
    for name, paper in ((PLAIN, "0.992"), ("dense, all weights", "not given")):
        each = ", ".join(f"{value:.4f}" for value in values(runs, name))
        found.append(Line(name, f"{each} (paper {paper})"))
    for name in ("ridge, all weights", "lasso, all weights"):
        found.append(Line(name, f"{mean(runs, name):.4f}"))
    return found


def pictures(runs: list[dict]) -> dict:
    return {"mnist_dense_weights": image_maps(runs[0]["maps"], WEIGHTS)}
