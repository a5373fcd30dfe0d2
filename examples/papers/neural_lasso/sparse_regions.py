"""Table 1, first row, and figure 1: two of 49 columns decide at each sample.

20,000 rows in six regions, a quarter of them for the test. The truth is known: D_eff
should be 2. Figure 1 shows the gradients of test rows in the first region, in the two
columns that decide there.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from lines import Line, values
from pictures import as_text, from_text
from sklearn.model_selection import train_test_split

from sklearn_gradlasso.datasets import make_sparse_regions
from sklearn_gradlasso.targets import ClassK

from .common import Task, described, fitted_models, path_of
from .table import claim_lines, table_lines

N_SEEDS = 3
N_ARROWS = 150
PAPER = {
    "linear": (0.498, 0.53, 32),
    "linear, weight L1": (0.498, 0.03, 5),
    "MLP": (0.943, 734, 8),
    "MLP, weight L1": (0.961, 279, 5),
    "MLP, gradient L1": (0.994, 386, 2),
}
SHOWN = {
    "MLP": "no penalty",
    "MLP, weight L1": "weight L1",
    "MLP, gradient L1": "gradient L1",
}
DECIDING = [6, 7]  # of the first region


def task(seed: int, n_samples: int = 20_000, max_iter: int = 60) -> Task:
    X, y, _ = make_sparse_regions(n_samples, random_state=seed)
    X_train, X_test, y_train, y_test = train_test_split(
        X.astype(np.float32), y, random_state=seed
    )
    return Task(
        X_train=X_train,
        X_test=X_test,
        y_train=y_train,
        y_test=y_test,
        training={"max_iter": max_iter},
        gradient_l1=(0.03, 0.1, 0.2, 0.3, 0.5, 1.0),
        weight_l1=(0.00003, 0.0001, 0.0003, 0.001),
        linear_l1=(0.0001, 0.001, 0.01),
        seed=seed,
    )


def run(seed: int, **given) -> dict:
    data = task(seed, **given)
    models = fitted_models(data)
    figures = {
        "models": {name: described(model, data) for name, model in models.items()},
        "path": path_of(models["MLP, gradient L1"]),
    }
    if seed == 0:
        in_first = np.flatnonzero(data.X_test[:, :6].argmax(axis=1) == 0)[:N_ARROWS]
        rows = data.X_test[in_first]
        figures["places"] = as_text(rows[:, DECIDING])
        figures["arrows"] = {
            name: as_text(models[name].explain(rows, target=ClassK(1))[:, DECIDING])
            for name in SHOWN
        }
    return figures


def lines(runs: list[dict]) -> list[Line]:
    ours = values(runs, "models", "MLP, gradient L1")
    text = ", ".join(f"{m['AUC']:.4f} at {m['features']:.2f}" for m in ours)
    met = all(m["AUC"] >= 0.994 and m["features"] <= 2.0 for m in ours)
    return [
        Line("AUC >= 0.994 at D_eff <= 2.0, every seed (paper 0.994, 2)", text, met),
        *claim_lines(runs),
        *arrow_lines(runs[0]["arrows"]),
        *table_lines(runs, PAPER),
    ]


def arrow_lines(stored: dict[str, list[str]]) -> list[Line]:
    """What figure 1 shows: length of the gradients, and how close to an axis."""
    arrows = [np.abs(from_text(stored[name])) for name in SHOWN]
    lengths = [np.linalg.norm(rows, axis=1).mean() for rows in arrows]
    shares = [(rows.max(axis=1) / (rows.sum(axis=1) + 1e-12)).mean() for rows in arrows]
    return [
        Line(
            f"figure 1, gradient L1 has the {claim}: none, weight L1, gradient L1",
            ", ".join(f"{value:.3g}" for value in found),
            bool(best(found) == found[-1]),
        )
        for claim, found, best in (
            ("smallest mean length", lengths, min),
            ("largest share on one axis", shares, max),
        )
    ]


def pictures(runs: list[dict]) -> dict:
    figure, grid = plt.subplots(
        2, 3, figsize=(10.5, 7.6), sharex=True, sharey=True, layout="constrained"
    )
    x = from_text(runs[0]["places"])
    arrows = {name: from_text(runs[0]["arrows"][name]) for name in SHOWN}
    common = longest(arrows["MLP"])
    for (name, title), (upper, lower) in zip(SHOWN.items(), grid.T):
        quadrants(upper, x, arrows[name] / common)
        quadrants(lower, x, arrows[name] / longest(arrows[name]))
        upper.set_title(title)
        lower.set_xlabel("first deciding feature")
    grid[0, 0].set_ylabel("one scale\nsecond deciding feature")
    grid[1, 0].set_ylabel("each its own scale\nsecond deciding feature")
    figure.suptitle(
        "Gradients of the positive class's log-probability at test rows of one region "
        "(blue: positive class)",
        size="medium",
    )
    return {"figure_1": figure}


def longest(arrows: np.ndarray) -> float:
    """Length that all but a tenth of the arrows stay below."""
    return float(np.quantile(np.linalg.norm(arrows, axis=1), 0.9))


def quadrants(axes, x: np.ndarray, arrows: np.ndarray) -> None:
    """Arrows of at most about one unit; the quadrants of the positive class shaded."""
    axes.set(xlim=(-3, 3), ylim=(-3, 3), aspect="equal")
    axes.axhline(0, color="black", linewidth=0.8)
    axes.axvline(0, color="black", linewidth=0.8)
    for low in (-3, 0):
        corner = plt.Rectangle((low, low), 3, 3, color="tab:blue", alpha=0.08, lw=0)
        axes.add_patch(corner)
    positive = x[:, 0] * x[:, 1] > 0
    for rows, colour in ((positive, "tab:blue"), (~positive, "tab:red")):
        axes.plot(*x[rows].T, ".", color=colour, markersize=2)
        axes.quiver(
            *x[rows].T, *arrows[rows].T, color=colour, angles="xy",
            scale_units="xy", scale=1, width=0.004,
        )  # fmt: skip
