"""Pictures of what the experiments have found."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from pictures import band
from results import Results

GRIDS = {
    "colour_grid": "colour grid",
    "iris_cancer": "iris-cancer, Iris zeroed",
    "decoy_mnist": "decoy MNIST, random patches",
}


def draw(folder: Path) -> None:
    """Draw every picture whose results are in the folder."""
    found = {path.stem: Results(path).figures() for path in folder.glob("*.json")}
    if "colour_grid" in found:
        annotated_rows(found["colour_grid"]).savefig(folder / "annotated_rows.png")
    if "fewer_examples" in found:
        fewer_examples(found["fewer_examples"]).savefig(folder / "fewer_examples.png")
    if GRIDS.keys() <= found.keys():
        strengths(found).savefig(folder / "strengths.png")
    plt.close("all")


def annotated_rows(runs: list[dict]):
    figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained", dpi=120)
    numbers = list(runs[0]["annotated rows"])
    for features, colour in (("corners", "tab:red"), ("top middle", "tab:blue")):
        curves = [[run["annotated rows"][n][features] for n in numbers] for run in runs]
        band(axes, [int(n) for n in numbers], curves, features, colour)
    axes.set(
        xscale="log",
        xlabel="training rows whose corners are annotated, of 20,000",
        ylabel="share of large gradients",
        title=f"Colour grid: from one rule to the other ({len(runs)} seeds)",
    )
    axes.legend()
    return figure


def fewer_examples(runs: list[dict]):
    figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained", dpi=120)
    labels = {
        "none": "no annotations",
        "only the corners": "all but the corners annotated",
        "only the top middle": "all but the top middle annotated",
    }
    for (kind, label), colour in zip(
        labels.items(), ("tab:grey", "tab:red", "tab:blue")
    ):
        sizes = [int(n) for n in runs[0][kind]]
        band(axes, sizes, [list(run[kind].values()) for run in runs], label, colour)
    axes.set(
        xscale="log",
        xlabel="training rows",
        ylabel="test accuracy",
        title=f"Colour grid: annotations replace examples ({len(runs)} seeds)",
    )
    axes.legend()
    return figure


def strengths(found: dict[str, list[dict]]):
    figure, row = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained", dpi=120)
    for axes, (name, title) in zip(row, GRIDS.items()):
        runs = found[name]
        grid = list(runs[0]["grid"])
        curves = [[run["grid"][lam]["accuracy"] for lam in grid] for run in runs]
        band(axes, [float(lam) for lam in grid], curves, "grid", "tab:blue")
        axes.scatter(
            [run["annotated"]["lam"] for run in runs],
            [run["annotated"]["accuracy"] for run in runs],
            marker="x",
            color="black",
            zorder=3,
            label='lam="auto"',
        )
        default = np.mean([run["default"]["accuracy"] for run in runs])
        axes.axhline(default, color="tab:grey", linestyle=":", label="no annotations")
        axes.set(xscale="log", xlabel="lam", title=title, ylim=(0.4, 1.02))
    row[0].set_ylabel("test accuracy")
    row[0].legend()
    return figure
