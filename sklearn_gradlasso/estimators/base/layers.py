"""The layers of a fitted default network as arrays, as scikit-learn's networks have."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_is_fitted
from torch import nn

__all__ = ["LayersAsArrays"]


class LayersAsArrays:
    """``coefs_`` and what belongs to them, for estimators whose network is the answer.

    The arrays are read-only copies of the weights that the network has at the moment.
    """

    @property
    def coefs_(self) -> list[np.ndarray]:
        """Weights of each layer, of shape (n_inputs, n_units)."""
        return [_frozen(layer.weight).T for layer in self._layers("coefs_")]

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """Biases of each layer, of shape (n_units,)."""
        return [_frozen(layer.bias) for layer in self._layers("intercepts_")]

    @property
    def n_layers_(self) -> int:
        """Number of layers, with that of the inputs."""
        return 1 + len(self._layers("n_layers_"))

    def _layers(self, name: str) -> list[nn.Linear]:
        if not hasattr(self, "net_"):
            check_is_fitted(self, "net_")
        if self._architecture["module"] is not None:
            raise AttributeError(
                f"{name} are the layers of the default network (module=None), but this "
                "estimator was fitted with a module of another kind; its weights are "
                "those of net_.module_."
            )
        parts = self.net_.module_.modules()
        return [part for part in parts if isinstance(part, nn.Linear)]


def _frozen(values) -> np.ndarray:
    array = values.detach().cpu().numpy().copy()
    array.flags.writeable = False  # Another value would not change the network.
    return array
