"""Pictures of what the experiments have found."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from results import Results


def draw(folder: Path) -> None:
    """Draw what every experiment with results in the folder has to show."""
    for path in sorted(folder.glob("*.json")):
        experiment = import_module(f"ngsll.{path.stem}")
        if hasattr(experiment, "pictures"):
            found = experiment.pictures(Results(path).figures())
            for name, figure in found.items():
                figure.savefig(folder / f"{name}.png", dpi=100, bbox_inches="tight")
    plt.close("all")
