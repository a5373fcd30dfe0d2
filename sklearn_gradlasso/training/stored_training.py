"""What training goes on from besides the weights, as arrays and plain Python.

It is the optimizer's state, the generator of row orders, the history, and the callbacks
with their schedules of the learning rate.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import LRScheduler
from torch import Tensor
from torch.optim import Optimizer

from .continuing import resume_schedules, schedule_states
from .own_callbacks import copies_of

__all__ = [
    "array_of",
    "packed",
    "resume",
    "stored_training",
    "tensor_of",
    "unpacked",
]


@dataclass(frozen=True)
class StoredTensor:
    """The values of a tensor in a pickle."""

    values: np.ndarray


def stored_training(net: NeuralNet) -> dict[str, Any]:
    """Copy what training goes on from.

    Parameters
    ----------
    net : ObjectiveNet
        A trained net. Nothing is kept of an optimizer that skorch's
        ``trim_for_prediction`` has removed.
    """
    optimizer, parameters = net.optimizer_, net.module_.named_parameters()
    state = {
        "optimizer": None if optimizer is None else optimizer.state_dict(),
        "generator": None if net.generator is None else net.generator.get_state(),
        "history": list(net.history),
        "schedules": schedule_states(net),
    }
    callbacks = [(name, _without_torch(callback)) for name, callback in net.callbacks_]
    return {
        **packed(state),
        "frozen": [name for name, theta in parameters if not theta.requires_grad],
        "options": {**net.built_from_, "batch_size": net.batch_size},
        "feature_shape": net.feature_shape_,
        "given_callbacks": list(net.given_callbacks_),
        "callbacks": copies_of(callbacks),
        "ended_by": net.ended_by_,
    }


def resume(net: NeuralNet, stored: dict[str, Any]) -> None:
    """Put a new net, which has the stored weights, where the stored one was."""
    for name, theta in net.module_.named_parameters():
        theta.requires_grad_(name not in stored["frozen"])
    names = "optimizer", "generator", "schedules", "history"
    state = {name: unpacked(stored[name]) for name in names}
    if state["optimizer"] is not None:
        _load(net.optimizer_, state["optimizer"])
    if state["generator"] is not None:
        net.generator = torch.Generator()
        net.generator.set_state(state["generator"])
    net.history.extend(state["history"])
    net.n_before_ = len(net.history)
    net.feature_shape_, net.ended_by_ = stored["feature_shape"], stored["ended_by"]
    net.given_callbacks_ = list(stored["given_callbacks"])
    net.callbacks_ = [(name, copy(each)) for name, each in stored["callbacks"]]
    for _, callback in net.callbacks_:
        vars(callback).update(unpacked(vars(callback)))
    resume_schedules(net, state["schedules"])


def _load(optimizer: Optimizer, state: dict) -> None:
    """Load the state of an optimizer without rounding it.

    torch casts numbers beside the weights, such as the factors of ``NAdam``, to the
    precision of the weights. Later products would then be rounded differently.
    """
    optimizer.load_state_dict(state)
    weights = [w for group in optimizer.param_groups for w in group["params"]]
    for k, stored in state["state"].items():
        own = optimizer.state[weights[k]]
        for name, value in stored.items():
            if isinstance(value, Tensor):
                own[name] = own[name].to(value.dtype)


def _without_torch(callback):
    """A copy of a callback whose tensors are arrays, without a schedule's objects."""
    stored = copy(callback)
    if isinstance(stored, LRScheduler):
        stored.policy_ = stored.lr_scheduler_ = None
    vars(stored).update(packed(vars(stored)))
    return stored


def packed(value: Any) -> Any:
    """The value with stored tensors in place of tensors, at any depth."""
    if isinstance(value, Tensor):
        return StoredTensor(array_of(value))
    return _mapped(packed, value)


def unpacked(value: Any) -> Any:
    """The value with tensors in place of stored ones."""
    if isinstance(value, StoredTensor):
        return tensor_of(value.values)
    return _mapped(unpacked, value)


def _mapped(function, value):
    """Apply a function to the elements of dictionaries, lists and tuples."""
    if isinstance(value, dict):
        mapped = copy(value)  # of its kind, such as an OrderedDict
        for name, of in value.items():
            mapped[name] = function(of)
        return mapped
    if type(value) in (list, tuple):
        return type(value)(map(function, value))
    return value


def array_of(value: Any) -> Any:
    if not isinstance(value, Tensor):
        return value  # what a module adds to its state_dict
    return value.detach().cpu().numpy().copy()


def tensor_of(value: Any) -> Any:
    return torch.tensor(value) if isinstance(value, np.ndarray) else value
