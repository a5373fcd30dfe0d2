"""Table 1, CIFAR-10 row: a network of nine layers, 4,000 and 1,000 images.

These are a tenth of the images of the paper and less, so that the accuracies are not
comparable with it. Seven convolutions and two dense layers; each colour standardised.
Strengths are chosen with 1,000 of the training images held out. Each run is one of the
models.
"""

from __future__ import annotations

import numpy as np
from lines import Line

from sklearn_gradlasso.datasets import fetch_cifar10_small

from .images import STRENGTH_OF, ImageTask, as_one, run_model
from .table import claim_lines, table_lines

N_SEEDS = len(STRENGTH_OF)
PAPER = {"CNN": (0.809, 51337, 1472), "CNN, gradient L1": (0.793, 49385, 1432)}


def task() -> ImageTask:
    (X_train, y_train), (X_test, y_test) = (
        fetch_cifar10_small(subset=part, return_X_y=True) for part in ("train", "test")
    )
    colours = X_train.reshape(-1, 3).astype(np.float32)
    centre, scale = colours.mean(axis=0), colours.std(axis=0)

    def channels_first(X: np.ndarray) -> np.ndarray:
        images = (X.reshape(-1, 32, 32, 3) - centre) / scale
        return images.transpose(0, 3, 1, 2).reshape(len(X), -1).astype(np.float32)

    return ImageTask(
        X_train=channels_first(X_train),
        X_test=channels_first(X_test),
        y_train=y_train,
        y_test=y_test,
        n_part=4_000,
        n_held_out=1_000,
        image_shape=(3, 32, 32),
        network={"channels": (16, 16, 32, 32, 64, 64, 64), "pooled": (0, 1, 3)},
        epochs=15,
        strengths={
            "linear, weight L1": (0.0001, 0.001, 0.01),
            "CNN, weight L1": (0.00001, 0.0001),
            "CNN, gradient L1": (0.0003, 0.001, 0.003),
        },
    )


def run(number: int) -> dict:
    """Figures of the model of this number."""
    return run_model(task(), list(STRENGTH_OF)[number])


def lines(runs: list[dict]) -> list[Line]:
    table = as_one(runs)
    found = claim_lines(table, "CNN") if len(runs) == N_SEEDS else []
    return [*found, *table_lines(table, PAPER, "accuracy")]
