"""What the image rows share: networks, and strengths chosen on a part of the images.

A run is of one model, so that each is kept as soon as it is done. Its strength is the
strongest whose accuracy on images held out from a part of the training images is at
most ``TOLERANCE`` below the best one; then it is trained once on all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from networks import perceptron, trained
from skorch.callbacks import LRScheduler
from torch import nn

from sklearn_gradlasso import GradientLassoClassifier
from sklearn_gradlasso.modules import ACTIVATIONS

from .common import LINEAR, features_used, weight_norm

TOLERANCE = 0.003
STRENGTH_OF = {
    "linear": None,
    "linear, weight L1": "weight_l1",
    "CNN": None,
    "CNN, weight L1": "weight_l1",
    "CNN, gradient L1": "lam",
}


class ConvolutionalNet(nn.Sequential):
    """Convolutions of 3 x 3, then a hidden dense layer and the one of the classes.

    Parameters
    ----------
    n_features, n_outputs : int
    feature_shape : tuple of int
        Channels, height and width; the estimator fills it in.
    channels : sequence of int
        Outputs of each convolution.
    pooled : sequence of int
        Which convolutions are followed by max pooling by 2.
    n_hidden : int, default=128
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        feature_shape: Sequence[int],
        channels: Sequence[int],
        pooled: Sequence[int],
        n_hidden: int = 128,
    ):
        n_in, height, width = feature_shape
        layers: list[nn.Module] = []
        for k, n_out in enumerate(channels):
            layers.append(nn.Conv2d(n_in, n_out, 3, padding=1))
            if k in pooled:
                layers.append(nn.MaxPool2d(2))
                height, width = height // 2, width // 2
            layers.append(ACTIVATIONS["relu"]())
            n_in = n_out
        layers += [
            nn.Flatten(),
            nn.Linear(n_in * height * width, n_hidden),
            ACTIVATIONS["relu"](),
            nn.Linear(n_hidden, n_outputs),
        ]
        super().__init__(*layers)


@dataclass(frozen=True, eq=False, kw_only=True)
class ImageTask:
    """Images as rows, the networks of the row of the table, and their strengths."""

    X_train: np.ndarray
    X_test: np.ndarray
    y_train: np.ndarray
    y_test: np.ndarray
    n_part: int
    n_held_out: int
    image_shape: tuple[int, ...]
    network: dict
    epochs: int
    strengths: dict[str, Sequence[float]]

    def model(self, name: str, strength: float) -> GradientLassoClassifier:
        given = {"lam": 0.0}
        if STRENGTH_OF[name]:
            given[STRENGTH_OF[name]] = strength
        given |= {
            "batch_size": 64,
            "learning_rate_init": 2e-3,
            "max_iter": self.epochs,
            "callbacks": [LRScheduler("CosineAnnealingLR", T_max=self.epochs)],
            "random_state": 0,
        }
        if name.startswith("linear"):
            return GradientLassoClassifier(**perceptron(**LINEAR, **given))
        return GradientLassoClassifier(
            module=ConvolutionalNet,
            module_params=self.network,
            input_shape=self.image_shape,
            **trained(**given),
        )


def run_model(task: ImageTask, name: str) -> dict:
    """Choose the strength of a model, train it and describe it."""
    strength, search = 0.0, {}
    if STRENGTH_OF[name]:
        search = searched(task, name)
        accuracies = np.array(search["accuracy"])
        good = np.flatnonzero(accuracies >= accuracies.max() - TOLERANCE)
        strength = search["strength"][good[-1]]
    model = task.model(name, strength).fit(task.X_train, task.y_train)
    return {
        "model": name,
        "accuracy": model.score(task.X_test, task.y_test),
        "norm": weight_norm(model),
        "features": features_used(model, task.X_test),
        "strength": strength,
        "search": search,
    }


def searched(task: ImageTask, name: str) -> dict[str, list[float]]:
    """Accuracy and effective features of each strength on images held out."""
    part = np.random.default_rng(0).permutation(len(task.X_train))[: task.n_part]
    held_out, rest = np.split(part, [task.n_held_out])
    found = {"strength": list(task.strengths[name]), "accuracy": [], "features": []}
    for strength in found["strength"]:
        model = task.model(name, strength)
        model.fit(task.X_train[rest], task.y_train[rest])
        X, y = task.X_train[held_out], task.y_train[held_out]
        found["accuracy"].append(model.score(X, y))
        found["features"].append(features_used(model, X))
    return found


def as_one(runs: list[dict]) -> list[dict]:
    """The runs of the models as one run of the table."""
    return [{"models": {run["model"]: run for run in runs}}]
