"""Figure 2: the gradient of a column against its value, its normal range shaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from pictures import as_text, from_text

from sklearn_gradlasso.targets import ClassK

N_ROWS = 500
SHOWN = {
    "MLP": "no penalty",
    "MLP, weight L1": "weight L1",
    "MLP, gradient L1": "gradient L1",
}


@dataclass(frozen=True)
class Column:
    """A column of the picture; without a range, the middle half of the values.

    Parameters
    ----------
    name, unit : str
    normal : tuple of float, default=None
        Ends of the normal range, in the unit.
    log : bool, default=False
        Whether its axis is of ``log(1 + value)``.
    """

    name: str
    unit: str
    normal: tuple[float, float] | None = None
    log: bool = False


def stored(
    models: dict, X: np.ndarray, original: np.ndarray, positions: Sequence[int]
) -> dict:
    """Values and gradients of a few columns at the first rows, as text.

    Gradients are of the positive class's log-probability, by a standard deviation of
    the column.

    Parameters
    ----------
    models : dict of str to classifier
        Those of Table 1.
    X : ndarray of shape (n, d)
        What the models take.
    original : ndarray of shape (n, n_columns)
        The columns in their units, missing ones NaN.
    positions : sequence of int
        Where the columns are in X.
    """
    rows = X[:N_ROWS]
    slopes = {
        name: model.explain(rows, target=ClassK(1))[:, positions]
        for name, model in models.items()
        if name in ("linear", *SHOWN)
    }
    found = {"values": as_text(original[:N_ROWS])}
    return found | {name: as_text(phi) for name, phi in slopes.items()}


def drawn(found: dict, columns: Sequence[Column], title: str):
    """A line of pictures for each column: a network each, beside the linear model."""
    size = (9.5, 2.3 * len(columns))
    figure, grid = plt.subplots(
        len(columns), 3, figsize=size, sharex="row", layout="constrained"
    )
    x, linear = from_text(found["values"]), from_text(found["linear"])
    for (name, heading), axes in zip(SHOWN.items(), grid.T):
        axes[0].set_title(heading)
        slopes = from_text(found[name])
        for k, column in enumerate(columns):
            panel(axes[k], column, x[:, k], slopes[:, k], linear[:, k])
    for axes in grid[:, 0]:
        axes.set_ylabel("gradient")
    grid[0, -1].legend(fontsize="small", markerscale=2)
    figure.suptitle(title, size="medium")
    return figure


def panel(axes, column: Column, x: np.ndarray, slopes, linear) -> None:
    known = np.isfinite(x)
    x, slopes, linear = x[known], slopes[known], linear[known]
    low, high = column.normal or np.quantile(x, (0.25, 0.75))
    axes.axvspan(low, high, color="tab:green", alpha=0.12, linewidth=0)
    axes.axhline(0, color="grey", linewidth=0.8)
    axes.plot(x, slopes, ".", markersize=3, color="tab:blue", label="network")
    axes.plot(x, linear, ".", markersize=2, color="tab:orange", label="linear")
    if column.log:
        axes.set_xscale("symlog", linthresh=1000)
        axes.set_xticks([0, 1e3, 1e4, 1e5])
    axes.set_xlabel(f"{column.name} ({column.unit})", size="small")
