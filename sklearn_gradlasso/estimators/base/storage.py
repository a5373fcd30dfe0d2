"""Stores a fitted network as arrays, so that a pickle holds no torch objects."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ...modules import build_module
from ...training.loop import ObjectiveNet
from ...training.prepared import initialized_net
from ...training.stored_training import array_of, resume, tensor_of
from ...utils import validation as check
from .params_of_fit import as_fitted

__all__ = ["stored_net", "stored_weights"]


def stored_weights(net: ObjectiveNet) -> dict[str, np.ndarray]:
    """Copies of the network's parameters and buffers, by name."""
    return {name: array_of(of) for name, of in net.module_.state_dict().items()}


def stored_net(
    estimator, weights: dict[str, np.ndarray], training: dict[str, Any] | None
) -> ObjectiveNet:
    """Rebuild the net of an estimator from what was stored.

    Parameters
    ----------
    estimator : NetworkEstimator
    weights : dict
        See :func:`stored_weights`.
    training : dict or None
        What :func:`~...training.stored_training.stored_training` returned. Without it,
        as in pickles of earlier versions, the net continues with a new optimizer.
    """
    fitted = as_fitted(estimator)
    network = estimator._with_head(build_module(**estimator._architecture))
    values = {name: tensor_of(array) for name, array in weights.items()}
    (dtype,) = {
        v.dtype for v in values.values() if torch.is_tensor(v) and v.is_floating_point()
    }
    network.to(dtype).load_state_dict(values)
    try:
        device, _ = check.check_device(estimator.device, np.float32)
    except ValueError:  # A model that was trained on a GPU can be used without one.
        device = "cpu"
    network = network.eval().to(device)
    options = {**fitted._optimization(), "verbose": estimator.verbose}
    options |= training["options"] if training else {}
    net = initialized_net(network, fitted._objective(fitted.lam_), **options)
    if training:
        resume(net, training)
    return net
