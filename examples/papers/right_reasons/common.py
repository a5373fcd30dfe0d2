"""What the experiments share: how a model is described, and what a line must show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LARGE = 0.67  # the paper's cutoff: share of a sample's largest gradient


@dataclass
class Line:
    """A claim, what was found, and whether that is enough (``None``: no bar)."""

    claim: str
    found: str
    met: bool | None = None

    def __str__(self) -> str:
        mark = {True: "met", False: "NOT MET", None: ""}[self.met]
        return f"{self.claim:<66} {self.found:<44} {mark}"


def large(model, X) -> np.ndarray:
    """Where the gradients of the sum of log-probabilities are large."""
    size = np.abs(model.explain(X, target="training"))
    return size > LARGE * size.max(axis=1, keepdims=True)


def share_in(model, X, features) -> float:
    """Share of the large gradients that lie in some features."""
    mask = large(model, X)
    return float((mask & features).sum() / mask.sum())


def mean(runs: list[dict], *keys: str) -> float:
    """Mean over the runs of a figure, found by its keys."""
    return float(np.mean(values(runs, *keys)))


def values(runs: list[dict], *keys: str) -> list:
    """A figure of every run, found by its keys."""
    for key in keys:
        runs = [run[key] for run in runs]
    return runs


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
