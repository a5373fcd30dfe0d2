"""What a module of the user keeps beside its parameters and stored buffers.

The network of a pickle is built anew from its class, so that what the module has
changed since would be lost: buffers that are not in its ``state_dict`` or have grown,
and plain attributes, such as a counter of its calls or a temperature that falls.
"""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np
from torch import Tensor, nn

from .stored_training import packed, tensor_of, unpacked

__all__ = ["fit_buffers", "own_state", "put_own_state"]

OF_TORCH = frozenset(vars(nn.Module()))  # what torch itself keeps in any module


def own_state(network: nn.Module) -> dict[str, tuple[dict, dict]]:
    """Attributes and buffers of the parts of a network, by the names of the parts.

    Only numbers, texts, arrays, tensors without a graph, and lists, tuples and
    dictionaries of them are kept, and no buffers that are in the ``state_dict``.
    """
    found = {}
    for name, part in network.named_modules():
        attributes = {
            key: value
            for key, value in vars(part).items()
            if key not in OF_TORCH and _is_plain(value)
        }
        buffers = {key: part._buffers[key] for key in part._non_persistent_buffers_set}
        if attributes or buffers:
            found[name] = packed(attributes), packed(buffers)
    return found


def put_own_state(network: nn.Module, state: dict[str, tuple[dict, dict]]) -> None:
    """Put what :func:`own_state` has found into a network that is built anew."""
    parts = dict(network.named_modules())
    for name in parts.keys() & state.keys():
        attributes, buffers = map(unpacked, state[name])
        for key, value in attributes.items():
            setattr(parts[name], key, value)
        for key, value in buffers.items():
            parts[name].register_buffer(key, value, persistent=False)


def fit_buffers(network: nn.Module, values: dict[str, Any]) -> None:
    """Give buffers the shape and type of stored ones, which may have changed in use."""
    named = network.named_parameters(remove_duplicate=False)
    parameters = {name for name, _ in named}
    for name in values.keys() - parameters:
        owner, _, key = name.rpartition(".")
        if isinstance(values[name], np.ndarray) and key != "_extra_state":
            network.get_submodule(owner).register_buffer(key, tensor_of(values[name]))


def _is_plain(value: Any) -> bool:
    if isinstance(value, Tensor):
        return type(value) is Tensor and not value.requires_grad
    if isinstance(value, dict):
        return all(map(_is_plain, (*value, *value.values())))
    if type(value) in (list, tuple):
        return all(map(_is_plain, value))
    if isinstance(value, np.ndarray):
        return value.dtype != object
    return value is None or isinstance(value, Number | str | np.generic)
