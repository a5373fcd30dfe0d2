"""Lines of Table 1, the same for every row of it."""

from __future__ import annotations

import numpy as np
from lines import Line, values


def table_lines(
    runs: list[dict], paper: dict[str, tuple], score: str = "AUC"
) -> list[Line]:
    """A line for each model: means over the seeds, and the paper's numbers."""
    found = []
    for name in runs[0]["models"]:
        each = {
            key: np.array(values(runs, "models", name, key))
            for key in (score, "norm", "features", "strength")
        }
        strengths = ", ".join(f"{value:g}" for value in each["strength"])
        text = (
            f"{spread(each[score])}, {each['norm'].mean():.4g}, "
            f"{each['features'].mean():.4g}"
        )
        if name in paper:
            text += " (paper {}, {}, {})".format(*paper[name])
        if any(each["strength"]):
            name = f"{name} ({strengths})"
        found.append(Line(f"{name}: {score}, norm, D_eff", text))
    return found


def claim_lines(runs: list[dict], network: str = "MLP") -> list[Line]:
    """Which penalty makes D_eff smaller, and which one the norm; in every run."""
    gradient, weight = (f"{network}, {kind} L1" for kind in ("gradient", "weight"))

    def both(key: str) -> tuple[list, list]:
        return values(runs, "models", gradient, key), values(
            runs, "models", weight, key
        )

    features, norms = both("features"), both("norm")
    return [
        Line(
            "D_eff: gradient L1 below weight L1, every seed",
            f"{np.mean(features[0]):.4g} and {np.mean(features[1]):.4g}",
            all(ours < other for ours, other in zip(*features)),
        ),
        Line(
            "norm: weight L1 below gradient L1, every seed",
            f"{np.mean(norms[1]):.4g} and {np.mean(norms[0]):.4g}",
            all(other < ours for ours, other in zip(*norms)),
        ),
    ]


def spread(values: np.ndarray) -> str:
    """Mean, and the range if there are several."""
    if len(values) == 1:
        return f"{values[0]:.4f}"
    return f"{values.mean():.4f} ({values.min():.4f} to {values.max():.4f})"
