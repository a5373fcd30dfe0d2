"""Table 1, MNIST row: a network of six layers, 60,000 and 10,000 images.

Four convolutions and two dense layers; pixels from 0 to 1. Strengths are chosen on
10,000 of the training images, 2,000 of them held out. Each run is one of the models.
"""

from __future__ import annotations

import numpy as np
from lines import Line

from sklearn_gradlasso.datasets import fetch_mnist

from .images import STRENGTH_OF, ImageTask, as_one, run_model
from .table import claim_lines, table_lines

N_SEEDS = len(STRENGTH_OF)
PAPER = {"CNN": (0.993, 80534, 408), "CNN, gradient L1": (0.991, 71288, 166)}


def task() -> ImageTask:
    (X_train, y_train), (X_test, y_test) = (
        fetch_mnist(subset=part, return_X_y=True) for part in ("train", "test")
    )
    return ImageTask(
        X_train=X_train / np.float32(255),
        X_test=X_test / np.float32(255),
        y_train=y_train,
        y_test=y_test,
        n_part=10_000,
        n_held_out=2_000,
        image_shape=(1, 28, 28),
        network={"channels": (8, 32, 48, 48), "pooled": (0, 1)},
        epochs=12,
        strengths={
            "linear, weight L1": (0.00001, 0.0001, 0.001),
            "CNN, weight L1": (0.00001, 0.00003, 0.0001),
            "CNN, gradient L1": (0.0004, 0.0007, 0.001),
        },
    )


def run(number: int) -> dict:
    """Figures of the model of this number."""
    return run_model(task(), list(STRENGTH_OF)[number])


def lines(runs: list[dict]) -> list[Line]:
    found, table = [], as_one(runs)
    models = table[0]["models"]
    if "CNN, gradient L1" in models:
        ours = models["CNN, gradient L1"]
        text = f"{ours['accuracy']:.4f} at {ours['features']:.0f}"
        met = ours["accuracy"] >= 0.991 and ours["features"] <= 166
        claim = "accuracy >= 0.991 at D_eff <= 166 (paper 0.991, 166)"
        found.append(Line(claim, text, met))
    if len(runs) == N_SEEDS:
        found += claim_lines(table, "CNN")
    return [*found, *table_lines(table, PAPER, "accuracy")]
