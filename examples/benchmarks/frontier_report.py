"""What the fits of ``sparsity_frontier.py`` say, as lines of text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

__all__ = ["between", "lines", "worth"]

BUDGETS = (3, 4, 5, 6, 7, 8, 10, 12, 15)


def lines(runs: list[dict]) -> list[str]:
    """Tables of the trade-off, for each table and module."""
    found = []
    for (table, module), group in _grouped(runs, "table", "module"):
        seeds = sorted({run["seed"] for run in group})
        found += ["", f"{table}, {module} network, {len(seeds)} seeds"]
        found.append("  test AUC (log loss) at effective columns, by strength")
        for (penalty,), each in _grouped(group, "penalty"):
            cells = [
                f"{lam:g}: {_mean(of, 'auc'):.4f} ({_mean(of, 'log loss'):.3f}) "
                f"at {_mean(of, 'columns'):.1f}"
                for (lam,), of in _grouped(each, "lam")
            ]
            found.append(f"  {penalty:38s}" + ", ".join(cells))
        for title, value in VALUES.items():
            found.append(f"  {title}")
            head = "".join(f"{budget:>9}" for budget in BUDGETS)
            found.append(f"  {'':38s}{head}")
            for (penalty,), each in _grouped(group, "penalty"):
                cells = (value(each, budget) for budget in BUDGETS)
                shown = ("        -" if np.isnan(c) else f"{c:9.4f}" for c in cells)
                found.append(f"  {penalty:38s}" + "".join(shown))
    return found


def worth(runs: list[dict], budget: float) -> float:
    """Mean over the seeds of the test AUC of the strength that was chosen.

    Of the strengths with at most so many columns on the validation rows, the one with
    the best AUC on them is chosen for each seed. NaN if a seed has no such strength.
    """
    aucs = []
    for _, each in _grouped(runs, "seed"):
        sparse = [run for run in each if run["validation"]["columns"] <= budget]
        if not sparse:
            return np.nan
        best = max(sparse, key=lambda run: run["validation"]["auc"])
        aucs.append(best["test"]["auc"])
    return float(np.mean(aucs))


def between(runs: list[dict], columns: float) -> float:
    """Mean over the seeds of the test AUC on the line between strengths.

    Strengths that another one beats with fewer columns are left out. With more columns
    than the weakest strength needs the AUC is the best one; with fewer than the
    strongest it is NaN.
    """
    aucs = []
    for _, each in _grouped(runs, "seed"):
        points = sorted((run["test"]["columns"], run["test"]["auc"]) for run in each)
        counts, values = np.array(points).T
        best = np.maximum.accumulate(values)
        kept = values == best
        aucs.append(np.interp(columns, counts[kept], values[kept], left=np.nan))
    return float(np.mean(aucs))


VALUES = {
    "test AUC of the strength chosen for so many columns at most": worth,
    "test AUC at so many columns, on the line between strengths": between,
}


def _mean(runs: list[dict], name: str) -> float:
    return float(np.mean([run["test"][name] for run in runs]))


def _grouped(runs: Iterable[dict], *names: str):
    groups = defaultdict(list)
    for run in runs:
        groups[tuple(run[name] for name in names)].append(run)
    return groups.items()
