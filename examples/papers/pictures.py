"""Pictures of what experiments have found: the drawing that papers share."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from results import Results


def draw(package: str, folder: Path) -> None:
    """Save the pictures of every experiment with results in the folder.

    They are what its ``pictures(runs) -> {name: figure}`` returns, if it has one.
    """
    for path in sorted(folder.glob("*.json")):
        experiment = import_module(f"{package}.{path.stem}")
        if hasattr(experiment, "pictures"):
            found = experiment.pictures(Results(path).figures())
            for name, figure in found.items():
                figure.savefig(folder / f"{name}.png", dpi=100, bbox_inches="tight")
    plt.close("all")


def band(axes, x, curves: list[list[float]], label: str, colour: str) -> None:
    """Mean over seeds, with their range as a band."""
    axes.plot(x, np.mean(curves, axis=0), marker="o", label=label, color=colour)
    low, high = np.min(curves, axis=0), np.max(curves, axis=0)
    axes.fill_between(x, low, high, alpha=0.2, color=colour, linewidth=0)


def as_text(rows: np.ndarray) -> list[str]:
    """Rows as lines of numbers, which keep a JSON file short."""
    return [" ".join(f"{value:.4g}" for value in row) for row in rows]


def from_text(lines: list[str]) -> np.ndarray:
    """Rows that ``as_text`` wrote."""
    return np.array([line.split() for line in lines], dtype=float)


def image_maps(
    stored: dict[str, list[str]], title: str, caption: Callable | None = None
):
    """A row for each image: the image, then square maps, red above zero and blue below.

    Parameters
    ----------
    stored : dict of str to list of str
        Rows as text: ``"image"``, and the maps by their name.
    title : str
    caption : callable, default=None
        ``row -> str``, written below each map.
    """
    shown = {name: from_text(lines) for name, lines in stored.items()}
    n_rows = len(shown["image"])
    size = (1.5 * len(shown), (1.3 if caption is None else 1.75) * n_rows)
    figure, grid = plt.subplots(n_rows, len(shown), figsize=size, layout="constrained")
    for (name, rows), column in zip(shown.items(), grid.T):
        column[0].set_title(name)
        for row, axes in zip(rows, column):
            axes.set(xticks=[], yticks=[])
            side = int(np.sqrt(row.size))
            if name == "image":
                axes.imshow(row.reshape(side, side), cmap="gray_r")
                continue
            limit = np.abs(row).max()
            look = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
            axes.imshow(row.reshape(side, side), **look)
            if caption is not None:
                axes.set_xlabel(caption(row))
    figure.suptitle(title, size="medium")
    return figure
