"""Table 1 and figure 3: one, five or ten of 49 coarse pixels decide about a digit.

Three seeds, 9 coarse epochs with 3 gates (K, if that is more) and 3 fine ones. Blank
parts of an image may not have a weight (``mask_zeros=True``).
"""

from __future__ import annotations

import numpy as np
from lines import Line, values
from pictures import as_text, image_maps

from .images import (
    WEIGHTS,
    binary_mnist,
    first_digits,
    ngsll,
    shuffled,
)

N_SEEDS = 3
PAPER = {1: 0.994, 5: 0.995, 10: 0.994}
BAR = 0.992


def run(seed: int) -> dict:
    (X, y), (X_test, y_test) = binary_mnist("train"), binary_mnist("test")
    X, y = shuffled(X, y, seed)
    models = {k: ngsll(seed, k, mask_zeros=True).fit(X, y) for k in PAPER}
    figures = {
        "accuracy": {str(k): m.score(X_test, y_test) for k, m in models.items()},
        "epochs": {str(k): [m.n_coarse_iter_, m.n_iter_] for k, m in models.items()},
    }
    if seed == 0:
        shown = {"image": X_test[first_digits()]}
        shown |= {f"K = {k}": m.explain(shown["image"]) for k, m in models.items()}
        figures["maps"] = {name: as_text(rows) for name, rows in shown.items()}
    return figures


def lines(runs: list[dict]) -> list[Line]:
    found = []
    for k, paper in PAPER.items():
        each = values(runs, "accuracy", str(k))
        text = f"{np.mean(each):.4f} (" + ", ".join(f"{a:.4f}" for a in each)
        claim = f"accuracy at K = {k} >= {BAR} (mean of seeds)"
        met = bool(np.mean(each) >= BAR)
        found.append(Line(claim, f"{text}; paper {paper:.3f})", met))
    return found


def pictures(runs: list[dict]) -> dict:
    return {"mnist_weights": image_maps(runs[0]["maps"], WEIGHTS)}
