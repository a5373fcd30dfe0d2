"""Table 1 and figure 3: one, five or ten of 49 coarse pixels decide about a digit.

Three seeds, 9 coarse epochs with 3 gates (K, if that is more) and 3 fine ones. Blank
parts of an image may not have a weight (``mask_zeros=True``); for the same without the
mask see mnist_open.
"""

from __future__ import annotations

import warnings

import matplotlib.pyplot as plt
import numpy as np
from lines import Line, mean, values
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LassoCV, RidgeCV

from .images import (
    BLOCKS,
    DenseLinear,
    binary_mnist,
    block_means,
    dense_weights,
    ngsll,
    plain,
)

N_SEEDS = 3
K = (1, 5, 10)
PAPER = {
    "NGSLL": (0.994, 0.995, 0.994),
    "top K of dense weights": (0.967, 0.991, 0.991),
    "ridge": (0.526, 0.561, 0.582),
    "lasso": (0.523, 0.549, 0.582),
}
PLAIN = "the same network, no gate, all pixels"
BAR = 0.992


def run(seed: int) -> dict:
    (X, y), (X_test, y_test) = binary_mnist("train"), binary_mnist("test")
    X, y = shuffled(X, y, seed)
    Z, Z_test = block_means(X), block_means(X_test)
    models = {k: ngsll(seed, k, mask_zeros=True).fit(X, y) for k in K}
    dense = plain(seed, DenseLinear).fit(X, y)
    ungated = dense_weights(dense, X_test)
    figures = {
        "NGSLL": {str(k): model.score(X_test, y_test) for k, model in models.items()},
        "top K of dense weights": {
            str(k): accuracy(largest(ungated, Z_test, k), Z_test, y_test) for k in K
        },
        PLAIN: plain(seed).fit(X, y).score(X_test, y_test),
        "dense, all weights": dense.score(X_test, y_test),
        "epochs": {str(k): [m.n_coarse_iter_, m.n_iter_] for k, m in models.items()},
        **linear(Z, y, Z_test, y_test),
    }
    if seed == 0:
        _, first = np.unique(binary_digits(), return_index=True)
        shown = {"image": X_test[first], "dense": ungated[first]}
        shown |= {f"K = {k}": models[k].explain(X_test[first]) for k in K}
        figures["maps"] = {name: as_text(rows) for name, rows in shown.items()}
    return figures


def shuffled(X: np.ndarray, y: np.ndarray, seed: int) -> tuple:
    order = np.random.default_rng(seed).permutation(len(X))
    return X[order], y[order]


def binary_digits() -> np.ndarray:
    from sklearn_gradlasso.datasets import fetch_mnist

    return fetch_mnist(subset="test", return_X_y=True)[1]


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


def as_text(rows: np.ndarray) -> list[str]:
    return [" ".join(f"{value:.4g}" for value in row) for row in rows]


def lines(runs: list[dict]) -> list[Line]:
    found = []
    for name, paper in PAPER.items():
        for k, of_paper in zip(K, paper):
            each = values(runs, name, str(k))
            text = f"{np.mean(each):.4f} (lowest {min(each):.4f}; paper {of_paper:.3f})"
            met = min(each) >= BAR if name == "NGSLL" else None
            claim = f"accuracy at K = {k}, {name}"
            found.append(Line(claim if met is None else f"{claim} >= {BAR}", text, met))
    for name, paper in ((PLAIN, "0.992"), ("dense, all weights", "not given")):
        found.append(Line(name, f"{mean(runs, name):.4f} (paper {paper})"))
    for name in ("ridge, all weights", "lasso, all weights"):
        found.append(Line(name, f"{mean(runs, name):.4f}"))
    return found


def pictures(runs: list[dict]) -> dict:
    shown = {
        name: np.array([row.split() for row in rows], dtype=float)
        for name, rows in runs[0]["maps"].items()
    }
    figure, grid = plt.subplots(
        10, len(shown), figsize=(1.3 * len(shown), 12), layout="constrained"
    )
    for (name, rows), column in zip(shown.items(), grid.T):
        column[0].set_title(name)
        for row, axes in zip(rows, column):
            axes.set(xticks=[], yticks=[])
            if name == "image":
                axes.imshow(row.reshape(28, 28), cmap="gray_r")
                continue
            limit = np.abs(row).max()
            look = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
            axes.imshow(row.reshape(BLOCKS, BLOCKS), **look)
    figure.suptitle("Weights of test digits: red for 5 to 9, blue for 0 to 4")
    return {"mnist_weights": figure}
