"""Stores a fitted network as arrays, so that a pickle holds no torch objects."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...modules import build_module, is_built_in
from ...training.prepared import initialized_net
from ...training.stored_module import fit_buffers, own_state, put_own_state
from ...training.stored_training import array_of, resume, stored_training, tensor_of
from ...utils import validation as check
from ...utils.torch_modes import default_modes
from .params_of_fit import as_fitted

__all__ = ["STORED", "restore_net", "stored_instead_of_net"]

STORED = ("_weights", "_training")  # what takes the place of a net in a pickle


def stored_instead_of_net(state: dict[str, Any]) -> dict[str, Any]:
    """Replace the net in the state of an estimator, if it has one, by arrays."""
    net = state.pop("net_", None)
    if net is None:
        return state
    weights = net.module_.state_dict().items()  # and the buffers
    weights = {name: array_of(values) for name, values in weights}
    training = stored_training(net)
    if not is_built_in(state["_architecture"]["module"]):
        training["of_module"] = own_state(net.module_)
    return {**state, "_weights": weights, "_training": training}


@default_modes()
def restore_net(
    estimator, weights: dict[str, np.ndarray] | None, training: dict[str, Any] | None
) -> None:
    """Rebuild ``net_`` of an estimator from what was stored, if it had one.

    Parameters
    ----------
    estimator : NetworkEstimator
    weights, training : dict or None
        What :func:`stored_instead_of_net` has added. Without ``training``, as in
        pickles of earlier versions, the net continues with a new optimizer.
    """
    if weights is None:
        return
    fitted = as_fitted(estimator)
    network = fitted._with_head(build_module(**estimator._architecture))
    values = {name: tensor_of(array) for name, array in weights.items()}
    of_parameters = (values[name] for name, _ in network.named_parameters())
    network.to(next(of_parameters).dtype)
    fit_buffers(network, weights)
    network.load_state_dict(values)
    put_own_state(network, (training or {}).get("of_module", {}))
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
    estimator.net_ = net
