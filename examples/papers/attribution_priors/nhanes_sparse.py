"""Few examples (figures 3, 16 and p-values): is the sparse prior the best penalty?

100 people to train on, 100 to choose the strength of each penalty on, 100 times.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from attribution_priors.nhanes_common import PENALTIES, dropout, figures, mixed
from lines import Line
from scipy.stats import wilcoxon

N_SEEDS = 100
GRID = tuple(float(f"{10**power:.3g}") for power in np.arange(-4, 1.01, 0.5))
DROPOUT = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
MIXED = tuple((lam, l1) for lam in (0.03, 0.1, 0.3) for l1 in (1e-3, 1e-2, 1e-1))
PAPER = {  # Wilcoxon p-values of the sparse prior against these: ROC-AUC, Gini
    "Gini of gradients": (5.49e-4, 6.67e-13),
    "L1 of gradients": (2.55e-8, 2.84e-15),
    "weight L1, all layers": (2.95e-9, 2.48e-14),
    "sparse group lasso, first layer": (4.97e-5, 2.48e-13),
    "sparse group lasso": (4.40e-7, 1.87e-15),
    "none": (1.76e-6, 5.48e-15),
}


def run(seed: int) -> dict:
    found = {"none": {"0": figures({"lam": 0.0}, seed)}}
    for name, params in PENALTIES.items():
        found[name] = {str(lam): figures(params(lam), seed) for lam in GRID}
    found["mixed L1 and sparse prior"] = {
        f"{lam}, {l1}": figures(mixed(lam, l1), seed) for lam, l1 in MIXED
    }
    found["dropout"] = {str(p): figures(dropout(p), seed) for p in DROPOUT}
    return found


def chosen(runs: list[dict], name: str) -> dict[str, np.ndarray]:
    """Figures of each run at the strength with its best validation AUC."""
    best = [max(run[name].values(), key=lambda each: each["valid"]) for run in runs]
    return {key: np.array([each[key] for each in best]) for key in ("test", "gini")}


def p_value(first: np.ndarray, second: np.ndarray) -> float:
    """Wilcoxon signed-rank test that the first are not the larger ones."""
    if (first == second).all():
        return 1.0
    return float(wilcoxon(first, second).pvalue)


def mean_and_error(values: np.ndarray) -> str:
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return f"{values.mean():.4f} ± {error:.4f}"


def lines(runs: list[dict]) -> list[Line]:
    table = {name: chosen(runs, name) for name in runs[0]}
    sparse = table["sparse prior"]
    found = []
    order = sorted(table, key=lambda name: -table[name]["test"].mean())
    for name in order:
        auc, gini = (mean_and_error(table[name][key]) for key in ("test", "gini"))
        p_auc, p_gini = (
            p_value(sparse[key], table[name][key]) for key in ("test", "gini")
        )
        paper = "p {:.1g}, {:.1g}".format(*PAPER[name]) if name in PAPER else "-"
        against = "" if name == "sparse prior" else f", p {p_auc:.1g}, {p_gini:.1g}"
        claim = f"AUC, Gini, {name} (paper's p: {paper})"
        found.append(Line(claim, f"{auc}, {gini}{against}"))
    others = [name for name in table if name != "sparse prior"]
    for key, what in (("test", "ROC-AUC"), ("gini", "Gini")):
        behind = [
            name
            for name in others
            if sparse[key].mean() > table[name][key].mean()
            and p_value(sparse[key], table[name][key]) < 1e-3
        ]
        claim = f"sparse prior above all others in {what}, p < 1e-3 (the paper's order)"
        rest = [name for name in others if name not in behind]
        told = f"above {len(behind)} of {len(others)}"
        if rest:
            told += f"; not: {', '.join(rest)}"
        found.append(Line(claim, told, not rest))
    return found


def pictures(runs: list[dict]) -> dict[str, plt.Figure]:
    names = sorted(runs[0], key=lambda name: chosen(runs, name)["test"].mean())
    bars, axes = plt.subplots(1, 2, figsize=(10, 5), sharey=True, layout="tight")
    for ax, key, label in zip(axes, ("test", "gini"), ("test ROC-AUC", "Gini index")):
        values = [chosen(runs, name)[key] for name in names]
        errors = [2 * v.std() / np.sqrt(len(v)) for v in values]
        colours = ["C1" if name == "sparse prior" else "C0" for name in names]
        means = [v.mean() for v in values]
        ax.barh(names, means, xerr=errors, color=colours, height=0.7)
        ax.set_xlim(min(means) - 0.1 * np.ptp(means) - max(errors), None)
        ax.set_xlabel(f"{label} (2 standard errors)")
    plane, ax = plt.subplots(figsize=(7, 5), layout="tight")
    shown = ("sparse prior", "Gini of gradients", "L1 of gradients")
    shown += ("weight L1, all layers", "sparse group lasso", "none")
    for name in shown:
        points = [
            [
                np.mean([run[name][lam][key] for run in runs])
                for key in ("gini", "valid")
            ]
            for lam in runs[0][name]
        ]
        ax.plot(*zip(*points), marker="o", label=name, alpha=0.8)
    ax.set_xlabel("sparsity of the importances (Gini index)")
    ax.set_ylabel("validation ROC-AUC")
    ax.legend()
    return {"nhanes_penalties": bars, "nhanes_tradeoff": plane}
