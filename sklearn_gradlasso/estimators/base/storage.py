"""Stores a fitted network as arrays, so that a pickle holds no torch objects.

Besides the weights it stores what training goes on from: the optimizer's state, the
generator of row orders, the history, and the callbacks with their schedules.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from skorch.callbacks import LRScheduler
from torch import Tensor

from ...modules import build_module
from ...training.continuing import resume_schedules, schedule_states
from ...training.loop import ObjectiveNet
from ...training.own_callbacks import copies_of
from ...training.prepared import initialized_net
from ...utils import validation as check

__all__ = ["as_fitted", "params_of_fit", "stored_net", "stored_training", "stored_weights"]

# Parameters about the machine and the call, which are not those of the fitted network.
NOT_FITTED = ("accelerator", "callbacks", "device", "n_jobs", "random_state", "verbose")


@dataclass(frozen=True)
class StoredTensor:
    """The values of a tensor in a pickle."""

    values: np.ndarray


def params_of_fit(estimator) -> dict[str, Any]:
    """The parameters that the fitted network depends on, whatever is set later."""
    params = estimator.get_params(deep=False)
    return {name: of for name, of in params.items() if name not in NOT_FITTED}


def as_fitted(estimator):
    """The estimator with the parameters of its fit; itself if none has changed."""
    fitted = vars(estimator).get("_params_of_fit", {})
    if all(getattr(estimator, name) is of for name, of in fitted.items()):
        return estimator
    # ``copy`` would also copy the net, by way of ``__getstate__``.
    view = object.__new__(type(estimator))
    vars(view).update({**vars(estimator), **fitted})
    return view


def stored_weights(net: ObjectiveNet) -> dict[str, np.ndarray]:
    """Copies of the network's parameters and buffers, by name."""
    return {name: _array(of) for name, of in net.module_.state_dict().items()}


def stored_training(net: ObjectiveNet) -> dict[str, Any]:
    """What training goes on from, as arrays and plain Python, without the weights."""
    is_trimmed = net.optimizer_ is None  # by skorch's ``trim_for_prediction``
    parameters = net.module_.named_parameters()
    state = {
        "optimizer": None if is_trimmed else net.optimizer_.state_dict(),
        "generator": None if net.generator is None else net.generator.get_state(),
        "history": list(net.history),
        "schedules": schedule_states(net),
        "frozen": [name for name, theta in parameters if not theta.requires_grad],
    }
    settings = {
        "built_from": net.built_from_,
        "batch_size": net.batch_size,
        "feature_shape": net.feature_shape_,
        "given_callbacks": list(net.given_callbacks_),
        "ended_by": getattr(net, "ended_by_", None),
    }
    callbacks = [(name, _without_torch(callback)) for name, callback in net.callbacks_]
    return {**_packed(state), **settings, "callbacks": copies_of(callbacks)}


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
        See :func:`stored_training`. Without it, as in pickles of earlier versions, the
        net continues with a new optimizer.
    """
    fitted = as_fitted(estimator)
    network = estimator._with_head(build_module(**estimator._architecture))
    values = {name: _tensor(array) for name, array in weights.items()}
    (dtype,) = {
        v.dtype for v in values.values() if torch.is_tensor(v) and v.is_floating_point()
    }
    network.to(dtype).load_state_dict(values)
    try:
        device, _ = check.check_device(estimator.device, np.float32)
    except ValueError:  # A model that was trained on a GPU can be used without one.
        device = "cpu"
    network = network.eval().to(device)
    options = fitted._optimization() | {"verbose": estimator.verbose}
    if training is None:
        return initialized_net(network, fitted._objective(fitted.lam_), **options)
    for name, theta in network.named_parameters():
        theta.requires_grad_(name not in training["frozen"])
    options |= {**training["built_from"], "batch_size": training["batch_size"]}
    net = initialized_net(network, fitted._objective(fitted.lam_), **options)
    net.feature_shape_ = training["feature_shape"]
    state = _unpacked(
        {name: training[name] for name in ("optimizer", "generator", "schedules")}
    )
    if state["optimizer"] is not None:
        net.optimizer_.load_state_dict(state["optimizer"])
    if state["generator"] is not None:
        net.generator = torch.Generator()
        net.generator.set_state(state["generator"])
    net.history.extend(_unpacked(training["history"]))
    net._n_before = len(net.history)
    net.given_callbacks_ = list(training["given_callbacks"])
    net.callbacks_ = [(name, copy(each)) for name, each in training["callbacks"]]
    for _, callback in net.callbacks_:
        vars(callback).update(_unpacked(vars(callback)))
    resume_schedules(net, state["schedules"])
    if training["ended_by"] is not None:
        net.ended_by_ = training["ended_by"]
    return net


def _without_torch(callback):
    """A copy of a callback whose tensors are arrays, without a schedule's objects."""
    stored = copy(callback)
    if isinstance(stored, LRScheduler):
        stored.policy_ = stored.lr_scheduler_ = None
    vars(stored).update(_packed(vars(stored)))
    return stored


def _packed(value: Any) -> Any:
    """The value with stored tensors in place of tensors, at any depth."""
    if isinstance(value, Tensor):
        return StoredTensor(_array(value))
    return _mapped(_packed, value)


def _unpacked(value: Any) -> Any:
    """The value with tensors in place of stored ones."""
    if isinstance(value, StoredTensor):
        return _tensor(value.values)
    return _mapped(_unpacked, value)


def _mapped(function, value):
    """Apply a function to the elements of plain containers."""
    if type(value) is dict:
        return {name: function(of) for name, of in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(function, value))
    return value


def _array(value: Any) -> Any:
    if not isinstance(value, Tensor):
        return value  # what a module adds to its state_dict
    return value.detach().cpu().numpy().copy()


def _tensor(value: Any) -> Any:
    return torch.tensor(value) if isinstance(value, np.ndarray) else value
