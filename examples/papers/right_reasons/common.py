"""What the experiments share: how a model is described, and strengths compared."""

from __future__ import annotations

import numpy as np
from lines import Line, mean, values

LARGE = 0.67  # the paper's cutoff: share of a sample's largest gradient


def large(model, X) -> np.ndarray:
    """Where the gradients of the sum of log-probabilities are large."""
    size = np.abs(model.explain(X, target="training"))
    return size > LARGE * size.max(axis=1, keepdims=True)


def share_in(model, X, features) -> float:
    """Share of the large gradients that lie in some features."""
    mask = large(model, X)
    return float((mask & features).sum() / mask.sum())


def best_of_grid(runs: list[dict], figure: str) -> tuple[str, float]:
    """The strength of ``"grid"`` with the best mean of a figure."""
    grid = {lam: mean(runs, "grid", lam, figure) for lam in runs[0]["grid"]}
    lam = max(grid, key=grid.get)
    return lam, grid[lam]


def auto_line(runs: list[dict], data: str, figure: str, n_digits: int = 3) -> Line:
    """``lam="auto"`` against the best strength of the grid."""
    lam, best = best_of_grid(runs, figure)
    auto = mean(runs, "annotated", figure)
    return Line(
        f'lam="auto" within 1 point of the best of the grid, {data}',
        f"{auto:.{n_digits}f} (lam_ {np.median(values(runs, 'annotated', 'lam')):.3g}) "
        f"against {best:.{n_digits}f} (lam {lam})",
        auto >= best - 0.01,
    )
