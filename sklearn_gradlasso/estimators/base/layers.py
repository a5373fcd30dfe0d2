"""The layers of a fitted perceptron as arrays, as scikit-learn's networks have.

A class uses the properties by an assignment, ``coefs_ = layers.coefs_``. The arrays are
read-only copies of the weights that the network has at the moment.
"""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

__all__ = ["DOC", "absent", "coefs_", "intercepts_", "n_layers_"]

DOC = """\
coefs_, intercepts_ : list of ndarray
        Weights (n_inputs, n_units) and biases of each layer of the perceptron.
    n_layers_ : int
        Number of layers, with that of the inputs.
    out_activation_ : str
        scikit-learn's name of the activation of the output."""


def _coefs(estimator) -> list[np.ndarray]:
    """Weights of each layer, of shape (n_inputs, n_units)."""
    return [_frozen(weight).T for weight in _of_layers(estimator, "weight")]


def _intercepts(estimator) -> list[np.ndarray]:
    """Biases of each layer, of shape (n_units,)."""
    return [_frozen(bias) for bias in _of_layers(estimator, "bias")]


def _n_layers(estimator) -> int:
    """Number of layers, with that of the inputs."""
    return 1 + len(_layers(estimator))


def _absent(estimator):
    """There are no such layers."""
    raise AttributeError(
        f"The network of {type(estimator).__name__} writes the weights of a linear "
        "model for each row; explain(X) returns them."
    )


coefs_, intercepts_, n_layers_, absent = map(
    property, (_coefs, _intercepts, _n_layers, _absent)
)


def _layers(estimator) -> list[nn.Linear]:
    if not hasattr(estimator, "net_"):
        check_is_fitted(estimator, "net_")
    if estimator._architecture["module"] != "perceptron":
        raise AttributeError(
            "coefs_, intercepts_ and n_layers_ are about module='perceptron', but this "
            f"{type(estimator).__name__} was fitted with another network; its weights "
            "are those of net_.module_."
        )
    parts = estimator.net_.module_.modules()
    return [part for part in parts if isinstance(part, nn.Linear)]


def _of_layers(estimator, name: str) -> list[Tensor]:
    """A tensor of each layer; those of the last one bring the scores to their size."""
    values = [getattr(layer, name) for layer in _layers(estimator)]
    factor = getattr(estimator.net_.module_, "factor", None)
    return values if factor is None else [*values[:-1], factor * values[-1]]


def _frozen(values: Tensor) -> np.ndarray:
    array = values.detach().cpu().numpy().copy()
    array.flags.writeable = False  # Another value would not change the network.
    return array
