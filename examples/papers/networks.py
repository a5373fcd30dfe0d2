"""The network of the papers, by name, with all that its training depends on.

What an estimator takes by default fits its table, and may change from version to
version. The papers' results are those of this network. It holds no rows out, so that
scores are not calibrated; a classifier that holds some out says ``calibrate=False``.
"""

from __future__ import annotations

TRAINING = {
    "optimizer": "adam",
    "learning_rate_init": 0.003,
    "batch_size": 256,
    "max_iter": 200,
    "early_stopping": False,
}


def perceptron(**given) -> dict:
    """Parameters of an estimator with this network; those that are given come first."""
    network = {
        "module": "perceptron",
        "hidden_layer_sizes": (50, 30),
        "activation": "relu",
    }
    return {**network, **TRAINING, **given}


def trained(**given) -> dict:
    """The same for a network of one's own, which is among the parameters given."""
    return {**TRAINING, **given}
