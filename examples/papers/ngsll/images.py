"""Binary MNIST and the models of the paper's Table 1."""

from __future__ import annotations

import numpy as np
import torch
from networks import trained
from skorch.callbacks import LRScheduler
from torch import Tensor

from sklearn_gradlasso import GradientLassoClassifier, NGSLLClassifier
from sklearn_gradlasso.datasets import fetch_mnist
from sklearn_gradlasso.modules import SmallCNN

BLOCKS = 7
WEIGHTS = "Weights: red for 5 to 9, blue for 0 to 4"
PHASES = {"coarse_n_nonzero_coefs": 3, "coarse_max_iter": 9, "max_iter": 3}
NETWORK = {"dropout": 0.3, "hidden_layer_sizes": (256,)}


def binary_mnist(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images with values in 0 ... 1, and whether the digit is 5 or more."""
    X, digit = fetch_mnist(subset=part, return_X_y=True)
    return X / np.float32(255), (digit >= 5).astype(int)


def shuffled(X: np.ndarray, y: np.ndarray, seed: int) -> tuple:
    order = np.random.default_rng(seed).permutation(len(X))
    return X[order], y[order]


def first_digits() -> np.ndarray:
    """Positions of the first test image of each digit."""
    _, digit = fetch_mnist(subset="test", return_X_y=True)
    return np.unique(digit, return_index=True)[1]


def block_means(X: np.ndarray) -> np.ndarray:
    """Images of 28 x 28 as the 7 x 7 means of their blocks."""
    return X.reshape(-1, BLOCKS, 4, BLOCKS, 4).mean(axis=(2, 4)).reshape(len(X), -1)


VIEW = {"simplify": block_means, "mask_zeros": False}


def training(seed: int, **given) -> dict:
    """What all networks have in common; 5,000 of 60,000 images are held out.

    Adam's learning rate is 2e-3 for six epochs, a third for two, and a ninth for one.
    """
    decay = LRScheduler("MultiStepLR", milestones=[6, 8], gamma=1 / 3)
    shared = {
        "batch_size": 64,
        "learning_rate_init": 2e-3,
        "callbacks": [decay],
        "early_stopping": True,
        "validation_fraction": 1 / 12,
        "random_state": seed,
    }
    return trained(**{**shared, **given})


def ngsll(seed: int, n_nonzero_coefs: int, **given) -> NGSLLClassifier:
    return NGSLLClassifier(
        n_nonzero_coefs=n_nonzero_coefs,
        module=SmallCNN,
        module_params=NETWORK,
        fine_phase={"learning_rate_ratio": 0.5},
        **training(seed, **{**PHASES, **VIEW, **given}),
    )


class DenseLinear(SmallCNN):
    """The network without the gate: a weight for each of the 49 means."""

    def __init__(self, n_features: int, n_outputs: int):
        super().__init__(n_features, BLOCKS**2, **NETWORK)

    def forward(self, x: Tensor) -> Tensor:
        means = x.unflatten(1, (BLOCKS, 4, BLOCKS, 4)).mean(dim=(2, 4)).flatten(1)
        log_odds = (self.weights(x) * means).sum(dim=1, keepdim=True)
        return torch.cat([-log_odds / 2, log_odds / 2], dim=1)

    def weights(self, x: Tensor) -> Tensor:
        return super().forward(x)


def plain(seed: int, module=SmallCNN, **given) -> GradientLassoClassifier:
    return GradientLassoClassifier(
        lam=0.0,
        module=module,
        module_params=NETWORK if module is SmallCNN else None,
        **training(seed, **{"max_iter": PHASES["coarse_max_iter"], **given}),
    )


def dense_weights(model: GradientLassoClassifier, X: np.ndarray) -> np.ndarray:
    """Weights that the network without the gate generates."""
    network = model.net_.module_.raw_scores
    with torch.no_grad():
        parts = [network.weights(x) for x in torch.from_numpy(X).split(1000)]
    return torch.cat(parts).numpy()
